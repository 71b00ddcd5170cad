//! The README's program, with axum-login on tower-sessions.
use std::collections::HashSet;
use std::convert::Infallible;

use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::{Html, Redirect};
use axum::{Form, Router, routing::get, routing::post};
use axum_login::{AuthManagerLayerBuilder, AuthUser, AuthnBackend, AuthzBackend};
use axum_login::{login_required, permission_required};
use tower_sessions::{MemoryStore, SessionManagerLayer};

#[derive(Clone, Debug)]
struct User {
    id: usize,
    name: &'static str,
    is_admin: bool,
}

impl AuthUser for User {
    type Id = usize;

    fn id(&self) -> usize {
        self.id
    }

    fn session_auth_hash(&self) -> &[u8] {
        self.name.as_bytes()
    }
}

#[derive(Clone)]
struct Backend;

impl AuthnBackend for Backend {
    type User = User;
    type Credentials = Who;
    type Error = Infallible;

    async fn authenticate(&self, who: Who) -> Result<Option<User>, Infallible> {
        self.get_user(&who.id).await
    }

    async fn get_user(&self, id: &usize) -> Result<Option<User>, Infallible> {
        let user = [("Ann", true), ("Bob", false)].get(*id);
        Ok(user.map(|&(name, is_admin)| User { id: *id, name, is_admin }))
    }
}

impl AuthzBackend for Backend {
    type Permission = &'static str;

    async fn get_user_permissions(&self, user: &User) -> Result<HashSet<&'static str>, Infallible> {
        Ok(user.is_admin.then_some("admin").into_iter().collect())
    }
}

type AuthSession = axum_login::AuthSession<Backend>;

async fn home(auth: AuthSession) -> Result<String, StatusCode> {
    let user = auth.user.ok_or(StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(format!("Hello, {}", user.name))
}

async fn admin() -> &'static str {
    "Admins only"
}

async fn login_page() -> Html<&'static str> {
    Html("<form method=post>0 for Ann, 1 for Bob: <input name=id><button>Log in</button></form>")
}

async fn login(mut auth: AuthSession, Query(next): Query<Next>, Form(who): Form<Who>) -> Result<Redirect, StatusCode> {
    let user = auth.authenticate(who).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let user = user.ok_or(StatusCode::UNAUTHORIZED)?;
    auth.login(&user).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(Redirect::to(next.next.as_deref().unwrap_or("/")))
}

#[derive(Clone, serde::Deserialize)]
struct Who {
    id: usize,
}

#[derive(serde::Deserialize)]
struct Next {
    next: Option<String>,
}

async fn logout(mut auth: AuthSession) -> Result<Redirect, StatusCode> {
    auth.logout().await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(Redirect::to("/login"))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sessions = SessionManagerLayer::new(MemoryStore::default());
    let auth = AuthManagerLayerBuilder::new(Backend, sessions).build();
    let admins = Router::new()
        .route("/admin", get(admin))
        .route_layer(permission_required!(Backend, login_url = "/login", "admin"));
    let app = Router::new()
        .route("/", get(home))
        .route_layer(login_required!(Backend, login_url = "/login"))
        .merge(admins)
        .route("/login", get(login_page).post(login))
        .route("/logout", post(logout))
        .layer(auth);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    Ok(axum::serve(listener, app).await?)
}
