//! A network between a client and a server that can fail: it passes bytes on, swallows them, or is not there.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Listens on a port of its own, in front of a server, until it is dropped.
pub struct Proxy {
    addr: SocketAddr,
    weather: watch::Sender<Weather>,
    connections: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Weather {
    Fair,
    /// Connections stay open and are made, and no byte comes through. The second number counts how often that has happened.
    Swallowing(u64),
}

impl Proxy {
    /// In front of a server on this machine.
    ///
    /// # Panics
    ///
    /// If no port can be had.
    pub async fn in_front_of(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let addr = listener.local_addr().expect("a bound port has an address");
        let (weather, seen) = watch::channel(Weather::Fair);
        let connections = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&connections);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(carry(client, server, seen.clone()));
            }
        });
        Self {
            addr,
            weather,
            connections,
            task,
        }
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.addr.port()
    }

    /// How many connections have been made so far.
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    /// From now on nothing comes through. What is under way is lost for ever, and so are the connections: they never carry
    /// anything again, and are not closed either.
    pub fn swallow(&self) {
        self.weather.send_modify(|weather| {
            *weather = match *weather {
                Weather::Fair => Weather::Swallowing(0),
                Weather::Swallowing(times) => Weather::Swallowing(times + 1),
            };
        });
    }

    /// New connections come through again.
    pub fn recover(&self) {
        self.weather.send_replace(Weather::Fair);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(client: TcpStream, server: u16, mut weather: watch::Receiver<Weather>) {
    if *weather.borrow_and_update() == Weather::Fair
        && let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await
    {
        let (mut client_reads, mut client_writes) = client.into_split();
        let (mut server_reads, mut server_writes) = server.into_split();
        tokio::select! {
            () = pump(&mut client_reads, &mut server_writes) => return,
            () = pump(&mut server_reads, &mut client_writes) => return,
            // The weather changes at most once for a connection: after that it carries nothing, and stays open.
            _ = weather.changed() => {}
        }
        std::future::pending::<()>().await;
    }
    std::future::pending::<()>().await;
}

async fn pump(from: &mut OwnedReadHalf, to: &mut OwnedWriteHalf) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
