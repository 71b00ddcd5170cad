//! Whether a login still counts: for connections that outlive the request that began them.

use std::sync::Arc;

use crate::clock::Millis;
use crate::config::Config;
use crate::deny_list;
use crate::ended::Key;
use crate::error::Error;
use crate::record::Content;
use crate::session::Session;
use crate::state::{Bearer, Former, Loaded};
use crate::store::RecordKey;
use crate::store_calls::Calls;

/// What has to be looked up.
enum Question {
    Answered(bool),
    /// Whether the record is still there.
    Record(RecordKey),
    /// Whether the deny list says that it has ended.
    Denied(Key, Arc<str>),
}

impl Session {
    /// Whether the login still counts: its time is not over, and no logout, renewal or login has ended it. With a store or a deny list that
    /// holds wherever it was ended; else as far as this process knows.
    ///
    /// For connections that last, such as a `WebSocket` and server-sent events, whose session was read when they began. Ask before each
    /// message that matters: it asks the store, if there is one. If that does not answer, the login does not count. An idle timeout runs
    /// from when the connection began. It does not ask the user loader: a user may be gone, or have another stamp, meanwhile.
    ///
    /// ```
    /// use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
    /// use axum::response::Response;
    /// use muffin_session::{Session, login_required};
    ///
    /// #[login_required]
    /// async fn news(session: Session, upgrade: WebSocketUpgrade) -> Response {
    ///     upgrade.on_upgrade(move |mut socket: WebSocket| async move {
    ///         while let Some(Ok(message)) = socket.recv().await {
    ///             if !session.is_still_valid().await || socket.send(message).await.is_err() {
    ///                 break; // closes the connection
    ///             }
    ///         }
    ///     })
    /// }
    /// # let _ = axum::Router::<()>::new().route("/news", axum::routing::any(news));
    /// ```
    pub async fn is_still_valid(&self) -> bool {
        let config = self.config();
        let now = config.now();
        let question = self.look(|loaded| question(config, loaded, now));
        let answer = match question.unwrap_or(Question::Answered(false)) {
            Question::Answered(answer) => Ok(answer),
            Question::Record(key) => match &config.store {
                Some(store) => is_there(store.begin(now), key).await,
                None => Ok(false),
            },
            Question::Denied(key, user_id) => {
                let ended = deny_list::verdict(config, now, &user_id, key).await;
                ended.map(|ended| ended.is_none())
            }
        };
        // The log has said what failed.
        answer.unwrap_or(false)
    }
}

fn question(config: &Config, loaded: &Loaded, now: Millis) -> Question {
    let identity = match (&loaded.bearer, &loaded.identity) {
        (Bearer::None, Some(identity)) => identity,
        (Bearer::Token(_), _) => return Question::Answered(loaded.user.is_some()),
        _ => return Question::Answered(false),
    };
    let lifetime = config.lifetime_of(identity.method);
    let is_idle = config
        .idle_timeout
        .is_some_and(|idle_timeout| now >= loaded.incoming.at.plus(idle_timeout));
    if now >= identity.expires_at || now >= identity.started_at.plus(lifetime) || is_idle {
        return Question::Answered(false);
    }
    if config.store.is_some() {
        return match &loaded.stored {
            Some(stored) => Question::Record(stored.handle.key()),
            // A login that is not saved yet counts, and what was renewed meanwhile can be read and nothing else.
            None => Question::Answered(loaded.lost.is_none()),
        };
    }
    let is_over = |key| config.ended.get(key, now).is_some();
    // Until the answer leaves, a session that is being renewed is still the one that the request brought.
    let brought = match (loaded.former, loaded.incoming.session) {
        (Former::Renewed { .. }, Some((key, _))) => Some(key),
        _ => None,
    };
    let key = loaded.key_of(config, identity);
    if is_over(key) && brought.is_none_or(is_over) {
        return Question::Answered(false);
    }
    Question::Denied(brought.unwrap_or(key), identity.user_id.clone())
}

/// Whether a session's record is there.
async fn is_there(calls: Calls<'_>, key: RecordKey) -> Result<bool, Error> {
    let record = calls.load(key).await?;
    let content = record.and_then(Content::decode);
    Ok(matches!(content, Some(Content::Session(_))))
}
