//! The settings in the environment: `SESSION_*`.

use std::time::{Duration, UNIX_EPOCH};

use crate::builder::Builder;
use crate::config_error::ConfigError;
use crate::cookie_names::SameSite;
use crate::layer::Sessions;
use crate::secret::{Secret, Secrets};
use crate::stores::store_from_url;

impl Sessions {
    /// Begins a configuration with the settings in the environment.
    ///
    /// | variable | what it sets | |
    /// |---|---|---|
    /// | `SESSION_SECRET`, or `SESSION_SECRET_FILE` with a path | the secret | needed, or one of the next |
    /// | `SESSION_SECRETS`, or `SESSION_SECRETS_FILE` with a path | several: the first one signs | with white space between them, one a line |
    /// | `SESSION_APP_NAME` | [`app_name`](Builder::app_name) | needed |
    /// | `SESSION_OLD_SECRET` | [`verify_with`](Builder::verify_with) | |
    /// | `SESSION_OLD_SECRETS_UNTIL` | [`verify_until`](Builder::verify_until), for every secret but the one that signs | seconds since 1970, as `date +%s` prints |
    /// | `SESSION_COOKIE_NAME` | [`cookie_name`](Builder::cookie_name) | |
    /// | `SESSION_PATH`, `SESSION_DOMAIN` | [`path`](Builder::path), [`domain`](Builder::domain) | |
    /// | `SESSION_SAME_SITE` | [`same_site`](Builder::same_site) | `strict`, `lax` or `none` |
    /// | `SESSION_HTTP_ONLY` | [`http_only`](Builder::http_only) | `true` or `false` |
    /// | `SESSION_PARTITIONED` | [`partitioned`](Builder::partitioned) | `true` or `false` |
    /// | `SESSION_MAX_AGE`, `SESSION_LIFETIME`, `SESSION_IDLE_TIMEOUT`, `SESSION_GUEST_LIFETIME`, `SESSION_REMEMBER_LIMIT` | the durations | seconds |
    /// | `SESSION_LOGIN_URL`, `SESSION_CONFIRM_URL` | [`login_url`](Builder::login_url), [`confirm_url`](Builder::confirm_url) | |
    /// | `SESSION_LOGIN_MESSAGE` | [`login_message`](Builder::login_message) | |
    /// | `SESSION_FORBID_REFUSED` | [`forbid_refused`](Builder::forbid_refused) | `true` or `false` |
    /// | `SESSION_CARRY_ON_LOGIN` | [`carry_on_login`](Builder::carry_on_login) | separated by commas |
    /// | `SESSION_TOKEN_HEADER` | [`token_header`](Builder::token_header) | |
    /// | `SESSION_AUTO_LOAD` | [`auto_load`](Builder::auto_load) | `true` or `false` |
    /// | `SESSION_ENCRYPTED` | [`encrypted`](Builder::encrypted) | `true` or `false` |
    /// | `SESSION_SIGNED_UNTIL` | [`signed_until`](Builder::signed_until) | seconds since 1970, as `date +%s` prints |
    /// | `SESSION_ALLOW_PLAIN_HTTP` | [`allow_plain_http`](Builder::allow_plain_http) | `true` or `false` |
    /// | `SESSION_TRUSTED_ORIGINS` | [`trusted_origin`](Builder::trusted_origin) | separated by commas |
    /// | `SESSION_PUBLIC_ORIGIN` | [`public_origin`](Builder::public_origin) | |
    /// | `SESSION_STORE` | [`store`](Builder::store) | a URL, such as `redis://127.0.0.1:6379`: see [`store_from_url`] |
    /// | `SESSION_STORE_TIMEOUT` | [`store_timeout`](Builder::store_timeout) | seconds |
    /// | `SESSION_CROSS_SITE_CHECK` | [`without_cross_site_check`](Builder::without_cross_site_check), if `false` | `true` or `false` |
    ///
    /// What is not set, or is empty, keeps its default.
    ///
    /// Nothing is connected yet. Where `SESSION_STORE` is a SQL database, its table has to be there before the first request: made by the
    /// application's migrations, or at start by `store_from_url(url)?.migrate().await?`.
    ///
    /// # Errors
    ///
    /// If a needed one is missing, or one does not say what it should; if `SESSION_STORE` is one that is not built in, or a SQL server
    /// outside of a tokio runtime.
    pub fn from_env() -> Result<Builder, ConfigError> {
        from(|variable| match std::env::var(variable) {
            Ok(text) => Ok(Some(text)),
            Err(std::env::VarError::NotPresent) => Ok(None),
            Err(std::env::VarError::NotUnicode(_)) => Err(ConfigError::new(
                format_args!("the environment variable {variable}"),
                "it is not UTF-8 text",
                "Set it to text",
            )),
        })
    }
}

