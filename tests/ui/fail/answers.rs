//! Locations and responses that can't be meant.
use axum::http::StatusCode;
use muffin_session::{login_required, user_pass};

#[login_required(location = "login")]
async fn relative() {}

#[login_required(location = "//evil.example/login")]
async fn of_another_host() {}

#[login_required(location = "javascript:alert(1)")]
async fn script() {}

#[login_required(location = "/\\evil.example")]
async fn backslash() {}

#[login_required(location = "/über")]
async fn not_ascii() {}

#[login_required(location = "/log in")]
async fn space() {}

#[login_required(location = "login.example:8080/login")]
async fn host() {}

#[user_pass(location = "")]
async fn nothing() {}

#[user_pass(location = 7)]
async fn number() {}

#[login_required(reject = "No")]
async fn text() {}

#[login_required(reject = 403)]
async fn code() {}

#[login_required(reject = || StatusCode::FORBIDDEN)]
async fn function() {}

fn main() {
    let _ = (
        relative,
        of_another_host,
        script,
        backslash,
        not_ascii,
        space,
        host,
        nothing,
        number,
        text,
        code,
        function,
    );
}
