//! The page of a user's passkeys, and removing one.

use axum::extract::{Path, State};
use axum::response::Redirect;
use maud::Markup;
use muffin_session::{CurrentUser, Error, Session, login_required};

use crate::accounts::{Removal, User};
use crate::app::Site;
use crate::pages;

/// All passkeys of whoever is logged in, and not only remembered.
#[login_required(fresh = "10m")]
pub(crate) async fn list(session: Session, CurrentUser(user): CurrentUser<User>) -> Markup {
    pages::keys(&session, &user)
}

/// Removes a passkey. The device may be in somebody else's hands, so every other login of the user ends as well, and this one goes on.
#[login_required(fresh = "10m")]
pub(crate) async fn remove(
    State(site): State<Site>,
    CurrentUser(user): CurrentUser<User>,
    session: Session,
    Path(number): Path<u32>,
) -> Result<Redirect, Error> {
    match site.accounts.remove(user.id, number) {
        Removal::Done(user) => {
            session.refresh_stamp(&user)?;
            session.flash("The passkey is removed, and your other logins have ended.")?;
        }
        Removal::Last => {
            session.flash_with("error", "That is your only passkey. Add another one first.")?;
        }
        Removal::Unknown => session.flash_with("error", "That passkey was gone already.")?,
    }
    Ok(Redirect::to("/passkeys"))
}
