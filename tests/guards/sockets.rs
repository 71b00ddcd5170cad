//! Connections that last: guards on the upgrade, the session inside the socket, and whether it is still valid.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::response::sse::{Event, Sse};
use axum::routing::{any, get, post};
use futures_util::stream::{self, Stream};
use futures_util::{SinkExt as _, StreamExt as _};
use muffin_session::{Builder, CurrentUser, Error, Session, login_required, user_loader};
use muffin_session_tests::{Browser, Site, TestClock, builder};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::Message as Sent;
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite};

use crate::post as do_post;

#[derive(Clone)]
struct User {
    id: u64,
}

#[user_loader]
async fn load_user(id: u64) -> Option<User> {
    Some(User { id })
}

#[login_required]
async fn socket(
    CurrentUser(user): CurrentUser<User>,
    session: Session,
    upgrade: WebSocketUpgrade,
) -> Response {
    upgrade.on_upgrade(move |socket| answer(socket, session, user))
}

/// Answers each message with what it knows of the session.
async fn answer(mut socket: WebSocket, session: Session, user: User) {
    while let Some(Ok(Message::Text(text))) = socket.recv().await {
        let answer = match text.as_str() {
            "who" => format!("{} {:?}", user.id, session.user_id::<u64>().unwrap()),
            "data" => format!("{:?}", session.get::<String>("k").unwrap()),
            "valid" => session.is_still_valid().await.to_string(),
            "write" => session.insert("k", "late").unwrap_err().to_string(),
            "flash" => session.flash("late").unwrap_err().to_string(),
            "logout" => {
                session.logout();
                session.is_still_valid().await.to_string()
            }
            _ => return,
        };
        if socket.send(Message::Text(answer.into())).await.is_err() {
            return;
        }
    }
}

#[login_required]
async fn events(session: Session) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let events = stream::unfold((session, 0), async |(session, count)| {
        if count == 3 {
            return None;
        }
        let text = format!("{count} {}", session.is_still_valid().await);
        Some((Ok(Event::default().data(text)), (session, count + 1)))
    });
    Sse::new(events)
}

async fn app() -> (Site, TestClock) {
    app_with(|builder| builder).await
}

async fn app_with(options: impl FnOnce(Builder) -> Builder) -> (Site, TestClock) {
    let clock = TestClock::new();
    let sessions = options(builder())
        .user_loader(load_user)
        .lifetime(Duration::from_secs(3_600))
        .clock(clock.reader())
        .build()
        .unwrap();
    let app = Router::new()
        .route(
            "/login",
            post(async |session: Session| -> Result<(), Error> {
                session.login(7)?;
                session.insert("k", "v")
            }),
        )
        .route("/logout", post(async |session: Session| session.logout()))
        .route("/renew", post(async |session: Session| session.renew()))
        .route("/renewed", post(renewed))
        .route("/socket", any(socket))
        .route("/events", get(events))
        .layer(sessions);
    (Site::serve(app).await, clock)
}

/// What a request says of its own session while it renews it, twice.
async fn renewed(session: Session) -> Result<String, Error> {
    let mut valid = vec![session.is_still_valid().await];
    for _ in 0..2 {
        session.renew()?;
        valid.push(session.is_still_valid().await);
    }
    session.logout();
    valid.push(session.is_still_valid().await);
    Ok(format!("{valid:?}"))
}

type Socket = WebSocketStream<tokio::net::TcpStream>;

