//! Who looks at a page.

use axum::Extension;
use axum::extract::FromRequestParts;
use muffin_session::{CurrentUser, Session};

use crate::kept::Kept;
use crate::users::User;

/// By a name of its own: of a field whose type is written `Option<..>`, axum's derive would drop why there is no user, and with it an error.
type PerhapsUser = Option<CurrentUser<User>>;

/// What every page needs to know: the session, for its messages, the user, if there is one, and where sessions are kept.
#[derive(FromRequestParts)]
pub(crate) struct Visitor {
    pub(crate) session: Session,
    user: PerhapsUser,
    #[from_request(via(Extension))]
    pub(crate) kept: Kept,
}

impl Visitor {
    /// The user, if somebody is logged in.
    pub(crate) fn user(&self) -> Option<&User> {
        self.user.as_ref().map(|CurrentUser(user)| user)
    }
}
