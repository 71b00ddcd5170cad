//! Who looks at a page, and how.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use muffin_session::{CurrentUser, Refusal, Session};

use crate::users::User;

/// What every page needs to know. Nobody is refused.
pub(crate) struct Visitor {
    pub(crate) session: Session,
    pub(crate) user: Option<User>,
    /// Whether a part of a page is asked for, to stand in one that is there.
    pub(crate) wants_part: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let user = Option::<CurrentUser<User>>::from_request_parts(parts, state).await?;
        Ok(Self {
            session: Session::from_request_parts(parts, state).await?,
            user: user.map(|CurrentUser(user)| user),
            wants_part: is_htmx(&parts.headers),
        })
    }
}

pub(crate) fn is_htmx(headers: &HeaderMap) -> bool {
    headers.contains_key("hx-request")
}