/// The settings that `read` gives: the environment's, or a test's.
#[allow(clippy::too_many_lines, reason = "one setting after the other")]
fn from(
    read: impl Fn(&str) -> Result<Option<String>, ConfigError>,
) -> Result<Builder, ConfigError> {
    let get = |variable: &str| Ok(read(variable)?.filter(|text| !text.trim_ascii().is_empty()));
    let secrets = secrets(get)?;
    let Some(app_name) = get("SESSION_APP_NAME")? else {
        return Err(ConfigError::new(
            "the environment variable SESSION_APP_NAME is not set",
            "it keeps cookies of one application or environment from being worth anything in another that has the same secret",
            "Set it to a name of the application and environment: export SESSION_APP_NAME=shop-staging",
        ));
    };

    let mut builder = Sessions::builder(secrets).app_name(app_name);
    if let Some(secret) = get("SESSION_OLD_SECRET")? {
        builder = builder.verify_with(Secret::new(secret));
    }
    if let Some(name) = get("SESSION_COOKIE_NAME")? {
        builder = builder.cookie_name(name);
    }
    if let Some(path) = get("SESSION_PATH")? {
        builder = builder.path(path);
    }
    if let Some(domain) = get("SESSION_DOMAIN")? {
        builder = builder.domain(domain);
    }
    if let Some(same_site) = get("SESSION_SAME_SITE")? {
        builder = builder.same_site(match &*same_site.to_ascii_lowercase() {
            "strict" => SameSite::Strict,
            "lax" => SameSite::Lax,
            "none" => SameSite::None,
            _ => {
                return Err(unclear(
                    "SESSION_SAME_SITE",
                    &same_site,
                    "strict, lax or none",
                ));
            }
        });
    }
    let seconds = |variable: &str| {
        get(variable)?
            .map(|text| match text.trim_ascii().parse() {
                Ok(seconds) => Ok(Duration::from_secs(seconds)),
                Err(_) => Err(unclear(
                    variable,
                    &text,
                    "a whole number of seconds, such as 3600",
                )),
            })
            .transpose()
    };
    if let Some(max_age) = seconds("SESSION_MAX_AGE")? {
        builder = builder.max_age(max_age);
    }
    if let Some(lifetime) = seconds("SESSION_LIFETIME")? {
        builder = builder.lifetime(lifetime);
    }
    if let Some(idle_timeout) = seconds("SESSION_IDLE_TIMEOUT")? {
        builder = builder.idle_timeout(idle_timeout);
    }
    if let Some(lifetime) = seconds("SESSION_GUEST_LIFETIME")? {
        builder = builder.guest_lifetime(lifetime);
    }
    if let Some(limit) = seconds("SESSION_REMEMBER_LIMIT")? {
        builder = builder.remember_limit(limit);
    }
    let time = |variable: &str| {
        seconds(variable)?
            .map(|since| {
                let time = UNIX_EPOCH.checked_add(since);
                time.ok_or_else(|| unclear(variable, "..", "a time that clocks reach"))
            })
            .transpose()
    };
    if let Some(until) = time("SESSION_SIGNED_UNTIL")? {
        builder = builder.signed_until(until);
    }
    if let Some(until) = time("SESSION_OLD_SECRETS_UNTIL")? {
        builder = builder.old_secrets_until(until);
    }
    if let Some(url) = get("SESSION_LOGIN_URL")? {
        builder = builder.login_url(url);
    }
    if let Some(url) = get("SESSION_CONFIRM_URL")? {
        builder = builder.confirm_url(url);
    }
    if let Some(message) = get("SESSION_LOGIN_MESSAGE")? {
        builder = builder.login_message(message);
    }
    if let Some(keys) = get("SESSION_CARRY_ON_LOGIN")? {
        builder = builder.carry_on_login(keys.split(',').map(str::trim_ascii));
    }
    if let Some(header) = get("SESSION_TOKEN_HEADER")? {
        builder = builder.token_header(header.trim_ascii());
    }
    let flag = |variable: &str| match get(variable)?.as_deref().map(str::trim_ascii) {
        None => Ok(None),
        Some("true" | "1") => Ok(Some(true)),
        Some("false" | "0") => Ok(Some(false)),
        Some(text) => Err(unclear(variable, text, "true or false")),
    };
    if let Some(auto_load) = flag("SESSION_AUTO_LOAD")? {
        builder = builder.auto_load(auto_load);
    }
    if let Some(http_only) = flag("SESSION_HTTP_ONLY")? {
        builder = builder.http_only(http_only);
    }
    if flag("SESSION_PARTITIONED")? == Some(true) {
        builder = builder.partitioned();
    }
    if flag("SESSION_FORBID_REFUSED")? == Some(true) {
        builder = builder.forbid_refused();
    }
    if flag("SESSION_CROSS_SITE_CHECK")? == Some(false) {
        builder = builder.without_cross_site_check();
    }
    if flag("SESSION_ENCRYPTED")? == Some(true) {
        builder = builder.encrypted();
    }
    if flag("SESSION_ALLOW_PLAIN_HTTP")? == Some(true) {
        builder = builder.allow_plain_http();
    }
    for origin in get("SESSION_TRUSTED_ORIGINS")?
        .iter()
        .flat_map(|text| text.split(','))
    {
        builder = builder.trusted_origin(origin.trim_ascii());
    }
    if let Some(origin) = get("SESSION_PUBLIC_ORIGIN")? {
        builder = builder.public_origin(origin);
    }
    if let Some(url) = get("SESSION_STORE")? {
        let store = store_from_url(&url).map_err(|error| {
            ConfigError::new(
                "SESSION_STORE",
                error,
                "Correct it, or leave it out to keep sessions in cookies",
            )
        })?;
        builder = builder.store(store);
    }
    if let Some(limit) = seconds("SESSION_STORE_TIMEOUT")? {
        builder = builder.store_timeout(limit);
    }
    Ok(builder)
}

