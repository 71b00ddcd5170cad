//! Checkers whose types don't do.
use axum::Json;
use axum::extract::State;
use muffin_session::{CurrentUser, user_pass};

#[derive(Clone)]
struct User {
    rank: u8,
}

struct NotCloned;

#[user_pass(|user: &User| user.rank)]
async fn number() {}

#[user_pass(User { rank: 1 })]
async fn value() {}

#[user_pass(|_: &NotCloned| true)]
async fn no_user() {}

async fn reads_the_body(CurrentUser(user): CurrentUser<User>, Json(rank): Json<u8>) -> bool {
    user.rank == rank
}

#[user_pass(reads_the_body)]
async fn body() {}

async fn needs_a_state(State(rank): State<u8>) -> bool {
    rank == 1
}

#[user_pass(needs_a_state)]
async fn state() {}

#[user_pass(|user: &User| user.rnak == 1)]
async fn misspelt() {}

fn main() {
    let _ = (number, value, no_user, body, state, misspelt);
}
