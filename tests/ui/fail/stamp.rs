//! Stamps that are none.
use muffin_session::{login_required, user_loader, user_pass};

#[derive(Clone)]
struct User;

impl User {
    fn stamp(&self) -> u64 {
        1
    }
}

#[login_required(stamp = User::stamp)]
async fn on_a_guard() {}

#[user_pass(|_: &User| true, stamp = User::stamp)]
async fn on_a_guard_too() {}

#[user_loader(stamp)]
async fn no_value(_id: u64) -> Option<User> {
    None
}

#[user_loader(User::stamp)]
async fn no_name(_id: u64) -> Option<User> {
    None
}

#[user_loader(stamp = User::stamp())]
async fn called(_id: u64) -> Option<User> {
    None
}

#[user_loader(stamp = "password")]
async fn text(_id: u64) -> Option<User> {
    None
}

#[user_loader(stamp = || 1)]
async fn no_parameter(_id: u64) -> Option<User> {
    None
}

#[user_loader(fresh = "10m")]
async fn of_guards(_id: u64) -> Option<User> {
    None
}

fn main() {
    let _ = (
        on_a_guard,
        on_a_guard_too,
        no_value,
        no_name,
        called,
        text,
        no_parameter,
        of_guards,
        User.stamp(),
    );
}
