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

/// Loads somebody whose logins end when they become an admin.
#[::muffin_session::user_loader(stamp = User::admin)]
pub async fn load_with_stamp(id: ::core::primitive::u64) -> ::core::option::Option<User> {
    ::core::option::Option::Some(User { is_admin: id == 1 })
}

/// The same, with a closure.
#[::muffin_session::user_loader(stamp = |user| (user.is_admin, 7))]
pub async fn load_with_stamps(id: ::core::primitive::u64) -> ::core::option::Option<User> {
    ::core::option::Option::Some(User { is_admin: id == 1 })
}

/// A page for those who gave their password a while ago at most.
#[::muffin_session::login_required(fresh = "10m", user = User)]
pub async fn fresh() {}

/// The same, with a time that is computed.
#[::muffin_session::user_pass(fresh = ::core::time::Duration::from_mins(10), user = User)]
pub async fn computed() {}

/// A page for those whom one of several checkers allows.
#[::muffin_session::user_pass(
    any(User::admin, all(|user| user.is_admin, not(|user: &User| user.is_admin))),
    user = User,
    fresh = "1h"
)]
pub async fn joined() {}

/// Asks a state.
#[allow(clippy::unused_async)]
pub async fn ask(
    ::muffin_session::CurrentUser(user): ::muffin_session::CurrentUser<User>,
    ::axum::extract::State(admins): ::axum::extract::State<::core::primitive::bool>,
) -> ::core::primitive::bool {
    user.is_admin && admins
}

/// A page whose checker finds the handler's state.
#[::muffin_session::user_pass(ask)]
pub async fn state(_: ::axum::extract::State<::core::primitive::bool>) {}

/// A page whose checker finds a state that the handler does not take.
#[::muffin_session::user_pass(not(ask), state = ::core::primitive::bool)]
pub async fn named_state() {}

/// A page whose checker is a closure of extractors.
#[::muffin_session::user_pass(async |::muffin_session::CurrentUser(user): ::muffin_session::CurrentUser<User>,
    ::axum::extract::State(admins): ::axum::extract::State<::core::primitive::bool>| user.is_admin && admins)]
pub async fn closure() {}

/// A value of the session.
#[derive(
    ::core::default::Default,
    ::core::fmt::Debug,
    ::serde::Serialize,
    ::serde::Deserialize,
    ::muffin_session::SessionValue,
)]
#[session(key = "cart")]
pub struct Cart {
    /// How many.
    pub items: ::core::primitive::u32,
}

/// A page with it.
#[::muffin_session::login_required]
pub async fn cart(cart: ::muffin_session::InSession<Cart>) -> ::std::string::String {
    ::std::format!("{}", cart.items)
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
        .route("/completed", ::axum::routing::get(completed))
        .route("/fresh", ::axum::routing::get(fresh))
        .route("/computed", ::axum::routing::get(computed))
        .route("/joined", ::axum::routing::get(joined))
        .route("/state", ::axum::routing::get(state))
        .route("/named-state", ::axum::routing::get(named_state))
        .route("/closure", ::axum::routing::get(closure))
        .route("/cart", ::axum::routing::get(cart))
        .with_state(true);
    ::core::assert_eq!(
        ::std::format!("{:?}", (load_user, load_with_state)),
        "(load_user, load_with_state)"
    );
    ::core::assert_eq!(
        ::std::format!("{:?}", (load_with_stamp, load_with_stamps)),
        "(load_with_stamp, load_with_stamps)"
    );
}
