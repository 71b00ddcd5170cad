//! Starts the demo: reads the settings, listens, and says in one line what went wrong.

use std::env::{self, VarError};
use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::time::Duration;

use argon2::password_hash;
use demo::app::{App, app};
use demo::people::People;
use demo::team::DEMO_STAFF;
use demo::users::DEMO_USERS;
use muffin_session::{AnyStore, ConfigError, Secret, Store as _, StoreError, store_from_url};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// Where the demo listens unless `PORT` says otherwise.
const DEFAULT_PORT: u16 = 3000;

/// How often what is over is removed from the store.
const SWEEP: Duration = Duration::from_mins(5);

fn main() -> ExitCode {
    // The library logs what a page cannot say, such as a line that is missing in the application.
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // With nobody to read it, there is nothing left to do.
            let _ = writeln!(io::stderr(), "demo: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), StartError> {
    let port = port()?;
    Runtime::new()
        .map_err(StartError::Runtime)?
        .block_on(serve(port))
}

async fn serve(port: u16) -> Result<(), StartError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|error| StartError::Listen { port, error })?;
    let port = listener.local_addr().map_err(StartError::Serve)?.port();

    let store = store().await?;
    let greeting = greeting(port, store.as_ref());
    let App { router, sessions } = app(&secret()?, People::demo()?, store.as_ref())?;

    // Before anybody is told how to stop it.
    let stop = stop().map_err(StartError::Serve)?;
    // A closed standard output is no reason not to serve.
    let _ = io::stdout().write_all(greeting.as_bytes());
    let sweeper = store.map(|_| sessions.sweep_every(SWEEP));
    let served = axum::serve(listener, router)
        .with_graceful_shutdown(stop)
        .await;
    if let Some(sweeper) = sweeper {
        sweeper.stop().await;
    }
    served.map_err(StartError::Serve)
}

/// The store that the environment names, with its table made where it needs one. Without one, sessions are in cookies.
async fn store() -> Result<Option<AnyStore>, StartError> {
    let url = match env::var("SESSION_STORE") {
        Ok(url) if !url.trim().is_empty() => url,
        Ok(_) | Err(VarError::NotPresent) => return Ok(None),
        Err(VarError::NotUnicode(_)) => return Err(StartError::StoreIsNoText),
    };
    let store = store_from_url(&url).map_err(|error| match missing_feature(&url) {
        Some(feature) => StartError::StoreMissing(feature),
        None => StartError::StoreUrl(error),
    })?;
    let migrated = store.migrate().await;
    migrated.map_err(|error| StartError::Store(store.name(), error))?;
    Ok(Some(store))
}

/// The feature that a store needs, if this demo is built without it.
fn missing_feature(url: &str) -> Option<&'static str> {
    let features = [
        ("sqlite", "sqlite", cfg!(feature = "sqlite")),
        ("postgres", "postgres", cfg!(feature = "postgres")),
        ("mysql", "mysql", cfg!(feature = "mysql")),
        ("mariadb", "mysql", cfg!(feature = "mysql")),
        ("redis", "redis", cfg!(feature = "redis")),
        ("valkey", "redis", cfg!(feature = "redis")),
    ];
    let url = url.trim().to_ascii_lowercase();
    let is_missing =
        |(scheme, _, is_built_in): &(&str, _, bool)| url.starts_with(scheme) && !is_built_in;
    let missing = features.into_iter().find(is_missing);
    missing.map(|(_, feature, _)| feature)
}

/// The port in the environment; 0 means any free one.
fn port() -> Result<u16, StartError> {
    match env::var("PORT") {
        Err(VarError::NotPresent) => Ok(DEFAULT_PORT),
        Ok(text) => text.parse().map_err(|_| StartError::Port(text)),
        Err(VarError::NotUnicode(text)) => {
            Err(StartError::Port(text.to_string_lossy().into_owned()))
        }
    }
}

/// The secret in the environment, or a new one.
fn secret() -> Result<Secret, ConfigError> {
    if is_secret_set() {
        Secret::from_env("SESSION_SECRET")
    } else {
        Secret::generate()
    }
}

/// Whether there is a secret in the environment, so that logins outlive a restart.
fn is_secret_set() -> bool {
    env::var_os("SESSION_SECRET").is_some()
}

fn greeting(port: u16, store: Option<&AnyStore>) -> String {
    let mut text = format!("Muffin demo: http://localhost:{port}\n\nLog in as\n");
    for user in DEMO_USERS {
        let role = if user.is_admin { "  (admin)" } else { "" };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {}  {}{role}", user.name, user.password);
    }
    for staff in DEMO_STAFF {
        let _ = writeln!(
            text,
            "  {}  {}  (staff, at /staff/login)",
            staff.name, staff.password
        );
    }
    if let Some(store) = store {
        let _ = writeln!(text, "\nSessions are in a store: {}", store.name());
    }
    if !is_secret_set() {
        text += "\nSESSION_SECRET is not set, so logins end when the demo does";
        if store.is_some() {
            text += ", and count in no other process";
        }
        text += ". For logins that last:\n  export SESSION_SECRET=\"$(openssl rand -base64 48)\"\n";
    }
    // The cookies are `Secure`, which every large browser but Safari keeps on this machine's own address.
    text + "\nUse any browser but Safari, which keeps no login on http://localhost.\nStop with ctrl-c.\n"
}

/// Listens for ctrl-c from now on, and gives what waits for it.
#[cfg(unix)]
fn stop() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupts = signal(SignalKind::interrupt())?;
    Ok(async move {
        interrupts.recv().await;
    })
}

/// Gives what waits for ctrl-c.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps, reason = "as on Unix")]
fn stop() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            // Without a handler, ctrl-c ends the process at once, as it does for any other.
            std::future::pending::<()>().await;
        }
    })
}

/// Why the demo does not run. Each is one line that says what to do.
#[derive(Debug)]
enum StartError {
    Port(String),
    Listen { port: u16, error: io::Error },
    Runtime(io::Error),
    Config(ConfigError),
    Hash(password_hash::Error),
    StoreIsNoText,
    StoreUrl(ConfigError),
    StoreMissing(&'static str),
    Store(&'static str, StoreError),
    Serve(io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port(text) => write!(
                f,
                "PORT must be a number from 0 to 65535 (0 means any free one), not {text:?}"
            ),
            Self::Listen { port, error } => write!(
                f,
                "cannot listen on 127.0.0.1:{port}: {error}; choose another port, such as PORT=0 for any free one"
            ),
            Self::Runtime(error) => write!(f, "cannot start: {error}"),
            Self::Config(error) => error.fmt(f),
            Self::Hash(error) => write!(f, "cannot hash the demo's passwords: {error}"),
            Self::StoreIsNoText => f.write_str("SESSION_STORE must be text"),
            Self::StoreUrl(error) => write!(f, "SESSION_STORE: {error}"),
            Self::StoreMissing(feature) => write!(
                f,
                "SESSION_STORE needs the feature {feature:?}, which this demo is built without; run it with: cargo run -p demo --features {feature}"
            ),
            Self::Store(store, error) => {
                write!(
                    f,
                    "the store of SESSION_STORE ({store}) cannot be used: {error}"
                )
            }
            Self::Serve(error) => write!(f, "cannot go on serving: {error}"),
        }
    }
}

impl std::error::Error for StartError {}

impl From<ConfigError> for StartError {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl From<password_hash::Error> for StartError {
    fn from(error: password_hash::Error) -> Self {
        Self::Hash(error)
    }
}
