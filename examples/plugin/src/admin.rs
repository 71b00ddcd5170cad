//! A page for admins.

use muffin_session::user_pass;

use crate::loader::User;

/// Whoever the checker refuses is sent to the login page.
#[user_pass(|user: &User| user.is_admin)]
pub(crate) async fn admin() -> &'static str {
    "TOP SECRET"
}
