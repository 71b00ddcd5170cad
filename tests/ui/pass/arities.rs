//! Handlers of every length that axum knows, from no extractor to sixteen.
#![deny(warnings)]

use axum::Router;
use axum::http::HeaderMap as H;
use axum::routing::post;
use muffin_session::{login_required, user_pass};

#[derive(Clone)]
struct User;

#[rustfmt::skip]
mod handlers {
    use super::*;

    #[login_required] pub(super) async fn parts_0() {}
    #[user_pass(|_: &User| true)] pub(super) async fn body_0() {}
    #[login_required] pub(super) async fn parts_1(_0: H) {}
    #[user_pass(|_: &User| true)] pub(super) async fn body_1(_body: String) {}
    #[login_required] pub(super) async fn parts_2(_0: H, _1: H) {}
    #[user_pass(|_: &User| true)] pub(super) async fn body_2(_0: H, _body: String) {}
    #[login_required] pub(super) async fn parts_3(_0: H, _1: H, _2: H) {}
    #[user_pass(|_: &User| true)] pub(super) async fn body_3(_0: H, _1: H, _body: String) {}
    #[login_required] pub(super) async fn parts_4(_0: H, _1: H, _2: H, _3: H) {}
    #[user_pass(|_: &User| true)] pub(super) async fn body_4(_0: H, _1: H, _2: H, _body: String) {}
    #[login_required] pub(super) async fn parts_5(_0: H, _1: H, _2: H, _3: H, _4: H) {}
    #[user_pass(|_: &User| true)] pub(super) async fn body_5(_0: H, _1: H, _2: H, _3: H, _body: String) {}
    #[login_required] pub(super) async fn parts_6(_0: H, _1: H, _2: H, _3: H, _4: H, _5: H) {}
    #[user_pass(|_: &User| true)] pub(super) async fn body_6(_0: H, _1: H, _2: H, _3: H, _4: H, _body: String) {}
    #[login_required] pub(super) async fn parts_7(_0: H, _1: H, _2: H, _3: H, _4: H, _5: H, _6: H) {}
    #[user_pass(|_: &User| true)] pub(super) async fn body_7(_0: H, _1: H, _2: H, _3: H, _4: H, _5: H, _body: String) {}
    #[login_required] pub(super) async fn parts_8(_0: H, _1: H, _2: H, _3: H, _4: H, _5: H, _6: H, _7: H) {}
    #[user_pass(|_: &User| true)] pub(super) async fn body_8(_0: H, _1: H, _2: H, _3: H, _4: H, _5: H, _6: H, _body: String) {}
    #[login_required] pub(super) async fn parts_9(_0: H, _1: H, _2: H, _3: H, _4: H, _5: H, _6: H, _7: H, _8: H) {}
    #[user_pass(|_: &User| true)] pub(super) async fn body_9(_0: H, _1: H, _2: H, _3: H, _4: H, _5: H, _6: H, _7: H, _body: String) {}
    #[login_required] pub(super) async fn parts_10(_0: H, _1: H, _2: H, _3: H, _4: H, _5: H, _6: H, _7: H, _8: H, _9: H) {}
    #[user_pass(|_: &User| true)] pub(super) async fn body_10(_0: H, _1: H, _2: H, _3: H, _4: H, _5: H, _6: H, _7: H, _8: H, _body: String) {}
    #[login_required] pub(super) async fn parts_11(_0: H, _1: H, _2: H, _3: H, _4: H, _5: H, _6: H, _7: H, _8: H, _9: H, _10: H) {}
    #[user_pass(|_: &User| true)] pub(super) async fn body_11(_0: H, _1: H, _2: H, _3: H, _4: H, _5: H, _6: H, _7: H, _8: H, _9: H, _body: String) {}
    #[login_required] pub(super) async fn parts_12(_0: H, _1: H, _2: H, _3: H, _4: H, _5: H, _6: H, _7: H, _8: H, _9: H, _10: H, _11: H) {}
    #[user_pass(|_: &User| true)] pub(super) async fn body_12(_0: H, _1: H, _2: H, _3: H, _4: H, _5: H, _6: H, _7: H, _8: H, _9: H, _10: H, _body: String) {}
    #[login_required] pub(super) async fn parts_13(_0: H, _1: H, _2: H, _3: H, _4: H, _5: H, _6: H, _7: H, _8: H, _9: H, _10: H, _11: H, _12: H) {}
    #[user_pass(|_: &User| true)] pub(super) async fn body_13(_0: H, _1: H, _2: H, _3: H, _4: H, _5: H, _6: H, _7: H, _8: H, _9: H, _10: H, _11: H, _body: String) {}
    #[login_required] pub(super) async fn parts_14(_0: H, _1: H, _2: H, _3: H, _4: H, _5: H, _6: H, _7: H, _8: H, _9: H, _10: H, _11: H, _12: H, _13: H) {}
    #[user_pass(|_: &User| true)] pub(super) async fn body_14(_0: H, _1: H, _2: H, _3: H, _4: H, _5: H, _6: H, _7: H, _8: H, _9: H, _10: H, _11: H, _12: H, _body: String) {}
    #[login_required] pub(super) async fn parts_15(_0: H, _1: H, _2: H, _3: H, _4: H, _5: H, _6: H, _7: H, _8: H, _9: H, _10: H, _11: H, _12: H, _13: H, _14: H) {}
    #[user_pass(|_: &User| true)] pub(super) async fn body_15(_0: H, _1: H, _2: H, _3: H, _4: H, _5: H, _6: H, _7: H, _8: H, _9: H, _10: H, _11: H, _12: H, _13: H, _body: String) {}
    #[login_required] pub(super) async fn parts_16(_0: H, _1: H, _2: H, _3: H, _4: H, _5: H, _6: H, _7: H, _8: H, _9: H, _10: H, _11: H, _12: H, _13: H, _14: H, _15: H) {}
    #[user_pass(|_: &User| true)] pub(super) async fn body_16(_0: H, _1: H, _2: H, _3: H, _4: H, _5: H, _6: H, _7: H, _8: H, _9: H, _10: H, _11: H, _12: H, _13: H, _14: H, _body: String) {}
}

