//! Values with a type and a key of their own.

use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use muffin_session::{Error, InSession, Session, SessionValue};
use muffin_session_tests::{Browser, Site, builder};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::post as do_post;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, SessionValue)]
#[session(key = "cart")]
struct Cart {
    items: Vec<String>,
    currency: String,
}

impl Default for Cart {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            currency: "EUR".to_owned(),
        }
    }
}

#[derive(Default, Serialize, Deserialize, SessionValue)]
struct LastVisit {
    page: Option<String>,
}

async fn show(cart: InSession<Cart>) -> Json<Cart> {
    Json((*cart).clone())
}

async fn add(mut cart: InSession<Cart>, item: String) -> Result<String, Error> {
    let count = cart.update(move |cart| {
        cart.items.push(item.clone());
        cart.items.len()
    })?;
    assert_eq!(
        cart.items.len(),
        count,
        "what is read follows what is written"
    );
    Ok(count.to_string())
}

/// Two extractors of one value, in one request.
async fn twice(mut one: InSession<Cart>, mut other: InSession<Cart>) -> Result<(), Error> {
    one.update(|cart| cart.items.push("one".to_owned()))?;
    other.update(|cart| cart.items.push("other".to_owned()))
}

async fn replace(mut cart: InSession<Cart>) -> Result<(), Error> {
    cart.replace(Cart {
        items: vec!["only".to_owned()],
        currency: "CHF".to_owned(),
    })
}

async fn take(cart: InSession<Cart>) -> Result<Json<Cart>, Error> {
    cart.remove().map(Json)
}

/// What is removed is what is there by then.
async fn add_and_take(
    mut one: InSession<Cart>,
    other: InSession<Cart>,
) -> Result<Json<Cart>, Error> {
    one.update(|cart| cart.items.push("late".to_owned()))?;
    other.remove().map(Json)
}

async fn too_much(mut cart: InSession<Cart>) -> Result<String, Error> {
    let error = cart
        .update(|cart| cart.items.push("x".repeat(5_000)))
        .unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }));
    assert_eq!(cart.items.len(), 0, "as it was");
    Ok(error.to_string())
}

async fn visit(session: Session) -> Result<Json<Value>, Error> {
    InSession::<LastVisit>::of(&session).update(|visit| visit.page = Some("/visit".to_owned()))?;
    Ok(Json(json!(session)))
}

/// Keeps whatever another version of the application may have kept.
async fn keep(session: Session, Json(value): Json<Value>) -> Result<(), Error> {
    session.insert("cart", value)
}

async fn site() -> Site {
    let sessions = builder().without_user_loader().build().unwrap();
    let app = Router::new()
        .route("/cart", get(show).post(add).delete(take).put(replace))
        .route("/twice", post(twice))
        .route("/add-and-take", post(add_and_take))
        .route("/too-much", post(too_much))
        .route("/visit", get(visit))
        .route("/keep", post(keep))
        .layer(sessions);
    Site::serve(app).await
}

async fn shown(browser: &Browser) -> Value {
    serde_json::from_str(&browser.text("/cart").await).unwrap()
}

async fn send(
    browser: &Browser,
    method: reqwest::Method,
    path: &str,
    body: &'static str,
) -> reqwest::Response {
    browser
        .request(method, path)
        .body(body)
        .send()
        .await
        .unwrap()
}

#[tokio::test]
async fn what_is_changed_is_kept_under_the_types_key() {
    let site = site().await;
    let browser = site.browser();
    assert_eq!(
        shown(&browser).await,
        json!({ "items": [], "currency": "EUR" }),
        "the default"
    );
    assert!(browser.jar.names().is_empty(), "reading keeps nothing");
    for (item, count) in [("oats", "1"), ("honey", "2")] {
        let answer = send(&browser, reqwest::Method::POST, "/cart", item).await;
        assert_eq!(answer.text().await.unwrap(), count);
    }
    do_post(&browser, "/twice").await;
    let items = json!(["oats", "honey", "one", "other"]);
    assert_eq!(
        shown(&browser).await["items"],
        items,
        "neither write of one request undoes the other"
    );
    let visit: Value = serde_json::from_str(&browser.text("/visit").await).unwrap();
    assert_eq!(
        visit,
        json!({ "cart": { "items": items, "currency": "EUR" }, "last_visit": { "page": "/visit" } })
    );

    send(&browser, reqwest::Method::PUT, "/cart", "").await;
    let taken: Value = send(&browser, reqwest::Method::DELETE, "/cart", "")
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(taken, json!({ "items": ["only"], "currency": "CHF" }));
    assert_eq!(shown(&browser).await["currency"], "EUR", "gone");
}

#[tokio::test]
async fn what_is_removed_is_what_is_there_by_then() {
    let site = site().await;
    let taken = site.browser().post("/add-and-take").await;
    let taken: Value = taken.json().await.unwrap();
    assert_eq!(taken["items"], json!(["late"]));
}

#[tokio::test]
async fn what_another_version_kept_is_never_an_error() {
    let site = site().await;
    for (kept, read) in [
        (
            json!({ "items": ["a"] }),
            json!({ "items": ["a"], "currency": "EUR" }),
        ),
        (
            json!({ "items": ["a"], "currency": "CHF", "gone": 1 }),
            json!({ "items": ["a"], "currency": "CHF" }),
        ),
        (
            json!({ "items": 7 }),
            json!({ "items": [], "currency": "EUR" }),
        ),
        (json!("text"), json!({ "items": [], "currency": "EUR" })),
        (json!(null), json!({ "items": [], "currency": "EUR" })),
        (json!([[]]), json!({ "items": [], "currency": "EUR" })),
    ] {
        let browser = site.browser();
        let request = browser.request(reqwest::Method::POST, "/keep").json(&kept);
        assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
        assert_eq!(shown(&browser).await, read, "{kept}");
        let added = send(&browser, reqwest::Method::POST, "/cart", "b").await;
        assert_eq!(added.status(), StatusCode::OK, "{kept}");
        let items = shown(&browser).await["items"].as_array().unwrap().clone();
        assert_eq!(items.last().unwrap(), "b", "{kept}");
    }
}

#[tokio::test]
async fn a_write_that_does_not_fit_is_an_error_and_changes_nothing() {
    let site = site().await;
    let browser = site.browser();
    let message = browser.post("/too-much").await.text().await.unwrap();
    assert!(message.contains("\"cart\""), "{message}");
    assert_eq!(shown(&browser).await["items"], json!([]));
}
