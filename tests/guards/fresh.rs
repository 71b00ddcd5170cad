//! Fresh logins and remembered ones: when a password was last given, and what lasts.

use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use muffin_session::{
    Builder, CurrentUser, Error, Login, NextUrl, Session, login_required, user_loader, user_pass,
};
use muffin_session_tests::{Answer as _, Browser, Site, TestClock, builder};

use crate::{answer, post as do_post, status};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3_600);

#[derive(Clone)]
struct User;

#[user_loader]
async fn load_user(id: u64) -> Option<User> {
    (id == 1).then_some(User)
}

#[login_required(fresh = "10m")]
async fn account() -> &'static str {
    "account"
}

#[user_pass(|_: &User| true, fresh = Duration::from_secs(600), location = "/again")]
async fn elsewhere() {}

// Whom the checker refuses need not give a password first.
#[user_pass(|_: &User| false, fresh = "10m", reject = StatusCode::IM_A_TEAPOT)]
async fn never() {}

#[login_required]
async fn page(_: CurrentUser<User>) -> &'static str {
    "page"
}

async fn log_in(session: Session) -> Result<(), Error> {
    session.login(1)
}

async fn remember(session: Session) -> Result<(), Error> {
    session.login_with(Login::new(1).remember(14 * DAY))
}

async fn remember_too_long(session: Session) -> Result<String, Error> {
    let error = session
        .login_with(Login::new(1).remember(31 * DAY))
        .unwrap_err();
    assert!(matches!(error, Error::TooLong { .. }), "{error:?}");
    Ok(error.to_string())
}

async fn short(session: Session) -> Result<(), Error> {
    session.login_with(Login::new(1).lifetime(5 * MINUTE))
}

async fn confirm(session: Session) -> Result<(), Error> {
    session.confirm_login()
}

/// Whether the login is remembered.
async fn remembered(session: Session) -> String {
    session.is_remembered().to_string()
}

async fn again(next: NextUrl, session: Session) -> String {
    let at = session
        .authenticated_at()
        .map(|at| at.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs());
    format!("{:?} {at:?} {}", next.get(), session.is_fresh(10 * MINUTE))
}

async fn app(options: impl FnOnce(Builder) -> Builder) -> (Site, TestClock) {
    let clock = TestClock::new();
    let sessions = options(builder())
        .user_loader(load_user)
        .clock(clock.reader())
        .build()
        .unwrap();
    let app = Router::new()
        .route("/login", post(log_in))
        .route("/remember", post(remember))
        .route("/too-long", post(remember_too_long))
        .route("/short", post(short))
        .route("/logout", post(async |session: Session| session.logout()))
        .route("/confirm", post(confirm).get(again))
        .route("/again", get(again))
        .route("/remembered", get(remembered))
        .route("/guarded-confirm", get(page))
        .route("/account", get(account).post(account))
        .route("/elsewhere", get(elsewhere))
        .route("/never", get(never))
        .route("/page", get(page))
        .layer(sessions);
    (Site::serve(app).await, clock)
}

#[tokio::test]
async fn a_login_is_fresh_for_as_long_as_the_handler_says_and_not_a_second_more() {
    let (site, clock) = app(|builder| builder).await;
    let browser = site.browser();
    assert_eq!(
        answer(&browser, "/account").await,
        (303, "/login?next=%2Faccount".to_owned()),
        "nobody"
    );
    do_post(&browser, "/login").await;
    clock.advance(Duration::from_millis(10 * 60_000 - 1));
    assert_eq!(browser.text("/account").await, "account");
    clock.advance(Duration::from_millis(1));
    let refused = answer(&browser, "/account?x=1").await;
    assert_eq!(
        refused,
        (303, "/login?next=%2Faccount%3Fx%3D1".to_owned()),
        "with the way back"
    );
    assert_eq!(
        status(&browser, "/page").await,
        StatusCode::OK,
        "still logged in"
    );
    do_post(&browser, "/confirm").await;
    assert_eq!(browser.text("/account").await, "account");
    assert_eq!(status(&browser, "/never").await, StatusCode::IM_A_TEAPOT);
}

