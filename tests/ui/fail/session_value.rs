//! Types that can't have a key in the session, and keys that are none.
use muffin_session::{InSession, SessionValue};
use serde::{Deserialize, Serialize};

#[derive(Default, Serialize, Deserialize, SessionValue)]
struct Generic<T> {
    items: Vec<T>,
}

#[derive(Default, Serialize, Deserialize, SessionValue)]
#[session(key = "")]
struct Empty;

#[derive(Default, Serialize, Deserialize, SessionValue)]
#[session(key = 7)]
struct Number;

#[derive(Default, Serialize, Deserialize, SessionValue)]
#[session(key)]
struct NoValue;

#[derive(Default, Serialize, Deserialize, SessionValue)]
#[session("cart")]
struct NoName;

#[derive(Default, Serialize, Deserialize, SessionValue)]
#[session = "cart"]
struct NoParentheses;

#[derive(Default, Serialize, Deserialize, SessionValue)]
#[session(name = "cart")]
struct Unknown;

#[derive(Default, Serialize, Deserialize, SessionValue)]
#[session(key = "a", key = "b")]
struct Doubled;

// Only the mistakes themselves are reported: what uses the type still compiles.
async fn page(_: InSession<Empty>, _: InSession<Number>, _: InSession<NoValue>) {}

async fn page_too(_: InSession<NoName>, _: InSession<Unknown>, _: InSession<Doubled>) {}

fn main() {
    let _: axum::Router = axum::Router::new()
        .route("/", axum::routing::get(page))
        .route("/too", axum::routing::get(page_too));
    let _ = Generic::<u8>::default().items;
    let _ = NoParentheses;
}
