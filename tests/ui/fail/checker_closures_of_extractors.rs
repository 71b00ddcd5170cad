//! Closures of extractors say their types.
use axum::extract::Path;
use muffin_session::{CurrentUser, user_pass};

#[derive(Clone)]
struct User {
    id: u64,
}

#[user_pass(|user, id| user.id == id)]
async fn untyped(_: CurrentUser<User>) {}

#[user_pass(|user: &User, Path(id): Path<u64>| user.id == id)]
async fn borrowed_user(_: CurrentUser<User>) {}

#[user_pass(async |user| user.id == 1)]
async fn untyped_async(_: CurrentUser<User>) {}

#[user_pass(async |CurrentUser(user): CurrentUser<User>, id| user.id == id)]
async fn half_typed(_: CurrentUser<User>) {}

#[user_pass(async || true)]
async fn no_parameter() {}

#[user_pass(async { true })]
async fn block() {}

fn main() {
    let _ = (
        untyped,
        borrowed_user,
        untyped_async,
        half_typed,
        no_parameter,
        block,
    );
}
