//! Data: a dictionary that is loaded once, saved when it has changed, and keeps its types.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use muffin_session::{Auth, CurrentUser, Error, Refusal, Session, user_pass};
use muffin_session_tests::{Answer, Browser, TestClock};
use reqwest::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{User, json_of, log_in, post_json, serve, visitor, with_users};

async fn open() -> &'static str {
    "open"
}

async fn once(session: Session) -> &'static str {
    drop(session);
    "once"
}

/// Several ways to one session: what goes in by one comes out by the others.
async fn often(
    first: Session,
    second: Session,
    _user: Option<CurrentUser<User>>,
    auth: Auth,
) -> Result<Json<Value>, Error> {
    first.insert("note", "same")?;
    let all = [
        second.get("note")?,
        auth.session().get("note")?,
        first.clone().get("note")?,
    ];
    first.remove::<String>("note")?;
    Ok(Json(json!(all.map(|note: Option<String>| note))))
}

#[tokio::test]
async fn p04_the_session_is_loaded_once_a_request_and_with_auto_load_before_each_handler() {
    for auto_load in [false, true] {
        let clock = TestClock::new();
        let now = clock.reader();
        // Loading looks at the clock.
        let looks = Arc::new(AtomicUsize::new(0));
        let counted = looks.clone();
        let builder = with_users()
            .auto_load(auto_load)
            .idle_timeout(Duration::from_secs(600))
            .clock(move || {
                counted.fetch_add(1, Ordering::SeqCst);
                now()
            });
        let pages = Router::new()
            .route("/open", get(open))
            .route("/once", get(once))
            .route("/often", get(often));
        let site = serve(builder, pages).await;
        let browser = visitor(&site, 1).await;
        let looks_of = async |path: &str| {
            looks.store(0, Ordering::SeqCst);
            browser.text(path).await;
            looks.load(Ordering::SeqCst)
        };
        let (open, once, often) = (
            looks_of("/open").await,
            looks_of("/once").await,
            looks_of("/often").await,
        );
        assert!(once > 0);
        assert_eq!(often, once, "it was loaded again");
        assert_eq!(open, if auto_load { once } else { 0 });
        assert_eq!(
            json_of(&browser, "/often").await,
            json!(["same", "same", "same"])
        );

        // Pages that ask for nothing keep somebody logged in only where the session is loaded for them.
        for _ in 0..3 {
            clock.advance(Duration::from_secs(400));
            browser.text("/open").await;
        }
        let expected = if auto_load { "ann" } else { "nobody" };
        assert_eq!(browser.text("/who").await, expected);
    }
}

async fn get_value(
    Path(key): Path<String>,
    session: Session,
) -> Result<Json<Option<Value>>, Error> {
    session.get(&key).map(Json)
}

async fn pop(Path(key): Path<String>, session: Session) -> Result<Json<Option<Value>>, Error> {
    session.remove(&key).map(Json)
}

async fn count(session: Session) -> Result<Json<u64>, Error> {
    let add = |count: Option<u64>| count.unwrap_or_default() + 1;
    session.update("count", add).map(Json)
}

async fn clear(session: Session) -> Result<(), Error> {
    session.clear()
}

/// `keys`, `len`, `in`, and a loop over the items.
async fn looks(session: Session) -> Json<Value> {
    let mut items = Vec::new();
    for (key, value) in session.iter() {
        items.push(json!([key, value]));
    }
    let has = ["count", "name", "nothing"].map(|key| session.contains_key(key));
    Json(json!({
        "keys": session.keys(), "len": session.len(), "empty": session.is_empty(), "has": has, "items": items,
    }))
}

async fn dict(session: Session) -> Json<Session> {
    Json(session)
}

/// Asks for types that the values do not have.
async fn wrong_types(session: Session) -> Json<[bool; 4]> {
    let text = |count: Option<String>| count.unwrap_or_default();
    Json([
        matches!(session.get::<u64>("name"), Err(Error::WrongType { .. })),
        matches!(session.remove::<u64>("name"), Err(Error::WrongType { .. })),
        matches!(session.update("count", text), Err(Error::WrongType { .. })),
        matches!(session.get::<u64>("nothing"), Ok(None)),
    ])
}

