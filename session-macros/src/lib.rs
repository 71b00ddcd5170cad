//! The attributes of `muffin-session`. Use them through that crate, which re-exports them; their code names its items.
//!
//! | attribute | on | what it does |
//! |---|---|---|
//! | [`login_required`](macro@login_required) | an async handler | lets only somebody who is logged in reach it |
//! | [`user_pass`](macro@user_pass) | an async handler | lets only a user whom a checker allows reach it |
//! | [`user_loader`](macro@user_loader) | a function | turns it into what the builder's `.user_loader(..)` takes |
//! | [`SessionValue`](derive@SessionValue) | a type | gives it a key of its own in the session |
//!
//! The attributes write little: names, types, and calls of functions of the runtime, where the logic is. Everything
//! they write has an absolute path, so `#![no_implicit_prelude]` around it does no harm, and gives no warning of its own.
//!
//! # When the runtime has another name
//!
//! A dependency that `Cargo.toml` renames (`gate = { package = "muffin-session", .. }`) is found by reading that file.
//! Where there is no such dependency, because another crate re-exports the runtime, every attribute takes its path:
//!
//! ```text
//! #[login_required(crate = my_framework::muffin_session)]
//! async fn dashboard() -> &'static str { "Only for you" }
//! ```

// What is written, then what it stands on, then the three expansions.
mod args;
mod demands;
mod closure;
mod checker;

mod function;
mod handler;
mod loader;

mod guard;
mod login_required;
mod user_pass;
mod user_loader;
mod session_value;

mod errors;
mod manifest;
mod runtime_path;
mod spans;
mod words;

use proc_macro::TokenStream;

/// # What happens, in order
///
/// 1. Before any extractor of the handler runs, and so before a body is read, the guard looks who is logged in, and asks
///    the user loader, if there is one, whether that user still exists.
/// 2. If somebody is, the handler's own extractors run, and then the handler.
/// 3. If nobody is, they don't. A page is redirected (303) to the login URL with `next`; a script or an API's client
///    gets a 401; an HTMX request a 401 with `HX-Redirect`.
/// 4. If the loader fails, the answer is a 500.
/// 5. With `fresh`, somebody whose password was given too long ago is redirected (303) to the builder's `confirm_url` with
///    `next`, or gets a 401.
///
/// # Arguments
///
/// All are optional; `location` and `reject` exclude each other.
///
/// - `fresh = "10m"`: how long ago a password or the like may have been given, at most: a number and `s`, `m`, `h` or `d`, or
///   any expression that is a `Duration`. A remembered login is not fresh until `session.confirm_login()`.
/// - `user = Staff`: which kind of user, where there are several, each with a session layer of its own. Without it, the
///   session of the innermost layer is asked.
/// - `location = ..`: where a refused page is sent instead of the login URL. Text that starts with one `/`, or with
///   `http://` or `https://`, or a function of the request (`&http::request::Parts`), sync or async, that returns text:
///   `location = |request| format!("{}/login", request.uri.path())`.
/// - `reject = ..`: the response to a refused request, whoever asks: any expression that is `IntoResponse`, evaluated
///   for each refused request. Mind the status: text alone would be a 200.
/// - `crate = ..`: the path of the runtime, where it can't be found.
///
/// # What it becomes
///
/// ```text
/// async fn dashboard((_, CurrentUser(user)): (Guard<LoginRequired>, CurrentUser<User>)) -> String {
///     format!("Hello, {}", user.name)
/// }
/// ```
///
/// The guard is an extractor. It shares the first parameter, so that the number of parameters, which other attributes
/// may have counted, stays the same; where there is no parameter it becomes one. Arguments need a place: a hidden type
/// next to the handler, as visible as the handler, whose check is one call.
///
/// Name, visibility, documentation, generics, return type and body stay as they are.
///
/// # Together with other attributes
///
/// - Several guards on one handler run from top to bottom.
/// - `#[axum::debug_handler]` goes below. Above works as well, unless the handler has no parameter: the check that
///   `debug_handler` has written by then calls it without one.
/// - `#[tracing::instrument]` goes above or below.
/// - An attribute that reads the parameters' types, for a description of the API, say, goes above: `#[utoipa::path]`.
/// - What wants the first parameter to be of one type, such as `typed_get` of `axum-extra` and the routes of `aide`, does not take
///   the guard beside it: write `.route(BookPath::PATH, get(show))`, or give the handler its guard as a layer,
///   `typed_get(show.layer(GuardLayer::login_required()))`.
///
/// # Pitfalls
///
/// - A guarded handler is no longer a function to call: its first parameter is the guard's, which only a request gives.
/// - It guards free functions. On an associated function it works without arguments alone, since an `impl` block has no
///   room for the hidden type.
/// - With its guard a handler still takes sixteen extractors at most, as axum's handlers do.
///
/// # When it does not do what you think
///
/// - `RUST_LOG=muffin_session=debug` shows each refusal and why; what an application forgot to set up is an error in the log that
///   says which line to add, and stands on the page of a development build.
/// - "the trait `Handler` is not implemented": put `#[axum::debug_handler]` below the guard, and axum says which parameter is at fault.
/// - `cargo expand` (a tool of its own) shows what the attribute has written.
#[proc_macro_attribute]
pub fn login_required(args: TokenStream, item: TokenStream) -> TokenStream {
    login_required::expand(args.into(), item.into()).into()
}

