//! What options make of names and attributes.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use muffin_session::{Builder, Error, SameSite, Session};
use muffin_session_tests::{Answer as _, Site, builder};

async fn who(session: Session) -> Result<String, Error> {
    Ok(match session.user_id::<u64>()? {
        Some(user) => user.to_string(),
        None => "nobody".to_owned(),
    })
}

async fn login(session: Session) -> Result<(), Error> {
    session.login(1)?;
    session.flash("hello")
}

async fn half(session: Session) -> Result<(), Error> {
    session.begin_login(1)
}

async fn guest(session: Session) -> Result<(), Error> {
    session.insert("cart", 3)
}

async fn logout(session: Session) {
    session.logout();
}

/// An application that says who is logged in, logs in and out, and keeps something for a guest.
pub(crate) fn app(builder: Builder) -> Router {
    let sessions = builder.without_user_loader().build().expect("good options");
    Router::new()
        .route("/", get(who))
        .route("/untouched", get(|| async {}))
        .route("/login", post(login))
        .route("/half", post(half))
        .route("/guest", post(guest))
        .route("/logout", post(logout))
        .layer(sessions)
}

/// What there is without an idle timeout.
const KINDS: [&str; 6] = ["id", "data", "guest", "flash", "out", "pending"];

/// What a `Set-Cookie` says: name, value and attributes.
#[derive(Debug)]
struct SetCookie {
    name: String,
    value: String,
    attributes: BTreeSet<String>,
}

impl SetCookie {
    fn parse(text: &str) -> Self {
        let mut parts = text.split("; ");
        let (name, value) = parts
            .next()
            .and_then(|pair| pair.split_once('='))
            .expect("a pair");
        Self {
            name: name.to_owned(),
            value: value.to_owned(),
            attributes: parts.map(str::to_owned).collect(),
        }
    }

    /// The part of the name that says what it is for.
    fn kind(&self) -> &'static str {
        let is_part = |kind: &&str| {
            let part = format!(".{kind}");
            self.name.ends_with(&part) || self.name.contains(&(part + "."))
        };
        KINDS.into_iter().find(is_part).expect("a kind")
    }

    fn is_removal(&self) -> bool {
        self.attributes.contains("Max-Age=0")
    }

    fn max_age(&self) -> Option<u64> {
        let mut attributes = self.attributes.iter();
        attributes.find_map(|attribute| attribute.strip_prefix("Max-Age=")?.parse().ok())
    }

    /// The attributes that say nothing of time.
    fn scope(&self) -> Vec<&str> {
        let is_time = |attribute: &&str| {
            attribute.starts_with("Max-Age=") || attribute.starts_with("Expires=")
        };
        let attributes = self.attributes.iter().map(String::as_str);
        attributes.filter(|attribute| !is_time(attribute)).collect()
    }
}

/// All that a login, a half-done login, a guest, activity and a logout set and remove.
async fn set_cookies(options: Builder) -> Vec<SetCookie> {
    let site = Site::serve(app(options)).await;
    let (guest, user) = (site.browser(), site.browser());
    let mut all = Vec::new();
    for (browser, path) in [
        (&guest, "/guest"),
        (&guest, "/half"),
        (&guest, "/login"),
        (&user, "/login"),
        (&user, "/logout"),
    ] {
        let answer = browser.post(path).await;
        assert!(answer.status().is_success());
        all.extend(
            answer
                .set_cookies()
                .iter()
                .map(|text| SetCookie::parse(text)),
        );
    }
    let kinds: BTreeSet<_> = all.iter().map(SetCookie::kind).collect();
    assert_eq!(kinds, BTreeSet::from(KINDS));
    assert!(all.iter().any(SetCookie::is_removal));
    all
}

type Options = fn(Builder) -> Builder;

