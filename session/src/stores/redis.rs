//! Redis and Valkey.

mod server;
mod tls;
mod failure;
mod connection;
mod request;
mod link;
mod sentinel;
mod cluster;
mod place;
mod record;
mod verbs;
mod eviction;

use std::future::Future;
use std::sync::{Arc, OnceLock};

use self::failure::Failure;
use self::place::{Place, Plan};
use self::sentinel::Sentinels;
use self::server::{Server, bad_url};
use self::tls::Tls;
use self::verbs::Verbs;
use crate::config_error::ConfigError;
use crate::store::{
    Outcome, Record, RecordKey, Rotation, Store, StoreError, StoreFuture, Timestamp, UserKey,
};

/// What keys begin with if nothing else is said.
const PREFIX: &str = "session:";
/// The longest prefix.
const LONGEST_PREFIX: usize = 64;

/// Sessions in Redis or Valkey: at one server, at the master that sentinels name, or in a cluster.
///
/// ```no_run
/// use muffin_session::RedisStore;
///
/// let store = RedisStore::connect_lazy("redis://127.0.0.1:6379")?;
/// // With TLS, a user, a password, and database 2; and names of one's own:
/// let store = RedisStore::connect_lazy("rediss://shop:password@redis.example:6380/2")?.prefix("shop:")?;
/// # Ok::<(), muffin_session::ConfigError>(())
/// ```
///
/// # Connections
///
/// There is one connection to each server, made when it is first needed, and shared by all calls. If it breaks, or owes an answer for
/// half a second, the next call makes another one; if that fails, calls wait for the next attempt, of which there is one each 100
/// milliseconds, instead of trying all together. A call that gets no answer fails after 1.8 seconds. A call that has been sent is never repeated if it may have
/// taken place, unless it only reads. It goes on to its end, even if whoever waits for it goes away.
///
/// # What is lost when
///
/// - **The server restarts:** everything, unless it keeps its data on disk. With `appendonly yes` and `appendfsync everysec` the changes
///   of up to one second are lost, among them logouts; with `appendfsync always` nothing is.
/// - **A replica takes the place of its master**, by sentinels or in a cluster: what the old master had acknowledged and not sent yet,
///   since replicas follow after the answer. A session that was ended in that moment may be back. `min-replicas-to-write 1` with
///   `min-replicas-max-lag` makes a master that has lost its replicas refuse writes (calls fail then), and thereby bounds how much that
///   can be. `WAIT`, which would make each call slower and the loss less likely but not impossible, is not used.
/// - **Memory is full:** with `maxmemory-policy noeviction` new sessions and changes fail, and nothing is lost. Each other policy ends
///   sessions, logged in or not, that somebody still uses: the store looks at `INFO memory` once and warns of it in the log.
///   It never leaves half: all sessions of a user are in one key, and go together.
///
/// # What is needed
///
/// - Redis 5 or later, or any Valkey; it is tested with Redis 7.0. Scripts (`EVAL`, `EVALSHA`) must be allowed: each verb that writes is
///   one script.
/// - For a user with few rights: `+eval +evalsha +hget +hgetall +hset +hdel +hlen +pttl +pexpire` and the keys `~session:*`.
///   With sentinels `+role`, in a cluster `+cluster|slots +asking`; `+ping` and `+info`, which the warning needs, may be missing.
/// - The user must be able to reach the master. Replicas are not read from, since they lag behind.
///
/// # What it looks like there
///
/// A key is a hash with the sessions of one user, or of one anonymous visitor: `session:{0123456789abcdef}`, of which the digits are a part
/// of a hash of the user's id. Because of the braces a cluster keeps it on one node. Keys expire by themselves with the longest of
/// their sessions.
///
/// Whoever can read the server reads what sessions hold, and can change it; nobody can make a cookie out of it.
#[must_use]
pub struct RedisStore {
    plan: Plan,
    tls: Arc<Tls>,
    prefix: String,
    verbs: OnceLock<Arc<Verbs>>,
}

