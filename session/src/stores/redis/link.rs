//! The way to one server: a connection that is there when it is needed, and is replaced when it is not good any more.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use redis::Value;
use tokio::sync::watch;

use super::connection::Connection;
use super::eviction;
use super::failure::{Failure, Kind};
use super::request::Request;
use super::sentinel::Sentinels;
use super::server::Server;
use super::tls::Tls;

/// The least time between two attempts to connect. Calls wait for the next one: no error is older than the call that it answers.
const PAUSE: Duration = Duration::from_millis(100);

/// What connections are made with.
pub(super) struct Dialer {
    tls: Arc<Tls>,
    /// Whether the server's settings have been looked at.
    looked: AtomicBool,
}

impl Dialer {
    pub(super) fn new(tls: Arc<Tls>) -> Self {
        Self {
            tls,
            looked: AtomicBool::new(false),
        }
    }
}

/// Where a link leads.
pub(super) enum Target {
    /// To this server.
    Server(Server),
    /// To whichever server the sentinels call the master.
    Master(Sentinels),
}

pub(super) struct Link {
    target: Target,
    dialer: Arc<Dialer>,
    state: Mutex<State>,
}

enum State {
    Down,
    Failed(Instant),
    /// Somebody is connecting, and all others wait for what comes of it.
    Dialing(watch::Receiver<Option<Result<Connection, Failure>>>),
    Up(Connection),
}

impl Link {
    pub(super) fn new(target: Target, dialer: Arc<Dialer>) -> Arc<Self> {
        Arc::new(Self {
            target,
            dialer,
            state: Mutex::new(State::Down),
        })
    }

    /// The answer to a request.
    pub(super) async fn run(self: &Arc<Self>, request: &Request) -> Result<Value, Failure> {
        let connection = self.connection().await?;
        let answer = connection.run(request).await;
        self.learn(&connection, &answer);
        answer
    }

    /// The same, at a node to which the slot has not moved yet in full.
    pub(super) async fn run_asking(self: &Arc<Self>, request: &Request) -> Result<Value, Failure> {
        let connection = self.connection().await?;
        let answer = connection.run_asking(request).await;
        self.learn(&connection, &answer);
        answer
    }

    /// A good connection: the one that is there, or a new one.
    pub(super) async fn connection(self: &Arc<Self>) -> Result<Connection, Failure> {
        let mut dialing = {
            let mut state = self.state();
            match &*state {
                State::Up(connection) if connection.is_good() => return Ok(connection.clone()),
                // It is over without a result if the runtime in which it took place has ended.
                State::Dialing(dialing) if dialing.has_changed().is_ok() => dialing.clone(),
                before => {
                    let pause = match before {
                        State::Failed(at) => PAUSE.saturating_sub(at.elapsed()),
                        _ => Duration::ZERO,
                    };
                    let (sender, dialing) = watch::channel(None);
                    *state = State::Dialing(dialing.clone());
                    // In a task: whoever was first may go away, and the others still wait for it.
                    tokio::spawn(Arc::clone(self).dial(pause, sender));
                    dialing
                }
            }
        };
        let result = dialing.wait_for(Option::is_some).await;
        result
            .ok()
            .and_then(|result| result.clone())
            .unwrap_or_else(|| Err(Failure::unreachable("connecting was cut off")))
    }

    async fn dial(
        self: Arc<Self>,
        pause: Duration,
        sender: watch::Sender<Option<Result<Connection, Failure>>>,
    ) {
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        let result = match &self.target {
            Target::Server(server) => Connection::open(server, &self.dialer.tls).await,
            Target::Master(sentinels) => sentinels.connect(&self.dialer.tls).await,
        }
        .map_err(Failure::while_connecting);
        *self.state() = match &result {
            Ok(connection) => State::Up(connection.clone()),
            Err(_) => State::Failed(Instant::now()),
        };
        if let Ok(connection) = &result
            && !self.dialer.looked.swap(true, Ordering::Relaxed)
        {
            tokio::spawn(eviction::warn_of_it(connection.clone()));
        }
        sender.send_replace(Some(result));
    }

    /// A connection that has failed is no one's any more.
    fn learn(&self, connection: &Connection, answer: &Result<Value, Failure>) {
        let Err(failure) = answer else { return };
        // A server that is no master any more: the name of the master may lead to another one by now.
        if !matches!(failure.kind, Kind::Lost | Kind::ReadOnly) {
            return;
        }
        let mut state = self.state();
        if matches!(&*state, State::Up(current) if current.is(connection)) {
            *state = State::Down;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
