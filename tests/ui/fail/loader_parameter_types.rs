//! What a loader takes, as types say it.
use axum::Json;
use axum::extract::State;
use muffin_session::{Secret, Sessions, user_loader};

#[derive(Clone)]
struct User;

#[derive(Clone)]
struct Db;

struct Id;

#[user_loader]
async fn odd_id(_id: Id) -> Option<User> {
    None
}

#[user_loader]
async fn body(_id: u64, _body: Json<u64>) -> Option<User> {
    None
}

#[user_loader]
async fn stateful(_id: u64, State(_): State<Db>) -> Option<User> {
    None
}

fn main() {
    let _ = odd_id;
    let _ = Sessions::builder(Secret::generate().unwrap()).user_loader(body);
    let _ = Sessions::builder(Secret::generate().unwrap()).user_loader(stateful);
    let _ = Sessions::builder(Secret::generate().unwrap()).user_loader_with_state(stateful, Db);
    let _ = Sessions::builder(Secret::generate().unwrap()).user_loader_with_state(stateful, 7);
}
