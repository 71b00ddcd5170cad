//! A site with a login page, and what leads there and away from there.

use axum::Router;
use axum::response::Redirect;
use axum::routing::{any, get, post};
use muffin_session::{Builder, Error, NextUrl, Session, login_required};
use muffin_session_tests::raw::{self, Raw};
use muffin_session_tests::{Site, builder};
use url::Url;

async fn log_in(session: Session, next: NextUrl) -> Result<Redirect, Error> {
    session.login(1)?;
    Ok(next.redirect_or("/default"))
}

async fn first_page(next: NextUrl) -> Redirect {
    Redirect::to(&next.append_to("/login/code"))
}

#[login_required]
async fn guarded() -> &'static str {
    "in"
}

/// Somebody who was remembered gives the password again here.
#[login_required]
async fn confirm() -> &'static str {
    "confirm"
}

pub(super) async fn site() -> Site {
    site_with(|builder| builder).await
}

pub(super) async fn site_with(options: impl FnOnce(Builder) -> Builder) -> Site {
    let sessions = options(builder().without_user_loader().confirm_url("/confirm"));
    let app = Router::new()
        .route("/login", post(log_in).get(first_page))
        .route("/confirm", get(confirm))
        .route("/guarded", any(guarded))
        .nest("/n", Router::new().route("/x", get(guarded)))
        .fallback(guarded)
        .layer(sessions.build().expect("good options"));
    Site::serve(app).await
}

/// Sends a request line with these fields, and nothing else.
pub(super) async fn send(site: &Site, line: &str, fields: &[&str]) -> Raw {
    let mut request = format!("{line} HTTP/1.1\r\n");
    for field in [&["Content-Length: 0", "Connection: close"], fields].concat() {
        request.extend([field, "\r\n"]);
    }
    raw::send(site.addr(), (request + "\r\n").as_bytes()).await
}

/// Where the answer leads, which has to be this site whatever a browser makes of it.
pub(super) fn location(answer: &Raw) -> String {
    assert_eq!(answer.status, 303, "{}", answer.head);
    let [location] = answer.fields("location")[..] else {
        panic!("{}", answer.head);
    };
    let here = Url::parse("https://app.example/login").expect("a URL");
    let there = here.join(location).expect("a URL");
    assert_eq!(there.origin(), here.origin(), "{location}");
    let again = here.join(there.path()).expect("a URL");
    assert_eq!(again.origin(), here.origin(), "{location}");
    assert!(location.bytes().all(|byte| byte.is_ascii_graphic()));
    location.to_owned()
}

/// Where a login leads whose query is this.
pub(super) async fn after_login(site: &Site, query: &str) -> String {
    let answer = send(
        site,
        &format!("POST /login?{query}"),
        &["Host: app.example"],
    )
    .await;
    assert!(
        answer
            .fields("set-cookie")
            .iter()
            .all(|cookie| cookie.starts_with("__Host-session."))
    );
    location(&answer)
}

/// `next=` with each byte in the encoding of URLs.
pub(super) fn next(value: impl AsRef<[u8]>) -> String {
    let encoded = value.as_ref().iter().map(|byte| format!("%{byte:02x}"));
    format!("next={}", encoded.collect::<String>())
}

/// A login with any of these leads to the default page.
pub(super) async fn lead_nowhere<V: AsRef<[u8]>>(values: &[V]) {
    let site = site().await;
    for value in values {
        let text = String::from_utf8_lossy(value.as_ref()).into_owned();
        assert_eq!(
            after_login(&site, &next(value)).await,
            "/default",
            "{text:?}"
        );
    }
}

/// Where a refusal of this target leads.
pub(super) async fn refused(site: &Site, target: &str) -> String {
    location(&send(site, &format!("GET {target}"), &["Host: app.example"]).await)
}
