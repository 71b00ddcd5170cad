//! Visibilities, names, places and conditions of handlers, and every shape of a checker.
#![deny(warnings, missing_docs, unreachable_pub)]

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Redirect;
use axum::routing::get;
use muffin_session::{CurrentUser, login_required, user_pass};

#[derive(Clone)]
struct User {
    id: u32,
    admin: bool,
    banned: bool,
}

impl User {
    fn is_admin(&self) -> bool {
        self.admin
    }

    fn rank(&self) -> Result<bool, StatusCode> {
        if self.banned {
            Err(StatusCode::GONE)
        } else {
            Ok(self.admin)
        }
    }
}

mod inner {
    use super::*;

    #[user_pass(User::is_admin)]
    pub(crate) async fn in_crate() {}

    #[user_pass(User::is_admin)]
    pub(super) async fn in_parent() {}

    #[user_pass(User::is_admin)]
    pub(in crate::inner) async fn in_path() {}

    pub(crate) fn private() -> axum::routing::MethodRouter {
        get(in_path)
    }

    #[user_pass(User::is_admin)]
    pub(crate) async fn main() {}

    #[allow(unreachable_pub)]
    #[user_pass(User::is_admin)]
    pub async fn everywhere() {}
}

#[user_pass(User::is_admin)]
async fn r#match(r#type: Path<u32>) -> String {
    r#type.to_string()
}

#[user_pass(User::is_admin)]
#[user_pass(|user: &User| !user.banned)]
#[login_required(location = "/a")]
#[login_required(location = "/b")]
#[user_pass]
async fn stacked(CurrentUser(user): CurrentUser<User>) -> String {
    user.id.to_string()
}

#[user_pass(|user| !user.banned)]
#[user_pass(|user| user.admin)]
async fn stacked_completed(CurrentUser(user): CurrentUser<User>) -> String {
    user.id.to_string()
}

#[user_pass(User::is_admin)]
#[cfg(any())]
async fn conditional() {
    not_even_looked_at()
}

#[user_pass(User::is_admin)]
#[cfg(all())]
async fn conditional() {}

#[user_pass(|user: &User| { let admin = user.admin == true; admin })]
#[allow(clippy::bool_comparison)]
async fn allowed() {}

#[user_pass(User::rank)]
async fn fallible() {}

#[user_pass(|User { admin, .. }: &User| *admin)]
async fn taken_apart() {}

#[user_pass(|user: &_| user.admin)]
async fn inferred(_: Option<CurrentUser<User>>) {}

#[user_pass((|user| user.admin),)]
#[allow(unused_parens)]
async fn parenthesized(_: CurrentUser<User>) {}

#[user_pass(|user: &User| -> Result<(), (StatusCode, String)> {
    if user.admin {
        return Ok(());
    }
    Err((StatusCode::FORBIDDEN, format!("{} is no admin", user.id)))
}, crate = ::muffin_session)]
async fn answering() {}

fn older_than(id: u32) -> impl Fn(&User) -> bool + Send + Sync + 'static {
    move |user| user.id < id
}

#[user_pass(older_than(100))]
async fn made() {}

async fn owns(CurrentUser(user): CurrentUser<User>, Path(id): Path<u32>) -> bool {
    user.id == id
}

#[user_pass(owns, reject = Redirect::to("/"))]
async fn waiting() {}

#[user_pass(owns, location = |request| format!("{}/login", request.uri.path()))]
async fn located() {}

#[user_pass(owns, location = |request: &axum::http::request::Parts| { let path = request.uri.path().to_owned(); async move { path } })]
async fn located_later() {}

macro_rules! page {
    ($vis:vis $name:ident, $checker:expr, $user:ty, $body:block) => {
        #[user_pass($checker)]
        $vis async fn $name(_: CurrentUser<$user>) $body
    };
}
page!(pub(crate) from_a_macro, |user| user.admin, User, {});
page!(from_a_macro_too, User::is_admin, User, {});

fn main() {
    #[user_pass(User::is_admin)]
    async fn in_a_function() {}

    let _app: Router = Router::new()
        .route("/1", get(inner::in_crate))
        .route("/2", get(inner::in_parent))
        .route("/3", inner::private())
        .route("/4", get(inner::everywhere))
        .route("/main", get(inner::main))
        .route("/5/{id}", get(r#match))
        .route("/6", get(stacked))
        .route("/7", get(stacked_completed))
        .route("/8", get(conditional))
        .route("/9", get(allowed))
        .route("/10", get(fallible))
        .route("/11", get(taken_apart))
        .route("/12", get(inferred))
        .route("/13", get(parenthesized))
        .route("/14", get(answering))
        .route("/15", get(made))
        .route("/16/{id}", get(waiting))
        .route("/17/{id}", get(located))
        .route("/18/{id}", get(located_later))
        .route("/19", get(from_a_macro))
        .route("/20", get(from_a_macro_too))
        .route("/21", get(in_a_function));
}