#[tokio::test]
async fn p05_the_session_is_a_dictionary() {
    let pages = Router::new()
        .route("/get/{key}", get(get_value))
        .route("/pop/{key}", post(pop))
        .route("/count", post(count))
        .route("/clear", post(clear))
        .route("/looks", get(looks))
        .route("/wrong-types", get(wrong_types))
        .route("/dict", get(dict));
    let site = serve(with_users(), pages).await;
    for id in [0, 1] {
        let browser = visitor(&site, id).await;
        let answer = async |path: &str| browser.post(path).await.json::<Value>().await.unwrap();
        assert_eq!(browser.text("/dict").await, "{}");
        assert_eq!(json_of(&browser, "/get/name").await, Value::Null);
        assert_eq!(answer("/pop/name").await, Value::Null);

        post_json(
            &browser,
            "/set",
            json!({ "name": "Größe", "list": [1, "two", null] }),
        )
        .await;
        assert_eq!(json_of(&browser, "/get/name").await, json!("Größe"));
        assert_eq!([answer("/count").await, answer("/count").await], [1, 2]);
        let looks = json!({
            "keys": ["count", "list", "name"],
            "len": 3,
            "empty": false,
            "has": [true, true, false],
            "items": [["count", 2], ["list", [1, "two", null]], ["name", "Größe"]],
        });
        assert_eq!(json_of(&browser, "/looks").await, looks);
        assert_eq!(
            browser.text("/dict").await,
            r#"{"count":2,"list":[1,"two",null],"name":"Größe"}"#
        );
        assert_eq!(
            json_of(&browser, "/wrong-types").await,
            json!([true, true, true, true])
        );

        post_json(&browser, "/set", json!({ "name": "other" })).await;
        assert_eq!(answer("/pop/name").await, "other");
        assert_eq!(answer("/pop/name").await, Value::Null);
        assert_eq!(
            json_of(&browser, "/dict").await,
            json!({ "count": 2, "list": [1, "two", null] })
        );

        browser.post("/clear").await;
        let looks = json!({ "keys": [], "len": 0, "empty": true, "has": [false, false, false], "items": [] });
        assert_eq!(json_of(&browser, "/looks").await, looks);
        let name = json_of(&browser, "/all").await["user"].clone();
        assert_eq!(name, if id == 0 { json!(null) } else { json!("ann") });
    }
}

/// Writes to the session, and answers with a status.
async fn written_then(Path(status): Path<u16>, session: Session) -> Result<StatusCode, Response> {
    session
        .insert("last", status)
        .map_err(Error::into_response)?;
    let status = StatusCode::from_u16(status).unwrap_or_default();
    // As an exception: by the handler's error.
    if status.is_client_error() {
        Err((status, "refused").into_response())
    } else {
        Ok(status)
    }
}

async fn written_then_redirect(session: Session) -> Result<Redirect, Error> {
    session.insert("last", "redirect")?;
    Ok(Redirect::to("/all"))
}

/// The refusal is raised from the middle of the handler.
async fn written_then_checked(auth: Auth) -> Result<&'static str, Refusal> {
    auth.session().insert("last", "checked").expect("room");
    auth.check_user(|_: &User| false).await?;
    Ok("nobody comes here")
}

async fn written_then_answered(
    _: Option<CurrentUser<User>>,
    session: Session,
) -> Result<bool, (StatusCode, &'static str)> {
    tokio::task::yield_now().await;
    session.insert("last", "answered").expect("room");
    Err((StatusCode::FORBIDDEN, "raised by a checker"))
}

#[user_pass(written_then_answered)]
async fn behind_a_checker() {}

async fn unchanged(session: Session) -> Result<StatusCode, Error> {
    session.update("last", |last: Option<Value>| last.unwrap_or_default())?;
    session.insert("passing", 1)?;
    session.remove::<u64>("passing")?;
    Ok(StatusCode::FORBIDDEN)
}

