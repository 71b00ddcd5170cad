//! A checker is named, not called; and it is no text.
use muffin_session::user_pass;

#[derive(Clone)]
struct User;

impl User {
    fn is_admin(&self) -> bool {
        true
    }
}

#[user_pass(User::is_admin())]
async fn called() {}

#[user_pass("admin")]
async fn role() {}

#[user_pass(true)]
async fn everybody() {}

#[user_pass(User::is_admin && User::is_admin)]
async fn joined() {}

#[user_pass(!User::is_admin)]
async fn negated() {}

#[user_pass(User::is_admin, User::is_admin)]
async fn two() {}

#[user_pass((User::is_admin, User::is_admin))]
async fn tuple() {}

fn main() {
    let _ = (called, role, everybody, joined, negated, two, tuple, User.is_admin());
}
