//! Starts the board: reads the settings, listens, and stops when it is told to.

use std::env::{self, VarError};
use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use board::app::{App, app};
use board::settings::{Settings, SettingsError};
use tokio::net::TcpListener;

/// Where the board listens unless `HOST` and `PORT` say otherwise: on this machine alone.
const DEFAULT_HOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const DEFAULT_PORT: u16 = 3000;

/// How often sessions that are over are removed from their store.
const SWEEP: Duration = Duration::from_mins(5);

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // With nobody to read it, there is nothing left to do.
            let _ = writeln!(io::stderr(), "board: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), StartError> {
    let settings = Settings::from_env()?;
    let secret = settings.secret()?;
    let proxies = Settings::proxies()?;
    let (db, store) = settings.open().await?;
    let App { router, sessions } = app(&secret, db.clone(), store, proxies)?;

    let listener = TcpListener::bind((host()?, port()?)).await?;
    // Before anybody is told how to stop it.
    let stop = stop()?;
    // A closed standard output is no reason not to serve.
    let greeting = greeting(listener.local_addr()?);
    let _ = io::stdout().write_all(greeting.as_bytes());

    let sweeper = sessions.sweep_every(SWEEP);
    // With the address of whoever connects, which the bounds on passwords and registrations count by.
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, service).with_graceful_shutdown(stop);
    served.await?;
    // The requests that were under way are answered; what is left is to put things in order.
    sweeper.stop().await;
    db.close().await;
    Ok(())
}

type StartError = Box<dyn std::error::Error>;

/// The address in the environment.
fn host() -> Result<IpAddr, StartError> {
    match env::var("HOST") {
        Err(VarError::NotPresent) => Ok(DEFAULT_HOST),
        Ok(text) => text.parse().map_err(|_| {
            "HOST must be an IP address of this machine, like 127.0.0.1, or 0.0.0.0 for all of them".into()
        }),
        Err(VarError::NotUnicode(_)) => Err(SettingsError::NoText("HOST").into()),
    }
}

/// The port in the environment; 0 means any free one.
fn port() -> Result<u16, StartError> {
    match env::var("PORT") {
        Err(VarError::NotPresent) => Ok(DEFAULT_PORT),
        Ok(text) => text
            .parse()
            .map_err(|_| "PORT must be a number from 0 to 65535 (0 means any free one)".into()),
        Err(VarError::NotUnicode(_)) => Err(SettingsError::NoText("PORT").into()),
    }
}

fn greeting(address: SocketAddr) -> String {
    let (site, browsers) = if address.ip() == DEFAULT_HOST {
        (
            format!("http://localhost:{}", address.port()),
            "Use any browser but Safari, which keeps no login on http://localhost.",
        )
    } else {
        (
            format!("http://{address}"),
            "Browsers keep logins over https alone, but for http://localhost: put a proxy with TLS in front.",
        )
    };
    let secret = if Settings::has_secret() {
        ""
    } else {
        "SESSION_SECRET is not set, so logins end when the board does. For logins that last:\n  \
         export SESSION_SECRET=\"$(openssl rand -base64 48)\"\n"
    };
    format!(
        "Board: {site}\n\
         The first to register is the admin.\n{secret}\
         {browsers}\n\
         Stop with ctrl-c.\n"
    )
}

/// Listens from now on for ctrl-c and for what service managers send, and gives what waits for it.
#[cfg(unix)]
fn stop() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Gives what waits for ctrl-c.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps, reason = "as on Unix")]
fn stop() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            // Without a handler, ctrl-c ends the process at once.
            std::future::pending::<()>().await;
        }
    })
}
