//! An application that uses everything, whose manifest calls the runtime `our-gate`: the attributes find that name by themselves.
#![no_implicit_prelude]
#![deny(warnings, missing_docs, clippy::pedantic)]
#![deny(
    missing_debug_implementations,
    unreachable_pub,
    unused_qualifications,
    rust_2018_idioms
)]
#![forbid(unsafe_code)]

use ::axum::extract::{Path, State};
use ::axum::http::StatusCode;
use ::axum::response::Redirect;
use ::core::clone::Clone;
use ::core::future::Future;
use ::core::marker::{Send, Sync};
use ::core::ops::Fn;
use ::core::option::Option;
use ::core::result::Result;
use ::our_gate::{CurrentUser, Error, NextUrl, Session, SessionOf};
use ::std::string::String;

/// Whose customers there are, and how often they have changed their passwords.
#[derive(Clone, ::core::fmt::Debug, ::core::default::Default)]
pub struct Passwords(::std::sync::Arc<::core::sync::atomic::AtomicU64>);

impl Passwords {
    /// Changes them all.
    pub fn change(&self) {
        self.0.fetch_add(1, ::core::sync::atomic::Ordering::SeqCst);
    }

    fn changes(&self) -> u64 {
        self.0.load(::core::sync::atomic::Ordering::SeqCst)
    }

    fn of(&self, id: u64) -> User {
        User {
            id,
            password: ::std::format!("password {} of {id}", self.changes()),
        }
    }
}

/// A customer.
#[derive(Clone, ::core::fmt::Debug)]
pub struct User {
    /// The id.
    pub id: u64,
    /// What their logins depend on.
    pub password: String,
}

impl User {
    /// Whether they are the first.
    #[must_use]
    pub fn is_first(&self) -> bool {
        self.id == 1
    }

    fn is_known(&self) -> bool {
        self.id < 100
    }

    fn stamp(&self) -> (u64, &str) {
        (self.id, &self.password)
    }
}

/// Another kind of user.
#[derive(Clone, ::core::fmt::Debug)]
pub struct Staff {
    /// The name, which is the id as well.
    pub name: String,
}

/// Loads a customer.
#[::our_gate::user_loader(stamp = User::stamp)]
pub fn load_user(id: u64, State(passwords): State<Passwords>) -> Option<User> {
    Option::Some(passwords.of(id))
}

/// Loads somebody of the staff.
#[::our_gate::user_loader(crate = ::our_gate, stamp = |staff| Clone::clone(&staff.name))]
pub async fn load_staff(name: String) -> Result<Option<Staff>, ::std::io::Error> {
    Result::Ok(Option::Some(Staff { name }))
}

/// Loads a customer by the token of a request.
#[::our_gate::user_loader]
pub async fn load_by_token(
    token: String,
    State(passwords): State<Passwords>,
) -> Result<Option<User>, ::std::io::Error> {
    let id = ::core::primitive::str::parse::<u64>(&token);
    Result::Ok(Result::ok(id).map(|id| passwords.of(id)))
}

/// What somebody is about to buy.
#[derive(
    ::core::default::Default,
    ::core::fmt::Debug,
    ::serde::Serialize,
    ::serde::Deserialize,
    ::our_gate::SessionValue,
)]
#[session(key = "basket")]
pub struct Cart {
    /// The numbers of the things in it.
    pub items: ::std::vec::Vec<u64>,
}

/// How often somebody was here.
#[derive(
    ::core::default::Default,
    ::core::fmt::Debug,
    ::serde::Serialize,
    ::serde::Deserialize,
    ::our_gate::SessionValue,
)]
#[session(crate = ::our_gate)]
pub struct VisitCount(u64);

/// A checker of extractors.
///
/// # Errors
///
/// For whoever asks for too much.
pub async fn owns(
    CurrentUser(user): CurrentUser<User>,
    Path(id): Path<u64>,
) -> Result<bool, StatusCode> {
    match id {
        1000.. => Result::Err(StatusCode::PAYLOAD_TOO_LARGE),
        id => Result::Ok(user.id == id),
    }
}

