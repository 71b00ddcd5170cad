//! Redis servers that belong to one test: alone, in a cluster, or watched by sentinels. They end when they are dropped.

use std::path::Path;
use std::process::Stdio;

use redis::{IntoConnectionInfo as _, RedisResult, ToRedisArgs, Value};
use tokio::process::{Child, Command};

use crate::servers::Folder;
pub use crate::servers::{free_port, wait_for};

/// A `redis-server` on a port and with a folder of its own. It keeps its data on disk and fsyncs each change, so that what has been
/// acknowledged is there after a [`kill`](Self::kill) and a [`start_again`](Self::start_again).
pub struct RedisServer {
    port: u16,
    arguments: Vec<String>,
    process: Option<Child>,
    folder: Folder,
}

/// What is on the disk of each change that has been acknowledged.
const KEEPING: [&str; 6] = [
    "--appendonly",
    "yes",
    "--appendfsync",
    "always",
    "--save",
    "",
];

impl RedisServer {
    /// With the defaults.
    ///
    /// # Panics
    ///
    /// If `redis-server` does not start, or does not answer.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With more arguments, as on the command line: `["--maxmemory", "10mb"]`.
    ///
    /// # Panics
    ///
    /// If `redis-server` does not start, or does not answer.
    pub async fn start_with(arguments: &[&str]) -> Self {
        let port = free_port();
        let mut all = vec!["--port".to_owned(), port.to_string()];
        all.extend(arguments.iter().map(|&argument| argument.to_owned()));
        Self::launch(port, Folder::new("redis"), all).await
    }

    /// With the server's own defaults of what is kept: a snapshot now and then, and one when it is stopped.
    ///
    /// # Panics
    ///
    /// If `redis-server` does not start, or does not answer.
    pub async fn start_forgetful() -> Self {
        let port = free_port();
        let arguments = ["--port".to_owned(), port.to_string()];
        let mut server = Self {
            port,
            arguments: arguments.to_vec(),
            folder: Folder::new("redis"),
            process: None,
        };
        server.start_again().await;
        server
    }

    async fn launch(port: u16, folder: Folder, mut arguments: Vec<String>) -> Self {
        arguments.extend(KEEPING.map(str::to_owned));
        let mut server = Self {
            port,
            arguments,
            folder,
            process: None,
        };
        server.start_again().await;
        server
    }

    /// Starts it after it has been stopped or killed: on the same port, with the same data.
    ///
    /// # Panics
    ///
    /// If it does not start, or does not answer.
    pub async fn start_again(&mut self) {
        assert!(self.process.is_none(), "the server runs already");
        let process = Command::new("redis-server")
            .args(&self.arguments)
            .args(["--bind", "127.0.0.1", "--logfile", "log", "--dir"])
            .arg(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the program redis-server");
        self.process = Some(process);
        wait_for("a server that answers", async || {
            if let Some(status) = self
                .process
                .as_mut()
                .and_then(|process| process.try_wait().ok()?)
            {
                let log =
                    std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
                panic!("redis-server has ended with {status}: {log}");
            }
            // Errors are answers too: a server that wants a password is there.
            match self.command(&["PING"]).await {
                Ok(_) => true,
                Err(error) => !error.is_io_error() && error.code() != Some("LOADING"),
            }
        })
        .await;
    }

    /// Ends it as an administrator does, and waits until it is gone.
    pub async fn stop(&mut self) {
        self.signal("TERM").await;
        self.wait().await;
    }

    /// Ends it as a power failure does, and waits until it is gone.
    pub async fn kill(&mut self) {
        self.signal("KILL").await;
        self.wait().await;
    }

    /// Lets it hang: the system takes connections for it and keeps what is sent, and there are no answers.
    pub async fn freeze(&self) {
        self.signal("STOP").await;
    }

    /// Lets it go on.
    pub async fn thaw(&self) {
        self.signal("CONT").await;
    }

    /// The port that it listens on, unless the arguments say another one.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where its data are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// What it answers to a command, over a connection made for it.
    ///
    /// # Errors
    ///
    /// If it cannot be reached, or answers with an error.
    pub async fn command<A: ToRedisArgs>(&self, command: &[A]) -> RedisResult<Value> {
        ask(&self.url(), command).await
    }

    async fn signal(&self, signal: &str) {
        let process = self.process.as_ref().and_then(Child::id);
        let process = process.expect("a server that runs");
        let status = Command::new("sh")
            .args(["-c", &format!("kill -{signal} {process}")])
            .status()
            .await
            .expect("a shell");
        assert!(status.success(), "the signal {signal} could not be sent");
    }

    async fn wait(&mut self) {
        let mut process = self.process.take().expect("a server that runs");
        process.wait().await.expect("a process of our own");
    }
}

/// A cluster of three masters, and of three replicas if wanted.
pub struct RedisCluster {
    /// Its nodes.
    pub nodes: Vec<RedisServer>,
}

impl RedisCluster {
    /// Starts the nodes, gives each of them its slots, and waits until they agree.
    ///
    /// # Panics
    ///
    /// If that takes too long, or `redis-cli` refuses.
    pub async fn start() -> Self {
        Self::start_with(0, &[]).await
    }

