//! Bad configuration does not start: what `build()` checks, and what it says.

use std::hash::RandomState;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

use crate::builder::Builder;
use crate::checker::DefaultChecker;
use crate::clock::Millis;
use crate::config::Config;
use crate::config_error::ConfigError;
use crate::cookie_names::{Attributes, Names, SameSite};
use crate::cross_site::SiteCheck;
use crate::ended::EndedSessions;
use crate::keyring::Keyring;
use crate::keys::{Derivation, Protection};
use crate::loader::Users;
use crate::location::{Location, is_target};
use crate::seal::Sealer;
use crate::secret::Secret;
use crate::store::Store;
use crate::store_calls::StoreCalls;
use crate::telemetry::{self, Hooks};
use crate::tokens::Tokens;

/// The longest that browsers keep a cookie (RFC 6265bis, section 5.5).
const MAX_DAYS: u64 = 400;
const MOST: Duration = Duration::from_secs(MAX_DAYS * 24 * 3_600);

/// How long a login lasts unless the builder says otherwise: a copy of it works until then, except where a stamp, a store or a deny list
/// ends it.
const LIFETIME: Duration = Duration::from_secs(24 * 3_600);
const LONG_LIFETIME: Duration = Duration::from_secs(14 * 24 * 3_600);

/// The longest cookie name: with prefix, purpose and slot it stays far below what browsers allow, and leaves the room to the data.
const MAX_NAME: usize = 64;

pub(crate) fn config(mut builder: Builder) -> Result<Config, ConfigError> {
    let retired = builder.retired.iter().map(|(secret, _)| secret);
    builder
        .secrets
        .iter()
        .chain(retired)
        .try_for_each(Secret::check)?;
    app_name(&builder)?;
    scope(&builder)?;
    durations(&builder)?;
    let users = users(
        std::mem::take(&mut builder.users),
        builder.default_checker.as_ref(),
    )?;
    let ends_elsewhere = builder.store.is_some() || builder.deny_list.is_some();
    let lifetime = builder.lifetime.unwrap_or(match &users {
        Users::Loaded(loader) if loader.has_stamp() => LONG_LIFETIME,
        _ if ends_elsewhere => LONG_LIFETIME,
        Users::Loaded(_) | Users::IdOnly => LIFETIME,
    });
    if let Some(idle_timeout) = builder.idle_timeout
        && idle_timeout > lifetime
    {
        return Err(ConfigError::new(
            format_args!("idle_timeout({idle_timeout:?})"),
            format_args!(
                "it is longer than the lifetime of {lifetime:?}, so that it never ends a session"
            ),
            "Set a shorter idle_timeout(..) or a longer lifetime(..)",
        ));
    }
    location("login_url", &builder.login_url)?;
    if let Some(url) = &builder.confirm_url {
        location("confirm_url", url)?;
    }
    let tokens = Tokens::new(
        builder.token_loader.take(),
        builder.token_header.as_deref(),
        &users,
    )?;

    let hooks = std::mem::take(&mut builder.hooks).if_any().map(Arc::new);
    let stores = Stores::of(&mut builder, hooks.as_ref())?;

    let base = base_name(&builder);
    let sealer = Sealer::new(keyring(&builder, lifetime, &base)?);
    let site_check = SiteCheck::new(
        builder.cross_site_check,
        builder.trusted_origins,
        builder.public_origin,
    )?;
    telemetry::describe();
    Ok(Config {
        app_name: builder.app_name,
        cookie_name: builder.cookie_name,
        store: stores.kept,
        deny_list: stores.deny_list,
        moving_from: stores.moving_from,
        moves_from_cookies: builder.moves_from_cookies,
        names: Names::new(&base),
        attributes: Attributes::render(&template(
            builder.path,
            builder.domain,
            builder.same_site,
            builder.secure,
            builder.http_only,
            builder.partitioned,
        )),
        sealer,
        clock: builder.clock,
        max_age: builder.max_age.map(Millis::from),
        lifetime: lifetime.into(),
        remember_limit: builder.remember_limit.into(),
        idle_timeout: builder.idle_timeout.map(Millis::from),
        guest_lifetime: builder.guest_lifetime.into(),
        ended: EndedSessions::new(),
        auto_load: builder.auto_load,
        users,
        default_checker: builder.default_checker,
        tokens,
        login_url: builder.login_url,
        confirm_url: builder.confirm_url,
        login_message: builder.login_message,
        forbid_refused: builder.forbid_refused,
        carry_on_login: builder.carry_on_login,
        site_check,
        hooks,
        log_salt: RandomState::new(),
        has_warned_of_plain_http: AtomicBool::new(false),
    })
}

/// The stores that the builder was given.
struct Stores {
    kept: Option<StoreCalls>,
    deny_list: Option<StoreCalls>,
    moving_from: Option<StoreCalls>,
}