/// A checker of a state.
pub async fn has_changed(_: CurrentUser<User>, State(passwords): State<Passwords>) -> bool {
    passwords.changes() > 0
}

/// A checker that is made.
pub fn below(limit: u64) -> impl Fn(&User) -> bool + Clone + Send + Sync + 'static {
    move |user| user.id < limit
}

/// Where somebody is sent. The future must not borrow the request.
pub fn elsewhere(
    request: &::axum::http::request::Parts,
) -> impl Future<Output = String> + Send + use<> {
    let place = ::std::format!("/elsewhere{}", request.uri.path());
    async { place }
}

/// `#[login_required]` with each of its arguments.
pub mod logged_in {
    use super::{CurrentUser, Staff, StatusCode, String, elsewhere};

    /// For everybody who is logged in.
    #[::our_gate::login_required]
    pub async fn page() {}

    /// Which sends to a place.
    #[::our_gate::login_required(location = "/elsewhere")]
    pub async fn to_a_place() {}

    /// Which sends to a place of the request's.
    #[::our_gate::login_required(location = |request| ::std::format!("/elsewhere{}", request.uri.path()))]
    pub async fn to_a_closures_place() {}

    /// Which sends to where a function says.
    #[::our_gate::login_required(location = elsewhere)]
    pub async fn to_a_functions_place() {}

    /// Which answers.
    #[::our_gate::login_required(crate = ::our_gate, reject = (StatusCode::NOT_FOUND, "Nothing is here"))]
    pub async fn rejecting() {}

    /// For fresh logins.
    #[::our_gate::login_required(fresh = "10m")]
    pub async fn fresh() {}

    /// For fresh logins of the staff.
    #[::our_gate::login_required(user = Staff, fresh = ::core::time::Duration::from_mins(1), location = "/staff/in")]
    pub async fn fresh_staff(CurrentUser(staff): CurrentUser<Staff>) -> String {
        staff.name
    }
}

/// `#[user_pass]` with each of its arguments.
pub mod passing {
    use super::{
        CurrentUser, Passwords, Path, Staff, State, StatusCode, String, User, below, elsewhere,
        has_changed, owns,
    };

    /// For whom the default checker allows.
    #[::our_gate::user_pass]
    pub async fn by_default() {}

    /// For whom the default checker allows of another kind.
    #[::our_gate::user_pass(user = Staff, reject = StatusCode::GONE)]
    pub async fn by_default_as_staff() {}

    /// By a method.
    #[::our_gate::user_pass(User::is_first)]
    pub async fn by_path() {}

    /// By a call.
    #[::our_gate::user_pass(below(2), location = "/elsewhere")]
    pub async fn by_call() {}

    /// By a closure whose type the handler says.
    #[::our_gate::user_pass(|user| user.id == 1, location = elsewhere)]
    pub async fn by_closure(CurrentUser(user): CurrentUser<User>) -> String {
        ::std::format!("{}", user.id)
    }

    /// By a closure whose type an argument says.
    #[::our_gate::user_pass(|user| user.id == 1, user = User, fresh = "1h")]
    pub async fn by_closure_with_user() {}

    /// By an async closure of extractors.
    #[::our_gate::user_pass(async |CurrentUser(user): CurrentUser<User>, Path(id): Path<u64>| user.id == id)]
    pub async fn by_extractors(Path(id): Path<u64>) -> String {
        ::std::format!("{id}")
    }

    /// By a closure of extractors that need not wait.
    #[::our_gate::user_pass(|CurrentUser(user): CurrentUser<User>, Path(id): Path<u64>| user.id == id, reject = StatusCode::GONE)]
    pub async fn by_extractors_at_once(Path(id): Path<u64>) -> String {
        ::std::format!("{id}")
    }

    /// By the state that an argument says.
    #[::our_gate::user_pass(has_changed, state = Passwords)]
    pub async fn by_state() {}

    /// By the state that the handler takes.
    #[::our_gate::user_pass(has_changed)]
    pub async fn by_handlers_state(State(passwords): State<Passwords>) -> String {
        ::std::format!("{}", passwords.changes())
    }

