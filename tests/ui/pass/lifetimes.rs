//! Types with lifetimes in answers, users, extractors and states: the futures are `Send` all the same.
#![deny(warnings)]

use axum::Router;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::routing::get;
use muffin_session::{CurrentUser, UserLoader, login_required, user_loader, user_pass};

#[derive(Clone)]
struct User<'a> {
    name: &'a str,
}

struct Db {
    name: String,
}

type Short = Extension<&'static str>;

#[user_loader]
async fn load_user(
    id: u64,
    State(db): State<&'static Db>,
    Extension(name): Short,
) -> Result<Option<User<'static>>, &'static str> {
    match id {
        0 => Err("nobody has this id"),
        1 => Ok(Some(User { name: &db.name })),
        _ => Ok(Some(User { name })),
    }
}

#[user_pass(|user: &User<'static>| if user.name.is_empty() { Err("No") } else { Ok(true) })]
async fn text() {}

#[user_pass(|user| user.name.is_empty().then_some(()).ok_or((StatusCode::FORBIDDEN, "No")))]
async fn completed(_: CurrentUser<User<'static>>) {}

async fn may_pass(
    CurrentUser(user): CurrentUser<User<'static>>,
    Extension(name): Short,
) -> Result<bool, &'static str> {
    if user.name == name {
        Err("No")
    } else {
        Ok(true)
    }
}

#[user_pass(may_pass, location = |_| async { "/elsewhere" })]
async fn waiting(State(db): State<&'static Db>, _: Short) -> &'static str {
    &db.name
}

#[login_required(reject = (StatusCode::FORBIDDEN, "No"))]
async fn rejecting(
    State(db): State<&'static Db>,
    CurrentUser(user): CurrentUser<User<'static>>,
) -> String {
    format!("{} {}", db.name, user.name)
}

fn is_loader<S>(_: impl UserLoader<S>) {}

fn main() {
    is_loader::<&'static Db>(load_user);
    let db: &'static Db = Box::leak(Box::new(Db { name: "db".into() }));
    let _app: Router = Router::new()
        .route("/text", get(text))
        .route("/completed", get(completed))
        .route("/waiting", get(waiting))
        .route("/rejecting", get(rejecting))
        .with_state(db);
}
