//! Flash messages: added, shown once, filtered, and shown by a template.

use axum::extract::{Path, Request};
use axum::http::StatusCode;
use axum::response::{Html, Redirect};
use axum::routing::{get, post};
use axum::{Json, Router};
use minijinja::Environment;
use minijinja::value::{Serde, Value as Shown};
use muffin_session::{Error, Flash, Session};
use muffin_session_tests::{Browser, Site};
use serde_json::{Value, json};

use crate::{json_of, log_in, post_json, serve, visitor, with_users};

/// Adds messages: each is text, or a pair of category and text.
async fn add(session: Session, Json(messages): Json<Vec<Value>>) -> Result<(), Error> {
    for message in messages {
        match (&message[0], &message[1]) {
            (Value::String(category), Value::String(text)) => session.flash_with(category, text)?,
            _ => session.flash(message.as_str().unwrap_or_default())?,
        }
    }
    Ok(())
}

/// Adds one, and sends somebody on.
async fn add_and_redirect(session: Session) -> Result<Redirect, Error> {
    session.flash("redirected")?;
    Ok(Redirect::to("/shown"))
}

async fn add_and_fail(session: Session) -> Result<StatusCode, Error> {
    session.flash_with("error", "failed")?;
    Ok(StatusCode::BAD_GATEWAY)
}

async fn add_and_log_in(session: Session) -> Result<(), Error> {
    session.flash("welcome")?;
    session.login(1)
}

/// Categories and messages.
async fn shown(session: Session) -> Json<Vec<[String; 2]>> {
    Json(pairs(session.get_flashed_messages()))
}

fn pairs(flashes: Vec<Flash>) -> Vec<[String; 2]> {
    let pair = |flash: Flash| [flash.category, flash.message];
    flashes.into_iter().map(pair).collect()
}

/// Messages alone.
async fn texts(session: Session) -> Json<Vec<String>> {
    let flashes = session.get_flashed_messages();
    Json(flashes.iter().map(ToString::to_string).collect())
}

/// Those of the categories that stand in the path, with commas between.
async fn shown_in(Path(categories): Path<String>, session: Session) -> Json<Vec<[String; 2]>> {
    let categories: Vec<_> = categories.split(',').collect();
    Json(pairs(session.get_flashed_messages_in(&categories)))
}

async fn shown_in_none(session: Session) -> Json<Vec<[String; 2]>> {
    Json(pairs(session.get_flashed_messages_in(&[])))
}

/// Shows, adds and shows again, in one request.
async fn twice(session: Session) -> Result<Json<Vec<Vec<[String; 2]>>>, Error> {
    let first = session.get_flashed_messages();
    let second = session.get_flashed_messages();
    session.flash("just now")?;
    let third = session.get_flashed_messages();
    Ok(Json([first, second, third].map(pairs).into()))
}

async fn site() -> Site {
    let pages = Router::new()
        .route("/add", post(add))
        .route("/redirect", post(add_and_redirect))
        .route("/fail", post(add_and_fail))
        .route("/add-and-log-in", post(add_and_log_in))
        .route("/shown", get(shown))
        .route("/texts", get(texts))
        .route("/in/{categories}", get(shown_in))
        .route("/in-none", get(shown_in_none))
        .route("/twice", get(twice))
        .route("/template", get(template));
    serve(with_users(), pages).await
}

#[tokio::test]
async fn p15_flash_has_the_category_message_unless_told_and_several_add_up() {
    let site = site().await;
    for id in [0, 1] {
        let browser = visitor(&site, id).await;
        post_json(&browser, "/add", json!(["one", ["error", "two"]])).await;
        post_json(
            &browser,
            "/add",
            json!(["three", ["error", "two"], ["größe", "<b>&\"; \r\n"]]),
        )
        .await;
        browser.post("/redirect").await;
        browser.post("/fail").await;
        let all = json!([
            ["message", "one"],
            ["error", "two"],
            ["message", "three"],
            ["error", "two"],
            ["größe", "<b>&\"; \r\n"],
            ["message", "redirected"],
            ["error", "failed"],
        ]);
        assert_eq!(json_of(&browser, "/shown").await, all);
    }
    let browser = site.browser();
    browser.post("/add-and-log-in").await;
    assert_eq!(
        json_of(&browser, "/shown").await,
        json!([["message", "welcome"]])
    );
}