#[tokio::test]
async fn whoever_is_not_fresh_goes_to_the_page_that_asks_again_and_programs_get_a_401() {
    let (site, clock) = app(|builder| builder.confirm_url("/confirm")).await;
    let browser = site.browser();
    assert_eq!(
        answer(&browser, "/account").await.1,
        "/login?next=%2Faccount",
        "nobody"
    );
    do_post(&browser, "/login").await;
    clock.advance(11 * MINUTE);
    assert_eq!(
        answer(&browser, "/account").await.1,
        "/confirm?next=%2Faccount"
    );
    assert_eq!(
        answer(&browser, "/elsewhere").await.1,
        "/again?next=%2Felsewhere",
        "the attribute has the last word"
    );
    let posted = browser.post("/account").await;
    assert_eq!(
        (posted.status().as_u16(), posted.header("location")),
        (303, "/confirm".into())
    );
    for (name, value) in [("accept", "application/json"), ("hx-request", "true")] {
        let request = browser.request(reqwest::Method::GET, "/account");
        let response = request.header(name, value).send().await.unwrap();
        assert_eq!(response.status(), 401);
        let redirect = response.header("hx-redirect");
        assert_eq!(redirect, if name == "hx-request" { "/confirm" } else { "" });
        let said = response.text().await.unwrap();
        assert!(said.contains("Give your password again"), "{said}");
    }
    let next = browser.text("/confirm?next=/confirm?x").await;
    assert!(next.starts_with("None "), "no circle: {next}");
    // The page that asks again needs a login itself: that one leads back to where both would have led.
    let nobody = site.browser();
    let location = answer(&nobody, "/guarded-confirm?next=%2Faccount%3Fx")
        .await
        .1;
    assert_eq!(
        location, "/login?next=%2Fguarded-confirm%3Fnext%3D%252Faccount%253Fx",
        "a page like any other"
    );
    let (site, _) = app(|builder| builder.confirm_url("/guarded-confirm")).await;
    let location = answer(&site.browser(), "/guarded-confirm?next=%2Faccount%3Fx")
        .await
        .1;
    assert_eq!(location, "/login?next=%2Faccount%3Fx");
    let location = answer(&site.browser(), "/guarded-confirm?next=//evil.example")
        .await
        .1;
    assert_eq!(location, "/login");
}

#[tokio::test]
async fn a_confirmation_changes_the_id_and_neither_the_end_nor_the_lifetime() {
    let (site, clock) = app(|builder| builder.lifetime(30 * MINUTE)).await;
    let browser = site.browser();
    do_post(&browser, "/login").await;
    let before = browser.stolen();
    for _ in 0..2 {
        clock.advance(14 * MINUTE);
        do_post(&browser, "/confirm").await;
    }
    assert_eq!(status(&browser, "/account").await, StatusCode::OK);
    assert_eq!(
        status(&before, "/page").await,
        StatusCode::SEE_OTHER,
        "an older copy"
    );
    clock.advance(2 * MINUTE);
    assert_eq!(
        status(&browser, "/page").await,
        StatusCode::SEE_OTHER,
        "30 minutes after the login"
    );
    let nobody = site.browser();
    assert_eq!(
        nobody.post("/confirm").await.status(),
        401,
        "nobody has nothing to confirm"
    );
}

fn max_ages(response: &reqwest::Response) -> Vec<Option<u64>> {
    let cookies = response.set_cookies();
    let logins = cookies
        .iter()
        .filter(|cookie| !cookie.contains("Max-Age=0"))
        .filter(|cookie| cookie.contains(".id=") || cookie.contains(".data."));
    logins
        .map(|cookie| {
            let (_, rest) = cookie.split_once("; Max-Age=")?;
            rest.split(';').next()?.parse().ok()
        })
        .collect()
}

