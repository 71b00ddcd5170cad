//! New passkeys: the first one, which makes an account, and more of them.

use axum::Json;
use axum::extract::State;
use muffin_session::{CurrentUser, NextUrl, Session, login_required};
use serde::Deserialize;
use webauthn_rs::prelude::{
    CreationChallengeResponse, PasskeyRegistration, RegisterPublicKeyCredential, Uuid,
    WebauthnResult,
};

use crate::accounts::User;
use crate::answers::{Onward, Refused};
use crate::app::Site;
use crate::ceremonies::Ceremony;

/// What somebody wants to be called.
#[derive(Deserialize)]
pub(crate) struct NewUser {
    name: String,
}

/// Begins a registration: the browser is to make a passkey for a new user.
pub(crate) async fn begin_sign_up(
    State(site): State<Site>,
    session: Session,
    Json(new): Json<NewUser>,
) -> Result<Json<CreationChallengeResponse>, Refused> {
    let name = new.name.trim().to_owned();
    if name.is_empty() || name.chars().count() > 40 {
        return Err(Refused::Name);
    }
    if !site.accounts.is_free(&name) {
        return Err(Refused::NameTaken);
    }
    let id = Uuid::new_v4();
    let started = site
        .webauthn
        .start_passkey_registration(id, &name, &name, None);
    let (options, state) = discoverable(started)?;
    let ceremony = Ceremony::SignUp { id, name, state };
    site.ceremonies.begin(&session, ceremony)?;
    Ok(Json(options))
}

/// Makes the account, and logs its user in.
pub(crate) async fn finish_sign_up(
    State(site): State<Site>,
    session: Session,
    next: NextUrl,
    Json(made): Json<RegisterPublicKeyCredential>,
) -> Result<Json<Onward>, Refused> {
    let Some(Ceremony::SignUp { id, name, state }) = site.ceremonies.take(&session)? else {
        return Err(Refused::BeginAgain);
    };
    let passkey = site.webauthn.finish_passkey_registration(&made, &state)?;
    let Some(user) = site.accounts.create(id, name, passkey) else {
        return Err(Refused::NameTaken);
    };
    session.login_user(user.id, &user)?;
    session.flash(format!("Welcome, {}!", user.name))?;
    Ok(Onward::to(&next, "/"))
}

/// Begins one more passkey. Whoever adds one can log in from then on, so it takes a fresh login.
#[login_required(fresh = "10m")]
pub(crate) async fn begin_adding(
    State(site): State<Site>,
    CurrentUser(user): CurrentUser<User>,
    session: Session,
) -> Result<Json<CreationChallengeResponse>, Refused> {
    // A device that has one already is not to make another.
    let known = Some(user.credential_ids());
    let started = site
        .webauthn
        .start_passkey_registration(user.id, &user.name, &user.name, known);
    let (options, state) = discoverable(started)?;
    let user = user.id;
    site.ceremonies
        .begin(&session, Ceremony::Add { user, state })?;
    Ok(Json(options))
}

/// Adds the passkey.
#[login_required(fresh = "10m")]
pub(crate) async fn finish_adding(
    State(site): State<Site>,
    CurrentUser(user): CurrentUser<User>,
    session: Session,
    next: NextUrl,
    Json(made): Json<RegisterPublicKeyCredential>,
) -> Result<Json<Onward>, Refused> {
    let Some(Ceremony::Add {
        user: begun_by,
        state,
    }) = site.ceremonies.take(&session)?
    else {
        return Err(Refused::BeginAgain);
    };
    // Somebody else may have logged in meanwhile, in another tab.
    if begun_by != user.id {
        return Err(Refused::BeginAgain);
    }
    let passkey = site.webauthn.finish_passkey_registration(&made, &state)?;
    if site.accounts.add(user.id, passkey).is_none() {
        return Err(Refused::Passkey);
    }
    session.flash("The passkey is added.")?;
    Ok(Onward::to(&next, "/passkeys"))
}

/// Asks for a passkey that says itself whose it is, so that nobody has to type a name to log in.
fn discoverable(
    started: WebauthnResult<(CreationChallengeResponse, PasskeyRegistration)>,
) -> WebauthnResult<(CreationChallengeResponse, Box<PasskeyRegistration>)> {
    let (mut options, state) = started?;
    if let Some(selection) = &mut options.public_key.authenticator_selection {
        selection.resident_key = None;
        selection.require_resident_key = true;
    }
    Ok((options, Box::new(state)))
}
