//! What a loader returns.
use muffin_session::user_loader;

#[derive(Clone)]
struct User;

#[user_loader]
async fn nothing(_id: u64) {}

#[user_loader]
async fn unit(_id: u64) -> () {}

#[user_loader]
fn future(_id: u64) -> impl Future<Output = Option<User>> {
    async { None }
}

#[user_loader]
async fn borrowed(_id: u64) -> &'static User {
    &User
}

fn main() {
    let _ = (nothing, unit, future, borrowed);
}
