//! A site whose pages are templates.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::{get, post};
use axum::{Json, Router};
use minijinja::{Environment, Value, context};
use muffin_session::{
    Builder, CurrentUser, Error, PageContext, Session, login_required, user_loader,
};
use muffin_session_tests::{Browser, Site, builder};
use reqwest::{Method, Response};
use serde::Serialize;
use serde_json::{Map, json};

/// The names of the templates, and what they are.
const TEMPLATES: [(&str, &str); 16] = [
    ("quiet.html", "{{ title }}"),
    ("shown.html", "{{ get_flashed_messages()|join(', ') }}"),
    (
        "pairs.html",
        "{% for category, message in get_flashed_messages(true) %}[{{ category }}: {{ message }}]{% endfor %}",
    ),
    (
        "named.html",
        "{% for flash in get_flashed_messages(with_categories=true) %}[{{ flash.category }}: {{ flash['message'] }}]{% endfor %}",
    ),
    (
        "errors.html",
        "{{ get_flashed_messages(category_filter=['error', 'alarm'])|join(', ') }}",
    ),
    (
        "unfiltered.html",
        "{{ get_flashed_messages(false, [])|join(', ') }}",
    ),
    (
        "layout.html",
        "{{ get_flashed_messages(category_filter=['error'])|join(', ') }}; {% block content %}{% endblock %}; \
         {{ get_flashed_messages()|join(', ') }}",
    ),
    (
        "twice.html",
        "{% extends 'layout.html' %}{% block content %}{{ get_flashed_messages()|join(', ') }}{% endblock %}",
    ),
    (
        "macros.html",
        "{% macro messages() %}{{ get_flashed_messages()|join(', ') }}{% endmacro %}",
    ),
    (
        "imports.html",
        "{% import 'macros.html' as macros %}{{ macros.messages() }}",
    ),
    ("includes.html", "{% include 'shown.html' %}"),
    (
        "who.html",
        "{% if logged_in %}{{ current_user.name }}{% else %}nobody{% endif %}, {{ current_user }}, \
         {{ current_user is defined }}, {{ current_user is none }}, {{ current_user.password_hash is defined }}",
    ),
    (
        "anybody.html",
        "{{ logged_in }}, {{ current_user is defined }}",
    ),
    (
        "attributes.html",
        "<p title=\"{{ current_user.name }}\" class='{{ get_flashed_messages()|first }}'>{{ session.note }}</p>",
    ),
    (
        "session.html",
        "{{ session.note }}, {{ session.nothing }}, {% if session.many %}{{ session.many.numbers[1] }}{% endif %}",
    ),
    (
        "title.html",
        "{{ title }}, {{ logged_in }}, {{ current_user }}",
    ),
];

/// Somebody whom the tests know.
#[derive(Clone, Serialize)]
pub(crate) struct User {
    name: &'static str,
    #[serde(skip)]
    #[allow(dead_code, reason = "it is there so as not to be shown")]
    password_hash: &'static str,
}

impl User {
    pub(crate) fn named(name: &'static str) -> Self {
        Self {
            name,
            password_hash: "$argon2id$secret",
        }
    }
}

/// How often a site's loader was asked.
#[derive(Clone, Default)]
pub(crate) struct Asked(Arc<AtomicU32>);

impl Asked {
    pub(crate) fn times(&self) -> u32 {
        self.0.swap(0, Ordering::SeqCst)
    }
}

/// Ann is 1, and 2 has a name that looks like HTML. With 500 the loader fails, and all others are gone.
#[user_loader]
pub(crate) async fn load_user(
    id: u64,
    State(asked): State<Asked>,
) -> Result<Option<User>, std::io::Error> {
    asked.0.fetch_add(1, Ordering::SeqCst);
    let name = match id {
        1 => "Ann",
        2 => "<b>Bob</b>",
        500 => return Err(std::io::Error::other("the database is down")),
        _ => return Ok(None),
    };
    Ok(Some(User::named(name)))
}