/// # What happens, in order
///
/// 1. Before any extractor of the handler runs, and so before a body is read, the guard loads the user, once a request.
/// 2. If there is one, the checker is asked. If it allows the user, the handler's own extractors run, and then the handler.
/// 3. If there is none, the answer is that of [`login_required`](macro@login_required).
/// 4. If the checker says no, a page is redirected (303) to the login URL without `next`, so that no loop can form, or
///    answered with a 403 where the builder was told `.forbid_refused()`; anything else gets a 403.
/// 5. If the checker answers `Err(response)`, that is the response.
/// 6. With `fresh`, whom the checker allows must have given a password recently, as for
///    [`login_required`](macro@login_required).
///
/// # Arguments
///
/// - The checker comes first, without a name. It is one of
///   - a function of the user, `Fn(&User) -> Answer`: a path such as `User::is_admin`, a closure, or a call that makes
///     one, such as `older_than(18)`. A closure's parameter needs no type where the handler takes exactly one type of
///     user, as `CurrentUser<User>` or `Option<CurrentUser<User>>`;
///   - a function of up to six extractors that leave the body alone, `async fn(..) -> Answer` or `fn(..) -> Answer`, or a closure
///     of them that says all of its types: `|CurrentUser(user): CurrentUser<User>, Path(id): Path<u64>| user.id == id`,
///     `async |..|` if it waits. It too is asked only if somebody is logged in, unless it takes an
///     `Option<CurrentUser<User>>`: then it says whether to let nobody pass as well;
///   - `all(a, b, ..)`, `any(a, b, ..)` or `not(a)` of checkers, as deep as you like. They are asked in order until it is decided.
///     An `Err` of a checker ends `all`, is the answer of `any` if no other allows, and stays what it is in `not`.
///
///   `Answer` is `bool`, `Result<bool, E>` or `Result<(), E>`, where `E` is `IntoResponse`. Without a checker, the
///   builder's default is asked, which is whether there is a user unless `.default_user_checker(..)` says more.
/// - `state = AppState`: what a checker's `State<T>` is taken from. It is not needed where the handler itself takes one
///   `State<..>`, which then serves.
/// - `user = Staff`: which kind of user, for a closure that does not say it, `|staff| staff.is_manager`, or for the default
///   checker.
/// - `fresh = ..`, `location = ..`, `reject = ..` and `crate = ..` are those of
///   [`login_required`](macro@login_required#arguments).
///
/// # What it becomes
///
/// ```text
/// struct __user_pass_for_edit;
///
/// // `Db` is what the handler takes as `State<Db>`.
/// impl<S> Check<S> for __user_pass_for_edit
/// where
///     S: Send + Sync,
///     Db: FromRef<S>,
/// {
///     fn check(parts: &mut Parts, state: &S) -> impl Future<Output = Result<(), Refusal>> + Send {
///         user_pass::<Db, _, _, _>(parts, state, All(User::is_editor, Not(is_locked)), Demands::new())
///     }
/// }
///
/// async fn edit((_, State(db)): (Guard<__user_pass_for_edit>, State<Db>)) -> &'static str { .. }
/// ```
///
/// The type of the user is inferred from the checker. The hidden type exists under the same `#[cfg(..)]` as the handler,
/// and what `#[allow(..)]` on the handler allows is allowed in the checker.
///
/// # Pitfalls
///
/// Those of [`login_required`](macro@login_required#pitfalls), and:
///
/// - The checker stands outside the handler: it sees neither the handler's parameters nor its type parameters. What it
///   needs of the request, it takes as a function of extractors. What it takes is still there for the handler.
/// - `all`, `any` and `not` are words of the attribute: a function of such a name is `self::all`.
/// - The type of the user must be the one that the user loader loads. Otherwise nobody passes: the answer is a 500, and
///   the log says which line to change.
/// - A checker is named, not called: `User::is_admin`, not `User::is_admin()`.
#[proc_macro_attribute]
pub fn user_pass(args: TokenStream, item: TokenStream) -> TokenStream {
    user_pass::expand(args.into(), item.into()).into()
}