impl Stores {
    fn of(builder: &mut Builder, hooks: Option<&Arc<Hooks>>) -> Result<Self, ConfigError> {
        let limit = builder.store_timeout;
        if limit < Duration::from_millis(10) || limit > Duration::from_mins(1) {
            return Err(ConfigError::new(
                format_args!("store_timeout({limit:?})"),
                "a store needs some time to answer, and visitors do not wait for ever",
                "Write between 10 milliseconds and a minute, such as store_timeout(Duration::from_secs(2))",
            ));
        }
        let calls = |store: Option<Box<dyn Store>>| {
            store.map(|store| StoreCalls::new(store, limit, hooks.cloned()))
        };
        Ok(Self {
            kept: calls(builder.store.take()),
            deny_list: calls(builder.deny_list.take()),
            moving_from: calls(builder.moving_from.take()),
        })
    }
}

/// The secrets, and what they are used for.
fn keyring(builder: &Builder, lifetime: Duration, base: &str) -> Result<Keyring, ConfigError> {
    if builder.signed_until.is_some() && builder.protection == Protection::Signed {
        return Err(ConfigError::new(
            "signed_until(..) without encrypted()",
            "new cookies are signed, and signed ones are read for as long as they last",
            "Add encrypted(), or leave it out",
        ));
    }
    let now = Millis::from(builder.clock.now());
    if let Some(until) = builder.signed_until {
        is_near(until, now, "signed_until")?;
    }
    let derivation = Derivation {
        app_name: builder.app_name.clone(),
        protection: builder.protection,
        base: base.to_owned(),
        signed_until: builder.signed_until.map(Millis::from),
    };
    let longest = lifetime
        .max(builder.remember_limit)
        .max(builder.guest_lifetime);
    let keyring = Keyring::new(derivation, longest.into(), &builder.secrets)?;
    for (secret, until) in &builder.retired {
        is_near(*until, now, "verify_until")?;
        let id = keyring.verify_with(secret, now)?;
        if keyring
            .secrets()
            .first()
            .is_some_and(|first| first.id == id)
        {
            return Err(ConfigError::new(
                "verify_until(..) with the secret that signs",
                "nothing that is signed from then on would count",
                "Give the builder a new secret first, and verify_until(..) the old one",
            ));
        }
        keyring.retire(id, Millis::from(*until))?;
    }
    Ok(keyring)
}

/// Refuses a time so far ahead that it was hardly meant, such as one in milliseconds that was taken for seconds: it would switch off what
/// it is to begin.
fn is_near(until: SystemTime, now: Millis, option: &str) -> Result<(), ConfigError> {
    if Millis::from(until) <= now.plus(MOST.into()) {
        return Ok(());
    }
    Err(ConfigError::new(
        format_args!("{option}(..)"),
        format_args!("the time is more than {MAX_DAYS} days ahead"),
        "Write the time of the change, as seconds since 1970: date +%s",
    ))
}

fn app_name(builder: &Builder) -> Result<(), ConfigError> {
    if builder.app_name.len() > 255 {
        return Err(ConfigError::new(
            "app_name(..)",
            "it has more than 255 bytes",
            "Write a short name, such as app_name(\"shop-staging\")",
        ));
    }
    Ok(())
}

/// Names and attributes: what browsers would drop without a word.
fn scope(builder: &Builder) -> Result<(), ConfigError> {
    let name = &builder.cookie_name;
    if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(is_token) {
        return Err(ConfigError::new(
            format_args!("cookie_name({name:?})"),
            "a cookie's name is 1 to 64 letters, digits, or any of !#$%&'*+-.^_`|~ (RFC 6265, section 4.1.1)",
            "Write cookie_name(\"session\")",
        ));
    }
    let lower = name.to_ascii_lowercase();
    let prefixes = ["__host-", "__secure-", "__http-"];
    if prefixes.iter().any(|prefix| lower.starts_with(prefix)) {
        let rest = name.split_once('-').map_or("session", |(_, rest)| rest);
        return Err(ConfigError::new(
            format_args!("cookie_name({name:?})"),
            "the prefix is added for you: __Host-, or __Secure- if a domain or path is set",
            format_args!("Write cookie_name({rest:?})"),
        ));
    }
    let path = &builder.path;
    if !path.starts_with('/') || !is_attribute(path) {
        return Err(ConfigError::new(
            format_args!("path({path:?})"),
            "a cookie's path starts with a slash, and has at most 1,024 printable ASCII characters but no semicolon",
            "Write path(\"/\")",
        ));
    }
    if let Some(domain) = &builder.domain
        && !is_registrable(domain)
    {
        return Err(ConfigError::new(
            format_args!("domain({domain:?})"),
            "a cookie's domain is a host name of at least two parts, without scheme, port or path",
            "Write domain(\"example.com\"), or leave it out: then only the host that sets the cookies gets them, which is safer",
        ));
    }
    if !builder.secure {
        if builder.same_site == SameSite::None {
            return Err(ConfigError::new(
                "same_site(SameSite::None) with allow_plain_http()",
                "browsers drop cookies that have SameSite=None and no Secure",
                "Leave allow_plain_http() out, or write same_site(SameSite::Lax)",
            ));
        }
        if builder.partitioned {
            return Err(ConfigError::new(
                "partitioned() with allow_plain_http()",
                "browsers drop cookies that have Partitioned and no Secure",
                "Leave one of the two out",
            ));
        }
    }
    Ok(())
}