fn main() {
    let _app: Router = Router::new()
        .route("/parts/0", post(handlers::parts_0))
        .route("/body/0", post(handlers::body_0))
        .route("/parts/1", post(handlers::parts_1))
        .route("/body/1", post(handlers::body_1))
        .route("/parts/2", post(handlers::parts_2))
        .route("/body/2", post(handlers::body_2))
        .route("/parts/3", post(handlers::parts_3))
        .route("/body/3", post(handlers::body_3))
        .route("/parts/4", post(handlers::parts_4))
        .route("/body/4", post(handlers::body_4))
        .route("/parts/5", post(handlers::parts_5))
        .route("/body/5", post(handlers::body_5))
        .route("/parts/6", post(handlers::parts_6))
        .route("/body/6", post(handlers::body_6))
        .route("/parts/7", post(handlers::parts_7))
        .route("/body/7", post(handlers::body_7))
        .route("/parts/8", post(handlers::parts_8))
        .route("/body/8", post(handlers::body_8))
        .route("/parts/9", post(handlers::parts_9))
        .route("/body/9", post(handlers::body_9))
        .route("/parts/10", post(handlers::parts_10))
        .route("/body/10", post(handlers::body_10))
        .route("/parts/11", post(handlers::parts_11))
        .route("/body/11", post(handlers::body_11))
        .route("/parts/12", post(handlers::parts_12))
        .route("/body/12", post(handlers::body_12))
        .route("/parts/13", post(handlers::parts_13))
        .route("/body/13", post(handlers::body_13))
        .route("/parts/14", post(handlers::parts_14))
        .route("/body/14", post(handlers::body_14))
        .route("/parts/15", post(handlers::parts_15))
        .route("/body/15", post(handlers::body_15))
        .route("/parts/16", post(handlers::parts_16))
        .route("/body/16", post(handlers::body_16));
}
