//! Everything, with all the strictness around it that a crate can have.
#![no_implicit_prelude]
#![deny(
    warnings,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    unused_qualifications
)]
#![deny(rust_2018_idioms, clippy::all, clippy::pedantic)]
#![forbid(unsafe_code)]

/// Somebody.
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
pub struct User {
    /// Whether they may do everything.
    pub is_admin: ::core::primitive::bool,
}

impl User {
    /// Whether they may do everything.
    #[must_use]
    pub fn admin(&self) -> ::core::primitive::bool {
        self.is_admin
    }
}

/// Loads somebody.
#[::muffin_session::user_loader]
pub async fn load_user(id: ::core::primitive::u64) -> ::core::option::Option<User> {
    ::core::option::Option::Some(User { is_admin: id == 1 })
}

/// Loads somebody from a state.
#[::muffin_session::user_loader]
pub fn load_with_state(
    id: ::std::string::String,
    ::axum::extract::State(admins): ::axum::extract::State<::std::vec::Vec<::std::string::String>>,
) -> ::core::result::Result<::core::option::Option<User>, ::std::io::Error> {
    let is_admin = admins.contains(&id);
    ::core::result::Result::Ok(::core::option::Option::Some(User { is_admin }))
}

/// A page.
#[::muffin_session::login_required]
pub async fn page() {}

/// A page that sends elsewhere.
#[::muffin_session::login_required(location = "/elsewhere")]
pub async fn elsewhere() {}

/// A page that hides itself.
#[::muffin_session::login_required(reject = ::axum::http::StatusCode::NOT_FOUND)]
pub async fn hidden() {}

/// A page for those whom the default checker allows.
#[::muffin_session::user_pass]
pub async fn allowed() {}

/// The same, sending elsewhere.
#[::muffin_session::user_pass(location = "/elsewhere")]
pub async fn allowed_elsewhere() {}

/// A page for admins.
#[::muffin_session::user_pass(User::admin)]
pub async fn admin() {}

/// A page for admins that answers.
#[::muffin_session::user_pass(|user: &User| user.is_admin, reject = (::axum::http::StatusCode::FORBIDDEN, "No"))]
pub async fn answer(body: ::std::string::String) -> ::std::string::String {
    body
}

/// A page whose user says of which type the closure's parameter is.
#[::muffin_session::login_required(location = |request| ::std::string::ToString::to_string(&request.uri))]
#[::muffin_session::user_pass(|user| user.is_admin, location = "/")]
pub async fn completed(
    ::muffin_session::CurrentUser(user): ::muffin_session::CurrentUser<User>,
) -> ::std::string::String {
    ::std::format!("{user:?}")
}

fn main() {
    let _app: ::axum::Router = ::axum::Router::new()
        .route("/", ::axum::routing::get(page))
        .route("/elsewhere", ::axum::routing::get(elsewhere))
        .route("/hidden", ::axum::routing::get(hidden))
        .route("/allowed", ::axum::routing::get(allowed))
        .route(
            "/allowed-elsewhere",
            ::axum::routing::get(allowed_elsewhere),
        )
        .route("/admin", ::axum::routing::get(admin))
        .route("/answer", ::axum::routing::post(answer))
        .route("/completed", ::axum::routing::get(completed));
    ::core::assert_eq!(
        ::std::format!("{:?}", (load_user, load_with_state)),
        "(load_user, load_with_state)"
    );
}
