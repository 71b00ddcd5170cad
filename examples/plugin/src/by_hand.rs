//! Without attributes: loading and checking the user inside a handler.

use muffin_session::{Auth, Refusal};

use crate::loader::User;

/// Loads the user by hand. A guest is `None`; a loader that fails is a refusal.
pub(crate) async fn profile(auth: Auth) -> Result<String, Refusal> {
    Ok(match auth.user::<User>().await? {
        Some(user) => format!("You are {}", user.name),
        None => "You are a guest".to_owned(),
    })
}

/// The same check as `#[user_pass(..)]`, at a moment of the handler's choice. `?` answers with the refusal.
pub(crate) async fn report(auth: Auth) -> Result<String, Refusal> {
    let admin = auth.check_user(|user: &User| user.is_admin).await?;
    Ok(format!("A report for {}", admin.name))
}
