//! Everybody who can log in: what the handlers' `State` is taken from.

use argon2::password_hash;
use axum::extract::FromRef;

use crate::passwords::Passwords;
use crate::team::Team;
use crate::users::Users;

/// Everybody who can log in: the site's users, and the staff.
#[derive(Clone, FromRef)]
pub struct People {
    /// Who logs in at `/login`.
    pub users: Users,
    /// Who logs in at `/staff/login`.
    pub team: Team,
}

impl People {
    /// The demo's users and staff, their passwords freshly hashed.
    ///
    /// # Errors
    ///
    /// If the system's random generator fails.
    pub fn demo() -> Result<Self, password_hash::Error> {
        let passwords = Passwords::new()?;
        Ok(Self {
            users: Users::demo(passwords.clone())?,
            team: Team::demo(passwords)?,
        })
    }
}