fn durations(builder: &Builder) -> Result<(), ConfigError> {
    for (option, duration) in [
        ("max_age", builder.max_age),
        ("lifetime", builder.lifetime),
        ("remember_limit", Some(builder.remember_limit)),
        ("idle_timeout", builder.idle_timeout),
        ("guest_lifetime", Some(builder.guest_lifetime)),
    ] {
        let Some(duration) = duration else { continue };
        if duration < Duration::from_secs(1) {
            return Err(ConfigError::new(
                format_args!("{option}({duration:?})"),
                "less than a second ends every session at once",
                format_args!(
                    "Write at least a second, such as {option}(Duration::from_secs(3600))"
                ),
            ));
        }
        if duration > MOST {
            return Err(ConfigError::new(
                format_args!("{option}({} days)", duration.as_secs() / (24 * 3_600)),
                format_args!("browsers keep no cookie for more than {MAX_DAYS} days"),
                format_args!("Write {option}(Duration::from_secs({MAX_DAYS} * 24 * 3600)) or less"),
            ));
        }
    }
    Ok(())
}

fn users(
    mut given: Vec<Users>,
    default_checker: Option<&DefaultChecker>,
) -> Result<Users, ConfigError> {
    let users = match (given.pop(), given.is_empty()) {
        (None, _) => {
            return Err(ConfigError::new(
                "there is no user loader",
                "without one a deleted user stays logged in",
                "Write .user_loader(load_user) with a function that has #[user_loader] above it, or say .without_user_loader()",
            ));
        }
        (Some(_), false) => {
            return Err(ConfigError::new(
                "there is more than one user loader",
                "a session has one kind of user",
                "Leave one .user_loader(..), .user_loader_with_state(..) or .without_user_loader()",
            ));
        }
        (Some(users), true) => users,
    };
    match (&users, default_checker) {
        (Users::IdOnly, Some(_)) => Err(ConfigError::new(
            "default_user_checker(..) with without_user_loader()",
            "there is no user to check",
            "Write .user_loader(load_user) instead",
        )),
        (Users::Loaded(loader), Some(checker)) if loader.user_type().0 != checker.user_type.0 => {
            Err(ConfigError::new(
                "default_user_checker(..)",
                format_args!(
                    "it checks a `{}`, and the user loader loads a `{}`",
                    checker.user_type.1,
                    loader.user_type().1
                ),
                "Give it a function of the loader's type",
            ))
        }
        _ => Ok(users),
    }
}

fn location(option: &str, location: &Location) -> Result<(), ConfigError> {
    match location.fixed() {
        Some(url) if !is_target(url) => Err(ConfigError::new(
            format_args!("{option}({url:?})"),
            "it is neither a path on this site nor an http(s) URL",
            format_args!(
                "Write a path that starts with one slash, such as {option}(\"/{}\")",
                option.trim_end_matches("_url")
            ),
        )),
        _ => Ok(()),
    }
}

/// What every name of ours starts with, before the dot: the prefix makes browsers keep the promises that it names.
fn base_name(builder: &Builder) -> String {
    let prefix = if !builder.secure {
        ""
    } else if builder.domain.is_none() && builder.path == "/" {
        "__Host-"
    } else {
        "__Secure-"
    };
    format!("{prefix}{}", builder.cookie_name)
}

fn template(
    path: String,
    domain: Option<String>,
    same_site: SameSite,
    secure: bool,
    http_only: bool,
    partitioned: bool,
) -> cookie::Cookie<'static> {
    let mut template = cookie::Cookie::build(("template", ""))
        .path(path)
        .http_only(http_only)
        .secure(secure)
        .same_site(match same_site {
            SameSite::Strict => cookie::SameSite::Strict,
            SameSite::Lax => cookie::SameSite::Lax,
            SameSite::None => cookie::SameSite::None,
        })
        .build();
    template.set_partitioned(partitioned.then_some(true));
    if let Some(domain) = domain {
        template.set_domain(domain);
    }
    template
}

/// Whether a browser may take it for a cookie's domain: labels of letters, digits and hyphens, and not a top-level domain alone.
fn is_registrable(domain: &str) -> bool {
    let is_label = |label: &str| {
        let is_inside = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(is_inside)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // A dot at the start is an old custom that browsers still ignore.
    let domain = domain.strip_prefix('.').unwrap_or(domain);
    domain.len() <= 253
        && domain.split('.').all(is_label)
        && (domain.contains('.') || domain == "localhost")
}

/// A character of a token (RFC 9110, section 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Text that an attribute may hold, within the size that browsers allow (RFC 6265bis, section 5.6).
fn is_attribute(text: &str) -> bool {
    text.len() <= 1_024
        && text
            .bytes()
            .all(|byte| matches!(byte, 0x20..=0x7e) && byte != b';')
}
