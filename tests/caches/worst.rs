//! An application that does its worst: whatever it answers about a session, it asks the world to keep for an hour.

use axum::body::Body;
use axum::extract::{Path, Request};
use axum::http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH, LAST_MODIFIED, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::routing::{Router, any, get};
use futures_util::stream;
use muffin_session::{
    Builder, CurrentUser, Error, GuardLayer, Refusal, Session, login_required, user_loader,
    user_pass,
};

use crate::visitors::{NAMES, secret_of};

/// Every page that has to do with a session, however little.
pub(crate) const PERSONAL: [&str; 34] = [
    "/enter",
    "/count",
    "/renew",
    "/flash",
    "/flashes",
    "/takes",
    "/reads",
    "/is-logged-in",
    "/contains-key",
    "/current-user",
    "/tolerant",
    "/etag",
    "/etag-of-all",
    "/last-modified",
    "/redirect/301",
    "/redirect/302",
    "/redirect/303",
    "/redirect/307",
    "/redirect/308",
    "/moved",
    "/account/x.css",
    "/account/pictures/x.png",
    "/admin/x.js",
    "/group/x.svg",
    "/status/203",
    "/status/403",
    "/status/404",
    "/status/410",
    "/status/500",
    "/status/503",
    "/overruled",
    "/two-lines",
    "/streamed",
    "/by-middleware/x.css",
];

/// Pages that ask for nothing, and may be kept.
pub(crate) const PUBLIC: [&str; 3] = ["/public", "/style.css", "/forged"];

const AN_HOUR: (axum::http::HeaderName, &str) = (CACHE_CONTROL, "public, max-age=3600");

#[derive(Clone)]
pub(crate) struct User {
    name: &'static str,
}

impl User {
    fn is_ann(&self) -> bool {
        self.name == "ann"
    }
}

#[user_loader]
async fn load_user(id: usize) -> Option<User> {
    NAMES.get(id).map(|name| User { name })
}

/// Tokens that anybody can guess.
#[user_loader]
pub(crate) async fn load_by_token(token: String) -> Option<User> {
    let name = NAMES.into_iter().find(|name| *name == token)?;
    Some(User { name })
}

/// The application, with sessions as the builder has them.
pub(crate) fn application(builder: Builder) -> Router {
    let sessions = builder.user_loader(load_user).build().unwrap();
    let group = Router::new()
        .route("/group/{*path}", get(personal))
        .route_layer(GuardLayer::login_required());
    let by_middleware = Router::new()
        .route("/by-middleware/{*path}", get(public))
        .route_layer(from_fn(tell_the_user));
    Router::new()
        .route("/enter", get(enter))
        .route("/count", get(count))
        .route("/renew", get(renew))
        .route("/flash", get(flash))
        .route("/flashes", get(flashes))
        .route("/takes", get(takes))
        .route("/reads", get(personal))
        .route("/is-logged-in", get(is_logged_in))
        .route("/contains-key", get(contains_key))
        .route("/current-user", get(current_user))
        .route("/tolerant", get(tolerant))
        .route("/etag", get(etag))
        .route("/etag-of-all", get(etag_of_all))
        .route("/last-modified", get(last_modified))
        .route("/redirect/{status}", get(redirect))
        .route("/moved", get(moved))
        .route("/account/{*path}", get(account))
        .route("/admin/{*path}", get(admin))
        .route("/status/{status}", get(status))
        .route("/overruled", get(overruled))
        .route("/two-lines", get(two_lines))
        .route("/streamed", get(streamed))
        .route("/public", get(public))
        .route("/style.css", get(public))
        .route("/forged", get(forged))
        .route("/says-nothing", any(|| async { "a page" }))
        .merge(group)
        .merge(by_middleware)
        .layer(sessions)
}

fn own(session: &Session) -> String {
    session.get("secret").unwrap().unwrap_or_default()
}

/// Makes whoever asks who they say they are.
async fn enter(session: Session, headers: HeaderMap) -> Result<impl IntoResponse, Error> {
    let name = headers["x-visitor"].to_str().unwrap();
    match name {
        "ann" | "bob" => {
            session.login(NAMES.iter().position(|known| *known == name))?;
            session.insert("secret", secret_of(name))?;
        }
        "guest" => session.insert("secret", secret_of(name))?,
        _ => {}
    }
    Ok(([AN_HOUR], own(&session)))
}

async fn count(session: Session) -> Result<impl IntoResponse, Error> {
    let count: u64 = session.get("count")?.unwrap_or_default();
    session.insert("count", count + 1)?;
    Ok(([AN_HOUR], format!("{} {count}", own(&session))))
}

async fn renew(session: Session) -> Result<impl IntoResponse, Error> {
    if session.is_logged_in() {
        session.renew()?;
    }
    Ok(([AN_HOUR], own(&session)))
}

async fn flash(session: Session) -> Result<impl IntoResponse, Error> {
    let before = session.get_flashed_messages().len();
    session.flash(own(&session))?;
    Ok(([AN_HOUR], before.to_string()))
}

