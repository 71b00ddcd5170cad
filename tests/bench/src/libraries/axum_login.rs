//! axum-login, on tower-sessions with its store in memory.

use std::convert::Infallible;

use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum_login::{AuthManagerLayerBuilder, AuthUser, AuthnBackend, login_required};
use tower_sessions_0_14::{MemoryStore, Session, SessionManagerLayer};

use crate::users::{self, ANN, User};

impl AuthUser for User {
    type Id = u64;

    fn id(&self) -> u64 {
        self.id
    }

    fn session_auth_hash(&self) -> &[u8] {
        self.password_hash.as_bytes()
    }
}

#[derive(Clone)]
struct Backend;

impl AuthnBackend for Backend {
    type User = User;
    type Credentials = u64;
    type Error = Infallible;

    async fn authenticate(&self, id: u64) -> Result<Option<User>, Infallible> {
        Ok(users::find(id))
    }

    async fn get_user(&self, id: &u64) -> Result<Option<User>, Infallible> {
        Ok(users::find(*id))
    }
}

type AuthSession = axum_login::AuthSession<Backend>;

#[allow(clippy::needless_pass_by_value, reason = "as `map_err` gives it")]
fn failed(error: impl ToString) -> (StatusCode, String) {
    (StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}

async fn value(session: Session) -> Result<String, impl IntoResponse> {
    session
        .get("value")
        .await
        .map(users::value_page)
        .map_err(failed)
}

async fn count(session: Session) -> Result<&'static str, impl IntoResponse> {
    let value: u64 = session.get("value").await.map_err(failed)?.unwrap_or(0);
    session.insert("value", value + 1).await.map_err(failed)?;
    Ok::<_, (StatusCode, String)>("ok")
}

async fn begin(session: Session) -> Result<&'static str, impl IntoResponse> {
    session.insert("value", 7).await.map_err(failed)?;
    Ok::<_, (StatusCode, String)>("ok")
}

async fn log_in(mut auth: AuthSession) -> Result<&'static str, impl IntoResponse> {
    let user = auth.authenticate(ANN).await.map_err(failed)?;
    let user = user.ok_or_else(|| failed("there is no such user"))?;
    auth.login(&user).await.map_err(failed)?;
    Ok::<_, (StatusCode, String)>("ok")
}

async fn users_page(auth: AuthSession) -> String {
    auth.user.as_ref().map(users::page).unwrap_or_default()
}

pub(crate) fn app() -> Router {
    let sessions = SessionManagerLayer::new(MemoryStore::default());
    let auth = AuthManagerLayerBuilder::new(Backend, sessions).build();
    Router::new()
        .route("/users", get(users_page))
        .route_layer(login_required!(Backend, login_url = "/login"))
        .route("/untouched", get(async || "untouched"))
        .route("/value", get(value).post(count))
        .route("/begin", post(begin))
        .route("/login", post(log_in))
        .layer(auth)
}