impl RedisStore {
    /// At one server. It connects when the first session is looked for.
    ///
    /// The URL is `redis://user:password@host:port/database`, all of which but the host may be missing, `rediss://` for TLS, or
    /// `unix:///path/to/socket?db=0&user=..&pass=..`. Special characters in passwords are percent-encoded.
    ///
    /// # Errors
    ///
    /// If the URL cannot be understood.
    pub fn connect_lazy(url: impl AsRef<str>) -> Result<Self, ConfigError> {
        Ok(Self::new(Plan::One(Server::parse(url.as_ref())?)))
    }

    /// At the master that sentinels name, whichever that is at the time.
    ///
    /// `sentinels` are their URLs, with the port (26379 as a rule), and with their own login if they have one. `master` is the master's name, or, if one logs in there or uses
    /// TLS, a URL with the name in the place of the host:
    ///
    /// ```no_run
    /// use muffin_session::RedisStore;
    ///
    /// let sentinels = ["redis://10.0.0.1:26379", "redis://10.0.0.2:26379", "redis://10.0.0.3:26379"];
    /// let store = RedisStore::sentinel(sentinels, "redis://user:password@mymaster/0")?;
    /// # Ok::<(), muffin_session::ConfigError>(())
    /// ```
    ///
    /// The sentinels are asked for each new connection. More than half of them must agree, if so many answer.
    ///
    /// # Errors
    ///
    /// If a URL cannot be understood, or there is none.
    pub fn sentinel<U: AsRef<str>>(
        sentinels: impl IntoIterator<Item = U>,
        master: impl AsRef<str>,
    ) -> Result<Self, ConfigError> {
        let servers = servers(sentinels)?;
        let master = match master.as_ref() {
            url if url.contains("://") => Server::parse(url)?,
            name => Server::parse(&format!("redis://{name}"))?,
        };
        let (name, _) = (master.address())
            .ok_or_else(|| bad_url("the master's name stands where the host would"))?;
        Ok(Self::new(Plan::Master(Sentinels {
            servers,
            name,
            master,
        })))
    }

    /// In a cluster. Some of its nodes suffice, of which one must answer: they name the others. All have the first one's login.
    ///
    /// A session that moves from one user to another, or from an anonymous visitor to a user, may move from one node to another. That is
    /// two steps, in the order that [`Store::rotate`] says.
    ///
    /// # Errors
    ///
    /// If a URL cannot be understood or names a database, of which clusters have one, or if there is none.
    pub fn cluster<U: AsRef<str>>(nodes: impl IntoIterator<Item = U>) -> Result<Self, ConfigError> {
        let nodes = servers(nodes)?;
        if nodes.iter().any(|node| node.login.db() != 0) {
            return Err(bad_url("clusters have no databases but 0"));
        }
        Ok(Self::new(Plan::Cluster(nodes)))
    }

    /// What the names of keys begin with, `session:` if nothing is said.
    ///
    /// Two applications with one prefix do not meet, since names are hashes in which the application's name is. A prefix is for whoever
    /// looks at the server, and for its rights.
    ///
    /// # Errors
    ///
    /// If it is empty or longer than 64 bytes, or has a brace, a blank or a control character in it.
    pub fn prefix(self, prefix: impl Into<String>) -> Result<Self, ConfigError> {
        let prefix = prefix.into();
        let is_odd = |letter: char| {
            matches!(letter, '{' | '}') || letter.is_whitespace() || letter.is_control()
        };
        if prefix.is_empty() || prefix.len() > LONGEST_PREFIX || prefix.contains(is_odd) {
            return Err(ConfigError::new(
                "the prefix of the keys in Redis cannot be used",
                "it is empty, or longer than 64 bytes, or has a brace, a blank or a control character in it",
                "Write it like \"shop:\"",
            ));
        }
        Ok(Self { prefix, ..self })
    }