/// A template with a context. What went wrong is the answer's body, for the tests to read.
pub(crate) fn rendered(name: &str, context: Value) -> Result<Html<String>, (StatusCode, String)> {
    static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
        let mut environment = Environment::new();
        for (name, source) in TEMPLATES.into_iter().chain(crate::mistakes::TEMPLATES) {
            environment
                .add_template(name, source)
                .expect("a good template");
        }
        environment
    });
    let template = ENVIRONMENT.get_template(name).expect("a name of above");
    let failed = |error: minijinja::Error| {
        let text = format!("{error}");
        (StatusCode::INTERNAL_SERVER_ERROR, text)
    };
    template.render(context).map(Html).map_err(failed)
}

type Page = Result<Html<String>, (StatusCode, String)>;

async fn page(Path(name): Path<String>, page: PageContext<User>) -> Page {
    rendered(&name, context! { title => "Home", ..page })
}

async fn anybodys(Path(name): Path<String>, page: PageContext) -> Page {
    rendered(&name, context! { title => "Home", ..page })
}

/// A page that is its context and nothing else.
async fn alone(page: PageContext<User>) -> Page {
    rendered("shown.html", page.into())
}

/// A handler whose own names are those of the page.
async fn own_names(page: PageContext<User>) -> Page {
    rendered(
        "title.html",
        context! { logged_in => "mine", current_user => "my own", ..page },
    )
}

#[login_required]
async fn guarded(CurrentUser(_): CurrentUser<User>, page: PageContext<User>) -> Page {
    rendered("who.html", page.into())
}

/// It takes the page, and renders none.
async fn without_template(_: PageContext<User>, _: PageContext) {}

async fn after_logout(page: PageContext<User>, anybodys: PageContext, session: Session) -> Page {
    session.logout();
    let title = rendered("anybody.html", anybodys.into())?.0;
    rendered("title.html", context! { title, ..page })
}

async fn after_login(page: PageContext<User>, session: Session) -> Page {
    session.login(1).expect("a login");
    rendered("who.html", page.into())
}

async fn after_renewal(page: PageContext<User>, session: Session) -> Page {
    session.renew().expect("somebody who is logged in");
    rendered("who.html", page.into())
}

async fn login(Path(id): Path<u64>, session: Session) -> Result<(), Error> {
    session.login(id)
}

/// Leaves messages: pairs of category and text.
async fn flash(session: Session, Json(flashes): Json<Vec<[String; 2]>>) -> Result<(), Error> {
    let mut flashes = flashes.into_iter();
    flashes.try_for_each(|[category, message]| session.flash_with(category, message))
}

async fn set(
    session: Session,
    Json(values): Json<Map<String, serde_json::Value>>,
) -> Result<(), Error> {
    let mut values = values.into_iter();
    values.try_for_each(|(key, value)| session.insert(&key, value))
}

/// The pages of all sites.
pub(crate) fn pages() -> Router {
    Router::new()
        .route("/login/{id}", post(login))
        .route("/flash", post(flash))
        .route("/set", post(set))
        .route("/anybodys/{name}", get(anybodys))
}

/// A site with these sessions, whose loader is counted.
pub(crate) async fn site_with(builder: Builder) -> (Site, Asked) {
    let asked = Asked::default();
    let builder = builder.user_loader_with_state(load_user, asked.clone());
    let sessions = builder.build().expect("sound options");
    let app = pages()
        .route("/page/{name}", get(page))
        .route("/alone", get(alone))
        .route("/own-names", get(own_names))
        .route("/guarded", get(guarded))
        .route("/without-template", get(without_template))
        .route("/after-logout", get(after_logout))
        .route("/after-login", get(after_login))
        .route("/after-renewal", get(after_renewal));
    (Site::serve(app.layer(sessions)).await, asked)
}

/// A site with the defaults.
pub(crate) async fn site() -> Site {
    site_with(builder()).await.0
}

pub(crate) async fn log_in(browser: &Browser, id: u64) {
    let answer = browser.post(&format!("/login/{id}")).await;
    assert_eq!(answer.status(), 200);
}

pub(crate) async fn leave(browser: &Browser, flashes: &[[&str; 2]]) {
    post_json(browser, "/flash", json!(flashes)).await;
}

pub(crate) async fn post_json(browser: &Browser, path: &str, body: serde_json::Value) -> Response {
    let request = browser.request(Method::POST, path).json(&body);
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    answer
}
