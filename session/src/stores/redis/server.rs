//! One server: where it is, and who one is there.

use std::path::PathBuf;

use redis::{ConnectionAddr, IntoConnectionInfo, ProtocolVersion, RedisConnectionInfo};

use crate::config_error::ConfigError;

/// A server's address, and what one says there first. It holds a password, and is not shown.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) endpoint: Endpoint,
    pub(super) encrypted: bool,
    pub(super) login: RedisConnectionInfo,
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Endpoint {
    Tcp { host: String, port: u16 },
    Unix(PathBuf),
}

impl Server {
    pub(super) fn parse(url: &str) -> Result<Self, ConfigError> {
        let (encrypted, plain) = match url.split_once("://") {
            Some(("redis" | "valkey", rest)) => (false, format!("redis://{rest}")),
            Some(("rediss" | "valkeys", rest)) => (true, format!("redis://{rest}")),
            Some(("unix" | "redis+unix" | "valkey+unix", _)) => (false, url.to_owned()),
            _ => return Err(bad_url("it has none of the known schemes")),
        };
        // The fragment is where other programs say that certificates are not to be verified.
        if plain.contains('#') {
            return Err(bad_url(
                "it has a fragment, and certificates are always verified",
            ));
        }
        // What the parser says could quote the password.
        let info = (plain.as_str().into_connection_info())
            .map_err(|_| bad_url("it cannot be understood"))?;
        let endpoint = match info.addr() {
            ConnectionAddr::Tcp(host, port) => Endpoint::Tcp {
                host: host.clone(),
                port: *port,
            },
            ConnectionAddr::Unix(path) => Endpoint::Unix(path.clone()),
            _ => return Err(bad_url("it is of a kind that is not supported")),
        };
        Ok(Self {
            endpoint,
            encrypted,
            // The older protocol says all that is asked here, and each server speaks it.
            login: (info.redis_settings().clone())
                .set_protocol(ProtocolVersion::RESP2)
                .set_skip_set_lib_name(),
        })
    }

    /// Another server of the same kind, with the same login.
    pub(super) fn at(&self, host: impl Into<String>, port: u16) -> Self {
        Self {
            endpoint: Endpoint::Tcp {
                host: host.into(),
                port,
            },
            ..self.clone()
        }
    }

    /// Host and port: nothing for Unix sockets.
    pub(super) fn address(&self) -> Option<(String, u16)> {
        match &self.endpoint {
            Endpoint::Tcp { host, port } => Some((host.clone(), *port)),
            Endpoint::Unix(_) => None,
        }
    }
}

pub(super) fn bad_url(what: &str) -> ConfigError {
    ConfigError::new(
        "the URL of a Redis server cannot be used",
        what,
        "Write it as redis://user:password@host:6379/0, rediss:// for TLS, or unix:///path/to/socket",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_say_where_and_who() {
        let server = Server::parse("rediss://ann:pa%40ss@cache.example:7000/3").unwrap();
        assert!(server.encrypted);
        assert!(
            server.endpoint
                == Endpoint::Tcp {
                    host: "cache.example".to_owned(),
                    port: 7000
                }
        );
        assert_eq!(server.login.username(), Some("ann"));
        assert_eq!(server.login.password(), Some("pa@ss"));
        assert_eq!(server.login.db(), 3);

        let server = Server::parse("redis://:secret@[::1]").unwrap();
        assert!(!server.encrypted);
        assert_eq!(server.address(), Some(("::1".to_owned(), 6379)));
        assert_eq!(server.login.username(), None);

        let server = Server::parse("unix:///run/redis.sock?db=2").unwrap();
        assert!(server.endpoint == Endpoint::Unix("/run/redis.sock".into()));
        assert_eq!(server.login.db(), 2);
    }

    #[test]
    fn bad_urls_are_not_quoted() {
        for url in [
            "",
            "cache.example:6379",
            "http://ann:hunter2@cache.example",
            "redis://ann:hunter2@cache.example/three",
            "redis://ann:hunter2@cache.example:port",
            "rediss://ann:hunter2@cache.example/#insecure",
            "redis://",
        ] {
            let error = Server::parse(url).err().unwrap().to_string();
            assert!(!error.contains("hunter2"), "{error}");
            assert!(error.contains("redis://user:password@host"), "{error}");
        }
    }
}
