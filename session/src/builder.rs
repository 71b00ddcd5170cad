//! Configuring sessions.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::checker::{CheckerAnswer, DefaultChecker};
use crate::clock::{Clock, SystemClock};
use crate::config_error::ConfigError;
use crate::cookie_names::SameSite;
use crate::flash::Flash;
use crate::keys::Protection;
use crate::layer::Sessions;
use crate::loader::{ErasedLoader, UserLoader, Users, WithState};
use crate::location::{IntoLocation, Location};
use crate::secret::{Secret, Secrets};
use crate::store::Store;
use crate::telemetry::Hooks;
use crate::validate;

/// An hour, in seconds.
const HOUR: u64 = 3_600;

/// Configures [`Sessions`]. Every option says its default and what changing it risks.
///
/// One of [`user_loader`](Self::user_loader), [`user_loader_with_state`](Self::user_loader_with_state) and
/// [`without_user_loader`](Self::without_user_loader) is needed; all else has a default.
///
/// ```
/// use std::time::Duration;
/// use muffin_session::{Secret, Sessions, user_loader};
///
/// #[derive(Clone)]
/// struct User;
///
/// #[user_loader]
/// async fn load_user(id: u64) -> Option<User> {
///     (id == 1).then_some(User)
/// }
///
/// let sessions = Sessions::builder(Secret::generate()?)
///     .app_name("shop")
///     .user_loader(load_user)
///     .lifetime(Duration::from_hours(12))
///     .idle_timeout(Duration::from_mins(30))
///     .build()?;
/// # drop(sessions);
/// # Ok::<(), muffin_session::ConfigError>(())
/// ```
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is an option that is on or off"
)]
#[must_use = "a builder does nothing until `build()` is called"]
pub struct Builder {
    pub(crate) secrets: Vec<Secret>,
    pub(crate) retired: Vec<(Secret, SystemTime)>,
    pub(crate) app_name: String,
    pub(crate) cookie_name: String,
    pub(crate) path: String,
    pub(crate) domain: Option<String>,
    pub(crate) same_site: SameSite,
    pub(crate) secure: bool,
    pub(crate) http_only: bool,
    pub(crate) partitioned: bool,
    pub(crate) protection: Protection,
    pub(crate) signed_until: Option<SystemTime>,
    pub(crate) max_age: Option<Duration>,
    pub(crate) lifetime: Option<Duration>,
    pub(crate) remember_limit: Duration,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) guest_lifetime: Duration,
    pub(crate) auto_load: bool,
    pub(crate) login_url: Location,
    pub(crate) confirm_url: Option<Location>,
    pub(crate) login_message: Option<Flash>,
    pub(crate) token_loader: Option<Box<dyn ErasedLoader>>,
    pub(crate) token_header: Option<String>,
    pub(crate) forbid_refused: bool,
    pub(crate) carry_on_login: Vec<String>,
    pub(crate) default_checker: Option<DefaultChecker>,
    pub(crate) users: Vec<Users>,
    pub(crate) trusted_origins: Vec<String>,
    pub(crate) public_origin: Option<String>,
    pub(crate) cross_site_check: bool,
    pub(crate) clock: Box<dyn Clock>,
    pub(crate) store: Option<Box<dyn Store>>,
    pub(crate) deny_list: Option<Box<dyn Store>>,
    pub(crate) moving_from: Option<Box<dyn Store>>,
    pub(crate) moves_from_cookies: bool,
    pub(crate) store_timeout: Duration,
    pub(crate) hooks: Hooks,
}

impl Sessions {
    /// Begins a configuration with the secret that signs every cookie, or with several [`Secrets`], of which the first one does.
    pub fn builder(secrets: impl Into<Secrets>) -> Builder {
        Builder {
            secrets: secrets.into().0,
            retired: Vec::new(),
            app_name: String::new(),
            cookie_name: "session".to_owned(),
            path: "/".to_owned(),
            domain: None,
            same_site: SameSite::Lax,
            secure: true,
            http_only: true,
            partitioned: false,
            protection: Protection::Signed,
            signed_until: None,
            max_age: None,
            lifetime: None,
            remember_limit: Duration::from_secs(30 * 24 * HOUR),
            idle_timeout: None,
            guest_lifetime: Duration::from_secs(24 * HOUR),
            auto_load: false,
            login_url: "/login".into_location(),
            confirm_url: None,
            login_message: None,
            token_loader: None,
            token_header: None,
            forbid_refused: false,
            carry_on_login: Vec::new(),
            default_checker: None,
            users: Vec::new(),
            trusted_origins: Vec::new(),
            public_origin: None,
            cross_site_check: true,
            clock: Box::new(SystemClock),
            store: None,
            deny_list: None,
            moving_from: None,
            moves_from_cookies: true,
            store_timeout: Duration::from_secs(2),
            hooks: Hooks::default(),
        }
    }
}

