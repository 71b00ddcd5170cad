//! Where a checker's state comes from.
#![deny(warnings)]

use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts, State};
use axum::routing::get;
use axum::{Router, debug_handler};
use muffin_session::{CurrentUser, login_required, user_pass};

#[derive(Clone)]
struct User;

#[derive(Clone)]
struct Db;

#[derive(Clone)]
struct AppState {
    db: Db,
    cache: Arc<str>,
}

impl FromRef<AppState> for Db {
    fn from_ref(app: &AppState) -> Self {
        app.db.clone()
    }
}

impl FromRef<AppState> for Arc<str> {
    fn from_ref(app: &AppState) -> Self {
        Arc::clone(&app.cache)
    }
}

async fn of_db(_: CurrentUser<User>, State(_): State<Db>) -> bool {
    true
}

async fn of_app(_: CurrentUser<User>, State(app): State<AppState>, State(_): State<Db>) -> bool {
    !app.cache.is_empty()
}

fn of_user(_: &User) -> bool {
    true
}

#[user_pass(of_db)]
async fn sub_state(State(_): State<Db>) {}

#[user_pass(of_db)]
async fn sub_state_of_app(State(_): State<AppState>) {}

#[user_pass(of_app)]
async fn whole_state(State(_): State<AppState>) {}

#[user_pass(of_app, state = AppState)]
async fn named() {}

#[user_pass(of_app, state = AppState)]
async fn named_beside_others(State(_): State<Db>, State(_): State<Arc<str>>) {}

#[user_pass(|_: CurrentUser<User>, State(cache): State<Arc<str>>| cache.is_empty())]
async fn with_arguments(_: State<Arc<str>>) {}

#[user_pass(of_user)]
async fn several_and_none_needed(State(_): State<Db>, State(_): State<Arc<str>>) {}

#[user_pass(of_db, state = AppState)]
#[user_pass(of_db)]
#[login_required(location = "/")]
async fn stacked(State(_): State<Db>) {}

#[user_pass(of_user, location = "/")]
async fn generic<S: Send + Sync>(State(_): State<S>) {}

#[user_pass(of_db, state = Db)]
async fn generic_and_named<S: Send + Sync>(State(_): State<S>, _: CurrentUser<User>) {}

#[user_pass(of_db, state = AppState)]
async fn generic_extractor<S: Send + Sync, T: FromRequestParts<S>>(State(_): State<S>, _: T) {}

#[user_pass(of_app, state = AppState)]
#[debug_handler(state = AppState)]
async fn debugged() {}

#[debug_handler]
#[user_pass(of_app)]
async fn debugged_above(State(_): State<AppState>) {}

/// A router that is generic over its state.
fn routes<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    Db: FromRef<S>,
{
    Router::new()
        .route("/sub", get(sub_state))
        .route("/generic", get(generic_and_named::<S>))
}

fn main() {
    let app = AppState {
        db: Db,
        cache: "".into(),
    };
    let _app: Router = Router::new()
        .nest("/routes", routes())
        .route("/1", get(sub_state))
        .route("/2", get(sub_state_of_app))
        .route("/3", get(whole_state))
        .route("/4", get(named))
        .route("/5", get(named_beside_others))
        .route("/6", get(with_arguments))
        .route("/7", get(several_and_none_needed))
        .route("/8", get(stacked))
        .route("/9", get(generic::<AppState>))
        .route("/10", get(generic_extractor::<AppState, CurrentUser<User>>))
        .route("/11", get(debugged))
        .route("/12", get(debugged_above))
        .with_state(app);
    let _db: Router = Router::new().nest("/db", routes()).with_state(Db);
}
