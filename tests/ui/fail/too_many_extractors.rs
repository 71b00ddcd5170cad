//! axum's handlers take sixteen extractors at most.
use axum::debug_handler;
use axum::http::HeaderMap as H;
use muffin_session::login_required;

#[login_required]
#[debug_handler]
#[rustfmt::skip]
async fn page(_: H, _: H, _: H, _: H, _: H, _: H, _: H, _: H, _: H, _: H, _: H, _: H, _: H, _: H, _: H, _: H) {}

#[login_required]
#[rustfmt::skip]
async fn seventeen(_: H, _: H, _: H, _: H, _: H, _: H, _: H, _: H, _: H, _: H, _: H, _: H, _: H, _: H, _: H, _: H, _: H) {}

fn main() {
    let _ = (page, seventeen);
}
