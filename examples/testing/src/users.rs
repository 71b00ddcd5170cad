//! Who may log in, and what they may.

use muffin_session::user_loader;

#[derive(Clone)]
pub(crate) struct User {
    pub(crate) name: &'static str,
    pub(crate) role: &'static str,
}

pub(crate) fn is_editor(user: &User) -> bool {
    user.role == "editor"
}

#[user_loader]
pub(crate) async fn load_user(id: usize) -> Option<User> {
    let (name, role) = *[("Ann", "editor"), ("Bob", "reader")].get(id)?;
    Some(User { name, role })
}
