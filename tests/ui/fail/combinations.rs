//! Words that join checkers, and what is none of them.
use muffin_session::{CurrentUser, user_pass};

#[derive(Clone)]
struct User {
    admin: bool,
    rank: u8,
}

impl User {
    fn is_admin(&self) -> bool {
        self.admin
    }
}

#[user_pass(all())]
async fn all_of_nothing() {}

#[user_pass(any(User::is_admin, not()))]
async fn not_of_nothing() {}

#[user_pass(not(User::is_admin, |user: &User| user.rank > 3))]
async fn not_of_two() {}

#[user_pass(User::is_admin || User::is_admin)]
async fn either() {}

#[user_pass(User::is_admin & User::is_admin)]
async fn bits() {}

#[user_pass(all!(User::is_admin, User::is_admin))]
async fn no_macro() {}

#[user_pass([User::is_admin, User::is_admin])]
async fn array() {}

#[user_pass(all(User::is_admin(), any(!User::is_admin, |user| user.admin), "admin"))]
async fn several_inside() {}

#[user_pass(any(User::is_admin, #[cfg(test)] all(User::is_admin)))]
async fn part_that_may_vanish() {}

#[user_pass(User::rank > 3)]
async fn comparison() {}

#[user_pass(all(user.admin, user.rank > 3))]
async fn no_closures(CurrentUser(user): CurrentUser<User>) {
    drop(user);
}

#[user_pass(user.admin && user.rank > 3)]
async fn no_closure(CurrentUser(user): CurrentUser<User>) {
    drop(user);
}

#[user_pass(User::is_admin(&user))]
async fn called_with_the_user(CurrentUser(user): CurrentUser<User>) {
    drop(user);
}

fn main() {
    let _ = (
        all_of_nothing,
        not_of_nothing,
        not_of_two,
        either,
        bits,
        no_macro,
        array,
    );
    let _ = (
        several_inside,
        part_that_may_vanish,
        comparison,
        no_closures,
        no_closure,
        called_with_the_user,
    );
    let _ = User {
        admin: true,
        rank: 1,
    }
    .is_admin();
}