/// # What happens, in order
///
/// 1. When a request first asks who the user is, and only then, the id of the login is read from the session. An id of
///    another type than the function takes is nobody's.
/// 2. The further parameters are extracted from the head of the request and the state that the builder was given. If
///    that fails, the rejection is the answer.
/// 3. The function is called, at most once a request. `None` is nobody: the request counts as anonymous. `Err` is not
///    nobody: the answer is a 500, and the error is logged.
///
/// # The function
///
/// - The first parameter is the id, by value: what was given to `session.login(id)`, of any type that is `Deserialize`.
/// - The others are extractors that leave the body alone. `State<T>` takes of the state that
///   `.user_loader_with_state(load_user, state)` gives, by `FromRef` as everywhere in axum. Without a state, it is
///   `.user_loader(load_user)`.
/// - It returns `Option<User>` or `Result<Option<User>, E>`, where `E` is an error, or a type alias of these. The user is
///   `Clone + Send + Sync + 'static`.
/// - It is sync or async, and not generic. A sync one should not wait for anything: it runs where requests are served.
///
/// # Arguments
///
/// Both are optional.
///
/// - `stamp = User::stamp`: what of the user must stay as it is for their logins to count, such as the hash of their password or
///   a number that is counted up to end all of their logins: a function of `&User`, or a closure, that gives a value which serde
///   can write. Logins then need the user, `session.login_user(id, &user)`; `session.refresh_stamp(&user)` keeps one's own. A
///   session keeps a keyed fingerprint of the stamp, not the stamp.
/// - `crate = ..`: the path of the runtime, where it can't be found.
///
/// # What it becomes
///
/// ```text
/// #[derive(Clone, Copy, Debug)]
/// struct load_user;
///
/// impl<S> UserLoader<S> for load_user
/// where
///     S: Send + Sync,
///     State<Db>: FromRequestParts<S> + Send,
/// {
///     type Id = u64;
///     type User = User;
///
///     async fn load(&self, id: u64, parts: &mut Parts, state: &S) -> Result<Option<User>, LoadError> {
///         async fn load_user(id: u64, State(db): State<Db>) -> Result<Option<User>, DbError> {
///             db.user(id).await
///         }
///         let argument = extract::<State<Db>, S>(parts, state).await?;
///         load_user(id, argument).await.into_loaded()
///     }
/// }
/// ```
///
/// Documentation and `#[deprecated]` go to the struct, other attributes, such as `#[instrument]`, stay with the function.
///
/// # Pitfalls
///
/// - The name is that of a type and a value now, not of a function: `load_user(7)` works inside the function alone. What
///   other code calls as well belongs into a function of its own. And a value's name can't be bound by a pattern: a loader called
///   `user` makes every `CurrentUser(user)` in its module an error.
/// - A loader can't be more public than its user, since the user is part of its interface: `pub` needs a `pub` user.
/// - A loader that was never given to a builder is an unused struct, which the compiler warns of.
#[proc_macro_attribute]
pub fn user_loader(args: TokenStream, item: TokenStream) -> TokenStream {
    user_loader::expand(args.into(), item.into()).into()
}

/// Gives a type its key in the session, so that handlers can take it as `InSession<Type>`.
///
/// The type is `Default`, `Serialize` and `Deserialize`, and has no type parameters.
///
/// # Arguments
///
/// Both are optional, in `#[session(..)]` below the derive:
///
/// - `key = ".."`: the key. Without it, the type's name in snake case: `ShoppingCart` is kept as `shopping_cart`. A type that is
///   renamed keeps its sessions only if the key stays.
/// - `crate = ..`: the path of the runtime, where it can't be found.
///
/// # What it becomes
///
/// ```text
/// impl SessionValue for Cart {
///     const KEY: &'static str = "cart";
/// }
/// ```
#[proc_macro_derive(SessionValue, attributes(session))]
pub fn session_value(input: TokenStream) -> TokenStream {
    session_value::expand(input.into()).into()
}
