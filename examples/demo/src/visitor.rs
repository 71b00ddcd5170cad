//! Who looks at a page.

use axum::extract::FromRequestParts;
use muffin_session::{CurrentUser, Session};

use crate::users::User;

/// What every page needs to know: the session, for its messages, and the user, if there is one.
#[derive(FromRequestParts)]
pub(crate) struct Visitor {
    pub(crate) session: Session,
    user: Option<CurrentUser<User>>,
}

impl Visitor {
    /// The user, if somebody is logged in.
    pub(crate) fn user(&self) -> Option<&User> {
        self.user.as_ref().map(|CurrentUser(user)| user)
    }
}
