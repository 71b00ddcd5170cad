//! What can be wrong in an attribute's parentheses.
use axum::http::StatusCode;
use muffin_session::{login_required, user_pass};

#[derive(Clone)]
struct User {
    admin: bool,
}

#[login_required(|user: &User| user.admin)]
async fn positional() {}

#[login_required(redirect = "/login")]
async fn unknown() {}

#[user_pass(|user: &User| user.admin, status = StatusCode::FORBIDDEN)]
async fn unknown_too() {}

#[login_required(location = "/a", location = "/b")]
async fn doubled() {}

#[login_required(location = "/a", reject = StatusCode::FORBIDDEN)]
async fn both() {}

#[login_required(location = )]
async fn empty() {}

#[user_pass(|user: &User| user.admin, reject =)]
async fn empty_too() {}

#[login_required(location)]
async fn no_value() {}

#[login_required(location("/login"))]
async fn parentheses() {}

#[login_required(location = "/a" reject = StatusCode::FORBIDDEN)]
async fn no_comma() {}

fn main() {
    let _ = (positional, unknown, unknown_too, doubled, both, empty, empty_too, no_value, parentheses, no_comma);
    let _ = User { admin: true }.admin;
}
