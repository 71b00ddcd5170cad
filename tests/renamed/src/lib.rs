//! An application whose manifest calls the runtime `our-gate`: the attributes find that name by themselves.
#![no_implicit_prelude]
#![deny(warnings, missing_docs)]

/// Somebody.
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
pub struct User {
    /// The id.
    pub id: u64,
}

/// Loads somebody.
#[::our_gate::user_loader]
pub fn load_user(
    id: u64,
    ::axum::extract::State(most): ::axum::extract::State<u64>,
) -> ::core::option::Option<User> {
    ::core::option::Option::filter(::core::option::Option::Some(User { id }), |user| {
        user.id <= most
    })
}

/// For everybody who is logged in.
#[::our_gate::login_required]
pub async fn page() {}

/// For the first user.
#[::our_gate::user_pass(|user| user.id == 1, location = "/")]
pub async fn first(
    ::our_gate::CurrentUser(user): ::our_gate::CurrentUser<User>,
) -> ::std::string::String {
    ::std::format!("{user:?}")
}

/// The name can also be said.
#[::our_gate::login_required(crate = ::our_gate, reject = ::axum::http::StatusCode::NOT_FOUND)]
pub async fn said() {}

/// The application.
///
/// # Errors
///
/// If the configuration does not hold.
pub fn app() -> ::core::result::Result<::axum::Router, ::our_gate::ConfigError> {
    let sessions = ::our_gate::Sessions::builder(::our_gate::Secret::generate()?)
        .user_loader_with_state(load_user, 7)
        .build()?;
    ::core::result::Result::Ok(
        ::axum::Router::new()
            .route("/", ::axum::routing::get(page))
            .route("/first", ::axum::routing::get(first))
            .route("/said", ::axum::routing::get(said))
            .layer(sessions),
    )
}

#[cfg(test)]
mod tests {
    #[::core::prelude::v1::test]
    fn it_builds() {
        ::core::assert!(super::app().is_ok());
    }
}
