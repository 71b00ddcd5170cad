//! Checkers whose state is not to be found, as types say it.
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use muffin_session::{CurrentUser, user_pass};

#[derive(Clone)]
struct Db;

#[derive(Clone)]
struct Cache;

#[derive(Clone)]
struct User;

async fn owns(_: CurrentUser<User>, State(_): State<Db>) -> bool {
    true
}

#[user_pass(owns)]
async fn none_in_the_handler() {}

#[user_pass(owns)]
async fn two_in_the_handler(_: State<Db>, _: State<Cache>) {}

#[user_pass(owns)]
async fn another_in_the_handler(_: State<Cache>) {}

#[user_pass(owns, state = Db)]
async fn not_of_the_router() {}

#[user_pass(|_: CurrentUser<User>, _: State<Db>, _: State<Cache>| true)]
async fn two_in_the_closure() {}

fn main() {
    let _ = two_in_the_closure;
    let _ = (
        none_in_the_handler,
        two_in_the_handler,
        another_in_the_handler,
    );
    let _: Router = Router::new()
        .route("/", get(not_of_the_router))
        .with_state(Cache);
}
