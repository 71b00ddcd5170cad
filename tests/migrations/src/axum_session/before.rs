//! The shop with `axum_session`: who is logged in is a value of the session, and users, guards and messages are the shop's own.

use axum::extract::{FromRequestParts, OriginalUri, Query, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use axum_session::{Key, SessionConfig, SessionLayer, SessionNullPool, SessionStore};
use serde::Deserialize;

use crate::pages;
use crate::users::{User, Users};

/// With a database, `SessionNullPool` is `SessionPgPool`, say.
pub type Session = axum_session::Session<SessionNullPool>;

/// The key of who is logged in.
pub const USER: &str = "user";

/// Somebody who is logged in.
struct LoggedIn(User);

impl FromRequestParts<Users> for LoggedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, users: &Users) -> Result<Self, Response> {
        let session = Session::from_request_parts(parts, users).await;
        let session = session.map_err(IntoResponse::into_response)?;
        if let Some(id) = session.get(USER)
            && let Some(user) = users.find(id).await
        {
            return Ok(Self(user));
        }
        let Ok(OriginalUri(wanted)) = OriginalUri::from_request_parts(parts, users).await;
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

fn flash(session: &Session, message: String) {
    let messages: Option<Vec<String>> = session.get("messages");
    let mut messages = messages.unwrap_or_default();
    messages.push(message);
    session.set("messages", messages);
}

fn messages(session: &Session) -> Vec<String> {
    session.get_remove("messages").unwrap_or_default()
}

async fn login_page(session: Session, query: Query<NextUrl>) -> Html<String> {
    pages::login(messages(&session), query.next.as_deref())
}

async fn login(
    session: Session,
    State(users): State<Users>,
    Form(form): Form<Credentials>,
) -> Redirect {
    let Some(user) = users.with_password(form.name, form.password).await else {
        flash(&session, "Wrong name or password".to_owned());
        let next = form.next.map(|next| format!("?next={next}"));
        return Redirect::to(&format!("/login{}", next.unwrap_or_default()));
    };
    session.renew();
    session.set_longterm(form.remember.is_some());
    session.set(USER, user.id);
    flash(&session, format!("Welcome, {}", user.name));
    Redirect::to(form.next.as_deref().unwrap_or("/"))
}

async fn logout(session: Session) -> Redirect {
    session.destroy();
    Redirect::to("/login")
}

async fn home(LoggedIn(user): LoggedIn, session: Session) -> Html<String> {
    pages::home(messages(&session), &user.name)
}

async fn admin(LoggedIn(user): LoggedIn) -> Result<&'static str, StatusCode> {
    if user.is_admin() {
        Ok("Admins only")
    } else {
        Err(StatusCode::FORBIDDEN)
    }
}

async fn cart(session: Session) -> Html<String> {
    let items: Option<Vec<String>> = session.get("cart");
    pages::cart(messages(&session), &items.unwrap_or_default())
}

async fn add(session: Session, Form(item): Form<Item>) -> Redirect {
    flash(&session, format!("{} is in the cart", item.name));
    let cart: Option<Vec<String>> = session.get("cart");
    let mut cart = cart.unwrap_or_default();
    cart.push(item.name);
    session.set("cart", cart);
    Redirect::to("/cart")
}

async fn order(_: LoggedIn, session: Session) -> Redirect {
    session.remove("cart");
    flash(&session, "Ordered".to_owned());
    Redirect::to("/")
}

/// The layer's options.
pub fn config(key: Key) -> SessionConfig {
    SessionConfig::default().with_key(key).with_secure(true)
}

/// The whole shop.
pub fn app(users: Users, store: SessionStore<SessionNullPool>) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/admin", get(admin))
        .route("/order", post(order))
        .route("/cart", get(cart).post(add))
        .route("/login", get(login_page).post(login))
        .route("/logout", post(logout))
        .layer(SessionLayer::new(store))
        .with_state(users)
}
