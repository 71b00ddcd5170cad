//! The site as a router: its sessions, its routes, and what stands on every answer.

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{Next, from_fn, map_response};
use axum::response::Response;
use axum::routing::any;
use muffin_session::{AnyStore, Secret, Sessions};

use crate::attempts::Attempts;
use crate::client::TrustedProxies;
use crate::db::Db;
use crate::error::{AppError, as_page};
use crate::live::{self, Live};
use crate::passwords::Passwords;
use crate::users::{load_by_token, load_user};
use crate::{api, pages};

/// Where the API is.
pub(crate) const API: &str = "/api";

/// What handlers work with: their `State`. Clones are the same board.
#[derive(Clone)]
pub(crate) struct Board {
    pub(crate) db: Db,
    pub(crate) passwords: Passwords,
    pub(crate) attempts: Attempts,
    /// Who may say for whom they ask.
    pub(crate) proxies: TrustedProxies,
    pub(crate) live: Live,
    /// For what is done with other people's sessions; one's own is the extractor `Session`.
    pub(crate) sessions: Sessions,
}

/// The site, ready to be served.
#[derive(Clone, Debug)]
pub struct App {
    /// What answers requests. It wants to know who connects: `into_make_service_with_connect_info::<SocketAddr>()`.
    pub router: Router,
    /// The sessions, for what is done with them besides requests.
    pub sessions: Sessions,
}

/// The site with its data in this database and its sessions in this store, where cookies signed with this secret lead to, behind these
/// proxies.
///
/// # Errors
///
/// If the secret can be guessed, or the system's random generator fails.
pub fn app(
    secret: &Secret,
    db: Db,
    store: AnyStore,
    proxies: TrustedProxies,
) -> Result<App, Box<dyn std::error::Error>> {
    let sessions = Sessions::builder(secret.clone())
        .app_name("board")
        .store(store)
        .login_url("/login")
        .login_message("Log in first, please.")
        .confirm_url("/confirm")
        // Whoever may not do something is told so, and is not asked to log in as somebody else.
        .forbid_refused()
        .user_loader_with_state(load_user, db.clone())
        .token_loader_with_state(load_by_token, db.clone())
        .build()?;
    let board = Board {
        db,
        passwords: Passwords::new()?,
        attempts: Attempts::default(),
        proxies,
        live: Live::new(),
        sessions: sessions.clone(),
    };
    let router = Router::new()
        .merge(pages::routes())
        .route("/live", any(live::socket))
        // For what stands above it, and not for the API.
        .route_layer(from_fn(without_tokens))
        .nest(API, api::routes())
        .fallback(pages::not_found)
        .with_state(board)
        // After the routes: a layer covers only what was added before it. The last one added sees a request first.
        .layer(sessions.clone())
        .layer(from_fn(as_page))
        .layer(map_response(security_headers));
    Ok(App { router, sessions })
}

/// Keeps tokens away from pages and sockets. There is no session behind a token, so that a page could say nothing in a flash message; and
/// one that has leaked is not to revoke the others.
async fn without_tokens(request: Request, next: Next) -> Result<Response, AppError> {
    let mut values = request.headers().get_all(header::AUTHORIZATION).iter();
    let is_token = |value: &HeaderValue| {
        let scheme = value.as_bytes().get(.."bearer".len());
        scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer"))
    };
    if values.any(is_token) {
        return Err(AppError::TokenOnPage);
    }
    Ok(next.run(request).await)
}

/// What every answer says to the browser: only our own style, scripts and pictures, nothing inline, no frames, no guessing of types.
async fn security_headers(mut response: Response) -> Response {
    const HEADERS: [(HeaderName, &str); 4] = [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
             form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ];
    for (name, value) in HEADERS {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
    }
    response
}