    /// Whom to trust instead of the authorities that the operating system trusts: certificates in PEM.
    ///
    /// They count for `rediss://` alone. The server's certificate must be for the host in the URL; with sentinels and in clusters, for what
    /// those call the server, which is its IP address unless they are told to announce host names.
    ///
    /// # Errors
    ///
    /// If there is no certificate in it, or what is in it is none.
    pub fn trusting(self, pem: impl AsRef<[u8]>) -> Result<Self, ConfigError> {
        let tls = Arc::new(Tls::trusting(pem.as_ref())?);
        Ok(Self { tls, ..self })
    }

    fn new(plan: Plan) -> Self {
        Self {
            plan,
            tls: Arc::default(),
            prefix: PREFIX.to_owned(),
            verbs: OnceLock::new(),
        }
    }

    /// The verbs, once all settings are made.
    fn verbs(&self) -> Arc<Verbs> {
        Arc::clone(self.verbs.get_or_init(|| {
            Arc::new(Verbs {
                place: Place::new(&self.plan, &self.tls),
                prefix: self.prefix.clone(),
            })
        }))
    }

    /// A verb as a task: it is finished also if its caller does not wait for it, so that connections are known to be good or not, and
    /// what takes two steps in a cluster does not end after the first.
    fn run<T, F>(&self, verb: impl FnOnce(Arc<Verbs>) -> F) -> StoreFuture<'_, T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Failure>> + Send + 'static,
    {
        let verb = verb(self.verbs());
        Box::pin(async move {
            match tokio::spawn(verb).await {
                Ok(answer) => answer.map_err(StoreError::from),
                Err(_) => Err(StoreError::new("the call was cut off")),
            }
        })
    }
}

fn servers<U: AsRef<str>>(urls: impl IntoIterator<Item = U>) -> Result<Vec<Server>, ConfigError> {
    let servers: Vec<_> = (urls.into_iter())
        .map(|url| Server::parse(url.as_ref()))
        .collect::<Result<_, _>>()?;
    if servers.is_empty() {
        return Err(bad_url("there is none"));
    }
    if servers.iter().any(|server| server.address().is_none()) {
        return Err(bad_url(
            "sentinels and nodes of clusters have a host and a port",
        ));
    }
    Ok(servers)
}

/// Where it is, without passwords.
impl std::fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisStore")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

impl Store for RedisStore {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn load(&self, key: RecordKey, now: Timestamp) -> StoreFuture<'_, Option<Record>> {
        self.run(move |verbs| async move { verbs.load(key, now).await })
    }

    fn create(&self, key: RecordKey, record: Record, now: Timestamp) -> StoreFuture<'_, bool> {
        self.run(|verbs| async move { verbs.create(key, record, now).await })
    }

    fn update(
        &self,
        key: RecordKey,
        expected: u64,
        record: Record,
        now: Timestamp,
    ) -> StoreFuture<'_, Outcome> {
        self.run(|verbs| async move { verbs.update(key, expected, record, now).await })
    }

    fn rotate(&self, rotation: Rotation, now: Timestamp) -> StoreFuture<'_, Outcome> {
        self.run(|verbs| async move { verbs.rotate(rotation, now).await })
    }

    fn delete(
        &self,
        key: RecordKey,
        expected: Option<u64>,
        now: Timestamp,
    ) -> StoreFuture<'_, Outcome> {
        self.run(move |verbs| async move { verbs.delete(key, expected, now).await })
    }

    fn list(&self, user: UserKey, now: Timestamp) -> StoreFuture<'_, Vec<(RecordKey, Record)>> {
        self.run(move |verbs| async move { verbs.list(user, now).await })
    }

    fn delete_all(
        &self,
        user: UserKey,
        except: Option<RecordKey>,
        now: Timestamp,
    ) -> StoreFuture<'_, u64> {
        self.run(move |verbs| async move { verbs.delete_all(user, except, now).await })
    }

    /// The server sees to it.
    fn delete_expired(&self, _: Timestamp) -> StoreFuture<'_, u64> {
        Box::pin(async { Ok(0) })
    }
}
