//! Who is logged in, as templates see it: loaded once, never nobody because a loader failed.

use axum::Router;
use axum::routing::{get, post};
use muffin_session::{Error, PageContext, SessionOf, user_loader};
use muffin_session_tests::{Site, bare_builder, builder};
use serde::Serialize;

use crate::site::{
    Asked, User, leave, load_user, log_in, pages, post_json, rendered, site, site_with,
};

const NOBODY: &str = "nobody, None, True, True, False";
const ANN: &str = "Ann, {&quot;name&quot;: &quot;Ann&quot;}, True, False, False";

#[tokio::test]
async fn templates_see_what_the_user_serializes_and_nothing_else() {
    let site = site().await;
    let browser = site.browser();
    let nobody = browser.text("/page/who.html").await;
    assert_eq!(nobody, NOBODY);
    log_in(&browser, 1).await;
    let ann = browser
        .text("/page/who.html")
        .await
        .replace("&#39;", "&quot;")
        .replace("&#x27;", "&quot;");
    assert_eq!(ann, ANN);
}

#[tokio::test]
async fn a_page_without_a_user_type_says_whether_somebody_is_there() {
    let without_loader = builder()
        .without_user_loader()
        .build()
        .expect("sound options");
    let plain = Site::serve(pages().layer(without_loader)).await;
    for site in [plain, site().await] {
        let browser = site.browser();
        let anybody = "/anybodys/anybody.html";
        assert_eq!(browser.text(anybody).await, "False, False");
        log_in(&browser, 1).await;
        assert_eq!(browser.text(anybody).await, "True, False");
        leave(&browser, &[["message", "one"]]).await;
        assert_eq!(browser.text("/anybodys/shown.html").await, "one");
        assert_eq!(browser.text("/anybodys/shown.html").await, "");
    }
}

#[tokio::test]
async fn a_loader_that_fails_is_an_error_and_a_user_who_is_gone_is_nobody() {
    let site = site().await;
    let browser = site.browser();
    log_in(&browser, 500).await;
    for page in [
        "/page/quiet.html",
        "/page/who.html",
        "/anybodys/quiet.html",
        "/alone",
    ] {
        assert_eq!(browser.get(page).await.status(), 500, "{page}");
    }
    let browser = site.browser();
    log_in(&browser, 3).await;
    assert_eq!(browser.text("/page/who.html").await, NOBODY);
    let anybody = browser.text("/anybodys/anybody.html").await;
    assert_eq!(anybody, "False, False");
}

#[tokio::test]
async fn the_loader_is_asked_once_a_request() {
    let (site, asked) = site_with(builder()).await;
    let browser = site.browser();
    browser.text("/page/who.html").await;
    assert_eq!(asked.times(), 0);
    log_in(&browser, 1).await;
    assert_eq!(asked.times(), 0);
    for page in [
        "/page/who.html",
        "/anybodys/anybody.html",
        "/guarded",
        "/without-template",
    ] {
        browser.text(page).await;
        assert_eq!(asked.times(), 1, "{page}");
    }
}

#[tokio::test]
async fn a_page_says_who_is_there_when_it_is_rendered() {
    let site = site().await;
    let browser = site.browser();
    let strange = browser.text("/after-login").await;
    assert_eq!(strange, NOBODY, "the next page knows");
    assert!(browser.text("/page/who.html").await.starts_with("Ann, "));
    assert!(browser.text("/after-renewal").await.starts_with("Ann, "));
    let left = browser.text("/after-logout").await;
    assert_eq!(left, "False, False, False, None");
    assert_eq!(browser.text("/page/who.html").await, NOBODY);
}

#[tokio::test]
async fn what_the_handler_sets_by_the_same_names_wins() {
    let site = site().await;
    let browser = site.browser();
    log_in(&browser, 1).await;
    assert_eq!(browser.text("/own-names").await, ", mine, my own");
}

#[tokio::test]
async fn the_sessions_data_is_read_by_key() {
    let site = site().await;
    let browser = site.browser();
    assert_eq!(browser.text("/page/session.html").await, ", , ");
    let data = serde_json::json!({ "note": "dark", "many": { "numbers": [1, 2.5, null] } });
    post_json(&browser, "/set", data).await;
    assert_eq!(browser.text("/page/session.html").await, "dark, , 2.5");
    assert_eq!(browser.text("/anybodys/session.html").await, "dark, , 2.5");
}

#[user_loader]
async fn load_by_token(token: String) -> Option<User> {
    (token == "anns").then(|| User::named("Ann"))
}

#[tokio::test]
async fn whoever_comes_by_token_is_there_and_leaves_the_browsers_messages_alone() {
    let (site, _) = site_with(bare_builder().token_loader(load_by_token)).await;
    let browser = site.browser();
    log_in(&browser, 2).await;
    leave(&browser, &[["message", "to Bob"]]).await;
    for (token, who, anybody) in [
        ("Bearer anns", "Ann, ", "True, False"),
        ("Bearer nobodys", "nobody, ", "False, False"),
    ] {
        let get = async |page: &str| {
            let headers = [("authorization", token)];
            let answer = browser.send(reqwest::Method::GET, page, &headers).await;
            answer.text().await.unwrap()
        };
        assert!(get("/page/who.html").await.starts_with(who), "{token}");
        assert_eq!(get("/anybodys/anybody.html").await, anybody, "{token}");
        assert_eq!(get("/page/shown.html").await, "", "{token}");
    }
    assert_eq!(browser.text("/page/shown.html").await, "to Bob");
}

#[derive(Clone, Serialize)]
struct Staff {
    name: &'static str,
}

#[user_loader]
async fn load_staff(id: u64) -> Option<Staff> {
    (id == 7).then_some(Staff { name: "Sam" })
}

#[tokio::test]
async fn with_several_kinds_of_users_a_page_is_about_its_own() {
    async fn enter(session: SessionOf<Staff>) -> Result<(), Error> {
        session.login(7)?;
        session.flash("to the staff")
    }
    async fn both(page: PageContext<User>, staff: PageContext<Staff>) -> String {
        let mut texts = Vec::new();
        for context in [minijinja::Value::from(page), staff.into()] {
            for template in ["who.html", "shown.html"] {
                texts.push(rendered(template, context.clone()).expect("a page").0);
            }
        }
        texts.join("; ")
    }
    let users = bare_builder().user_loader_with_state(load_user, Asked::default());
    let staff = bare_builder().cookie_name("staff").user_loader(load_staff);
    let app = Router::new()
        .route("/enter", post(enter))
        .route("/both", get(both))
        .layer(users.build().expect("sound options"))
        .layer(staff.build().expect("sound options"));
    let site = Site::serve(app).await;
    let browser = site.browser();
    let nobody = format!("{NOBODY}; ; {NOBODY}; ");
    assert_eq!(browser.text("/both").await, nobody);
    assert_eq!(browser.post("/enter").await.status(), 200);
    let page = browser.text("/both").await;
    assert!(page.starts_with(&format!("{NOBODY}; ; Sam, ")), "{page}");
    assert!(page.ends_with("; to the staff"), "{page}");
}
