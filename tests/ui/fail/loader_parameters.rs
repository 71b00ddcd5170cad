//! What a loader takes.
use axum::extract::State;
use axum::http::HeaderMap;
use muffin_session::{CurrentUser, user_loader};

#[derive(Clone)]
struct User;

#[derive(Clone)]
struct Db;

#[user_loader]
async fn nothing() -> Option<User> {
    None
}

#[user_loader]
async fn borrowed_text(id: &str) -> Option<User> {
    id.is_empty().then_some(User)
}

#[user_loader]
async fn borrowed_bytes(id: &[u8]) -> Option<User> {
    id.is_empty().then_some(User)
}

#[user_loader]
async fn borrowed_extractor(_id: u64, _headers: &HeaderMap) -> Option<User> {
    None
}

#[user_loader]
async fn no_id(State(_): State<Db>) -> Option<User> {
    None
}

#[user_loader]
async fn anonymous(_id: impl Into<u64>) -> Option<User> {
    None
}

#[user_loader]
async fn vanishing(_id: u64, #[cfg(any())] _headers: HeaderMap) -> Option<User> {
    None
}

#[user_loader]
async fn circular(_id: u64, _user: Option<CurrentUser<User>>) -> Option<User> {
    None
}

fn main() {
    let _ = (nothing, borrowed_text, borrowed_bytes, borrowed_extractor, no_id, anonymous, vanishing, circular, Db);
}
