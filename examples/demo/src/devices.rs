//! Where the user is logged in, and ending a login from elsewhere.

use axum::extract::Path;
use axum::http::HeaderMap;
use axum::http::header::USER_AGENT;
use axum::response::Redirect;
use maud::Markup;
use muffin_session::{Error, Session, login_required};

use crate::error::AppError;
use crate::pages;
use crate::visitor::Visitor;

/// All logins of the user, this one first. Nobody knows them where sessions are in cookies, and the page then says so.
#[login_required]
pub(crate) async fn list(visitor: Visitor) -> Result<Markup, AppError> {
    let logins = match visitor.session.all_sessions().await {
        Ok(mut logins) => {
            logins.sort_by_key(|login| !login.is_current());
            Some(logins)
        }
        Err(Error::NoStore) => None,
        Err(error) => return Err(error.into()),
    };
    Ok(pages::devices(&visitor, logins.as_deref()))
}

/// Ends one of the user's logins. The id of somebody else's ends nothing.
#[login_required]
pub(crate) async fn end(session: Session, Path(id): Path<String>) -> Result<Redirect, AppError> {
    let was_there = session.end_session(&id).await?;
    session.flash(if was_there {
        "That login has ended."
    } else {
        "That login was over already."
    })?;
    Ok(Redirect::to("/devices"))
}

/// Ends all of the user's logins but this one.
#[login_required]
pub(crate) async fn end_others(session: Session) -> Result<Redirect, AppError> {
    session.end_other_sessions().await?;
    session.flash("You are logged out everywhere else.")?;
    Ok(Redirect::to("/devices"))
}

/// What to call the browser that sent these headers, such as "Firefox on Windows".
pub(crate) fn name(headers: &HeaderMap) -> String {
    let agent = headers
        .get(USER_AGENT)
        .and_then(|agent| agent.to_str().ok());
    let agent = agent.unwrap_or_default();
    let first_in = |known: &[(&str, &'static str)]| {
        let mut found = known.iter().filter(|(part, _)| agent.contains(part));
        found.next().map(|(_, name)| *name)
    };
    match (first_in(&BROWSERS), first_in(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        // A program: the name that it gives itself, without the version.
        (None, _) => agent
            .split(['/', ' '])
            .next()
            .unwrap_or_default()
            .to_owned(),
    }
}

/// What tells browsers apart. Most of them claim to be those further down as well.
const BROWSERS: [(&str, &str); 7] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn named(agent: &'static str) -> String {
        let agent = axum::http::HeaderValue::from_static(agent);
        name(&HeaderMap::from_iter([(USER_AGENT, agent)]))
    }

    #[test]
    fn browsers_are_known_by_what_only_they_say() {
        for (agent, expected) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
                "Firefox on Windows",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
                "Chrome on Linux",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
                "Safari on Mac",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            ("curl/8.14.1", "curl"),
            ("", ""),
        ] {
            assert_eq!(named(agent), expected, "{agent}");
        }
        assert_eq!(name(&HeaderMap::new()), "");
    }
}