/// The secrets, of which exactly one variable tells.
fn secrets(
    get: impl Fn(&str) -> Result<Option<String>, ConfigError>,
) -> Result<Secrets, ConfigError> {
    const VARIABLES: [&str; 4] = [
        "SESSION_SECRET",
        "SESSION_SECRET_FILE",
        "SESSION_SECRETS",
        "SESSION_SECRETS_FILE",
    ];
    let mut found = Vec::new();
    for variable in VARIABLES {
        found.extend(get(variable)?.map(|text| (variable, text)));
    }
    match &*found {
        [] => Err(ConfigError::secret_missing("SESSION_SECRET", "is not set")),
        [(variable, text)] => Ok(match *variable {
            "SESSION_SECRET" => Secret::new(&**text).into(),
            "SESSION_SECRET_FILE" => Secret::from_file(text)?.into(),
            "SESSION_SECRETS" => Secrets::from_words(text.as_bytes()),
            _ => Secrets::from_file(text)?,
        }),
        [(one, _), (other, _), ..] => Err(ConfigError::new(
            format_args!("{one} and {other} are both set"),
            "they may hold different secrets",
            "Unset one of them",
        )),
    }
}

fn unclear(variable: &str, text: &str, expected: &str) -> ConfigError {
    ConfigError::new(
        format_args!("{variable}={text}"),
        format_args!("it must be {expected}"),
        "Correct it, or leave it out for the default",
    )
}
