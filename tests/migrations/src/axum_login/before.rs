//! The shop with axum-login on tower-sessions, and axum-messages, as their documentation has it.

use std::collections::HashSet;
use std::convert::Infallible;

use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use axum_login::tower_sessions::{Expiry, MemoryStore, Session, SessionManagerLayer};
use axum_login::{
    AuthManagerLayerBuilder, AuthUser, AuthnBackend, AuthzBackend, UserId, login_required,
    permission_required,
};
use axum_messages::{Messages, MessagesManagerLayer};
use serde::Deserialize;
use time::Duration;

use crate::pages;
use crate::users::{User, Users};

impl AuthUser for User {
    type Id = u64;

    fn id(&self) -> u64 {
        self.id
    }

    fn session_auth_hash(&self) -> &[u8] {
        self.password_hash.as_bytes()
    }
}

/// Where users come from.
#[derive(Clone)]
pub struct Backend {
    users: Users,
}

/// What the form of the login page sends.
#[derive(Clone, Deserialize)]
pub struct Credentials {
    name: String,
    password: String,
    remember: Option<String>,
    next: Option<String>,
}

impl AuthnBackend for Backend {
    type User = User;
    type Credentials = Credentials;
    type Error = Infallible;

    async fn authenticate(&self, form: Credentials) -> Result<Option<User>, Infallible> {
        Ok(self.users.with_password(form.name, form.password).await)
    }

    async fn get_user(&self, id: &UserId<Self>) -> Result<Option<User>, Infallible> {
        Ok(self.users.find(*id).await)
    }
}

impl AuthzBackend for Backend {
    type Permission = &'static str;

    async fn get_user_permissions(&self, user: &User) -> Result<HashSet<&'static str>, Infallible> {
        Ok(user.is_admin().then_some("admin").into_iter().collect())
    }
}

type AuthSession = axum_login::AuthSession<Backend>;

#[derive(Deserialize)]
struct NextUrl {
    next: Option<String>,
}

#[derive(Deserialize)]
struct Item {
    name: String,
}

async fn login_page(messages: Messages, Query(query): Query<NextUrl>) -> Html<String> {
    pages::login(messages, query.next.as_deref())
}

async fn login(
    mut auth: AuthSession,
    messages: Messages,
    Form(form): Form<Credentials>,
) -> Response {
    let user = match auth.authenticate(form.clone()).await {
        Ok(Some(user)) => user,
        Ok(None) => {
            messages.error("Wrong name or password");
            let next = form.next.map(|next| format!("?next={next}"));
            let url = format!("/login{}", next.unwrap_or_default());
            return Redirect::to(&url).into_response();
        }
        Err(_) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    };
    if form.remember.is_some() {
        let two_weeks = Expiry::OnInactivity(Duration::days(14));
        auth.session.set_expiry(Some(two_weeks));
    }
    if auth.login(&user).await.is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    messages.success(format!("Welcome, {}", user.name));
    Redirect::to(form.next.as_deref().unwrap_or("/")).into_response()
}

async fn logout(mut auth: AuthSession) -> Response {
    match auth.logout().await {
        Ok(_) => Redirect::to("/login").into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn home(auth: AuthSession, messages: Messages) -> Response {
    match auth.user {
        Some(user) => pages::home(messages, &user.name).into_response(),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn admin() -> &'static str {
    "Admins only"
}

async fn cart(session: Session, messages: Messages) -> Result<Html<String>, StatusCode> {
    let items: Option<Vec<String>> = session.get("cart").await.map_err(failed)?;
    Ok(pages::cart(messages, &items.unwrap_or_default()))
}

async fn add(
    session: Session,
    messages: Messages,
    Form(item): Form<Item>,
) -> Result<Redirect, StatusCode> {
    messages.success(format!("{} is in the cart", item.name));
    let cart: Option<Vec<String>> = session.get("cart").await.map_err(failed)?;
    let mut cart = cart.unwrap_or_default();
    cart.push(item.name);
    session.insert("cart", cart).await.map_err(failed)?;
    Ok(Redirect::to("/cart"))
}

async fn order(session: Session, messages: Messages) -> Result<Redirect, StatusCode> {
    let removed = session.remove::<Vec<String>>("cart").await;
    removed.map_err(failed)?;
    messages.success("Ordered");
    Ok(Redirect::to("/"))
}

fn failed<E>(_: E) -> StatusCode {
    StatusCode::INTERNAL_SERVER_ERROR
}

/// The whole shop.
pub fn app(users: Users, store: MemoryStore) -> Router {
    let sessions = SessionManagerLayer::new(store);
    let auth = AuthManagerLayerBuilder::new(Backend { users }, sessions).build();
    let admins = Router::new()
        .route("/admin", get(admin))
        .route_layer(permission_required!(Backend, "admin"));
    Router::new()
        .route("/", get(home))
        .route("/order", post(order))
        .route_layer(login_required!(Backend, login_url = "/login"))
        .merge(admins)
        .route("/cart", get(cart).post(add))
        .route("/login", get(login_page).post(login))
        .route("/logout", post(logout))
        .layer(MessagesManagerLayer)
        .layer(auth)
}
