//! Values that have no name, and names that have no `=`.
use axum::http::StatusCode;
use axum::response::Redirect;
use muffin_session::{login_required, user_pass};

#[derive(Clone)]
struct User;

impl User {
    fn is_admin(&self) -> bool {
        true
    }
}

#[login_required("/login")]
async fn location() {}

#[login_required("login")]
async fn text() {}

#[user_pass("https://login.example")]
async fn location_for_a_checker() {}

#[user_pass(User::is_admin, "/login")]
async fn location_after_a_checker() {}

#[user_pass(User::is_admin, StatusCode::NOT_FOUND)]
async fn response() {}

#[login_required((StatusCode::FORBIDDEN, "No"))]
async fn responses() {}

#[login_required(Redirect::to("/login"))]
async fn redirect() {}

#[user_pass(User::is_admin, "10m")]
async fn time() {}

#[login_required(location: "/login")]
async fn colon() {}

#[login_required(location == "/login")]
async fn comparison() {}

#[user_pass(User::is_admin, reject: StatusCode::NOT_FOUND, fresh: "10m")]
async fn colons() {}

fn main() {
    let _ = (
        location,
        text,
        location_for_a_checker,
        location_after_a_checker,
        response,
        responses,
    );
    let _ = (redirect, time, colon, comparison, colons, User.is_admin());
}