    /// By all together.
    #[::our_gate::user_pass(
        all(any(User::is_first, below(3)), not(|user: &User| user.id == 2), owns),
        reject = StatusCode::CONFLICT,
        fresh = "1d",
    )]
    pub async fn by_all(Path(id): Path<u64>, body: String) -> String {
        ::std::format!("{id}{body}")
    }

    /// By several, from top to bottom.
    #[::our_gate::login_required(reject = StatusCode::IM_A_TEAPOT)]
    #[::our_gate::user_pass(User::is_first, reject = StatusCode::GONE)]
    #[::our_gate::user_pass(user = Staff, reject = StatusCode::CONFLICT)]
    pub async fn by_several() {}
}

/// Logins and logouts.
pub mod doors {
    use super::{
        Error, NextUrl, Passwords, Path, Redirect, Result, SessionOf, Staff, State, String, User,
    };

    /// Logs a customer in.
    ///
    /// # Errors
    ///
    /// If the session cannot keep it.
    pub async fn login(
        session: SessionOf<User>,
        next: NextUrl,
        Path(id): Path<u64>,
        State(passwords): State<Passwords>,
    ) -> Result<Redirect, Error> {
        session.login_user(id, &passwords.of(id))?;
        session.flash("Welcome")?;
        session.flash_with("info", next.get().unwrap_or("nowhere"))?;
        Result::Ok(next.redirect_or("/"))
    }

    /// Logs a customer in for longer.
    ///
    /// # Errors
    ///
    /// If the session cannot keep it.
    pub async fn remember(
        session: SessionOf<User>,
        Path(id): Path<u64>,
        State(passwords): State<Passwords>,
    ) -> Result<(), Error> {
        let user = passwords.of(id);
        let login = ::our_gate::Login::new(id).user(&user);
        let login = login.claims(&Claims { by: "cookie" })?;
        let login = login.lifetime(::core::time::Duration::from_hours(48));
        session.login_with(login.remember(::core::time::Duration::from_hours(24 * 7)))
    }

    #[derive(::serde::Serialize)]
    struct Claims {
        by: &'static str,
    }

    /// Takes the password again.
    ///
    /// # Errors
    ///
    /// If nobody is logged in.
    #[::our_gate::login_required]
    pub async fn confirm(session: SessionOf<User>) -> Result<(), Error> {
        session.confirm_login()
    }

    /// Logs somebody of the staff in.
    ///
    /// # Errors
    ///
    /// If the session cannot keep it.
    pub async fn staff_login(
        session: SessionOf<Staff>,
        Path(name): Path<String>,
    ) -> Result<(), Error> {
        let staff = Staff { name };
        session.login_user(&staff.name, &staff)
    }

    /// Logs a customer out.
    pub async fn logout(session: SessionOf<User>) {
        session.into_inner().logout();
    }
}

/// Data, flashes, and asking in the middle of a handler.
pub mod inside {
    use super::{Cart, Error, Path, Result, Session, Staff, String, User, VisitCount};
    use ::our_gate::{Auth, Flash, InSession, Refusal};

    /// Puts something into the cart.
    ///
    /// # Errors
    ///
    /// If the session cannot keep it.
    #[::our_gate::login_required]
    pub async fn put(
        mut cart: InSession<Cart>,
        mut visits: InSession<VisitCount>,
        Path(item): Path<u64>,
    ) -> Result<String, Error> {
        cart.update(move |cart| cart.items.push(item))?;
        let count = visits.0 + 1;
        visits.replace(VisitCount(count))?;
        Result::Ok(::std::format!("{:?}, {}", cart.items, visits.0))
    }

    /// The flashes.
    pub async fn flashes(session: Session) -> String {
        let mut shown = ::std::vec::Vec::new();
        for Flash {
            category, message, ..
        } in session.get_flashed_messages()
        {
            shown.push((category, message));
        }
        ::std::format!("{shown:?}")
    }

