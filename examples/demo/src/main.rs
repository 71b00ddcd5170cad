//! Starts the demo: reads the settings, listens, and says in one line what went wrong.

use std::env::{self, VarError};
use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
use std::net::Ipv4Addr;
use std::process::ExitCode;

use argon2::password_hash;
use demo::app::app;
use demo::people::People;
use demo::team::DEMO_STAFF;
use demo::users::DEMO_USERS;
use muffin_session::{ConfigError, Secret};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// Where the demo listens unless `PORT` says otherwise.
const DEFAULT_PORT: u16 = 3000;

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

    let app = app(secret()?, People::demo()?)?;

    // Before anybody is told how to stop it.
    let stop = stop().map_err(StartError::Serve)?;
    // A closed standard output is no reason not to serve.
    let _ = io::stdout().write_all(greeting(port).as_bytes());
    axum::serve(listener, app)
        .with_graceful_shutdown(stop)
        .await
        .map_err(StartError::Serve)
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

fn greeting(port: u16) -> String {
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
    if !is_secret_set() {
        text += "\nSESSION_SECRET is not set, so logins end when the demo does. For logins that last:\n  \
                 export SESSION_SECRET=\"$(openssl rand -base64 48)\"\n";
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
