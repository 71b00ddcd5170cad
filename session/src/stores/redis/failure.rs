//! What can go wrong with a server: what it means for the call, and a harmless word for the log.

use std::fmt;

use redis::{ErrorKind, RedisError, ServerErrorKind};

use crate::store::StoreError;

/// Why a call has no answer.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) kind: Kind,
    words: String,
}

/// What a failure means for the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// There is no connection: nothing took place.
    Unreachable,
    /// The connection broke, or was silent for too long: the call may or may not have taken place.
    Lost,
    /// The server is no master any more: nothing took place.
    ReadOnly,
    /// The server does not know the script: nothing took place.
    NoScript,
    /// The slot is another node's: nothing took place.
    Moved { slot: u16, node: String },
    /// The slot is on its way to another node: nothing took place.
    Ask { node: String },
    /// The server cannot answer yet: nothing took place.
    NotYet,
    /// Another error: nothing took place, and asking again would not help.
    Refused,
}

impl Failure {
    pub(super) fn new(kind: Kind, words: impl fmt::Display) -> Self {
        Self {
            kind,
            words: words.to_string(),
        }
    }

    pub(super) fn unreachable(words: impl fmt::Display) -> Self {
        Self::new(Kind::Unreachable, words)
    }

    pub(super) fn refused(words: impl fmt::Display) -> Self {
        Self::new(Kind::Refused, words)
    }

    /// Answers that are none of those which the command has.
    pub(super) fn unexpected() -> Self {
        Self::refused("the server gave an answer of another kind than expected")
    }

    /// What fails before there is a connection: whatever it was, no call was sent.
    pub(super) fn while_connecting(self) -> Self {
        Self::new(Kind::Unreachable, self.words)
    }
}

impl From<RedisError> for Failure {
    fn from(error: RedisError) -> Self {
        Self::new(kind(&error), words(&error))
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        Self::new(failure.words)
    }
}

fn kind(error: &RedisError) -> Kind {
    match error.kind() {
        ErrorKind::Server(kind) => match kind {
            ServerErrorKind::NoScript => Kind::NoScript,
            ServerErrorKind::ReadOnly => Kind::ReadOnly,
            ServerErrorKind::Moved | ServerErrorKind::Ask => redirect(error, kind),
            ServerErrorKind::BusyLoading
            | ServerErrorKind::TryAgain
            | ServerErrorKind::ClusterDown
            | ServerErrorKind::MasterDown => Kind::NotYet,
            // Up to version 6 a script's error hides the code of the command in it.
            ServerErrorKind::ResponseError if says(error, "-READONLY ") => Kind::ReadOnly,
            _ => Kind::Refused,
        },
        ErrorKind::Extension => Kind::Refused,
        // Whatever else there is comes from this side of the connection, and nobody can tell what the server has done.
        _ => Kind::Lost,
    }
}

fn says(error: &RedisError, word: &str) -> bool {
    error.detail().is_some_and(|detail| detail.contains(word))
}

fn redirect(error: &RedisError, kind: ServerErrorKind) -> Kind {
    match error.redirect_node() {
        Some((node, slot)) if kind == ServerErrorKind::Moved => Kind::Moved {
            slot,
            node: node.to_owned(),
        },
        Some((node, _)) => Kind::Ask {
            node: node.to_owned(),
        },
        None => Kind::Refused,
    }
}

/// The error's code, or what kind of error it is. The server's own words are left out: they may quote what was sent.
fn words(error: &RedisError) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    if error.is_connection_refusal() {
        return "connection refused".to_owned();
    }
    if error.is_connection_dropped() {
        return "the connection broke".to_owned();
    }
    match (error.kind(), error.code()) {
        (ErrorKind::AuthenticationFailed, _) => "authentication failed".to_owned(),
        (_, Some(code)) => format!("the server answered {code}"),
        _ => error.category().to_owned(),
    }
}
