//! The site as a router: its sessions, its pages and its security headers.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use maud::Markup;
use muffin_session::{
    AnyStore, ConfigError, CurrentUser, Secret, Session, Sessions, login_required, user_pass,
};

use crate::kept::Kept;
use crate::people::People;
use crate::team::load_staff;
use crate::users::{User, Users, load_user};
use crate::visitor::Visitor;
use crate::{account, confirm, devices, login, notes, pages, staff};

/// The site, ready to be served.
#[derive(Clone, Debug)]
pub struct App {
    /// What answers requests.
    pub router: Router,
    /// The visitors' sessions, for what is done with them besides requests: removing from the store what is over.
    pub sessions: Sessions,
}

/// The site for these people, with cookies signed by this secret. Sessions are in the store, if there is one, or else in the cookies.
///
/// # Errors
///
/// If the secret can be guessed.
pub fn app(secret: &Secret, people: People, store: Option<&AnyStore>) -> Result<App, ConfigError> {
    let kept = Kept::of(store);
    let begin = || {
        let builder = Sessions::builder(secret.clone()).app_name("muffin demo");
        match store {
            Some(store) => builder.store(store.clone()),
            None => builder,
        }
    };
    let sessions = begin()
        .login_url("/login")
        .login_message("Log in to see this page.")
        .confirm_url("/confirm")
        // What a guest wrote down is still there after the login; anything else that guests gather is dropped.
        .carry_on_login([notes::KEY])
        .user_loader_with_state(load_user, people.users.clone())
        .build()?;
    // Staff log in beside the site's users: with cookies of their own, and so with keys of their own.
    let staff_sessions = begin()
        .cookie_name("staff")
        .login_url("/staff/login")
        .login_message("Log in as staff to see this page.")
        .user_loader_with_state(load_staff, people.team.clone())
        .build()?;

    let router = Router::new()
        .route("/", get(home))
        .route("/login", get(login::form).post(login::log_in))
        .route("/logout", post(login::log_out))
        .route("/dashboard", get(dashboard))
        .route("/admin", get(admin))
        .route(
            "/account",
            get(account::form).post(account::change_password),
        )
        .route("/confirm", get(confirm::form).post(confirm::confirm))
        .route("/devices", get(devices::list))
        .route("/devices/{id}/end", post(devices::end))
        .route("/devices/end-others", post(devices::end_others))
        .route("/notes", get(notes::list).post(notes::add))
        .route("/notes/{id}/delete", post(notes::delete))
        .route("/session", get(session_as_json))
        .nest("/staff", staff::routes())
        .route("/style.css", get(style))
        .route("/icon.svg", get(icon))
        .fallback(not_found)
        .with_state(people)
        // After the routes: a layer covers only what was added before it. The innermost one is whose sessions `Session` is.
        .layer(sessions.clone())
        .layer(staff_sessions)
        .layer(Extension(kept))
        .layer(map_response(security_headers));
    Ok(App { router, sessions })
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
    pages::admin(&visitor, &users.all())
}

/// Whoever is logged in but no admin gets a page that says so. `CurrentUser` sends nobody at all to the login page first.
#[allow(
    clippy::needless_pass_by_value,
    reason = "extractors are given by value"
)]
fn admins_only(
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
