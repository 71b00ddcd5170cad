//! Handlers are async.
use muffin_session::{login_required, user_pass};

#[derive(Clone)]
struct User;

#[login_required]
fn page() -> &'static str {
    "page"
}

#[user_pass(|_: &User| true)]
fn future() -> impl Future<Output = &'static str> {
    async { "future" }
}

fn main() {
    let _ = (page, future, User);
}
