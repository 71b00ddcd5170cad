//! Registration, logins, and what every answer says.

use reqwest::StatusCode;
use reqwest::header::{ORIGIN, SET_COOKIE};

use crate::client::{Site, password_of, redirect};

#[tokio::test]
async fn the_first_to_register_is_the_admin() {
    let site = Site::start().await;
    let ann = site.register("ann").await;
    assert!(ann.page("/account").await.contains("Your role: admin."));
    let bob = site.register("bob").await;
    assert!(bob.page("/account").await.contains("Your role: member."));
}

#[tokio::test]
async fn a_registration_that_does_not_do_says_why() {
    let site = Site::start().await;
    site.register("ann").await;
    let browser = site.browser();
    let long = "a long enough password";
    for (name, password, again, why) in [
        ("ann", long, long, "Somebody has that name already"),
        (" ANN ", long, long, "Somebody has that name already"),
        ("a b", long, long, "A name is made of"),
        ("<i>", long, long, "A name is made of"),
        ("ab", long, long, "A name has 3 to 30 characters"),
        ("bob", "short", "short", "The password is too short"),
        ("bob", long, "another", "The two are not the same"),
    ] {
        let form = [("name", name), ("password", password), ("again", again)];
        let response = browser.post("/register", &form).await;
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let page = response.text().await.unwrap();
        assert!(page.contains(why), "{name}: {page}");
        assert!(!page.contains(long) && !page.contains("<i>"), "{page}");
    }
    assert!(!browser.is_logged_in().await);
}

#[tokio::test]
async fn unknown_names_and_wrong_passwords_are_answered_alike() {
    let site = Site::start().await;
    site.register("ann").await;
    let browser = site.browser();
    let mut pages = Vec::new();
    for (name, password) in [
        ("ann", "wrong"),
        ("ann", ""),
        ("zoe", &password_of("ann")),
        ("zoe", "this is nobody's password"),
    ] {
        let response = browser.log_in(name, password).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        let page = response.text().await.unwrap();
        assert!(page.contains("The name or the password is wrong."));
        pages.push(page.replace(&format!("value=\"{name}\""), ""));
    }
    assert!(pages.iter().all(|page| *page == pages[0]));
    assert!(!browser.is_logged_in().await);
}

#[tokio::test]
async fn a_login_leads_to_the_page_that_was_asked_for() {
    let site = Site::start().await;
    site.register("ann").await;
    let browser = site.browser();
    let response = browser.get("/account/devices").await;
    let login = redirect(&response).to_owned();
    assert_eq!(login, "/login?next=%2Faccount%2Fdevices");
    assert!(browser.page(&login).await.contains("Log in first, please."));
    let form = [("name", "Ann"), ("password", &*password_of("ann"))];
    let response = browser.post(&login, &form).await;
    assert_eq!(redirect(&response), "/account/devices");
    let page = browser.page("/account/devices").await;
    assert!(page.contains("Welcome, ann!"));
    let again = browser.page("/account/devices").await;
    assert!(!again.contains("Welcome, ann!"), "it is said once");

    let response = browser.post("/logout", &[]).await;
    assert_eq!(redirect(&response), "/");
    assert!(browser.page("/").await.contains("You are logged out."));
    assert!(!browser.is_logged_in().await);
}

#[tokio::test]
async fn a_remembered_login_outlives_the_browser() {
    let site = Site::start().await;
    site.register("ann").await;
    let password = password_of("ann");
    for (remember, is_kept) in [(None, false), (Some("true"), true)] {
        let mut form = vec![("name", "ann"), ("password", &*password)];
        form.extend(remember.map(|ticked| ("remember", ticked)));
        let response = site.browser().post("/login", &form).await;
        let cookies = response.headers().get_all(SET_COOKIE);
        let mut cookies = cookies.iter().map(|cookie| cookie.to_str().unwrap());
        let id = cookies.find(|cookie| cookie.starts_with("__Host-session.id="));
        let id = id.unwrap();
        assert_eq!(id.contains("Max-Age="), is_kept, "{remember:?}");
    }
}

#[tokio::test]
async fn passwords_are_not_tried_without_end() {
    let site = Site::start().await;
    site.register("ann").await;
    site.register("bob").await;
    let browser = site.browser();
    for _ in 0..10 {
        let response = browser.log_in("ann", "wrong").await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    }
    // The right one is not looked at any more, whoever brings it from here.
    let response = site.browser().log_in("ann", &password_of("ann")).await;
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(response.headers()["retry-after"], "900");
    let page = response.text().await.unwrap();
    assert!(page.contains("<h1>Too Many Requests</h1>"), "{page}");
    // Somebody else is not kept out by that.
    site.log_in("bob").await;
}

#[tokio::test]
async fn forms_of_other_sites_are_refused() {
    let site = Site::start().await;
    let ann = site.register("ann").await;
    let form = [("title", "Not mine"), ("details", "")];
    let request = ann.request_post("/new", &form);
    let response = request.header(ORIGIN, "https://elsewhere.example").send();
    let response = response.await.unwrap();
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert!(!ann.page("/").await.contains("Not mine"));
}

#[tokio::test]
async fn every_answer_keeps_scripts_and_frames_of_others_out() {
    let site = Site::start().await;
    let browser = site.browser();
    for path in [
        "/",
        "/login",
        "/account",
        "/nowhere",
        "/cards/7",
        "/assets/board.js",
        "/api/me",
    ] {
        let response = browser.get(path).await;
        let policy = response.headers()["content-security-policy"].to_str();
        let policy = policy.unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"));
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    }
}

#[tokio::test]
async fn what_is_not_there_is_a_page_for_people() {
    let site = Site::start().await;
    let browser = site.browser();
    for path in ["/nowhere", "/cards/7", "/cards/7/comments"] {
        let response = browser.get(path).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        assert!(response.text().await.unwrap().contains("<h1>"), "{path}");
    }
    let response = browser.get("/cards/seven").await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert!(response.text().await.unwrap().contains("<h1>"));
}
