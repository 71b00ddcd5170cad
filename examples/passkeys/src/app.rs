//! The site as a router: its sessions, its pages and its security headers.

use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use maud::Markup;
use muffin_session::{Builder, CurrentUser, Session};
use webauthn_rs::prelude::{Url, Webauthn, WebauthnBuilder};

use crate::accounts::{Accounts, User, load_user};
use crate::ceremonies::Ceremonies;
use crate::{keys, login, pages, registration};

/// What handlers are given.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) webauthn: Arc<Webauthn>,
    pub(crate) accounts: Accounts,
    pub(crate) ceremonies: Ceremonies,
}

/// The site, as browsers know it by this origin, with sessions of this builder. Passkeys are bound to the origin's host for ever.
///
/// # Errors
///
/// If the secret can be guessed, or the origin is none.
pub fn app(sessions: Builder, origin: &str) -> Result<Router, Box<dyn Error>> {
    let origin = Url::parse(origin)?;
    let host = origin.host_str().ok_or("the origin has no host")?;
    let accounts = Accounts::default();
    let site = Site {
        webauthn: Arc::new(WebauthnBuilder::new(host, &origin)?.build()?),
        accounts: accounts.clone(),
        ceremonies: Ceremonies::default(),
    };
    let sessions = sessions
        .app_name("passkeys example")
        .login_url("/login")
        .login_message("Log in to see this page.")
        .confirm_url("/confirm")
        .user_loader_with_state(load_user, accounts)
        .build()?;
    Ok(Router::new()
        .route("/", get(home))
        .route("/login", get(login::page))
        .route("/login/begin", post(login::begin))
        .route("/login/finish", post(login::finish))
        .route("/logout", post(login::log_out))
        .route("/register/begin", post(registration::begin_sign_up))
        .route("/register/finish", post(registration::finish_sign_up))
        .route("/confirm", get(login::confirm_page))
        .route("/confirm/begin", post(login::begin_confirming))
        .route("/confirm/finish", post(login::confirm))
        .route("/passkeys", get(keys::list))
        .route("/passkeys/begin", post(registration::begin_adding))
        .route("/passkeys/finish", post(registration::finish_adding))
        .route("/passkeys/{number}/remove", post(keys::remove))
        .route("/style.css", get(style))
        .route("/passkeys.js", get(script))
        .with_state(site)
        .layer(sessions)
        .layer(map_response(security_headers)))
}

async fn home(session: Session, user: Option<CurrentUser<User>>) -> Markup {
    pages::home(&session, user.as_deref())
}

async fn style() -> impl IntoResponse {
    let kind = [(header::CONTENT_TYPE, "text/css; charset=utf-8")];
    // The demo's: what pages look like is not what this example is about.
    (kind, include_str!("../../demo/src/style.css"))
}

async fn script() -> impl IntoResponse {
    let kind = [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")];
    (kind, include_str!("passkeys.js"))
}

/// What every answer says to the browser: one script, our own, which talks to nobody else.
async fn security_headers(mut response: Response) -> Response {
    const HEADERS: [(HeaderName, &str); 3] = [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
    ];
    for (name, value) in HEADERS {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}
