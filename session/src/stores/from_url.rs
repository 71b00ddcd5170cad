//! A store by its URL, as settings name it.

mod any_store;
#[cfg(feature = "redis")]
mod redis_url;

use crate::config_error::ConfigError;

pub use any_store::AnyStore;

/// A kind of store: the feature that it is behind, the schemes of its URLs, and one of them as an example.
struct Kind {
    feature: &'static str,
    schemes: &'static [&'static str],
    example: &'static str,
}

const KINDS: [Kind; 5] = [
    Kind {
        feature: "memory",
        schemes: &["memory"],
        example: "memory:",
    },
    Kind {
        feature: "sqlite",
        schemes: &["sqlite"],
        example: "sqlite:sessions.db",
    },
    Kind {
        feature: "postgres",
        schemes: &["postgres", "postgresql"],
        example: "postgres://user:password@host/database",
    },
    Kind {
        feature: "mysql",
        schemes: &["mysql", "mariadb"],
        example: "mysql://user:password@host/database",
    },
    Kind {
        feature: "redis",
        schemes: &[
            "redis",
            "rediss",
            "redis+unix",
            "redis+sentinel",
            "rediss+sentinel",
            "redis+cluster",
            "rediss+cluster",
            "valkey",
            "valkeys",
            "valkey+unix",
            "valkey+sentinel",
            "valkeys+sentinel",
            "valkey+cluster",
            "valkeys+cluster",
        ],
        example: "redis://host:6379",
    },
];

/// The store that a URL names, for applications whose settings say where sessions are kept.
///
/// | URL | store | feature |
/// |---|---|---|
/// | `memory:` | `MemoryStore` | `memory` |
/// | `sqlite:sessions.db`, `sqlite:/var/lib/shop/sessions.db` | `SqliteStore` | `sqlite` |
/// | `postgres://user:password@host:5432/database` | `PostgresStore` | `postgres` |
/// | `mysql://user:password@host:3306/database`, or `mariadb://` | `MySqlStore` | `mysql` |
/// | `redis://user:password@host:6379/0`, or `rediss://` with TLS | `RedisStore` | `redis` |
/// | `redis+unix:///run/redis.sock?db=0` | the same, over a Unix socket | `redis` |
/// | `redis+sentinel://user:password@host:26379,host2:26379/mymaster/0` | the same, at the master that sentinels name | `redis` |
/// | `redis+cluster://user:password@host:7000,host2:7001` | the same, in a cluster | `redis` |
///
/// Sentinels and clusters use TLS with `rediss+sentinel://` and `rediss+cluster://`. The login is the master's, or that of all nodes; where
/// sentinels have one too, there is `RedisStore::sentinel`. Wherever `redis` stands, `valkey` may.
///
/// A parameter names the table in SQL databases, `?table=shop_sessions`, and what keys begin with in Redis, `?prefix=shop:`. Passwords and
/// paths are percent-encoded.
///
/// Nothing is connected or opened before the first call. [`migrate`](AnyStore::migrate) makes the table where there is to be one.
///
/// ```no_run
/// use muffin_session::{Secret, Sessions, store_from_url};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let store = store_from_url(&std::env::var("SESSION_STORE")?)?;
/// store.migrate().await?;
/// let sessions = Sessions::builder(Secret::from_env("SESSION_SECRET")?)
///     .without_user_loader()
///     .store(store)
///     .build()?;
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// If the URL cannot be understood, or its store is behind a feature that is not built in: the error says which. For SQL servers also outside
/// of a tokio runtime, which they need. The URL, which may hold a password, is not in the error.
pub fn store_from_url(url: &str) -> Result<AnyStore, ConfigError> {
    let (scheme, rest) = url.trim_ascii().split_once(':').ok_or_else(unknown)?;
    let is_it = |known: &&&str| known.eq_ignore_ascii_case(scheme);
    let of_kind = |kind: &'static Kind| Some((kind, *kind.schemes.iter().find(is_it)?));
    let (kind, scheme) = KINDS.iter().find_map(of_kind).ok_or_else(unknown)?;
    match kind.feature {
        #[cfg(feature = "memory")]
        "memory" => memory(rest),
        #[cfg(feature = "sqlite")]
        "sqlite" => sqlite(rest),
        #[cfg(feature = "postgres")]
        "postgres" => postgres(scheme, rest),
        #[cfg(feature = "mysql")]
        "mysql" => mysql(scheme, rest),
        #[cfg(feature = "redis")]
        "redis" => redis_url::store(scheme, rest).map(AnyStore::redis),
        _ => {
            // It may hold a password, and is not shown.
            let _ = rest;
            Err(not_built_in(kind.feature, scheme))
        }
    }
}

