//! The shop with tower-sessions: who is logged in is a value of the session, and users, guards and messages are the shop's own.

use axum::extract::{FromRequestParts, OriginalUri, Query, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use serde::Deserialize;
use time::Duration;
use tower_sessions::{Expiry, MemoryStore, Session, SessionManagerLayer, session};

use crate::pages;
use crate::users::{User, Users};

/// The key of who is logged in.
pub const USER: &str = "user";

/// Somebody who is logged in.
struct LoggedIn(User);

impl FromRequestParts<Users> for LoggedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, users: &Users) -> Result<Self, Response> {
        let session = Session::from_request_parts(parts, users).await;
        let session = session.map_err(IntoResponse::into_response)?;
        let id = session.get(USER).await;
        if let Some(id) = id.map_err(|error| Failed(error).into_response())?
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

struct Failed(session::Error);

impl From<session::Error> for Failed {
    fn from(error: session::Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, self.0.to_string()).into_response()
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

async fn flash(session: &Session, message: String) -> Result<(), Failed> {
    let messages: Option<Vec<String>> = session.get("messages").await?;
    let mut messages = messages.unwrap_or_default();
    messages.push(message);
    Ok(session.insert("messages", messages).await?)
}

async fn messages(session: &Session) -> Result<Vec<String>, Failed> {
    Ok(session.remove("messages").await?.unwrap_or_default())
}

async fn login_page(session: Session, query: Query<NextUrl>) -> Result<Html<String>, Failed> {
    Ok(pages::login(
        messages(&session).await?,
        query.next.as_deref(),
    ))
}

async fn login(
    session: Session,
    State(users): State<Users>,
    Form(form): Form<Credentials>,
) -> Result<Redirect, Failed> {
    let Some(user) = users.with_password(form.name, form.password).await else {
        flash(&session, "Wrong name or password".to_owned()).await?;
        let next = form.next.map(|next| format!("?next={next}"));
        return Ok(Redirect::to(&format!("/login{}", next.unwrap_or_default())));
    };
    if form.remember.is_some() {
        session.set_expiry(Some(Expiry::OnInactivity(Duration::days(14))));
    }
    session.cycle_id().await?;
    session.insert(USER, user.id).await?;
    flash(&session, format!("Welcome, {}", user.name)).await?;
    Ok(Redirect::to(form.next.as_deref().unwrap_or("/")))
}

async fn logout(session: Session) -> Result<Redirect, Failed> {
    session.flush().await?;
    Ok(Redirect::to("/login"))
}

async fn home(LoggedIn(user): LoggedIn, session: Session) -> Result<Html<String>, Failed> {
    Ok(pages::home(messages(&session).await?, &user.name))
}

async fn admin(LoggedIn(user): LoggedIn) -> Result<&'static str, StatusCode> {
    if user.is_admin() {
        Ok("Admins only")
    } else {
        Err(StatusCode::FORBIDDEN)
    }
}

async fn cart(session: Session) -> Result<Html<String>, Failed> {
    let items: Option<Vec<String>> = session.get("cart").await?;
    Ok(pages::cart(
        messages(&session).await?,
        &items.unwrap_or_default(),
    ))
}

async fn add(session: Session, Form(item): Form<Item>) -> Result<Redirect, Failed> {
    flash(&session, format!("{} is in the cart", item.name)).await?;
    let cart: Option<Vec<String>> = session.get("cart").await?;
    let mut cart = cart.unwrap_or_default();
    cart.push(item.name);
    session.insert("cart", cart).await?;
    Ok(Redirect::to("/cart"))
}

async fn order(_: LoggedIn, session: Session) -> Result<Redirect, Failed> {
    session.remove::<Vec<String>>("cart").await?;
    flash(&session, "Ordered".to_owned()).await?;
    Ok(Redirect::to("/"))
}

/// The whole shop.
pub fn app(users: Users, store: MemoryStore) -> Router {
    let sessions = SessionManagerLayer::new(store);
    Router::new()
        .route("/", get(home))
        .route("/admin", get(admin))
        .route("/order", post(order))
        .route("/cart", get(cart).post(add))
        .route("/login", get(login_page).post(login))
        .route("/logout", post(logout))
        .layer(sessions)
        .with_state(users)
}
