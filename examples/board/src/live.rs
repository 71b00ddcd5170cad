//! What happens on the board while somebody looks at it: a `WebSocket` that ends with the login that it was opened with.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use muffin_session::{CurrentUser, Session, login_required};
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{Receiver, Sender, channel};
use tokio::time::interval;

use crate::app::Board;
use crate::users::User;

/// How many pieces of news somebody with a slow connection may be behind.
const BACKLOG: usize = 64;

/// How often a login is looked at while nothing happens: it may have been ended in another process.
const LOOK: Duration = Duration::from_secs(30);

/// What a browser is told when its login has ended. From 4000 on, codes belong to applications (RFC 6455, section 7.4.2).
const LOGIN_ENDED: u16 = 4001;

/// Tells everybody who looks at the board, in this process.
#[derive(Clone)]
pub(crate) struct Live {
    sender: Sender<News>,
}

#[derive(Clone)]
enum News {
    /// Somebody did something to a card.
    Card { by: i64, card: i64, text: Arc<str> },
    /// A login has ended: is it this one?
    LoginEnded,
}

impl Live {
    pub(crate) fn new() -> Self {
        Self {
            sender: channel(BACKLOG).0,
        }
    }

    /// Says what a user did to a card.
    pub(crate) fn tell(&self, user: &User, card: i64, did: &str) {
        // With nobody there to hear it, all is well.
        let _ = self.sender.send(News::Card {
            by: user.id,
            card,
            text: format!("{} {did}", user.name).into(),
        });
    }

    /// Has every socket look at once whether its login still counts.
    pub(crate) fn login_ended(&self) {
        let _ = self.sender.send(News::LoginEnded);
    }
}

/// The socket. The library has looked where the request comes from: another site's page cannot open it.
#[login_required]
pub(crate) async fn socket(
    State(board): State<Board>,
    CurrentUser(user): CurrentUser<User>,
    session: Session,
    upgrade: WebSocketUpgrade,
) -> Response {
    // From now on, so that nothing is missed while the connection is made.
    let news = board.live.sender.subscribe();
    upgrade.on_upgrade(async move |mut socket| {
        if let Some(frame) = tell(&mut socket, news, &session, &user).await {
            // Who is gone hears no reason.
            let _ = socket.send(Message::Close(Some(frame))).await;
        }
    })
}

/// Passes the news on, until the browser leaves or the login ends: then there is something to say.
async fn tell(
    socket: &mut WebSocket,
    mut news: Receiver<News>,
    session: &Session,
    user: &User,
) -> Option<CloseFrame> {
    let mut look = interval(LOOK);
    loop {
        let message = tokio::select! {
            news = next(&mut news) => news?.for_reader(user),
            _ = look.tick() => None,
            said = socket.recv() => match said {
                // Nothing that it could say is of interest.
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => return None,
            },
        };
        // Before each message, so that none goes to somebody who has logged out.
        if !session.is_still_valid().await {
            return Some(CloseFrame {
                code: LOGIN_ENDED,
                reason: "your login has ended".into(),
            });
        }
        if let Some(message) = message {
            socket.send(message).await.ok()?;
        }
    }
}

/// The next piece of news, or none if there will not be any more. Whoever has missed some goes on with the oldest that is left.
async fn next(news: &mut Receiver<News>) -> Option<News> {
    loop {
        match news.recv().await {
            Ok(news) => return Some(news),
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return None,
        }
    }
}

impl News {
    /// What the browser is told: the page fetches what has changed by itself. One's own doing needs no words.
    fn for_reader(&self, user: &User) -> Option<Message> {
        let Self::Card { by, card, text } = self else {
            return None;
        };
        let text = (*by != user.id).then_some(&**text);
        let news = json!({ "card": card, "text": text });
        Some(Message::Text(news.to_string().into()))
    }
}
