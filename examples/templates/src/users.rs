//! Who can log in, and what they do there.

use axum::Form;
use axum::response::Redirect;
use muffin_session::{Error, Session, user_loader, user_pass};
use serde::{Deserialize, Serialize};

/// Somebody who can log in. What is serialized, the templates of MiniJinja see.
#[derive(Clone, Serialize)]
pub struct User {
    /// What they are called, and log in by.
    pub name: &'static str,
    /// Whether the admin page is for them.
    pub is_admin: bool,
}

impl User {
    fn is_admin(&self) -> bool {
        self.is_admin
    }
}

/// Ann is an admin, and Bob is not.
const USERS: [(&str, bool); 2] = [("Ann", true), ("Bob", false)];

#[user_loader]
pub(crate) async fn load_user(id: usize) -> Option<User> {
    let (name, is_admin) = *USERS.get(id)?;
    Some(User { name, is_admin })
}

#[derive(Deserialize)]
pub(crate) struct Credentials {
    name: String,
}

pub(crate) async fn login(session: Session, form: Form<Credentials>) -> Result<Redirect, Error> {
    let name = &form.name;
    // An application checks a password here, too; the demo next door shows how.
    if let Some(id) = USERS.iter().position(|user| user.0 == name) {
        session.login(id)?;
        session.flash_with("success", format!("Welcome, {name}"))?;
    } else {
        session.flash_with("error", format!("Nobody is called {name}"))?;
    }
    Ok(Redirect::to("/"))
}

pub(crate) async fn logout(session: Session) -> Result<Redirect, Error> {
    session.logout();
    session.flash("You are logged out")?;
    Ok(Redirect::to("/"))
}

#[user_pass(User::is_admin)]
pub(crate) async fn admin() -> &'static str {
    "Admins only"
}