    /// Asks by hand.
    ///
    /// # Errors
    ///
    /// The refusal.
    pub async fn asking(auth: Auth) -> Result<String, Refusal> {
        let user = auth.check_user(User::is_first).await?;
        let again = auth.check_user_or(User::is_first, "/elsewhere").await?;
        let known = auth.check_default_user::<User>().await?;
        let staff = auth.user::<Staff>().await?;
        Result::Ok(::std::format!(
            "{} {} {} {}",
            user.id,
            again.id,
            known.id,
            staff.is_some()
        ))
    }
}

/// The application.
///
/// # Errors
///
/// If the configuration does not hold.
pub fn app(passwords: Passwords) -> Result<::axum::Router, ::our_gate::ConfigError> {
    use ::axum::routing::{get, post};
    use ::our_gate::{GuardLayer, Secret, Sessions};

    let sessions = Sessions::builder(Secret::generate()?)
        .app_name("ours")
        .login_url("/login")
        .confirm_url(|_: &::axum::http::request::Parts| "/confirm")
        .default_user_checker(User::is_known)
        .user_loader_with_state(load_user, Clone::clone(&passwords))
        .token_loader_with_state(load_by_token, Clone::clone(&passwords))
        .token_header("x-token")
        .build()?;
    let staff_sessions = Sessions::builder(Secret::generate()?)
        .cookie_name("staff")
        .login_url("/staff/login")
        .forbid_refused()
        .user_loader(load_staff)
        .build()?;
    let for_first = ::axum::Router::new()
        .route("/layer/first", get(async || "first"))
        .route_layer(GuardLayer::user_pass(User::is_first).reject(StatusCode::GONE));
    let for_owners = ::axum::Router::new()
        .route("/layer/owner/{id}", get(async || "owner"))
        .route_layer(GuardLayer::user_pass(owns).location("/elsewhere"));
    let for_staff = ::axum::Router::new()
        .route("/layer/staff", get(async || "staff"))
        .route_layer(GuardLayer::login_required_as::<Staff>());
    let for_changed = ::axum::Router::new()
        .route("/layer/changed", get(async || "changed"))
        .route_layer(GuardLayer::user_pass_with_state(
            has_changed,
            Clone::clone(&passwords),
        ));
    let router = ::axum::Router::new()
        .route("/", get(logged_in::page))
        .route("/to-a-place", get(logged_in::to_a_place))
        .route("/to-a-closures-place", get(logged_in::to_a_closures_place))
        .route(
            "/to-a-functions-place",
            get(logged_in::to_a_functions_place),
        )
        .route("/rejecting", get(logged_in::rejecting))
        .route("/fresh", get(logged_in::fresh))
        .route("/fresh-staff", get(logged_in::fresh_staff))
        .route("/by-default", get(passing::by_default))
        .route("/by-default-as-staff", get(passing::by_default_as_staff))
        .route("/by-path", get(passing::by_path))
        .route("/by-call", get(passing::by_call))
        .route("/by-closure", get(passing::by_closure))
        .route("/by-closure-with-user", get(passing::by_closure_with_user))
        .route("/by-extractors/{id}", get(passing::by_extractors))
        .route(
            "/by-extractors-at-once/{id}",
            get(passing::by_extractors_at_once),
        )
        .route("/by-state", get(passing::by_state))
        .route("/by-handlers-state", get(passing::by_handlers_state))
        .route("/by-all/{id}", get(passing::by_all))
        .route("/by-several", get(passing::by_several))
        .route("/login/{id}", post(doors::login))
        .route("/remember/{id}", post(doors::remember))
        .route("/confirm", post(doors::confirm))
        .route("/staff/login/{name}", post(doors::staff_login))
        .route("/logout", post(doors::logout))
        .route("/put/{item}", post(inside::put))
        .route("/flashes", get(inside::flashes))
        .route("/asking", get(inside::asking))
        .merge(for_first)
        .merge(for_owners)
        .merge(for_staff)
        .merge(for_changed)
        .with_state(passwords)
        .layer(sessions)
        .layer(staff_sessions);
    Result::Ok(router)
}
