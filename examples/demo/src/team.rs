//! The staff: a second kind of user, with logins of their own.

use std::sync::Arc;

use argon2::password_hash;
use axum::extract::State;
use muffin_session::user_loader;

use crate::passwords::{PasswordError, Passwords, hash};

/// Somebody of the staff. Being one is no matter of a flag on a [`User`](crate::users::User): the two are told apart by type.
#[derive(Clone, Debug)]
pub struct Staff {
    /// What sessions know them by.
    pub id: u64,
    /// What people know them by.
    pub name: String,
}

/// Somebody of the demo's staff, with the password in plain text: a real site has these nowhere.
#[derive(Clone, Copy, Debug)]
pub struct DemoStaff {
    /// The name to log in with.
    pub name: &'static str,
    /// The password to log in with.
    pub password: &'static str,
}

/// The staff that the demo starts with.
pub const DEMO_STAFF: [DemoStaff; 1] = [DemoStaff {
    name: "sam",
    password: "walnuts-and-maple",
}];

/// All staff with the hashes of their passwords.
#[derive(Clone)]
pub struct Team {
    members: Arc<[Member]>,
    passwords: Passwords,
}

struct Member {
    staff: Staff,
    password_hash: Arc<str>,
}

impl Team {
    /// The demo's staff, their passwords freshly hashed.
    ///
    /// # Errors
    ///
    /// If the system's random generator fails.
    pub fn demo(passwords: Passwords) -> Result<Self, password_hash::Error> {
        let mut members = Vec::with_capacity(DEMO_STAFF.len());
        for (id, demo) in (1..).zip(DEMO_STAFF) {
            members.push(Member {
                staff: Staff {
                    id,
                    name: demo.name.to_owned(),
                },
                password_hash: hash(demo.password)?,
            });
        }
        Ok(Self {
            members: members.into(),
            passwords,
        })
    }

    /// Whoever of the staff has this name and password. See [`Users::verify`](crate::users::Users::verify).
    ///
    /// # Errors
    ///
    /// If the password could not be compared at all.
    pub async fn verify(
        &self,
        name: &str,
        password: String,
    ) -> Result<Option<&Staff>, PasswordError> {
        let member = self.members.iter().find(|member| member.staff.name == name);
        let hash = member.map(|member| Arc::clone(&member.password_hash));
        let fits = self.passwords.fits(password, hash).await?;
        Ok(member.filter(|_| fits).map(|member| &member.staff))
    }
}

/// Who of the staff a session is of.
#[user_loader]
pub async fn load_staff(id: u64, State(team): State<Team>) -> Option<Staff> {
    let mut staff = team.members.iter().map(|member| &member.staff);
    staff.find(|staff| staff.id == id).cloned()
}
