//! A guarded handler can't be called past its guard.
use muffin_session::{CurrentUser, login_required};

#[derive(Clone)]
struct User;

#[login_required]
async fn page(CurrentUser(_user): CurrentUser<User>) {}

#[login_required]
async fn empty() {}

async fn other() {
    page(CurrentUser(User)).await;
    empty().await;
}

fn main() {
    let _ = other;
}
