//! The site as a router: its sessions, its pages and its security headers.

use std::future::ready;

use axum::Router;
use axum::extract::FromRef;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use maud::Markup;
use muffin_session::{ConfigError, CurrentUser, Secret, Session, Sessions, login_required};

use crate::accounts::{Accounts, User, load_user};
use crate::provider::{CALLBACK, Provider};
use crate::{form_post, login, pages};

/// What handlers are given.
#[derive(Clone, FromRef)]
struct Site {
    provider: Provider,
    accounts: Accounts,
}

/// The site, for users of this provider.
///
/// # Errors
///
/// If the secret can be guessed.
pub fn app(secret: Secret, provider: Provider, accounts: Accounts) -> Result<Router, ConfigError> {
    // `SameSite` stays `Lax`, as it is by default: with `Strict` the callback would come without the cookie that has the attempt.
    let sessions = Sessions::builder(secret)
        .app_name("oidc example")
        .login_url("/login")
        .login_message("Log in to see this page.")
        .user_loader_with_state(load_user, accounts.clone())
        .build()?;
    let headers = security_headers(&provider);
    Ok(Router::new()
        .route("/", get(home))
        .route("/account", get(account))
        .route("/login", get(login::page).post(login::begin))
        .route(CALLBACK, get(login::callback))
        .route("/logout", post(login::log_out))
        .route("/logout/provider", post(login::log_out_at_provider))
        .route("/style.css", get(style))
        .with_state(Site { provider, accounts })
        .layer(sessions)
        // After the layer, which covers only what is there before it: this one has no session.
        .route(CALLBACK, post(form_post::again))
        .layer(map_response(move |response| {
            ready(add(headers.clone(), response))
        })))
}

async fn home(session: Session, user: Option<CurrentUser<User>>) -> Markup {
    pages::home(&session, user.as_deref())
}

#[login_required]
async fn account(session: Session, CurrentUser(user): CurrentUser<User>) -> Markup {
    pages::account(&session, &user)
}

async fn style() -> impl IntoResponse {
    let kind = [(header::CONTENT_TYPE, "text/css; charset=utf-8")];
    // The demo's: what pages look like is not what this example is about.
    (kind, include_str!("../../demo/src/style.css"))
}

/// What every answer says to the browser.
fn security_headers(provider: &Provider) -> [(HeaderName, HeaderValue); 3] {
    // The forms to log in and out are posted here, and lead to the provider: Chrome wants both to be named.
    let policy = format!(
        "default-src 'none'; style-src 'self'; form-action 'self' {}; base-uri 'none'; frame-ancestors 'none'",
        provider.origin()
    );
    let policy = HeaderValue::from_str(&policy);
    let strictest = HeaderValue::from_static("default-src 'none'");
    [
        (header::CONTENT_SECURITY_POLICY, policy.unwrap_or(strictest)),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
        // No other site learns the URL of the callback, which has the code.
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("same-origin"),
        ),
    ]
}

fn add(headers: [(HeaderName, HeaderValue); 3], mut response: Response) -> Response {
    response.headers_mut().extend(headers);
    response
}
