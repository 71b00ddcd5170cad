//! The attributes, with examples that compile: their own crate cannot depend on this one.

/// Makes a function the way from an id to a user: it is what the builder's `.user_loader(..)` takes.
///
/// ```
/// use axum::extract::State;
/// use muffin_session::user_loader;
///
/// #[derive(Clone)]
/// struct User { name: String }
///
/// #[derive(Clone)]
/// struct Db;
///
/// impl Db {
///     async fn user(&self, id: u64) -> Result<Option<User>, std::io::Error> {
///         Ok((id == 1).then(|| User { name: "Ann".to_owned() }))
///     }
/// }
///
/// #[user_loader]
/// async fn load_user(id: u64, State(db): State<Db>) -> Result<Option<User>, std::io::Error> {
///     db.user(id).await
/// }
///
/// # use muffin_session::{Secret, Sessions};
/// let sessions = Sessions::builder(Secret::generate()?)
///     .user_loader_with_state(load_user, Db)
///     .build()?;
/// # drop(sessions);
/// # Ok::<(), muffin_session::ConfigError>(())
/// ```
pub use muffin_session_macros::user_loader;

/// Lets a handler run only for somebody who is logged in.
///
/// ```
/// use axum::http::StatusCode;
/// use muffin_session::{CurrentUser, login_required};
///
/// #[derive(Clone)]
/// struct User { name: String }
///
/// #[login_required]
/// async fn dashboard(CurrentUser(user): CurrentUser<User>) -> String {
///     format!("Hello, {}", user.name)
/// }
///
/// #[login_required(location = "/welcome")]
/// async fn cart() {}
///
/// #[login_required(reject = StatusCode::NOT_FOUND)]
/// async fn internals() {}
/// # let _ = axum::Router::<()>::new()
/// #     .route("/", axum::routing::get(dashboard))
/// #     .route("/cart", axum::routing::get(cart))
/// #     .route("/internals", axum::routing::get(internals));
/// ```
pub use muffin_session_macros::login_required;

/// Lets a handler run only for a user whom a checker allows.
///
/// ```
/// use axum::extract::Path;
/// use axum::http::StatusCode;
/// use muffin_session::{CurrentUser, user_pass};
///
/// #[derive(Clone)]
/// struct User { age: u8, is_admin: bool, documents: Vec<u64> }
///
/// impl User {
///     fn is_admin(&self) -> bool { self.is_admin }
/// }
///
/// #[user_pass(User::is_admin)]
/// async fn admin() -> &'static str { "Admins only" }
///
/// #[user_pass(|user: &User| user.age >= 18, location = "/too-young")]
/// async fn wine() {}
///
/// // Here the handler says of which type the user is.
/// #[user_pass(|user| user.is_admin)]
/// async fn settings(CurrentUser(user): CurrentUser<User>) -> String { user.age.to_string() }
///
/// async fn may_edit(CurrentUser(user): CurrentUser<User>, Path(id): Path<u64>) -> bool {
///     user.documents.contains(&id)
/// }
///
/// #[user_pass(may_edit, reject = StatusCode::NOT_FOUND)]
/// async fn edit(Path(id): Path<u64>, body: String) -> String { format!("{id}: {body}") }
///
/// // What the builder's `default_user_checker(..)` says.
/// #[user_pass]
/// async fn members() {}
/// # let _ = axum::Router::<()>::new()
/// #     .route("/admin", axum::routing::get(admin))
/// #     .route("/wine", axum::routing::get(wine))
/// #     .route("/settings", axum::routing::get(settings))
/// #     .route("/edit/{id}", axum::routing::post(edit))
/// #     .route("/members", axum::routing::get(members));
/// ```
pub use muffin_session_macros::user_pass;