#[tokio::test]
async fn p06_what_changed_is_saved_with_any_answer() {
    let pages = Router::new()
        .route("/then/{status}", post(written_then))
        .route("/redirect", post(written_then_redirect))
        .route("/checked", post(written_then_checked))
        .route("/answered", post(behind_a_checker))
        .route("/unchanged", post(unchanged));
    let site = serve(with_users(), pages).await;
    let last = async |browser: &Browser| json_of(browser, "/all").await["data"]["last"].clone();
    for id in [0, 2] {
        let browser = visitor(&site, id).await;
        for status in [
            200, 204, 302, 303, 304, 307, 400, 401, 403, 404, 422, 429, 500, 503,
        ] {
            let response = browser.post(&format!("/then/{status}")).await;
            assert_eq!(response.status(), status);
            assert_eq!(response.set_cookies().len(), 1, "{status}");
            assert_eq!(last(&browser).await, status);
        }
        for (path, status) in [("/redirect", 303), ("/checked", 303), ("/answered", 403)] {
            let response = browser.post(path).await;
            assert_eq!(response.status(), status, "{path}");
            assert_eq!(last(&browser).await, path.strip_prefix('/').unwrap());
        }

        let response = browser.post("/unchanged").await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        assert_eq!(response.set_cookies(), [""; 0], "nothing has changed");
        let response = browser.get("/all").await;
        assert_eq!(response.set_cookies(), [""; 0], "it was only read");
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Cart {
    lines: Vec<Line>,
    codes: BTreeMap<String, Option<f64>>,
    paid: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Line {
    article: String,
    pieces: u64,
}

fn cart() -> Cart {
    let line = |article: &str, pieces| Line {
        article: article.to_owned(),
        pieces,
    };
    Cart {
        lines: vec![line("flour", 2), line("{\"oats\": 1}", u64::MAX)],
        codes: [("half".to_owned(), Some(0.5)), ("none".to_owned(), None)].into(),
        paid: false,
    }
}

async fn keep_cart(session: Session) -> Result<(), Error> {
    session.insert("cart", cart())
}

async fn cart_is_kept(session: Session) -> Result<Json<bool>, Error> {
    Ok(Json(session.get("cart")? == Some(cart())))
}

/// A change deep inside.
async fn one_piece_more(session: Session) -> Result<(), Error> {
    session.update("cart", |cart: Option<Cart>| {
        let mut cart = cart.expect("it was kept");
        cart.lines[0].pieces += 1;
        cart
    })?;
    Ok(())
}

#[tokio::test]
async fn p23_nested_values_come_back_as_they_were_and_1_changed_to_true_is_saved() {
    let pages = Router::new()
        .route("/keep", post(keep_cart))
        .route("/kept", get(cart_is_kept))
        .route("/more", post(one_piece_more));
    let site = serve(with_users(), pages).await;
    let browser = site.browser();
    log_in(&browser, json!(1)).await;
    let data = async || json_of(&browser, "/all").await["data"].clone();

    browser.post("/keep").await;
    assert_eq!(json_of(&browser, "/kept").await, true);
    assert_eq!(data().await["cart"], json!(cart()));
    browser.post("/more").await;
    assert_eq!(
        data().await["cart"]["lines"][0],
        json!({ "article": "flour", "pieces": 3 })
    );
    let nested = json!({ "cart": [[], {}, [[{ "a": { "b": [null, true, 1, 1.5, "{}", "[1]", "null"] } }]]] });
    post_json(&browser, "/set", nested.clone()).await;
    assert_eq!(data().await, nested);

    // Each is equal to the one before it in a language that takes 1 for true, or in a comparison by text or by size.
    let steps = [
        json!(1),
        json!(true),
        json!(1),
        json!(1.0),
        json!("1"),
        json!([1]),
        json!([true]),
        json!({ "a": 1 }),
        json!({ "a": true }),
        json!(0),
        json!(false),
        json!(""),
        json!(null),
        json!("null"),
        json!([]),
        json!({}),
    ];
    for step in steps {
        let response = post_json(&browser, "/set", json!({ "step": step })).await;
        assert_eq!(response.set_cookies().len(), 1, "{step}");
        let kept = data().await["step"].clone();
        assert_eq!(kept.to_string(), step.to_string());
    }
}
