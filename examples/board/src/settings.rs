//! What the environment says: where the data is, where sessions are, the secret, and who stands in front.

use std::env::{self, VarError};
use std::fmt;

use muffin_session::{AnyStore, ConfigError, Secret, StoreError, store_from_url};

use crate::client::TrustedProxies;
use crate::db::Db;

/// Where the data is kept unless `DATABASE_URL` says otherwise.
const DEFAULT_DATABASE: &str = "sqlite:board.db";

/// The settings that say where everything is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    database: String,
    sessions: String,
}

impl Settings {
    /// Reads `DATABASE_URL` and `SESSION_STORE`.
    ///
    /// # Errors
    ///
    /// If they are no text, or name a database that is not built in.
    pub fn from_env() -> Result<Self, SettingsError> {
        let database = variable("DATABASE_URL")?.unwrap_or_else(|| DEFAULT_DATABASE.to_owned());
        Self::new(database, variable("SESSION_STORE")?)
    }

    /// Cards and users in this database, and sessions in this store: the same database, if none is named.
    ///
    /// # Errors
    ///
    /// If it names a database that is not built in.
    pub fn new(database: String, sessions: Option<String>) -> Result<Self, SettingsError> {
        let is_in_memory = database.contains(":memory:");
        match database.split(':').next() {
            Some("sqlite") => {}
            Some("postgres" | "postgresql") if cfg!(feature = "postgres") => {}
            Some("postgres" | "postgresql") => return Err(SettingsError::Missing("postgres")),
            _ => return Err(SettingsError::UnknownDatabase),
        }
        let sessions = sessions.unwrap_or_else(|| {
            if is_in_memory {
                "memory:".to_owned()
            } else {
                database.clone()
            }
        });
        if !cfg!(feature = "redis")
            && (sessions.starts_with("redis") || sessions.starts_with("valkey"))
        {
            return Err(SettingsError::Missing("redis"));
        }
        Ok(Self { database, sessions })
    }

    /// The addresses in `TRUSTED_PROXIES`.
    ///
    /// # Errors
    ///
    /// If they are something else.
    pub fn proxies() -> Result<TrustedProxies, SettingsError> {
        let addresses = variable("TRUSTED_PROXIES")?;
        addresses.map_or_else(|| Ok(TrustedProxies::default()), |text| text.parse())
    }

    /// Opens the database and the store, and makes their tables.
    ///
    /// # Errors
    ///
    /// If one of them cannot be used.
    pub async fn open(&self) -> Result<(Db, AnyStore), SettingsError> {
        let store = store_from_url(&self.sessions).map_err(SettingsError::StoreUrl)?;
        store.migrate().await.map_err(SettingsError::Store)?;
        let db = Db::open(&self.database).await;
        Ok((db.map_err(SettingsError::Database)?, store))
    }

    /// The secret that signs cookies: `SESSION_SECRET`, or a new one.
    ///
    /// # Errors
    ///
    /// If the secret can be guessed, or there is none and several processes may be at work: each would take the others' cookies for
    /// forged ones.
    pub fn secret(&self) -> Result<Secret, SettingsError> {
        let secret = if Self::has_secret() {
            Secret::from_env("SESSION_SECRET")
        } else if self.are_on_a_server() {
            return Err(SettingsError::NoSecret);
        } else {
            Secret::generate()
        };
        secret.map_err(SettingsError::Config)
    }

    /// Whether other processes, on other machines too, can have the same users or the same sessions.
    fn are_on_a_server(&self) -> bool {
        let is_server = |url: &str| {
            let scheme = url.split_once(':').map(|(scheme, _)| scheme);
            scheme.is_some_and(|scheme| !["sqlite", "memory"].contains(&scheme))
        };
        is_server(&self.database) || is_server(&self.sessions)
    }

    /// Whether logins outlive a restart.
    pub fn has_secret() -> bool {
        env::var_os("SESSION_SECRET").is_some()
    }
}

/// URLs may hold passwords, and are not shown.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Settings(..)")
    }
}