#[tokio::test]
async fn a_remembered_login_outlives_the_browser_and_the_usual_lifetime_and_is_not_fresh() {
    let (site, clock) = app(|builder| builder).await;
    let browser = site.browser();
    assert_eq!(browser.text("/remembered").await, "false");
    assert_eq!(
        max_ages(&browser.post("/login").await),
        [None, None],
        "ends with the browser"
    );
    let remembered = browser.post("/remember").await;
    let fortnight = Some(14 * 24 * 3_600);
    assert_eq!(max_ages(&remembered), [fortnight, fortnight]);
    assert_eq!(browser.text("/remembered").await, "true");
    assert_eq!(status(&browser, "/page").await, StatusCode::OK);
    assert_eq!(
        status(&browser, "/account").await,
        StatusCode::SEE_OTHER,
        "s099: from its very beginning"
    );

    clock.advance(13 * DAY);
    assert_eq!(
        status(&browser, "/page").await,
        StatusCode::OK,
        "the lifetime is 24 hours"
    );
    let confirmed = browser.post("/confirm").await;
    let day = Some(24 * 3_600);
    assert_eq!(
        max_ages(&confirmed),
        [day, day],
        "it is still remembered, and no longer than before"
    );
    assert_eq!(status(&browser, "/account").await, StatusCode::OK);
    clock.advance(10 * MINUTE);
    assert_eq!(status(&browser, "/account").await, StatusCode::SEE_OTHER);
    clock.advance(Duration::from_millis((24 * 60 - 10) * 60_000 - 1));
    assert_eq!(
        status(&browser, "/page").await,
        StatusCode::OK,
        "to the end"
    );
    clock.advance(Duration::from_millis(1));
    assert_eq!(
        status(&browser, "/page").await,
        StatusCode::SEE_OTHER,
        "over"
    );
}

#[tokio::test]
async fn a_remembered_login_has_a_limit_that_can_be_lowered_later() {
    let (site, _) = app(|builder| builder).await;
    let message = site.browser().post("/too-long").await.text().await.unwrap();
    assert!(message.contains("remember_limit"), "{message}");

    let (there, _) = app(|builder| builder).await;
    let browser = there.browser();
    do_post(&browser, "/remember").await;
    let (here, clock) = app(|builder| builder.remember_limit(7 * DAY)).await;
    let elsewhere = Browser::new(here.url(""), browser.jar.clone());
    assert_eq!(status(&elsewhere, "/page").await, StatusCode::OK);
    clock.advance(7 * DAY);
    assert_eq!(status(&elsewhere, "/page").await, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_login_can_be_shorter_than_usual() {
    let (site, clock) = app(|builder| builder).await;
    let browser = site.browser();
    do_post(&browser, "/short").await;
    clock.advance(Duration::from_millis(5 * 60_000 - 1));
    assert_eq!(status(&browser, "/page").await, StatusCode::OK);
    clock.advance(Duration::from_millis(1));
    assert_eq!(status(&browser, "/page").await, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_session_knows_when_the_password_was_last_given() {
    let (site, clock) = app(|builder| builder).await;
    let browser = site.browser();
    assert_eq!(browser.text("/again").await, "None None false");
    do_post(&browser, "/login").await;
    let start = TestClock::START.as_secs();
    assert_eq!(
        browser.text("/again").await,
        format!("None Some({start}) true")
    );
    clock.advance(20 * MINUTE);
    assert_eq!(
        browser.text("/again").await,
        format!("None Some({start}) false")
    );
    do_post(&browser, "/confirm").await;
    assert_eq!(
        browser.text("/again").await,
        format!("None Some({}) true", start + 1_200)
    );
}

/// s083: a remembered login whose answer a logout has overtaken does not come back when the usual lifetime is over.
#[tokio::test]
async fn the_mark_of_a_logout_outlives_remembered_logins_too() {
    let (site, clock) = app(|builder| builder).await;
    let (leaving, late) = (site.browser(), site.browser());
    do_post(&leaving, "/login").await;
    do_post(&leaving, "/logout").await;
    do_post(&late, "/remember").await;
    // Both answers came to one browser, the login's last.
    let (name, mark) = leaving.jar.find(".out").unwrap();
    late.jar.set(&name, &mark);
    for day in 0..14 {
        assert_eq!(
            status(&late, "/page").await,
            StatusCode::SEE_OTHER,
            "day {day}"
        );
        clock.advance(DAY);
    }
}
