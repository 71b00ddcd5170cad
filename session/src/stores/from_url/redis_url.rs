//! Redis by its URL: one server, the master that sentinels name, or a cluster.

use super::take_parameter;
use crate::config_error::ConfigError;
use crate::stores::RedisStore;

/// Where sentinels listen, if nothing else is said.
const SENTINEL_PORT: u16 = 26_379;

pub(super) fn store(scheme: &str, rest: &str) -> Result<RedisStore, ConfigError> {
    let (rest, prefix) = take_parameter(rest, "prefix");
    let store = match scheme.split_once('+') {
        Some((one, "sentinel")) => sentinel(one, &rest),
        Some((one, "cluster")) => cluster(one, &rest),
        _ => RedisStore::connect_lazy(format!("{scheme}:{rest}")),
    }?;
    match prefix {
        Some(prefix) => store.prefix(prefix),
        None => Ok(store),
    }
}

/// `//login@host:port,host:port/master/database`, of which login, ports and database may be missing.
fn sentinel(scheme: &str, rest: &str) -> Result<RedisStore, ConfigError> {
    let bad = |why: &str| {
        ConfigError::new(
            "the URL of the sentinels cannot be used",
            why,
            "Write it like redis+sentinel://user:password@host:26379,host2:26379/mymaster/0",
        )
    };
    let several = Several::parse(rest).ok_or_else(|| bad("it names no servers"))?;
    let (name, database) = several.path.split_once('/').unwrap_or((several.path, "0"));
    if name.is_empty() {
        return Err(bad("the name of the master is missing after the servers"));
    }
    let sentinels = several.hosts().map(|host| {
        let port = has_no_port(host).then(|| format!(":{SENTINEL_PORT}"));
        format!("{scheme}://{host}{}", port.unwrap_or_default())
    });
    let login = several.login;
    RedisStore::sentinel(sentinels, format!("{scheme}://{login}{name}/{database}"))
}

/// `//login@host:port,host:port`, of which the login may be missing.
fn cluster(scheme: &str, rest: &str) -> Result<RedisStore, ConfigError> {
    let several = Several::parse(rest).ok_or_else(|| {
        ConfigError::new(
            "the URL of the cluster cannot be used",
            "it names no servers",
            "Write it like redis+cluster://user:password@host:7000,host2:7001",
        )
    })?;
    let Several { login, path, .. } = several;
    RedisStore::cluster(
        several
            .hosts()
            .map(|host| format!("{scheme}://{login}{host}/{path}")),
    )
}

/// A URL that names several servers.
#[derive(Clone, Copy)]
struct Several<'u> {
    /// With the `@` that ends it.
    login: &'u str,
    hosts: &'u str,
    /// What follows the first slash.
    path: &'u str,
}

impl<'u> Several<'u> {
    fn parse(rest: &'u str) -> Option<Self> {
        let rest = rest.strip_prefix("//")?;
        let (servers, path) = rest.split_once('/').unwrap_or((rest, ""));
        let end_of_login = servers.rfind('@').map_or(0, |at| at + 1);
        let (login, hosts) = servers.split_at(end_of_login);
        (!hosts.is_empty()).then_some(Self { login, hosts, path })
    }

    fn hosts(self) -> impl Iterator<Item = &'u str> {
        self.hosts.split(',')
    }
}

/// Whether a host stands alone. An IPv6 address has colons of its own, within brackets.
fn has_no_port(host: &str) -> bool {
    let after_address = host.rsplit_once(']').map_or(host, |(_, after)| after);
    !after_address.contains(':')
}
