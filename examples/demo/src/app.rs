//! The site as a router: its sessions, its pages and its security headers.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use maud::Markup;
use muffin_session::{
    ConfigError, CurrentUser, Secret, Session, Sessions, login_required, user_pass,
};

use crate::users::{User, Users, load_user};
use crate::visitor::Visitor;
use crate::{login, notes, pages};

/// The site for these users, with cookies signed by this secret.
///
/// # Errors
///
/// If the secret can be guessed.
pub fn app(secret: Secret, users: Users) -> Result<Router, ConfigError> {
    let sessions = Sessions::builder(secret)
        .app_name("muffin demo")
        .login_url("/login")
        // What a guest wrote down is still there after the login; anything else that guests gather is dropped.
        .carry_on_login([notes::KEY])
        .user_loader_with_state(load_user, users.clone())
        .build()?;

    Ok(Router::new()
        .route("/", get(home))
        .route("/login", get(login::form).post(login::log_in))
        .route("/logout", post(login::log_out))
        .route("/dashboard", get(dashboard))
        .route("/admin", get(admin))
        .route("/notes", get(notes::list).post(notes::add))
        .route("/notes/{id}/delete", post(notes::delete))
        .route("/session", get(session_as_json))
        .route("/style.css", get(style))
        .route("/icon.svg", get(icon))
        .fallback(not_found)
        .with_state(users)
        // After the routes: a layer covers only what was added before it.
        .layer(sessions)
        .layer(map_response(security_headers)))
}

async fn home(visitor: Visitor) -> Markup {
    pages::home(&visitor)
}

#[login_required]
async fn dashboard(visitor: Visitor) -> Markup {
    pages::dashboard(&visitor)
}

#[user_pass(admins_only)]
async fn admin(State(users): State<Users>, visitor: Visitor) -> Markup {
    pages::admin(&visitor, &users)
}

/// Whoever is logged in but no admin gets a page that says so. `CurrentUser` sends nobody at all to the login page first.
async fn admins_only(
    CurrentUser(user): CurrentUser<User>,
    visitor: Visitor,
) -> Result<(), (StatusCode, Markup)> {
    if user.is_admin {
        Ok(())
    } else {
        Err((StatusCode::FORBIDDEN, pages::forbidden(&visitor)))
    }
}

async fn session_as_json(session: Session) -> Json<Session> {
    Json(session)
}

async fn not_found(visitor: Visitor) -> impl IntoResponse {
    (StatusCode::NOT_FOUND, pages::not_found(&visitor))
}

async fn style() -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "text/css; charset=utf-8")],
        include_str!("style.css"),
    )
}

async fn icon() -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "image/svg+xml")],
        include_str!("icon.svg"),
    )
}

/// What every answer says to the browser: only our own style and pictures, no scripts, no frames, no guessing of types.
async fn security_headers(mut response: Response) -> Response {
    const HEADERS: [(header::HeaderName, &str); 4] = [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (
            header::HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ];
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
