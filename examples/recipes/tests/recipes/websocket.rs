//! A socket before and after the logout.

use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::header::{COOKIE, ORIGIN};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::running::{Running, cookies, redirect};

/// Opens a socket as a page of `origin` does, or gives the status that refused it.
async fn open(
    site: &Running,
    cookies: &str,
    origin: &str,
) -> Result<WebSocketStream<TcpStream>, u16> {
    let address = site.origin().strip_prefix("http://").unwrap();
    let url = format!("ws://{address}/socket");
    let mut request = url.into_client_request().unwrap();
    let headers = request.headers_mut();
    headers.insert(COOKIE, cookies.parse().unwrap());
    headers.insert(ORIGIN, origin.parse().unwrap());
    let stream = TcpStream::connect(address).await.unwrap();
    match client_async(request, stream).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(response)) => Err(response.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_socket_is_for_a_login_and_closes_when_that_ends() {
    let site = Running::start(env!("CARGO_BIN_EXE_websocket"), &[]);
    let browser = site.browser();
    assert!(browser.text("/").await.contains("new WebSocket"));
    assert_eq!(open(&site, "", site.origin()).await.err(), Some(401));

    let login = browser.post("/login").await;
    assert_eq!(redirect(&login), "/");
    let cookies = cookies(&login);
    let elsewhere = "https://elsewhere.example";
    assert_eq!(open(&site, &cookies, elsewhere).await.err(), Some(403));

    let mut socket = open(&site, &cookies, site.origin()).await.unwrap();
    socket.send(Message::text("Hello")).await.unwrap();
    let echoed = socket.next().await.unwrap().unwrap();
    assert_eq!(echoed, Message::text("Hello"));

    assert_eq!(redirect(&browser.post("/logout").await), "/");
    socket.send(Message::text("Hello?")).await.unwrap();
    let is_text = |message: &Message| message.is_text();
    let rest = socket.next().await.and_then(Result::ok);
    assert!(!rest.as_ref().is_some_and(is_text), "{rest:?}");
}
