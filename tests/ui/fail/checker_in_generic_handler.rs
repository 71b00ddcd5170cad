//! The checker stands outside the handler.
use muffin_session::{CurrentUser, user_pass};

trait Admin: Clone + Send + Sync + 'static {
    fn is_admin(&self) -> bool;
}

#[user_pass(U::is_admin)]
async fn named<U: Admin>(_: CurrentUser<U>) {}

#[user_pass(|user| user.is_admin())]
async fn completed<U: Admin>(_: CurrentUser<U>) {}

#[user_pass(|user: &U| user.is_admin())]
async fn typed<U: Admin>(_: CurrentUser<U>) {}

fn main() {}