/// Opens a socket, or gives the status that refused it.
async fn open(
    site: &Site,
    browser: &Browser,
    headers: &[(&'static str, &str)],
) -> Result<Socket, u16> {
    let mut request = site
        .url("/socket")
        .replace("http", "ws")
        .into_client_request()
        .unwrap();
    if let Some(cookies) = browser.jar.header() {
        request
            .headers_mut()
            .insert("cookie", cookies.parse().unwrap());
    }
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    let stream = tokio::net::TcpStream::connect(site.addr()).await.unwrap();
    match client_async(request, stream).await {
        Ok((socket, _)) => Ok(socket),
        Err(tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

async fn ask(socket: &mut Socket, question: &str) -> String {
    socket.send(Sent::text(question)).await.unwrap();
    socket
        .next()
        .await
        .unwrap()
        .unwrap()
        .into_text()
        .unwrap()
        .to_string()
}

async fn logged_in(site: &Site) -> Browser {
    let browser = site.browser();
    do_post(&browser, "/login").await;
    browser
}

#[tokio::test]
async fn an_upgrade_is_guarded_and_its_origin_is_checked() {
    let (site, _) = app().await;
    let (nobody, browser) = (site.browser(), logged_in(&site).await);
    assert_eq!(
        open(&site, &nobody, &[]).await.err(),
        Some(401),
        "no redirect: it is no page"
    );
    let own = site.url("");
    for (headers, expected) in [
        (&[][..], None),
        (&[("origin", &*own)], None),
        (&[("origin", "https://evil.example")], Some(403)),
        (&[("origin", "null")], Some(403)),
        (&[("sec-fetch-site", "cross-site")], Some(403)),
    ] {
        assert_eq!(
            open(&site, &browser, headers).await.err(),
            expected,
            "s153: {headers:?}"
        );
    }
}

#[tokio::test]
async fn the_session_is_read_inside_the_socket_and_writes_are_errors_that_say_so() {
    let (site, _) = app().await;
    let browser = logged_in(&site).await;
    let mut socket = open(&site, &browser, &[]).await.unwrap();
    assert_eq!(ask(&mut socket, "who").await, "7 Some(7)");
    assert_eq!(ask(&mut socket, "data").await, "Some(\"v\")");
    for write in ["write", "flash"] {
        let error = ask(&mut socket, write).await;
        assert!(error.contains("before the handler returns"), "{error}");
    }
}

#[tokio::test]
async fn a_socket_can_ask_whether_its_session_still_counts() {
    let (site, clock) = app().await;
    for end in ["/logout", "/renew", "/login", "time", "socket"] {
        let browser = logged_in(&site).await;
        let mut socket = open(&site, &browser, &[]).await.unwrap();
        assert_eq!(ask(&mut socket, "valid").await, "true", "s109: {end}");
        match end {
            "time" => clock.advance(Duration::from_secs(3_600)),
            "socket" => assert_eq!(ask(&mut socket, "logout").await, "false"),
            path => do_post(&browser, path).await,
        }
        assert_eq!(ask(&mut socket, "valid").await, "false", "{end}");
        if end == "socket" {
            assert!(
                browser.get("/events").await.status().is_redirection(),
                "the logout counts everywhere"
            );
        }
    }
}

#[tokio::test]
async fn server_sent_events_have_the_session_too() {
    let (site, _) = app().await;
    assert_eq!(site.browser().get("/events").await.status(), 303);
    let text = logged_in(&site).await.text("/events").await;
    assert_eq!(text, "data: 0 true\n\ndata: 1 true\n\ndata: 2 true\n\n");
}

#[tokio::test]
async fn a_session_that_is_being_renewed_is_valid_and_one_that_is_idle_is_not() {
    let (site, _) = app().await;
    let browser = logged_in(&site).await;
    do_post(&browser, "/renew").await;
    let valid = browser.post("/renewed").await.text().await.unwrap();
    assert_eq!(valid, "[true, true, true, false]");

    let (site, clock) = app_with(|builder| builder.idle_timeout(Duration::from_secs(60))).await;
    let browser = logged_in(&site).await;
    let mut socket = open(&site, &browser, &[]).await.unwrap();
    clock.advance(Duration::from_secs(59));
    assert_eq!(ask(&mut socket, "valid").await, "true");
    clock.advance(Duration::from_secs(1));
    assert_eq!(ask(&mut socket, "valid").await, "false");
}
