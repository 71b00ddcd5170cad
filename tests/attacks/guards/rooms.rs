//! Rooms of the house that want to know more than who comes, or ask for more.

use axum::Json;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Query, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use muffin_session::{CurrentUser, login_required, user_loader, user_pass};
use serde_json::Value;

use super::house::{User, Visits};

#[login_required]
pub(super) async fn json(State(visits): State<Visits>, Json(_): Json<Value>) {
    visits.note();
}

#[derive(serde::Deserialize)]
pub(super) struct Page {
    number: u64,
}

#[login_required]
pub(super) async fn paged(
    Query(page): Query<Page>,
    CurrentUser(user): CurrentUser<User>,
) -> String {
    format!("in {}, {}", page.number, user.id)
}

#[login_required]
pub(super) async fn socket(State(visits): State<Visits>, upgrade: WebSocketUpgrade) -> Response {
    visits.note();
    upgrade.on_upgrade(|_| async {})
}

#[derive(Clone)]
pub(super) struct Staff;

#[user_loader]
pub(super) async fn load_staff(id: u64) -> Option<Staff> {
    (id < 10).then_some(Staff)
}

#[login_required(user = Staff)]
pub(super) async fn office() -> &'static str {
    "in the office"
}

#[user_pass(|user: &User| match user.id { 1 => Ok(true), 2 => Ok(false), 3 => Err(StatusCode::PAYMENT_REQUIRED), _ => panic!("the checker fails") })]
pub(super) async fn moody(State(visits): State<Visits>) {
    visits.note();
}

async fn never(CurrentUser(_): CurrentUser<User>) -> bool {
    tokio::task::yield_now().await;
    false
}

#[user_pass(never)]
pub(super) async fn waited_for(State(visits): State<Visits>) {
    visits.note();
}

#[user_pass(not(User::is_admin))]
pub(super) async fn for_others(State(visits): State<Visits>) {
    visits.note();
}

#[login_required(fresh = "10m")]
pub(super) async fn fresh(State(visits): State<Visits>) {
    visits.note();
}

#[user_pass(User::is_admin)]
pub(super) async fn admin(State(visits): State<Visits>) {
    visits.note();
}

/// A layer that says who somebody is.
pub(super) async fn pretends(mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(User { id: 1 });
    request.extensions_mut().insert(CurrentUser(User { id: 1 }));
    request
        .extensions_mut()
        .insert(Some(CurrentUser(User { id: 1 })));
    next.run(request).await
}

/// What opens a `WebSocket`.
pub(super) const HANDSHAKE: [&str; 4] = [
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

/// More than axum takes.
pub(super) static LARGE: [u8; 3_000_000] = [b'['; 3_000_000];
