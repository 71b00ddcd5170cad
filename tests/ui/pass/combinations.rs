//! `all(..)`, `any(..)` and `not(..)`, nested in every shape, of every kind of checker.
#![deny(warnings, missing_docs)]

use axum::Router;
use axum::extract::{FromRef, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use muffin_session::{CurrentUser, Session, user_pass};

#[derive(Clone)]
struct User {
    id: u64,
    admin: bool,
    banned: bool,
}

impl User {
    fn is_admin(&self) -> bool {
        self.admin
    }

    fn is_banned(&self) -> Result<bool, StatusCode> {
        Ok(self.banned)
    }
}

#[derive(Clone)]
struct Db;

impl Db {
    async fn owns(&self, user: u64, note: u64) -> bool {
        user == note
    }
}

#[derive(Clone)]
struct App {
    db: Db,
}

impl FromRef<App> for Db {
    fn from_ref(app: &App) -> Self {
        app.db.clone()
    }
}

async fn owns(
    CurrentUser(user): CurrentUser<User>,
    Path(id): Path<u64>,
    State(db): State<Db>,
) -> Result<bool, (StatusCode, &'static str)> {
    Ok(db.owns(user.id, id).await)
}

fn in_office(headers: HeaderMap) -> bool {
    headers.contains_key("x-office")
}

async fn anybody(user: Option<CurrentUser<User>>) -> bool {
    user.is_none_or(|CurrentUser(user)| !user.banned)
}

fn older_than(id: u64) -> impl Fn(&User) -> bool + Send {
    move |user| user.id < id
}

#[user_pass(all(User::is_admin))]
async fn all_of_one() {}

#[user_pass(any(User::is_admin,))]
async fn any_of_one() {}

#[user_pass(not(User::is_banned))]
async fn not_one() {}

#[user_pass(not(not(not(User::is_banned))))]
async fn not_thrice() {}

#[user_pass((all((User::is_admin), not((User::is_banned)))))]
#[allow(unused_parens)]
async fn parenthesized() {}

#[user_pass(all(User::is_admin, not(User::is_banned), older_than(7), |user: &User| user.id > 1))]
async fn four() {}

#[user_pass(all(|user| user.admin, any(|user| user.id == 1, not(|user| user.banned))))]
async fn completed(CurrentUser(_): CurrentUser<User>) {}

#[user_pass(any(|user: &User| user.admin, all(not(User::is_banned), owns)), fresh = "1h")]
async fn with_state(State(_): State<Db>) {}

#[user_pass(not(all(any(owns, in_office), any(anybody, not(owns)))), reject = StatusCode::NOT_FOUND)]
async fn extractors(State(_): State<Db>, _: Session) {}

#[user_pass(any(owns, User::is_admin), state = Db)]
async fn state_named() {}

#[user_pass(any(
    User::is_admin,
    async |CurrentUser(user): CurrentUser<User>, Path(id): Path<u64>, State(db): State<Db>| {
        db.owns(user.id, id).await
    },
))]
async fn state_of_a_closure() {}

#[user_pass(any(owns, |State(_): State<Db>| true))]
async fn state_of_a_closure_for_another() {}

#[user_pass(all(in_office, anybody))]
#[user_pass(any(owns, User::is_admin), state = Db)]
#[user_pass(not(User::is_banned))]
async fn stacked(CurrentUser(user): CurrentUser<User>) -> String {
    user.id.to_string()
}

macro_rules! page {
    ($name:ident, $first:expr, $second:expr) => {
        #[user_pass(all($first, not($second)))]
        async fn $name(_: CurrentUser<User>) {}
    };
}
page!(from_a_macro, User::is_admin, |user| user.banned);

mod all {
    pub(crate) fn not(_: &super::User) -> bool {
        true
    }
}

/// Paths of several segments are no words.
#[user_pass(all(all::not, not(all::not)))]
async fn namesakes() {}

fn main() {
    let _app: Router = Router::new()
        .route("/1", get(all_of_one))
        .route("/2", get(any_of_one))
        .route("/3", get(not_one))
        .route("/4", get(not_thrice))
        .route("/5", get(parenthesized))
        .route("/6", get(four))
        .route("/7", get(completed))
        .route("/8/{id}", get(with_state))
        .route("/9/{id}", get(extractors))
        .route("/10/{id}", get(state_named))
        .route("/11/{id}", get(state_of_a_closure))
        .route("/12/{id}", get(state_of_a_closure_for_another))
        .route("/13/{id}", get(stacked))
        .route("/14", get(from_a_macro))
        .route("/15", get(namesakes))
        .with_state(App { db: Db });
}
