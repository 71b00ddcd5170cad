//! Functions that are no checkers.
use muffin_session::{CurrentUser, user_pass};

#[derive(Clone)]
struct User {
    admin: bool,
}

fn by_value(user: User) -> bool {
    user.admin
}

#[user_pass(by_value)]
async fn a() {}

async fn waits(user: &User) -> bool {
    user.admin
}

#[user_pass(waits)]
async fn b(_: CurrentUser<User>) {}

fn option(user: &User) -> Option<bool> {
    Some(user.admin)
}

#[user_pass(option)]
async fn c() {}

fn two(user: &User, id: u64) -> bool {
    user.admin && id == 1
}

#[user_pass(two)]
async fn d() {}

fn nothing() -> bool {
    true
}

#[user_pass(nothing)]
async fn e() {}

async fn async_option(CurrentUser(user): CurrentUser<User>) -> Option<bool> {
    Some(user.admin)
}

#[user_pass(async_option)]
async fn f() {}

#[user_pass(not(by_value))]
async fn g() {}

fn main() {
    let _ = (a, b, c, d, e, f, g);
}