#[tokio::test]
async fn p16_get_flashed_messages_is_synchronous_filters_and_shows_each_once() {
    // No future, so that a template can call it.
    let _: fn(&Session) -> Vec<Flash> = Session::get_flashed_messages;
    let _: fn(&Session, &[&str]) -> Vec<Flash> = Session::get_flashed_messages_in;

    let site = site().await;
    let messages = json!(["one", ["error", "two"], ["info", "three"]]);
    let with_categories = json!([["message", "one"], ["error", "two"], ["info", "three"]]);
    for id in [0, 1] {
        let browser = visitor(&site, id).await;
        let add = async || post_json(&browser, "/add", messages.clone()).await;
        assert_eq!(json_of(&browser, "/shown").await, json!([]));

        add().await;
        browser.text("/who").await;
        assert_eq!(json_of(&browser, "/shown").await, with_categories);
        assert_eq!(json_of(&browser, "/shown").await, json!([]));
        assert!(!browser.jar.has(".flash."), "{:?}", browser.jar.names());
        add().await;
        assert_eq!(
            json_of(&browser, "/texts").await,
            json!(["one", "two", "three"])
        );
        assert_eq!(json_of(&browser, "/texts").await, json!([]));
        add().await;
        assert_eq!(
            json_of(&browser, "/in/info,error").await,
            json!([["error", "two"], ["info", "three"]])
        );
        assert_eq!(json_of(&browser, "/in/info,error").await, json!([]));
        assert_eq!(
            json_of(&browser, "/shown").await,
            json!([["message", "one"]])
        );

        add().await;
        let now = json!([["message", "just now"]]);
        assert_eq!(
            json_of(&browser, "/twice").await,
            json!([with_categories, [], now])
        );
        assert_eq!(json_of(&browser, "/shown").await, json!([]));
    }
}

#[tokio::test]
async fn p17_a_filter_keeps_the_rest_and_compares_whole_categories() {
    let site = site().await;
    for id in [0, 1] {
        let browser = visitor(&site, id).await;
        let messages = json!([
            ["err", "1"],
            ["error", "2"],
            ["", "3"],
            ["errors", "4"],
            ["Error", "5"],
            ["or", "6"]
        ]);
        post_json(&browser, "/add", messages.clone()).await;
        for categories in [
            "/in-none",
            "/in/e",
            "/in/rror",
            "/in/terror",
            "/in/messageerror",
            "/in/ERROR",
        ] {
            assert_eq!(
                json_of(&browser, categories).await,
                json!([]),
                "{categories}"
            );
        }
        assert_eq!(
            json_of(&browser, "/in/error").await,
            json!([["error", "2"]])
        );
        assert_eq!(json_of(&browser, "/in/error").await, json!([]));
        assert_eq!(
            json_of(&browser, "/in/or,").await,
            json!([["", "3"], ["or", "6"]])
        );
        // What was filtered out waits, in its order, and also through a login.
        let rest = json!([["err", "1"], ["errors", "4"], ["Error", "5"]]);
        if id == 0 {
            log_in(&browser, json!(1)).await;
        }
        assert_eq!(json_of(&browser, "/shown").await, rest);
        assert_eq!(json_of(&browser, "/shown").await, json!([]));
    }
}

/// A base template that knows nothing of the handler, and shows errors above everything else.
const BASE: &str = "\
{% for flash in get_flashed_messages(['error']) %}<b>{{ flash.message }}</b>{% endfor %}\
{% if title %}<h1>{{ title }}</h1>{% endif %}\
{% for flash in get_flashed_messages() %}<p class=\"{{ flash.category }}\">{{ flash.message }}</p>{% endfor %}\
{% for flash in get_flashed_messages() %}again{% endfor %}";

async fn template(session: Session, request: Request) -> Html<String> {
    let mut templates = Environment::new();
    let of_request = session.clone();
    templates.add_function(
        "get_flashed_messages",
        move |categories: Option<Vec<String>>| {
            let flashes = match categories {
                None => of_request.get_flashed_messages(),
                Some(categories) => {
                    let categories: Vec<_> = categories.iter().map(String::as_str).collect();
                    of_request.get_flashed_messages_in(&categories)
                }
            };
            Shown::from(Serde(flashes))
        },
    );
    let context = Shown::from(Serde(json!({ "title": request.uri().query() })));
    Html(
        templates
            .render_named_str("base.html", BASE, context)
            .expect("a good template"),
    )
}

#[tokio::test]
async fn p18_a_template_calls_get_flashed_messages_itself() {
    let site = site().await;
    let page = async |browser: &Browser| browser.text("/template?Home").await;
    for id in [0, 1] {
        let browser = visitor(&site, id).await;
        assert_eq!(page(&browser).await, "<h1>Home</h1>");
        post_json(
            &browser,
            "/add",
            json!(["saved", ["error", "<script>"], ["info", "a & b"]]),
        )
        .await;
        let shown = "<b>&lt;script&gt;</b><h1>Home</h1>\
            <p class=\"message\">saved</p><p class=\"info\">a &amp; b</p>";
        assert_eq!(page(&browser).await, shown);
        assert_eq!(page(&browser).await, "<h1>Home</h1>");
    }
}
