//! Handlers that take the request's body in every way, and what else a parameter can be.
#![deny(warnings)]

use std::fmt::Debug;

use axum::body::Bytes;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRef, FromRequestParts, Multipart, Path, Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Form, Json, Router};
use muffin_session::{CurrentUser, Session, login_required, user_pass};
use serde::Deserialize;

#[derive(Clone, Debug)]
struct User {
    admin: bool,
}

#[derive(Deserialize)]
struct Input {
    text: String,
}

#[login_required]
async fn form(Form(input): Form<Input>) -> String {
    input.text
}

#[login_required]
async fn json(Json(mut input): Json<Input>) -> String {
    input.text.push('!');
    input.text
}

#[login_required]
async fn fallible(input: Result<Json<Input>, JsonRejection>) -> String {
    input.map_or_else(|rejection| rejection.body_text(), |Json(input)| input.text)
}

#[login_required]
async fn multipart(mut multipart: Multipart) -> String {
    let field = multipart.next_field().await;
    format!("{field:?}")
}

#[login_required]
async fn request(request: Request) -> String {
    request.uri().to_string()
}

#[login_required]
async fn bytes(session: Session, bytes: Bytes) -> impl IntoResponse {
    let _ = session;
    bytes
}

#[login_required]
async fn guarded_middleware(request: Request, next: Next) -> Response {
    next.run(request).await
}

#[login_required]
async fn nested((Path(id), session): (Path<u32>, Session), body: String) -> String {
    let _ = session;
    format!("{id} {body}")
}

#[user_pass(|user| user.admin)]
async fn optional(#[allow(unused_variables)] user: Option<CurrentUser<User>>) {}

#[login_required]
async fn vanishing(#[cfg(any())] gone: Session, #[cfg(all())] _there: Session) {}

#[login_required]
async fn generic<S>(State(state): State<S>) -> String
where
    S: Clone + Debug + Send + Sync + 'static,
{
    format!("{state:?}")
}

#[user_pass(|user| user.admin, location = "/")]
async fn generic_with_checker<S: Send + Sync, T: FromRequestParts<S> + Send>(
    _user: CurrentUser<User>,
    State(_state): State<S>,
    _extracted: T,
) {
}

#[login_required]
#[allow(dead_code)]
async fn anonymous_type(_first: impl Debug + FromRequestParts<App>, _body: String) {}

#[login_required]
async fn sub_state(State(number): State<u32>) -> String {
    number.to_string()
}

#[derive(Clone, Debug)]
struct App;

impl FromRef<App> for u32 {
    fn from_ref(_: &App) -> u32 {
        7
    }
}

fn main() {
    let _app: Router = Router::new()
        .route("/form", post(form))
        .route("/json", post(json))
        .route("/fallible", post(fallible))
        .route("/multipart", post(multipart))
        .route("/request", post(request))
        .route("/bytes", post(bytes))
        .route("/nested/{id}", post(nested))
        .route("/optional", post(optional))
        .route("/vanishing", post(vanishing))
        .route("/generic", post(generic::<App>))
        .route(
            "/generic-with-checker",
            post(generic_with_checker::<App, Session>),
        )
        .route("/sub-state", post(sub_state))
        .route_layer(from_fn(guarded_middleware))
        .with_state(App);
}
