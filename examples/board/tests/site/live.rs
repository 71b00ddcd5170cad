//! News over a `WebSocket`, which ends with the login.

use std::time::Duration;

use futures_util::StreamExt as _;
use reqwest::StatusCode;
use reqwest::header::{COOKIE, HeaderValue, ORIGIN};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::client::{Browser, Site, all_between, password_of};

type Socket = WebSocketStream<TcpStream>;

/// Opens a socket as a page of this origin does, or gives the status that refused it.
async fn open_from(browser: &Browser, origin: &str, cookies: bool) -> Result<Socket, StatusCode> {
    let address = browser.origin.strip_prefix("http://").unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    let request = format!("ws://{address}/live").into_client_request();
    let mut request = request.unwrap();
    let headers = request.headers_mut();
    headers.insert(ORIGIN, HeaderValue::from_str(origin).unwrap());
    if cookies {
        headers.insert(COOKIE, browser.cookies());
    }
    match client_async(request, stream).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(response)) => Err(response.status()),
        Err(error) => panic!("{error}"),
    }
}

async fn open(browser: &Browser) -> Socket {
    open_from(browser, &browser.origin, true).await.unwrap()
}

/// What comes next. It is there at once: a socket looks at its login by itself every half a minute, which is not waited for.
async fn next(socket: &mut Socket) -> Option<Result<Message, Error>> {
    let soon = Duration::from_secs(20);
    timeout(soon, socket.next()).await.unwrap()
}

async fn next_news(socket: &mut Socket) -> Value {
    match next(socket).await {
        Some(Ok(Message::Text(text))) => serde_json::from_str(&text).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// Whether the socket is closed because the login has ended, with nothing said before.
async fn assert_ended(socket: &mut Socket) {
    match next(socket).await {
        Some(Ok(Message::Close(Some(frame)))) => assert_eq!(u16::from(frame.code), 4001),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_others_do_is_told_and_ones_own_doing_shown() {
    let site = Site::start().await;
    let ann = site.register("ann").await;
    let bob = site.register("bob").await;
    let (mut anns, mut bobs) = (open(&ann).await, open(&bob).await);
    let card = bob.add_card("Fix the door").await;
    let told = json!({ "card": 1, "text": "bob added “Fix the door”" });
    assert_eq!(next_news(&mut anns).await, told);
    assert_eq!(
        next_news(&mut bobs).await,
        json!({ "card": 1, "text": null })
    );
    ann.post(&format!("{card}/comments"), &[("text", "Which one?")])
        .await;
    let told = json!({ "card": 1, "text": "ann commented on “Fix the door”" });
    assert_eq!(next_news(&mut bobs).await, told);
}

#[tokio::test]
async fn a_socket_ends_with_its_login() {
    let site = Site::start().await;
    let ann = site.register("ann").await;
    let mut socket = open(&ann).await;
    let elsewhere = site.log_in("ann").await;
    let mut other = open(&elsewhere).await;
    ann.post("/logout", &[]).await;
    assert_ended(&mut socket).await;
    elsewhere.add_card("Still here").await;
    assert_eq!(next_news(&mut other).await["card"], 1);
}

#[tokio::test]
async fn a_socket_ends_when_its_login_is_ended_from_elsewhere() {
    let site = Site::start().await;
    let ann = site.register("ann").await;
    // From the page of devices.
    let mut socket = open(&site.log_in("ann").await).await;
    let page = ann.page("/account/devices").await;
    let ids = all_between(&page, "action=\"/account/devices/", "/end\"");
    ann.post(&format!("/account/devices/{}/end", ids[0]), &[])
        .await;
    assert_ended(&mut socket).await;

    // By a change of the password.
    let mut socket = open(&site.log_in("ann").await).await;
    let old = password_of("ann");
    let new = "rhubarb and cream";
    let form = [("current", &*old), ("password", new), ("again", new)];
    ann.post("/account/password", &form).await;
    assert_ended(&mut socket).await;

    // By the loss of a role.
    let bob = site.register("bob").await;
    ann.post("/staff/users/2/role", &[("role", "moderator")])
        .await;
    let mut socket = open(&bob).await;
    ann.post("/staff/users/2/role", &[("role", "member")]).await;
    assert_ended(&mut socket).await;
}

#[tokio::test]
async fn a_socket_is_for_who_is_logged_in_on_this_site() {
    let site = Site::start().await;
    let ann = site.register("ann").await;
    let refused = open_from(&ann, &ann.origin, false).await.unwrap_err();
    assert_eq!(refused, StatusCode::UNAUTHORIZED);
    let refused = open_from(&ann, "https://elsewhere.example", true).await;
    assert_eq!(refused.unwrap_err(), StatusCode::FORBIDDEN);
}
