//! Closures that are no checkers.
use muffin_session::{CurrentUser, user_pass};

#[derive(Clone)]
struct User {
    admin: bool,
}

#[user_pass(async |user: &User| user.admin)]
async fn waiting() {}

#[user_pass(|user: &User| async { true })]
async fn waiting_inside() {}

#[user_pass(|| true)]
async fn no_parameter() {}

#[user_pass(|user: &User, id: u32| user.admin && id == 1)]
async fn two_parameters() {}

#[user_pass(|user: User| user.admin)]
async fn by_value() {}

#[user_pass(|user| user.admin)]
async fn untyped() {}

#[user_pass(|user| user.admin)]
async fn untyped_among_several(_: CurrentUser<User>, _: CurrentUser<u32>) {}

#[user_pass(user.admin)]
async fn no_closure(CurrentUser(user): CurrentUser<User>) {
    drop(user);
}

#[user_pass(user.is_admin())]
async fn no_closure_either(CurrentUser(user): CurrentUser<User>) {
    drop(user);
}

fn main() {
    let _ = (waiting, waiting_inside, no_parameter, two_parameters, by_value);
    let _ = (untyped, untyped_among_several, no_closure, no_closure_either);
    let _ = User { admin: true }.admin;
}
