//! `state = T` where nothing takes a state, or where it can't be named.
use axum::extract::State;
use muffin_session::{CurrentUser, login_required, user_loader, user_pass};

#[derive(Clone)]
struct Db;

#[derive(Clone)]
struct Cache;

#[derive(Clone)]
struct User;

#[login_required(state = Db)]
async fn no_checker() {}

#[user_pass(state = Db)]
async fn no_checker_either() {}

#[user_pass(|_: CurrentUser<User>, State(_): State<S>| true, state = S)]
async fn generic<S>(_: State<S>) {}

#[user_pass(|_: &User| true, state = Db, state = Cache)]
async fn doubled() {}

#[user_loader(state = Db)]
async fn loader(_id: u64, State(_): State<Db>) -> Option<User> {
    None
}

fn main() {
    let _ = (
        no_checker,
        no_checker_either,
        generic::<Db>,
        doubled,
        loader,
    );
}