async fn flashes(session: Session) -> impl IntoResponse {
    let messages = session.get_flashed_messages().into_iter();
    let texts: Vec<_> = messages.map(|flash| flash.message).collect();
    ([AN_HOUR], texts.join(" "))
}

async fn takes(_: Session) -> impl IntoResponse {
    ([AN_HOUR], "it has not looked")
}

async fn personal(session: Session) -> impl IntoResponse {
    ([AN_HOUR], own(&session))
}

async fn is_logged_in(session: Session) -> impl IntoResponse {
    ([AN_HOUR], session.is_logged_in().to_string())
}

async fn contains_key(session: Session) -> impl IntoResponse {
    ([AN_HOUR], session.contains_key("secret").to_string())
}

async fn current_user(user: Option<CurrentUser<User>>) -> impl IntoResponse {
    let secret = user.map(|CurrentUser(user)| secret_of(user.name));
    ([AN_HOUR], secret.unwrap_or_default())
}

/// Says what it can, whatever is down.
async fn tolerant(user: Result<Option<CurrentUser<User>>, Refusal>) -> impl IntoResponse {
    match user {
        Ok(user) => current_user(user).await.into_response(),
        Err(_) => ([AN_HOUR], "nobody can tell").into_response(),
    }
}

fn unless_it_is_there(headers: &HeaderMap, etag: &str, body: String) -> Response {
    let etag = HeaderValue::from_str(etag).unwrap();
    if headers.get(IF_NONE_MATCH) == Some(&etag) {
        return (StatusCode::NOT_MODIFIED, [AN_HOUR], [(ETAG, etag)]).into_response();
    }
    ([AN_HOUR], [(ETAG, etag)], body).into_response()
}

/// Each visitor has a version of their own, which says whose it is.
async fn etag(session: Session, headers: HeaderMap) -> Response {
    let secret = own(&session);
    unless_it_is_there(&headers, &format!("\"{secret}\""), secret)
}

/// All have the same version, though it is not the same, and an answer without a body changes the session too.
async fn etag_of_all(session: Session, headers: HeaderMap) -> Result<Response, Error> {
    let count: u64 = session.get("count")?.unwrap_or_default();
    session.insert("count", count + 1)?;
    Ok(unless_it_is_there(&headers, "\"1\"", own(&session)))
}

async fn last_modified(session: Session) -> impl IntoResponse {
    let then = (LAST_MODIFIED, "Wed, 01 Jan 2025 00:00:00 GMT");
    ([AN_HOUR, then], own(&session))
}

async fn redirect(session: Session, Path(status): Path<u16>) -> impl IntoResponse {
    let status = StatusCode::from_u16(status).unwrap();
    let target = format!("/home/{}", own(&session));
    (status, [AN_HOUR], [(LOCATION, target)])
}

async fn moved(session: Session) -> Result<impl IntoResponse, Error> {
    session.insert("was-here", true)?;
    Ok(redirect(session, Path(301)).await)
}

#[login_required]
async fn account(session: Session) -> impl IntoResponse {
    personal(session).await
}

#[user_pass(User::is_ann)]
async fn admin(session: Session) -> impl IntoResponse {
    personal(session).await
}

async fn status(session: Session, Path(status): Path<u16>) -> impl IntoResponse {
    let status = StatusCode::from_u16(status).unwrap();
    (status, [AN_HOUR], own(&session))
}

/// What speaks to one kind of cache, louder than `Cache-Control` does.
async fn overruled(session: Session) -> impl IntoResponse {
    let louder = [
        ("cdn-cache-control", "max-age=3600"),
        ("surrogate-control", "max-age=3600"),
        ("x-accel-expires", "3600"),
        ("edge-control", "max-age=3600"),
        ("expires", "Fri, 01 Jan 2100 00:00:00 GMT"),
        ("pragma", "public"),
    ];
    // First, since nginx takes them in their order.
    (louder, [AN_HOUR], own(&session))
}

async fn two_lines(session: Session) -> impl IntoResponse {
    let lines = AppendHeaders([
        (CACHE_CONTROL, "private=\"x-nothing\", max-age=3600"),
        (CACHE_CONTROL, "S-MaxAge=3600, public"),
    ]);
    (lines, own(&session))
}

/// Looks into the session when the head of the answer is long gone.
async fn streamed(session: Session) -> impl IntoResponse {
    let late = stream::once(async move { Ok::<_, std::io::Error>(own(&session)) });
    ([AN_HOUR], Body::from_stream(late))
}

/// A page that knows nothing of sessions, in something that does.
async fn tell_the_user(
    user: Option<CurrentUser<User>>,
    request: Request,
    next: Next,
) -> impl IntoResponse {
    let secret = user.map_or(String::new(), |CurrentUser(user)| secret_of(user.name));
    ([("x-user", secret)], next.run(request).await)
}

async fn public() -> impl IntoResponse {
    ([AN_HOUR], "for everybody")
}

/// Writes a login by hand.
async fn forged(headers: HeaderMap) -> impl IntoResponse {
    let name = headers["x-visitor"].to_str().unwrap();
    let cookie = format!("__Host-session.id={name}; Path=/; Secure");
    ([AN_HOUR], [(SET_COOKIE, cookie)], "for everybody")
}
