//! The staff area, whose logins have nothing to do with those of the site.

use demo::team::DEMO_STAFF;
use demo::users::DEMO_USERS;
use reqwest::{Response, StatusCode};

use crate::browser::{Browser, cookies, redirect};

/// Where the staff area leads whom it does not let in.
async fn refused(browser: &Browser, path: &str) -> String {
    redirect(&browser.get(path).await).to_owned()
}

#[tokio::test]
async fn neither_guests_nor_users_are_staff() {
    let browser = Browser::start().await;
    assert_eq!(
        refused(&browser, "/staff").await,
        "/staff/login?next=%2Fstaff"
    );
    let page = browser.page("/staff/login?next=%2Fstaff").await;
    assert!(page.contains("Log in as staff to see this page."));

    browser.log_in("ann").await;
    assert_eq!(
        refused(&browser, "/staff").await,
        "/staff/login?next=%2Fstaff"
    );
    assert_eq!(
        refused(&browser, "/staff/users").await,
        "/staff/login?next=%2Fstaff%2Fusers"
    );
}

#[tokio::test]
async fn passwords_count_only_where_they_belong() {
    let browser = Browser::start().await;
    let ([sam], [_, bob]) = (DEMO_STAFF, DEMO_USERS);
    for (path, name, password) in [
        ("/staff/login", bob.name, bob.password),
        ("/staff/login", sam.name, bob.password),
        ("/staff/login", sam.name, ""),
        ("/login", sam.name, sam.password),
    ] {
        let form = [("name", name), ("password", password)];
        let answer = browser.post(path, &form).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        let page = answer.text().await.unwrap();
        assert!(page.contains("The name or the password is wrong."));
        assert!(page.contains(&format!(r#"value="{name}""#)));
    }
}

#[tokio::test]
async fn staff_are_nobody_on_the_site() {
    let browser = Browser::start().await;
    let login = browser.log_in_as_staff().await;
    for cookie in cookies(&login) {
        assert!(cookie.starts_with("__Host-staff."), "{cookie}");
    }
    let page = browser.page("/staff").await;
    assert!(page.contains("Welcome, sam!"));
    assert!(page.contains("you are <b>sam</b>. On the site, nobody is logged in."));
    assert!(!browser.page("/staff").await.contains("Welcome"));
    assert!(browser.page("/").await.contains("Nobody is logged in"));
    assert_eq!(
        refused(&browser, "/dashboard").await,
        "/login?next=%2Fdashboard"
    );
}

#[tokio::test]
async fn login_leads_back_to_the_page_that_was_asked_for() {
    let browser = Browser::start().await;
    let login = refused(&browser, "/staff/users").await;
    let [sam] = DEMO_STAFF;
    let form = [("name", sam.name), ("password", sam.password)];
    let answer = browser.post(&login, &form).await;
    assert_eq!(redirect(&answer), "/staff/users");
    let page = browser.page("/staff/users").await;
    for user in DEMO_USERS {
        assert!(page.contains(&format!(r#"<th scope="row">{}</th>"#, user.name)));
    }
}

#[tokio::test]
async fn both_logins_live_side_by_side() {
    let browser = Browser::start_as("bob").await;
    browser.keep_note("Buy oats").await;
    browser.log_in_as_staff().await;
    let page = browser.page("/staff").await;
    assert!(page.contains("this browser is logged in as <b>bob</b>."));
    assert!(page.contains(r#"<dd id="notes">One note</dd>"#));

    // A logout ends the one, and the other goes on.
    let by_get = browser.get("/staff/logout").await;
    assert_eq!(by_get.status(), StatusCode::METHOD_NOT_ALLOWED);
    let logout = browser.post("/staff/logout", &[]).await;
    assert_eq!(redirect(&logout), "/staff/login");
    let page = browser.page("/staff/login").await;
    assert!(page.contains("You are logged out."));
    refused(&browser, "/staff").await;
    assert!(browser.page("/").await.contains("Hello, bob"));

    browser.log_in_as_staff().await;
    browser.post("/logout", &[]).await;
    let page = browser.page("/staff").await;
    assert!(page.contains("On the site, nobody is logged in."));
    assert!(page.contains(r#"<dd id="notes">No notes yet</dd>"#));
}

#[tokio::test]
async fn cookies_under_the_names_of_the_others_are_worth_nothing() {
    let browser = Browser::start().await;
    // Both are number 1 among their own.
    let ann = copied(&browser.log_in("ann").await);
    let sam = copied(&browser.log_in_as_staff().await);
    for (cookies, path, status) in [
        (ann.clone(), "/dashboard", StatusCode::OK),
        (sam.clone(), "/staff", StatusCode::OK),
        (
            ann.replace("__Host-session.", "__Host-staff."),
            "/staff",
            StatusCode::SEE_OTHER,
        ),
        (
            sam.replace("__Host-staff.", "__Host-session."),
            "/dashboard",
            StatusCode::SEE_OTHER,
        ),
    ] {
        let answer = browser.get_with(path, &cookies).await;
        assert_eq!(answer.status(), status, "{path} with {cookies}");
    }
}

/// The cookies that an answer sets, as a browser sends them back.
fn copied(answer: &Response) -> String {
    let pairs = cookies(answer)
        .into_iter()
        .filter_map(|cookie| cookie.split(';').next());
    pairs.collect::<Vec<_>>().join("; ")
}

#[tokio::test]
async fn an_unknown_page_is_a_404_for_everybody() {
    let browser = Browser::start().await;
    let answer = browser.get("/staff/nowhere").await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
}