    /// The same, with so many replicas of each master, and more arguments for each node.
    ///
    /// # Panics
    ///
    /// If that takes too long, or `redis-cli` refuses.
    pub async fn start_with(replicas: usize, arguments: &[&str]) -> Self {
        let mut nodes = Vec::new();
        for _ in 0..3 * (1 + replicas) {
            let bus = free_port().to_string();
            let mut all = vec!["--cluster-enabled", "yes", "--cluster-port", &bus];
            all.extend(["--cluster-node-timeout", "2000"]);
            all.extend(arguments);
            nodes.push(RedisServer::start_with(&all).await);
        }
        let addresses = nodes.iter().map(|node| format!("127.0.0.1:{}", node.port));
        let output = Command::new("redis-cli")
            .args(["--cluster", "create"])
            .args(addresses)
            .args(["--cluster-yes", "--cluster-replicas", &replicas.to_string()])
            .output()
            .await
            .expect("the program redis-cli");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "redis-cli: {said}");
        let cluster = Self { nodes };
        cluster.wait_until_it_is_whole().await;
        cluster
    }

    /// Waits until each node knows all others, and says that all slots are served.
    ///
    /// # Panics
    ///
    /// If that takes too long.
    pub async fn wait_until_it_is_whole(&self) {
        let all = format!("cluster_known_nodes:{}", self.nodes.len());
        wait_for("a cluster that is whole", async || {
            for node in &self.nodes {
                let info = node.command(&["CLUSTER", "INFO"]).await;
                let info = info.map(|info| text(&info)).unwrap_or_default();
                if !info.contains("cluster_state:ok") || !info.contains(&all) {
                    return false;
                }
            }
            true
        })
        .await;
    }

    /// The URLs of its nodes.
    pub fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(RedisServer::url).collect()
    }
}

/// A master, a replica, and three sentinels that notice within a second when the master is gone.
pub struct RedisSentinels {
    /// The servers. The first one is the master until one of them takes its place.
    pub servers: Vec<RedisServer>,
    /// The sentinels.
    pub sentinels: Vec<RedisServer>,
}

impl RedisSentinels {
    /// What the master is called.
    pub const NAME: &str = "mymaster";

    /// Starts all of them, and waits until they know each other.
    ///
    /// # Panics
    ///
    /// If that takes too long.
    pub async fn start() -> Self {
        let master = RedisServer::start().await;
        let port = master.port.to_string();
        let replica = RedisServer::start_with(&["--replicaof", "127.0.0.1", &port]).await;
        let mut sentinels = Vec::new();
        for _ in 0..3 {
            sentinels.push(Self::sentinel(master.port).await);
        }
        let all = Self {
            servers: vec![master, replica],
            sentinels,
        };
        wait_for("sentinels that know all there is", async || {
            for sentinel in &all.sentinels {
                let known = sentinel.command(&["SENTINEL", "MASTER", Self::NAME]).await;
                let known = known.map(|known| texts(&known)).unwrap_or_default();
                let has = |name: &str, value: &str| {
                    known
                        .chunks(2)
                        .any(|pair| pair[0] == name && pair[1] == value)
                };
                if !has("num-slaves", "1")
                    || !has("num-other-sentinels", "2")
                    || !has("flags", "master")
                {
                    return false;
                }
            }
            let role = all.servers[1].command(&["ROLE"]).await;
            role.is_ok_and(|role| texts(&role).iter().any(|word| word == "connected"))
        })
        .await;
        all
    }

    async fn sentinel(master: u16) -> RedisServer {
        let folder = Folder::new("redis");
        let configuration = folder.path().join("sentinel.conf");
        let name = Self::NAME;
        let lines = format!(
            "sentinel monitor {name} 127.0.0.1 {master} 2\n\
             sentinel down-after-milliseconds {name} 700\n\
             sentinel failover-timeout {name} 4000\n"
        );
        std::fs::write(&configuration, lines).expect("a folder of our own");
        let port = free_port();
        let configuration = configuration.to_str().expect("a path in plain letters");
        let arguments = [configuration, "--sentinel", "--port", &port.to_string()];
        RedisServer::launch(port, folder, arguments.map(str::to_owned).to_vec()).await
    }

    /// The sentinels' URLs.
    pub fn urls(&self) -> Vec<String> {
        self.sentinels.iter().map(RedisServer::url).collect()
    }

    /// Waits until this server calls itself the master.
    ///
    /// # Panics
    ///
    /// If that takes too long.
    pub async fn wait_for_promotion(&self, server: usize) {
        wait_for("a replica that is promoted", async || {
            let role = self.servers[server].command(&["ROLE"]).await;
            role.is_ok_and(|role| texts(&role).first().is_some_and(|role| role == "master"))
        })
        .await;
    }
}

/// What a server answers to a command, over a connection made for it.
///
/// # Errors
///
/// If it cannot be reached, or answers with an error.
pub async fn ask<A: ToRedisArgs>(url: &str, command: &[A]) -> RedisResult<Value> {
    let client = redis::Client::open(url.into_connection_info()?)?;
    let mut connection = client.get_multiplexed_async_connection().await?;
    let mut all = redis::Cmd::new();
    for word in command {
        all.arg(word);
    }
    let answer = connection.send_packed_command(&all).await?;
    answer.extract_error()
}

/// An answer that is text.
pub fn text(value: &Value) -> String {
    match value {
        Value::BulkString(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Value::SimpleString(text) => text.clone(),
        Value::Int(number) => number.to_string(),
        _ => String::new(),
    }
}

/// An answer that is a list of texts.
pub fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().map(text).collect(),
        _ => Vec::new(),
    }
}
