//! From the button to the provider, and from the provider back; and out again.

use axum::extract::{Query, State};
use axum::response::Redirect;
use maud::Markup;
use muffin_session::{CurrentUser, Error, InSession, NextUrl, Session};
use serde::{Deserialize, Serialize};

use crate::accounts::{Accounts, User};
use crate::attempts::{self, Attempts};
use crate::pages;
use crate::provider::{Problem, Provider};

/// The page with the button. Its form has no `action`, so browsers post it to the URL that it stands on, `next` included.
pub(crate) async fn page(session: Session, user: Option<CurrentUser<User>>) -> Markup {
    pages::login(&session, user.as_deref())
}

/// Sends the browser to the provider. By POST, which no other site's page can make this browser send.
pub(crate) async fn begin(
    State(provider): State<Provider>,
    session: Session,
    mut attempts: InSession<Attempts>,
    next: NextUrl,
) -> Result<Redirect, Error> {
    match provider.begin(next.get()).await {
        Ok((url, attempt)) => {
            attempts.update(move |attempts| attempts.add(attempt.clone()))?;
            Ok(Redirect::to(&url))
        }
        Err(problem) => refuse_for(&session, &problem),
    }
}

/// What the provider sends back, in the URL of the callback.
#[derive(Deserialize, Serialize)]
pub(crate) struct Answer {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

/// Logs in whom the provider sends back. The browser came here by a link of another site: `SameSite=Lax` cookies come along.
pub(crate) async fn callback(
    State(provider): State<Provider>,
    State(accounts): State<Accounts>,
    session: Session,
    mut attempts: InSession<Attempts>,
    Query(answer): Query<Answer>,
) -> Result<Redirect, Error> {
    // First of all: was this login begun here? If not, somebody else may have begun it, to have this visitor in their account.
    let (state, now) = (answer.state.unwrap_or_default(), attempts::now());
    let attempt = attempts.update(move |attempts| attempts.take(&state, now))?;
    let Some(attempt) = attempt else {
        // Another tab was faster: its login took along what this one had kept.
        if session.is_logged_in() {
            return Ok(Redirect::to("/"));
        }
        return refuse(
            &session,
            "That login was not begun in this browser, or it is over. Begin again.",
        );
    };
    if answer.iss.is_some_and(|issuer| !provider.is(&issuer)) {
        return refuse(
            &session,
            "That answer came from another provider. Begin again.",
        );
    }
    let Some(code) = answer.code.filter(|_| answer.error.is_none()) else {
        // What the provider says of the reason is text that anybody could have written into the URL: it is not shown.
        return refuse(&session, "The provider did not log you in.");
    };
    let next = attempt.next.clone();
    let person = match provider.finish(code, attempt).await {
        Ok(person) => person,
        Err(problem) => return refuse_for(&session, &problem),
    };
    let user = accounts.login(person);
    // A new session begins, and what a guest had gathered, other attempts included, is dropped.
    session.login(user.id)?;
    session.flash(format!("Welcome, {}!", user.name))?;
    Ok(Redirect::to(next.as_deref().unwrap_or("/")))
}

/// Ends the session here. At the provider the login goes on.
pub(crate) async fn log_out(session: Session) -> Result<Redirect, Error> {
    session.logout();
    session.flash("You are logged out here.")?;
    Ok(Redirect::to("/"))
}

/// Ends the session here, then sends the browser to the provider's logout, which sends it back.
pub(crate) async fn log_out_at_provider(
    State(provider): State<Provider>,
    session: Session,
) -> Result<Redirect, Error> {
    session.logout();
    if let Ok(Some(url)) = provider.logout_url().await {
        session.flash("You are logged out.")?;
        return Ok(Redirect::to(&url));
    }
    session.flash_with(
        "error",
        "You are logged out here. Log out at your provider as well.",
    )?;
    Ok(Redirect::to("/"))
}

fn refuse(session: &Session, message: &str) -> Result<Redirect, Error> {
    session.flash_with("error", message)?;
    Ok(Redirect::to("/login"))
}

/// The visitor is told what to do; why, is for the log.
fn refuse_for(session: &Session, problem: &Problem) -> Result<Redirect, Error> {
    match problem {
        Problem::Unreachable(reason) => {
            tracing::warn!(reason, "the provider cannot be reached");
            refuse(
                session,
                "The provider does not answer just now. Try again in a moment.",
            )
        }
        Problem::Refused(reason) => {
            tracing::warn!(reason, "a login was refused");
            refuse(session, "That login could not be verified. Begin again.")
        }
    }
}