fn unknown() -> ConfigError {
    let schemes: Vec<_> = KINDS
        .iter()
        .flat_map(|kind| kind.schemes)
        .copied()
        .collect();
    let examples = KINDS.map(|kind| kind.example);
    ConfigError::new(
        "the URL of the sessions' store",
        format_args!("it begins with none of {}", schemes.join(", ")),
        format_args!("Write it like {}", examples.join(", ")),
    )
}

fn not_built_in(feature: &str, scheme: &str) -> ConfigError {
    ConfigError::new(
        format_args!("the URL of the sessions' store begins with {scheme:?}"),
        format_args!("muffin-session is built without its feature {feature:?}"),
        format_args!("Add it: cargo add muffin-session --features {feature}"),
    )
}

#[cfg(feature = "memory")]
fn memory(rest: &str) -> Result<AnyStore, ConfigError> {
    if rest.is_empty() || rest == "//" {
        return Ok(AnyStore::memory(crate::MemoryStore::new()));
    }
    Err(ConfigError::new(
        "the URL of the sessions' store",
        "nothing follows memory:, which has neither a place nor options",
        "Write memory:, and give the builder a MemoryStore where it is to have other bounds",
    ))
}

/// Two slashes may stand before the path, as other programs write it: what follows them is the path all the same.
#[cfg(feature = "sqlite")]
fn sqlite(rest: &str) -> Result<AnyStore, ConfigError> {
    let bad = |why: &str| {
        ConfigError::new(
            "the URL of the sessions' SQLite database",
            why,
            "Write it like sqlite:sessions.db or sqlite:/var/lib/shop/sessions.db?table=shop_sessions",
        )
    };
    let (rest, table) = take_parameter(rest, "table");
    // To make the file where there is none is what the store does anyway.
    let (rest, mode) = take_parameter(&rest, "mode");
    if rest.contains('?') || mode.is_some_and(|mode| mode != "rwc") {
        return Err(bad("there is no parameter but the table"));
    }
    let path = percent_encoding::percent_decode_str(rest.strip_prefix("//").unwrap_or(&rest));
    let path = (path.decode_utf8()).map_err(|_| bad("the path is not UTF-8 text"))?;
    if path.is_empty() || path.starts_with(":memory:") {
        return Err(bad(
            "it names no file, and a database in memory would be lost: for that there is memory:",
        ));
    }
    Ok(AnyStore::sqlite((*path).into(), table))
}

#[cfg(feature = "postgres")]
fn postgres(scheme: &str, rest: &str) -> Result<AnyStore, ConfigError> {
    let (rest, table) = take_parameter(rest, "table");
    needs_runtime()?;
    let store = crate::PostgresStore::connect_lazy(&format!("{scheme}:{rest}"));
    let store = store.and_then(|store| match table {
        Some(table) => store.table(&table),
        None => Ok(store),
    });
    store.map(AnyStore::postgres).map_err(bad_database)
}

#[cfg(feature = "mysql")]
fn mysql(scheme: &str, rest: &str) -> Result<AnyStore, ConfigError> {
    let (rest, table) = take_parameter(rest, "table");
    needs_runtime()?;
    let store = crate::MySqlStore::connect_lazy(&format!("{scheme}:{rest}"));
    let store = store.and_then(|store| match table {
        Some(table) => store.table(&table),
        None => Ok(store),
    });
    store.map(AnyStore::mysql).map_err(bad_database)
}

/// A pool of connections looks after them in a task of its own.
#[cfg(any(feature = "postgres", feature = "mysql"))]
fn needs_runtime() -> Result<(), ConfigError> {
    match tokio::runtime::Handle::try_current() {
        Ok(_) => Ok(()),
        Err(_) => Err(ConfigError::new(
            "the sessions' database cannot be used outside of a tokio runtime",
            "its connections are looked after in a task",
            "Configure the sessions in an async function, such as that of #[tokio::main]",
        )),
    }
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
#[allow(clippy::needless_pass_by_value, reason = "errors are given by value")]
fn bad_database(error: crate::StoreError) -> ConfigError {
    ConfigError::new(
        "the URL of the sessions' database",
        error,
        "Correct it, its parameters included",
    )
}

/// Takes a parameter out of what may have some: the rest without it, and its value.
#[cfg(any(
    feature = "sqlite",
    feature = "postgres",
    feature = "mysql",
    feature = "redis"
))]
fn take_parameter(rest: &str, name: &str) -> (String, Option<String>) {
    let Some((before, query)) = rest.split_once('?') else {
        return (rest.to_owned(), None);
    };
    let mut found = None;
    let mut others =
        query.split('&').filter(
            |pair| match form_urlencoded::parse(pair.as_bytes()).next() {
                Some((key, value)) if key == name => {
                    found = Some(value.into_owned());
                    false
                }
                other => other.is_some(),
            },
        );
    let mut rest = before.to_owned();
    if let Some(first) = others.next() {
        rest = others.fold(format!("{before}?{first}"), |rest, pair| {
            format!("{rest}&{pair}")
        });
    }
    (rest, found)
}

#[cfg(test)]
mod tests;