impl Builder {
    /// The application's name, and its environment's if the secret is shared between several. It goes into every key, so that cookies
    /// of one application (or of staging) are worthless in another that has the same secret. Default: empty.
    pub fn app_name(mut self, name: impl Into<String>) -> Self {
        self.app_name = name.into();
        self
    }

    /// What the cookies' names begin with, after the prefix that browsers enforce: `__Host-` by default, `__Secure-` if a domain or path
    /// is set. Default: `"session"`.
    pub fn cookie_name(mut self, name: impl Into<String>) -> Self {
        self.cookie_name = name.into();
        self
    }

    /// The path that the cookies are for. Default: `/`. It is no border against other applications on the host: their pages can read
    /// each other's. With another path than `/` the prefix is `__Secure-`, and sibling hosts can plant cookies: to keep two applications'
    /// cookies apart, give each a [`cookie_name`](Self::cookie_name).
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Sends the cookies to every host of a domain. Default: only to the host that set them. With a domain, every host below it can set
    /// cookies of these names, and so log people in as whom it likes.
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// When cookies go to requests that other sites start. Default: [`SameSite::Lax`].
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = same_site;
        self
    }

    /// Whether scripts on the page are kept from the cookies. Default: `true`. With `false`, a script that got onto a page can take logins away.
    pub fn http_only(mut self, http_only: bool) -> Self {
        self.http_only = http_only;
        self
    }

    /// Keeps the cookies apart for each site that embeds this one (CHIPS). Default: off. Needs `Secure`.
    pub fn partitioned(mut self) -> Self {
        self.partitioned = true;
        self
    }

    /// Sends the cookies over plain http as well: without `Secure`, without a prefix, and with other keys, so that a cookie from
    /// development is worthless in production. Default: off.
    ///
    /// For development on hosts other than `localhost`: there, browsers take `Secure` cookies over plain http. Whoever can read the
    /// connection can take the login.
    pub fn allow_plain_http(mut self) -> Self {
        self.secure = false;
        self
    }

    /// Encrypts the cookies' content (ChaCha20-Poly1305, a key for each message) instead of only signing it. Default: signed, which
    /// anybody who has the browser can read. Cookies of the other kind are not read, but for those of
    /// [`signed_until`](Self::signed_until).
    pub fn encrypted(mut self) -> Self {
        self.protection = Protection::Encrypted;
        self
    }

    /// Goes on reading signed cookies that were issued until then, for as long as anything lasts, so that the move to
    /// [`encrypted`](Self::encrypted) ones logs nobody out: they become encrypted as they are written. Default: none are read.
    ///
    /// Give the time by which every process encrypts. [`Keys::list`](crate::Keys::list) tells how many still come.
    pub fn signed_until(mut self, until: SystemTime) -> Self {
        self.signed_until = Some(until);
        self
    }

    /// A secret that was used before: cookies made with it still count, new ones are made with the builder's own. At most three.
    ///
    /// To change secrets without a restart, see [`Sessions::keys`].
    pub fn verify_with(mut self, secret: Secret) -> Self {
        self.secrets.push(secret);
        self
    }

    /// The same for a secret that was retired then: what claims to be made with it later does not count. See [`Keys::retire`](crate::Keys::retire).
    pub fn verify_until(mut self, secret: Secret, until: SystemTime) -> Self {
        self.retired.push((secret, until));
        self
    }

    /// The same for every secret but the first.
    pub(crate) fn old_secrets_until(mut self, until: SystemTime) -> Self {
        let old = self.secrets.split_off(self.secrets.len().min(1));
        self.retired
            .extend(old.into_iter().map(|secret| (secret, until)));
        self
    }

    /// How long browsers keep the cookies. Default: until the browser ends. It is only a hint: what counts is checked on the server, by
    /// [`lifetime`](Self::lifetime) and [`idle_timeout`](Self::idle_timeout). At most 400 days.
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = Some(max_age);
        self
    }

    /// How long a login lasts, whatever happens, counted on the server from the login; a remembered one lasts as long as it was remembered
    /// for, up to the [`remember_limit`](Self::remember_limit). Default: 24 hours, or 14 days where there is a `stamp` at the user loader,
    /// a [`store`](Self::store) or a [`deny_list`](Self::deny_list), since copies can then be ended. At most 400 days.
    ///
    /// Without a store or deny list a copy of the cookies that somebody took works until then, except in the process that saw the logout. The
    /// longer, the worse.
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = Some(lifetime);
        self
    }

    /// The most that a login may be remembered, with [`Login::remember`](crate::Login::remember). Default: 30 days. At most 400 days.
    pub fn remember_limit(mut self, limit: Duration) -> Self {
        self.remember_limit = limit;
        self
    }

    /// How long a login lasts without activity, counted on the server. Reading the session is activity. Default: no such limit.
    pub fn idle_timeout(mut self, idle_timeout: Duration) -> Self {
        self.idle_timeout = Some(idle_timeout);
        self
    }

    /// How long an anonymous visitor's data is kept after it was last changed. Default: 24 hours. At most 400 days.
    pub fn guest_lifetime(mut self, lifetime: Duration) -> Self {
        self.guest_lifetime = lifetime;
        self
    }

    /// Reads the session before each handler, whether it asks or not. Default: `false`, only when something asks.
    pub fn auto_load(mut self, auto_load: bool) -> Self {
        self.auto_load = auto_load;
        self
    }

    /// Where pages are sent that need a login: a URL, or a function of the request, sync or async. Default: `"/login"`.
    pub fn login_url<Shape>(mut self, url: impl IntoLocation<Shape>) -> Self {
        self.login_url = url.into_location();
        self
    }

    /// Where pages are sent that need a fresh login, by somebody who is logged in: a page that asks for the password again and calls
    /// [`confirm_login`](crate::Session::confirm_login). A URL, or a function of the request. Default: the login URL.
    pub fn confirm_url<Shape>(mut self, url: impl IntoLocation<Shape>) -> Self {
        self.confirm_url = Some(url.into_location());
        self
    }

    /// A flash of the category `"message"` for pages that are redirected since nobody is logged in, to the login page or to a guard's own
    /// `location`. Default: none. A login takes it away if no page has shown it. Guards that [`reject`](crate::user_pass) leave none.
    pub fn login_message(self, message: impl Into<String>) -> Self {
        self.login_message_with("message", message)
    }

    /// As [`login_message`](Self::login_message), of another category.
    pub fn login_message_with(
        mut self,
        category: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        self.login_message = Some(Flash {
            category: category.into(),
            message: message.into(),
        });
        self
    }

    /// Answers `403` to somebody who is logged in and whom a checker refuses: pages with one sentence as plain text, which a layer of the
    /// application can make a page of. Default: pages are sent to the login page, without `next`.
    pub fn forbid_refused(mut self) -> Self {
        self.forbid_refused = true;
        self
    }

    /// The keys of an anonymous visitor's data that move into the session at login. Default: none.
    ///
    /// Whoever can plant a cookie can plant guest data. Name what is harmless, such as a cart, never what a login builds on.
    pub fn carry_on_login<K: Into<String>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.carry_on_login = keys.into_iter().map(Into::into).collect();
        self
    }

    /// What a plain `#[user_pass]` asks. Default: whether there is a user.
    pub fn default_user_checker<U, V>(
        mut self,
        checker: impl Fn(&U) -> V + Send + Sync + 'static,
    ) -> Self
    where
        U: 'static,
        V: CheckerAnswer,
    {
        self.default_checker = Some(DefaultChecker::new(checker));
        self
    }

    /// The function that loads a user by id, written with [`#[user_loader]`](macro@crate::user_loader).
    pub fn user_loader<L: UserLoader<()>>(self, loader: L) -> Self {
        self.user_loader_with_state(loader, ())
    }

    /// As [`user_loader`](Self::user_loader), for a loader that takes `State<T>`: with the state that it takes it from.
    pub fn user_loader_with_state<L, S>(mut self, loader: L, state: S) -> Self
    where
        L: UserLoader<S>,
        S: Send + Sync + 'static,
    {
        let loader: Box<dyn ErasedLoader> = Box::new(WithState { loader, state });
        self.users.push(Users::Loaded(loader));
        self
    }

    /// The function that loads a user by the token of a request, for an API beside the pages: written with
    /// [`#[user_loader]`](macro@crate::user_loader), its id is the token. Default: none.
    ///
    /// A request with `Authorization: Bearer ..` then comes from the token's user. Guards and `CurrentUser` work as elsewhere; refusals
    /// are `401` and `403`, never redirects. It has no session: its cookies are not looked at, none are set, and changes are
    /// [`Error::WithoutCookies`](crate::Error::WithoutCookies). A token that is nobody's is nobody, whatever cookies come along. The
    /// cross-site check does not apply, since no other site's page can make a browser send the header. (A proxy could: do not use it behind
    /// one that adds the header to browsers' requests by itself.)
    ///
    /// Keep hashes of tokens, not tokens, and give them an end.
    ///
    /// ```
    /// use muffin_session::{Secret, Sessions, user_loader};
    ///
    /// #[derive(Clone)]
    /// struct User;
    ///
    /// #[user_loader]
    /// async fn load_user(id: u64) -> Option<User> {
    ///     (id == 1).then_some(User)
    /// }
    ///
    /// # fn sha256(_: &str) -> String { String::new() }
    /// #[user_loader]
    /// async fn load_by_token(token: String) -> Option<User> {
    ///     let known = sha256(&token); // tokens are kept as hashes
    ///     (known == "9f86d081").then_some(User)
    /// }
    ///
    /// let sessions = Sessions::builder(Secret::generate()?)
    ///     .user_loader(load_user)
    ///     .token_loader(load_by_token)
    ///     .build()?;
    /// # drop(sessions);
    /// # Ok::<(), muffin_session::ConfigError>(())
    /// ```
    pub fn token_loader<L: UserLoader<(), Id = String>>(self, loader: L) -> Self {
        self.token_loader_with_state(loader, ())
    }

    /// As [`token_loader`](Self::token_loader), for a loader that takes `State<T>`: with the state that it takes it from.
    pub fn token_loader_with_state<L, S>(mut self, loader: L, state: S) -> Self
    where
        L: UserLoader<S, Id = String>,
        S: Send + Sync + 'static,
    {
        self.token_loader = Some(Box::new(WithState { loader, state }));
        self
    }

    /// Another header that tokens stand in, alone, such as `"x-api-key"`. Default: `Authorization`, after `Bearer`.
    pub fn token_header(mut self, name: impl Into<String>) -> Self {
        self.token_header = Some(name.into());
        self
    }

    /// Takes whoever has an id for somebody, without looking whether the user still exists: a deleted user stays logged in until the
    /// lifetime ends.
    pub fn without_user_loader(mut self) -> Self {
        self.users.push(Users::IdOnly);
        self
    }

    /// An origin whose pages may make unsafe requests here, such as `"https://admin.example.com"`. Default: only this site's own.
    pub fn trusted_origin(mut self, origin: impl Into<String>) -> Self {
        self.trusted_origins.push(origin.into());
        self
    }

    /// The origin that browsers know this site by, such as `"https://example.com"`. With it, requests whose `Origin` differs only in the
    /// scheme are refused as well. Default: the host of the request, whatever the scheme.
    pub fn public_origin(mut self, origin: impl Into<String>) -> Self {
        self.public_origin = Some(origin.into());
        self
    }

    /// Lets requests pass that other sites made. Default: unsafe ones (POST and the like) get `403`. Without the check the application
    /// has to protect every form and endpoint itself, login and logout included.
    pub fn without_cross_site_check(mut self) -> Self {
        self.cross_site_check = false;
        self
    }

    /// The clock. Default: the system's.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// Checks the configuration and derives the keys.
    ///
    /// # Errors
    ///
    /// If anything is unsafe or contradicts itself: the error says what, why, and what to write instead.
    pub fn build(self) -> Result<Sessions, ConfigError> {
        validate::config(self).map(|config| Sessions {
            config: Arc::new(config),
        })
    }
}

/// Nothing of the configuration is shown.
impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Builder(..)")
    }
}