/// A variable of the environment. One that is empty counts as not set.
fn variable(name: &'static str) -> Result<Option<String>, SettingsError> {
    match env::var(name) {
        Ok(text) if text.trim().is_empty() => Ok(None),
        Ok(text) => Ok(Some(text)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(SettingsError::NoText(name)),
    }
}

/// Why the settings do not do. Each is a line that says what to write instead, and none shows a URL.
#[derive(Debug)]
pub enum SettingsError {
    /// A variable that is no text.
    NoText(&'static str),
    /// A `DATABASE_URL` of another kind.
    UnknownDatabase,
    /// A feature that this program is built without.
    Missing(&'static str),
    /// Several processes may be at work, and there is no secret that they share.
    NoSecret,
    /// `TRUSTED_PROXIES` that are no addresses.
    NoProxies,
    /// A secret or an option of sessions that does not do.
    Config(ConfigError),
    /// A `SESSION_STORE` that does not do.
    StoreUrl(ConfigError),
    /// A store that cannot be used.
    Store(StoreError),
    /// A database that cannot be used.
    Database(sqlx::Error),
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoText(name) => write!(f, "{name} must be text"),
            Self::UnknownDatabase => f.write_str(
                "DATABASE_URL must begin with sqlite: or postgres:, like sqlite:board.db or postgres://user:password@host/database",
            ),
            Self::Missing(feature) => write!(
                f,
                "this program is built without its feature {feature:?}: run it with cargo run -p board --features {feature}"
            ),
            Self::NoSecret => f.write_str(
                "SESSION_SECRET is not set, and with data or sessions on a server all processes must sign with the same one: \
                 export SESSION_SECRET=\"$(openssl rand -base64 48)\" once, and give it to each",
            ),
            Self::NoProxies => f.write_str(
                "TRUSTED_PROXIES must be IP addresses with commas between them, like 127.0.0.1,10.0.0.2",
            ),
            Self::Config(error) => error.fmt(f),
            Self::StoreUrl(error) => write!(f, "SESSION_STORE: {error}"),
            Self::Store(error) => write!(f, "the store of sessions cannot be used: {error}"),
            Self::Database(error) => write!(f, "the database cannot be used: {error}"),
        }
    }
}

impl std::error::Error for SettingsError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn sessions_of(database: &str, sessions: Option<&str>) -> String {
        let settings = Settings::new(database.to_owned(), sessions.map(str::to_owned));
        settings.unwrap().sessions
    }

    #[test]
    fn sessions_are_where_the_data_is_unless_they_are_put_elsewhere() {
        assert_eq!(sessions_of("sqlite:board.db", None), "sqlite:board.db");
        assert_eq!(sessions_of("sqlite::memory:", None), "memory:");
        assert_eq!(
            sessions_of("sqlite:board.db", Some("sqlite:sessions.db")),
            "sqlite:sessions.db"
        );
    }

    #[test]
    fn what_others_can_reach_too_is_on_a_server() {
        for (database, sessions, are_on_a_server) in [
            ("sqlite:board.db", None, false),
            ("sqlite::memory:", None, false),
            ("sqlite:board.db", Some("sqlite:///var/sessions.db"), false),
            ("sqlite:board.db", Some("memory:"), false),
            ("sqlite:board.db", Some("postgres://localhost/b"), true),
            ("sqlite:board.db", Some("mysql://localhost/b"), true),
            #[cfg(feature = "redis")]
            (
                "sqlite:board.db",
                Some("redis+unix:///run/redis.sock"),
                true,
            ),
            #[cfg(feature = "postgres")]
            ("postgres://localhost/b", Some("memory:"), true),
            #[cfg(feature = "postgres")]
            ("postgresql://localhost/b", None, true),
        ] {
            let settings = Settings::new(database.to_owned(), sessions.map(str::to_owned));
            let settings = settings.unwrap();
            assert_eq!(
                settings.are_on_a_server(),
                are_on_a_server,
                "{database} {sessions:?}"
            );
        }
    }

    #[test]
    fn what_is_not_built_in_is_named() {
        let error = |database: &str, sessions: Option<&str>| {
            let settings = Settings::new(database.to_owned(), sessions.map(str::to_owned));
            settings.map_err(|error| error.to_string())
        };
        let unknown = error("mysql://localhost/board", None).unwrap_err();
        assert!(unknown.contains("sqlite:board.db"), "{unknown}");
        for (settings, feature, is_built_in) in [
            (
                error("postgres://u:secret@localhost/b", None),
                "postgres",
                cfg!(feature = "postgres"),
            ),
            (
                error("sqlite:b.db", Some("redis://:secret@localhost")),
                "redis",
                cfg!(feature = "redis"),
            ),
        ] {
            match settings {
                Ok(settings) => {
                    assert!(is_built_in);
                    assert!(!format!("{settings:?}").contains("secret"));
                }
                Err(text) => {
                    assert!(!is_built_in);
                    assert!(text.contains(&format!("--features {feature}")), "{text}");
                    assert!(!text.contains("secret"), "{text}");
                }
            }
        }
    }
}
