//! Answers of passkeys: to log in, and to confirm a login before something sensitive.

use axum::Json;
use axum::extract::State;
use axum::response::Redirect;
use maud::Markup;
use muffin_session::{CurrentUser, Error, NextUrl, Session, login_required};
use webauthn_rs::prelude::{PublicKeyCredential, RequestChallengeResponse};

use crate::accounts::User;
use crate::answers::{Onward, Refused};
use crate::app::Site;
use crate::ceremonies::Ceremony;
use crate::pages;

/// The page with the button.
pub(crate) async fn page(session: Session, user: Option<CurrentUser<User>>) -> Markup {
    pages::login(&session, user.as_deref())
}

/// Begins a login. Nobody says who they are: the passkey will.
pub(crate) async fn begin(
    State(site): State<Site>,
    session: Session,
) -> Result<Json<RequestChallengeResponse>, Refused> {
    let (options, state) = site.webauthn.start_discoverable_authentication()?;
    let ceremony = Ceremony::LogIn(Box::new(state));
    site.ceremonies.begin(&session, ceremony)?;
    Ok(Json(options))
}

/// Logs in whose passkey has answered.
pub(crate) async fn finish(
    State(site): State<Site>,
    session: Session,
    next: NextUrl,
    Json(answer): Json<PublicKeyCredential>,
) -> Result<Json<Onward>, Refused> {
    let Some(Ceremony::LogIn(state)) = site.ceremonies.take(&session)? else {
        return Err(Refused::BeginAgain);
    };
    // What the answer says of itself is believed once the key that is known under it has verified the signature.
    let webauthn = &site.webauthn;
    let (id, credential) = webauthn.identify_discoverable_authentication(&answer)?;
    let Some(passkey) = site.accounts.passkey(id, credential) else {
        return Err(Refused::Passkey);
    };
    let result = webauthn.finish_discoverable_authentication_v2(&answer, *state, &passkey)?;
    let Some(user) = site.accounts.used(id, &result) else {
        return Err(Refused::Passkey);
    };
    session.login_user(user.id, &user)?;
    session.flash(format!("Welcome, {}!", user.name))?;
    Ok(Onward::to(&next, "/"))
}

/// The page where pages lead that want a fresh login.
#[login_required]
pub(crate) async fn confirm_page(session: Session, CurrentUser(user): CurrentUser<User>) -> Markup {
    pages::confirm(&session, &user)
}

/// Begins a confirmation: only the passkeys of whoever is logged in can answer.
#[login_required]
pub(crate) async fn begin_confirming(
    State(site): State<Site>,
    CurrentUser(user): CurrentUser<User>,
    session: Session,
) -> Result<Json<RequestChallengeResponse>, Refused> {
    let webauthn = &site.webauthn;
    let (options, state) = webauthn.start_passkey_authentication(&user.passkeys())?;
    let (user, state) = (user.id, Box::new(state));
    let ceremony = Ceremony::Confirm { user, state };
    site.ceremonies.begin(&session, ceremony)?;
    Ok(Json(options))
}

/// Makes the login a fresh one.
#[login_required]
pub(crate) async fn confirm(
    State(site): State<Site>,
    CurrentUser(user): CurrentUser<User>,
    session: Session,
    next: NextUrl,
    Json(answer): Json<PublicKeyCredential>,
) -> Result<Json<Onward>, Refused> {
    let ceremony = site.ceremonies.take(&session)?;
    let Some(Ceremony::Confirm {
        user: begun_by,
        state,
    }) = ceremony
    else {
        return Err(Refused::BeginAgain);
    };
    // Somebody else may have logged in meanwhile, in another tab.
    if begun_by != user.id {
        return Err(Refused::BeginAgain);
    }
    let webauthn = &site.webauthn;
    let result = webauthn.finish_passkey_authentication(&answer, &state)?;
    if site.accounts.used(user.id, &result).is_none() {
        return Err(Refused::Passkey);
    }
    session.confirm_login()?;
    Ok(Onward::to(&next, "/passkeys"))
}

/// Ends the session.
pub(crate) async fn log_out(session: Session) -> Result<Redirect, Error> {
    session.logout();
    session.flash("You are logged out.")?;
    Ok(Redirect::to("/"))
}
