//! `debug_handler` above a guard counts the parameters before there is one: it goes below.
use axum::debug_handler;
use muffin_session::login_required;

#[debug_handler]
#[login_required]
async fn page() {}

fn main() {
    let _ = page;
}
