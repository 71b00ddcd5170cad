//! The line between a browser and its site, which can be cut.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};

pub(crate) struct Line {
    address: SocketAddr,
    is_cut: watch::Sender<bool>,
    was_tried: Arc<Notify>,
}

impl Line {
    /// Lays a line to a site.
    pub(crate) async fn to(site: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let line = Self {
            address: listener.local_addr().unwrap(),
            is_cut: watch::Sender::new(false),
            was_tried: Arc::default(),
        };
        tokio::spawn(carry(
            listener,
            site,
            line.is_cut.clone(),
            Arc::clone(&line.was_tried),
        ));
        line
    }

    /// What browsers find at the near end.
    pub(crate) fn origin(&self) -> String {
        format!("http://localhost:{}", self.address.port())
    }

    /// Ends all connections, and waits until somebody has tried in vain to get another one.
    pub(crate) async fn cut(&self) {
        self.is_cut.send_replace(true);
        self.was_tried.notified().await;
    }

    pub(crate) fn mend(&self) {
        self.is_cut.send_replace(false);
    }
}

async fn carry(
    listener: TcpListener,
    site: SocketAddr,
    is_cut: watch::Sender<bool>,
    was_tried: Arc<Notify>,
) {
    loop {
        let (mut near, _) = listener.accept().await.unwrap();
        let mut cut = is_cut.subscribe();
        if *cut.borrow() {
            was_tried.notify_one();
            continue;
        }
        tokio::spawn(async move {
            let mut far = TcpStream::connect(site).await.unwrap();
            tokio::select! {
                // However it ends, the browser has seen it.
                _ = copy_bidirectional(&mut near, &mut far) => {}
                _ = cut.wait_for(|&is_cut| is_cut) => {}
            }
        });
    }
}