/// Options, what all names begin with, and the attributes of all cookies.
const SCOPES: [(Options, &str, &[&str]); 12] = [
    (
        |builder| builder,
        "__Host-session.",
        &["HttpOnly", "Path=/", "SameSite=Lax", "Secure"],
    ),
    (
        |builder| builder.http_only(false),
        "__Host-session.",
        &["Path=/", "SameSite=Lax", "Secure"],
    ),
    (
        |builder| builder.same_site(SameSite::Strict),
        "__Host-session.",
        &["HttpOnly", "Path=/", "SameSite=Strict", "Secure"],
    ),
    (
        |builder| builder.same_site(SameSite::None),
        "__Host-session.",
        &["HttpOnly", "Path=/", "SameSite=None", "Secure"],
    ),
    (
        |builder| builder.same_site(SameSite::None).partitioned(),
        "__Host-session.",
        &[
            "HttpOnly",
            "Partitioned",
            "Path=/",
            "SameSite=None",
            "Secure",
        ],
    ),
    (
        |builder| builder.partitioned(),
        "__Host-session.",
        &[
            "HttpOnly",
            "Partitioned",
            "Path=/",
            "SameSite=Lax",
            "Secure",
        ],
    ),
    (
        |builder| builder.path("/app"),
        "__Secure-session.",
        &["HttpOnly", "Path=/app", "SameSite=Lax", "Secure"],
    ),
    (
        |builder| builder.domain("example.com"),
        "__Secure-session.",
        &[
            "Domain=example.com",
            "HttpOnly",
            "Path=/",
            "SameSite=Lax",
            "Secure",
        ],
    ),
    (
        |builder| builder.domain("example.com").path("/app").partitioned(),
        "__Secure-session.",
        &[
            "Domain=example.com",
            "HttpOnly",
            "Partitioned",
            "Path=/app",
            "SameSite=Lax",
            "Secure",
        ],
    ),
    (
        |builder| builder.allow_plain_http(),
        "session.",
        &["HttpOnly", "Path=/", "SameSite=Lax"],
    ),
    (
        |builder| {
            builder
                .allow_plain_http()
                .domain("example.com")
                .path("/app")
                .http_only(false)
        },
        "session.",
        &["Domain=example.com", "Path=/app", "SameSite=Lax"],
    ),
    (
        |builder| builder.encrypted(),
        "__Host-session.",
        &["HttpOnly", "Path=/", "SameSite=Lax", "Secure"],
    ),
];

#[tokio::test]
async fn s044_s045_the_scope_decides_the_prefix_and_every_cookie_has_the_same_attributes() {
    for (options, prefix, scope) in SCOPES {
        for cookie in set_cookies(options(builder())).await {
            assert!(cookie.name.starts_with(prefix), "{cookie:?}");
            assert_eq!(cookie.scope(), scope, "{cookie:?}");
            assert_eq!(cookie.value.is_empty(), cookie.is_removal(), "{cookie:?}");
            if cookie.is_removal() {
                assert!(
                    cookie
                        .attributes
                        .contains("Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
                    "{cookie:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn the_name_begins_with_what_is_configured() {
    for name in ["shop", "shop.session", "a!#$%&'*+-.^_`|~session"] {
        for cookie in set_cookies(builder().cookie_name(name)).await {
            assert!(
                cookie.name.starts_with(&format!("__Host-{name}.")),
                "{cookie:?}"
            );
        }
    }
}

#[tokio::test]
async fn s024_cookies_end_with_the_browser_or_when_they_are_told_to_and_never_after_they_count() {
    let hours = |hours: u64| Duration::from_secs(hours * 3_600);
    let minutes = Some(600);
    for (options, id, guest, out) in [
        // Only what is short-lived, and the mark of a logout, which must outlive what it ends.
        (builder(), None, None, Some(24 * 3_600)),
        (
            builder().max_age(hours(1)),
            Some(3_600),
            Some(3_600),
            Some(24 * 3_600),
        ),
        (
            builder().max_age(hours(48)),
            Some(24 * 3_600),
            Some(24 * 3_600),
            Some(24 * 3_600),
        ),
        (
            builder()
                .max_age(hours(48))
                .lifetime(hours(72))
                .guest_lifetime(hours(2)),
            Some(48 * 3_600),
            Some(2 * 3_600),
            Some(72 * 3_600),
        ),
    ] {
        // The mark of a logout outlives every login, also those that are remembered.
        for cookie in set_cookies(options.remember_limit(hours(1)))
            .await
            .iter()
            .filter(|cookie| !cookie.is_removal())
        {
            let max_age = cookie.max_age();
            let wanted = match cookie.kind() {
                "flash" | "pending" => minutes,
                "out" => out,
                "guest" => guest,
                _ => id,
            };
            // A second may pass between login and answer.
            let is_right = max_age == wanted || max_age.map(|seconds| seconds + 1) == wanted;
            assert!(is_right, "{wanted:?}: {cookie:?}");
            assert!(
                !cookie
                    .attributes
                    .iter()
                    .any(|attribute| attribute.starts_with("Expires=")),
                "{cookie:?}"
            );
        }
    }
}

#[tokio::test]
async fn the_session_is_read_before_each_handler_if_that_is_wanted() {
    for auto_load in [false, true] {
        let site = Site::serve(app(builder().auto_load(auto_load))).await;
        let answer = site.browser().get("/untouched").await;
        assert_eq!(
            answer.header("vary") == "Cookie",
            auto_load,
            "{:?}",
            answer.headers()
        );
        assert_eq!(site.browser().get("/").await.header("vary"), "Cookie");
    }
}
