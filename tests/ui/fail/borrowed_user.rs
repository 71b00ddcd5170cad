//! The handler owns its user.
use muffin_session::{CurrentUser, login_required, user_pass};

#[derive(Clone)]
struct User;

#[login_required]
async fn page(_: CurrentUser<&User>) {}

#[user_pass(|_: &User| true)]
async fn optional(_: Option<CurrentUser<&'static User>>) {}

fn main() {
    let _ = (page, optional, User);
}
