//! One connection, shared by all calls at once, which knows whether it still lives.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::io::tcp::socket2::{SockRef, TcpKeepalive};
use redis::{AsyncConnectionConfig, Cmd, Pipeline, RedisError, Value};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::AbortHandle;

use super::failure::{Failure, Kind};
use super::request::Request;
use super::server::{Endpoint, Server};
use super::tls::Tls;

/// How long it may take until a connection is there, with TLS and login.
const CONNECTING: Duration = Duration::from_millis(800);
/// When it is tried once more beside the first attempt: what a network has swallowed stays silent, also when the network is back.
const SECOND_ATTEMPT: Duration = Duration::from_millis(400);
/// How long an answer may take.
const ANSWERING: Duration = Duration::from_millis(1_800);
/// How long a connection may owe answers and give none until new calls take another one. The calls that wait go on waiting.
const SILENCE: Duration = Duration::from_millis(500);
/// When the system looks whether a connection on which nothing happens still has another end.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// A connection. Clones are the same one.
#[derive(Clone)]
pub(super) struct Connection {
    redis: MultiplexedConnection,
    shared: Arc<Shared>,
}

struct Shared {
    closed: Arc<AtomicBool>,
    owed: Mutex<Owed>,
    driver: AbortHandle,
}

/// The answers that are missing.
struct Owed {
    answers: usize,
    /// Since when nothing has come, if any are missing.
    silent_since: Instant,
}

/// A connection that nobody uses any more is closed, even if the other end still owes an answer.
impl Drop for Shared {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Connection {
    pub(super) async fn open(server: &Server, tls: &Tls) -> Result<Self, Failure> {
        let attempt = async || {
            let connection = Self::open_at_leisure(server, tls).await?;
            connection.greet().await?;
            Ok(connection)
        };
        let open = async {
            tokio::select! {
                opened = attempt() => opened,
                opened = async {
                    tokio::time::sleep(SECOND_ATTEMPT).await;
                    attempt().await
                } => opened,
            }
        };
        (tokio::time::timeout(CONNECTING, open).await)
            .unwrap_or_else(|_| Err(Failure::unreachable("no connection in time")))
    }

    /// A system takes connections also for a server that hangs. Errors are answers too: whoever gives them is there.
    async fn greet(&self) -> Result<(), Failure> {
        match self.send(&redis::cmd("PING")).await {
            Err(failure) if failure.kind == Kind::Lost => Err(failure),
            _ => Ok(()),
        }
    }

    async fn open_at_leisure(server: &Server, tls: &Tls) -> Result<Self, Failure> {
        match &server.endpoint {
            Endpoint::Tcp { host, port } => {
                let stream = (TcpStream::connect((host.as_str(), *port)).await)
                    .and_then(prepared)
                    .map_err(RedisError::from)?;
                if server.encrypted {
                    Self::over(server, tls.connect(host, stream).await?).await
                } else {
                    Self::over(server, stream).await
                }
            }
            #[cfg(unix)]
            Endpoint::Unix(path) => {
                let stream =
                    (tokio::net::UnixStream::connect(path).await).map_err(RedisError::from)?;
                Self::over(server, stream).await
            }
            #[cfg(not(unix))]
            Endpoint::Unix(_) => Err(Failure::unreachable("this system has no Unix sockets")),
        }
    }

    async fn over<S>(server: &Server, stream: S) -> Result<Self, Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let config = AsyncConnectionConfig::new().set_response_timeout(Some(ANSWERING));
        let (redis, driver) =
            MultiplexedConnection::new_with_config(&server.login, stream, config).await?;
        let closed = Arc::new(AtomicBool::new(false));
        let driver = tokio::spawn({
            let closed = Arc::clone(&closed);
            async move {
                let _close = SetOnDrop(closed);
                driver.await;
            }
        })
        .abort_handle();
        let owed = Mutex::new(Owed {
            answers: 0,
            silent_since: Instant::now(),
        });
        Ok(Self {
            redis,
            shared: Arc::new(Shared {
                closed,
                owed,
                driver,
            }),
        })
    }

    /// Whether a new call should take it.
    pub(super) fn is_good(&self) -> bool {
        let owed = self.owed();
        let silent = owed.answers > 0 && owed.silent_since.elapsed() > SILENCE;
        !silent && !self.shared.closed.load(Ordering::Acquire)
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// The answer to a request. A script that the server does not know is sent in full.
    pub(super) async fn run(&self, request: &Request) -> Result<Value, Failure> {
        match self.send(&request.command()).await {
            Err(Failure {
                kind: Kind::NoScript,
                ..
            }) => self.send(&request.in_full()).await,
            answer => answer,
        }
    }

    /// The same, at a node to which the slot has not moved yet in full.
    pub(super) async fn run_asking(&self, request: &Request) -> Result<Value, Failure> {
        match self.send_asking(request.command()).await {
            Err(Failure {
                kind: Kind::NoScript,
                ..
            }) => self.send_asking(request.in_full()).await,
            answer => answer,
        }
    }

    pub(super) async fn send(&self, command: &Cmd) -> Result<Value, Failure> {
        self.expect_answer();
        let answer = self.redis.clone().send_packed_command(command).await;
        self.answered();
        Ok(answer.and_then(Value::extract_error)?)
    }

    async fn send_asking(&self, command: Cmd) -> Result<Value, Failure> {
        let mut both = Pipeline::with_capacity(2);
        both.cmd("ASKING").add_command(command);
        self.expect_answer();
        let answers = self.redis.clone().send_packed_commands(&both, 1, 1).await;
        self.answered();
        let answer = answers?.pop().ok_or_else(Failure::unexpected)?;
        Ok(answer.extract_error()?)
    }

    fn expect_answer(&self) {
        let mut owed = self.owed();
        if owed.answers == 0 {
            owed.silent_since = Instant::now();
        }
        owed.answers += 1;
    }

    fn answered(&self) {
        let mut owed = self.owed();
        owed.answers = owed.answers.saturating_sub(1);
        owed.silent_since = Instant::now();
    }

    fn owed(&self) -> std::sync::MutexGuard<'_, Owed> {
        self.shared
            .owed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Set when the task that drives a connection ends, also with its runtime.
struct SetOnDrop(Arc<AtomicBool>);

impl Drop for SetOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Small packets leave at once, and a peer that is gone is noticed while nothing happens.
fn prepared(stream: TcpStream) -> io::Result<TcpStream> {
    stream.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE)
        .with_interval(KEEPALIVE / 3);
    SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
    Ok(stream)
}
