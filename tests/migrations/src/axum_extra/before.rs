//! The shop with the signed cookies of axum-extra: three of them, and users, guards and messages are the shop's own.

use axum::extract::{FromRef, FromRequestParts, OriginalUri, Query, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::{Form, Router, routing};
use axum_extra::extract::cookie::{Cookie, Key, SameSite, SignedCookieJar};
use serde::{Deserialize, Serialize};
use time::Duration;

use crate::pages;
use crate::users::{User, Users};

/// The cookie of who is logged in.
pub const USER: &str = "user";
/// The cookie with the cart.
pub const CART: &str = "cart";
const MESSAGES: &str = "messages";

/// What handlers need.
#[derive(Clone)]
pub struct AppState {
    /// The table of users.
    pub users: Users,
    /// What cookies are signed with.
    pub key: Key,
}

impl FromRef<AppState> for Key {
    fn from_ref(state: &AppState) -> Self {
        state.key.clone()
    }
}

impl FromRef<AppState> for Users {
    fn from_ref(state: &AppState) -> Self {
        state.users.clone()
    }
}

/// Somebody who is logged in.
struct LoggedIn(User);

impl FromRequestParts<AppState> for LoggedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        let Ok(jar) = SignedCookieJar::<Key>::from_request_parts(parts, state).await;
        if let Some(id) = get(&jar, USER)
            && let Some(user) = state.users.find(id).await
        {
            return Ok(Self(user));
        }
        let Ok(OriginalUri(wanted)) = OriginalUri::from_request_parts(parts, state).await;
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("next", &wanted.to_string());
        Err(Redirect::to(&format!("/login?{}", query.finish())).into_response())
    }
}

#[derive(Deserialize)]
struct NextUrl {
    next: Option<String>,
}

#[derive(Deserialize)]
struct Credentials {
    name: String,
    password: String,
    remember: Option<String>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Item {
    name: String,
}

/// The value of a cookie.
pub fn get<T: for<'de> Deserialize<'de>>(jar: &SignedCookieJar, name: &str) -> Option<T> {
    serde_json::from_str(jar.get(name)?.value()).ok()
}

fn cookie(name: &'static str, value: impl Serialize) -> Cookie<'static> {
    let value = serde_json::to_string(&value).unwrap_or_default();
    Cookie::build((name, value))
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .build()
}

/// What removes a cookie.
pub fn removal(name: &'static str) -> Cookie<'static> {
    cookie(name, ())
}

fn flash(jar: SignedCookieJar, message: String) -> SignedCookieJar {
    let mut messages: Vec<String> = get(&jar, MESSAGES).unwrap_or_default();
    messages.push(message);
    jar.add(cookie(MESSAGES, messages))
}

fn messages(jar: SignedCookieJar) -> (SignedCookieJar, Vec<String>) {
    let messages = get(&jar, MESSAGES).unwrap_or_default();
    (jar.remove(removal(MESSAGES)), messages)
}

async fn login_page(jar: SignedCookieJar, query: Query<NextUrl>) -> impl IntoResponse {
    let (jar, messages) = messages(jar);
    (jar, pages::login(messages, query.next.as_deref()))
}

async fn login(
    jar: SignedCookieJar,
    State(users): State<Users>,
    Form(form): Form<Credentials>,
) -> impl IntoResponse {
    let Some(user) = users.with_password(form.name, form.password).await else {
        let next = form.next.map(|next| format!("?next={next}"));
        let url = format!("/login{}", next.unwrap_or_default());
        return (
            flash(jar, "Wrong name or password".to_owned()),
            Redirect::to(&url),
        );
    };
    let mut login = cookie(USER, user.id);
    if form.remember.is_some() {
        login.set_max_age(Duration::days(14));
    }
    let jar = flash(jar.add(login), format!("Welcome, {}", user.name));
    (jar, Redirect::to(form.next.as_deref().unwrap_or("/")))
}

async fn logout(jar: SignedCookieJar) -> (SignedCookieJar, Redirect) {
    (
        jar.remove(removal(USER)).remove(removal(CART)),
        Redirect::to("/login"),
    )
}

async fn home(LoggedIn(user): LoggedIn, jar: SignedCookieJar) -> (SignedCookieJar, Html<String>) {
    let (jar, messages) = messages(jar);
    (jar, pages::home(messages, &user.name))
}

async fn admin(LoggedIn(user): LoggedIn) -> Result<&'static str, StatusCode> {
    if user.is_admin() {
        Ok("Admins only")
    } else {
        Err(StatusCode::FORBIDDEN)
    }
}

async fn cart(jar: SignedCookieJar) -> (SignedCookieJar, Html<String>) {
    let items: Vec<String> = get(&jar, CART).unwrap_or_default();
    let (jar, messages) = messages(jar);
    (jar, pages::cart(messages, &items))
}

async fn add(jar: SignedCookieJar, Form(item): Form<Item>) -> (SignedCookieJar, Redirect) {
    let jar = flash(jar, format!("{} is in the cart", item.name));
    let mut cart: Vec<String> = get(&jar, CART).unwrap_or_default();
    cart.push(item.name);
    (jar.add(cookie(CART, cart)), Redirect::to("/cart"))
}

async fn order(_: LoggedIn, jar: SignedCookieJar) -> (SignedCookieJar, Redirect) {
    let jar = flash(jar, "Ordered".to_owned());
    (jar.remove(removal(CART)), Redirect::to("/"))
}

/// The whole shop.
pub fn app(users: Users, key: Key) -> Router {
    Router::new()
        .route("/", routing::get(home))
        .route("/admin", routing::get(admin))
        .route("/order", routing::post(order))
        .route("/cart", routing::get(cart).post(add))
        .route("/login", routing::get(login_page).post(login))
        .route("/logout", routing::post(logout))
        .with_state(AppState { users, key })
}
