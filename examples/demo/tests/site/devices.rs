//! Where the user is logged in, and ending a login from elsewhere.

use muffin_session::store_from_url;
use reqwest::StatusCode;

use crate::browser::{Browser, redirect};

/// A site that keeps sessions in memory.
async fn start() -> Browser {
    Browser::start_in(store_from_url("memory:").unwrap()).await
}

/// The devices on a page: their names, and the paths that end the logins there, where there is a button for it.
fn devices(page: &str) -> Vec<(String, Option<String>)> {
    let between = |text: &str, before: &str, after: &str| {
        let (_, rest) = text.split_once(before)?;
        Some(rest.split_once(after)?.0.to_owned())
    };
    let items = page.split(r#"<li class="card">"#).skip(1);
    let device = |item: &str| {
        let item = item.split("</li>").next().unwrap();
        let heading = between(item, "<h2", "</h2>").unwrap();
        let (_, name) = heading.split_once('>').unwrap();
        (name.to_owned(), between(item, r#"action=""#, r#"""#))
    };
    items.map(device).collect()
}

#[tokio::test]
async fn guests_log_in_first() {
    let browser = start().await;
    let login = "/login?next=%2Fdevices";
    assert_eq!(redirect(&browser.get("/devices").await), login);
    for path in ["/devices/end-others", "/devices/x/end"] {
        assert_eq!(redirect(&browser.post(path, &[]).await), "/login");
    }
}

#[tokio::test]
async fn in_cookies_the_page_says_what_to_set() {
    let browser = Browser::start_as("bob").await;
    let page = browser.page("/devices").await;
    assert!(
        page.contains("<code>SESSION_STORE=memory:</code>"),
        "{page}"
    );
    assert!(!page.contains("Log out there") && !page.contains("everywhere else"));
    for path in ["/devices/end-others", "/devices/x/end"] {
        let answer = browser.post(path, &[]).await;
        assert_eq!(answer.status(), StatusCode::CONFLICT);
        assert!(answer.text().await.unwrap().contains("in cookies here"));
    }
    assert!(browser.page("/").await.contains("Hello, bob"));
}

#[tokio::test]
async fn the_only_login_is_listed_and_has_nothing_to_end() {
    let browser = start().await;
    browser.log_in("bob").await;
    let page = browser.page("/devices").await;
    assert!(page.contains("This is your only login"), "{page}");
    assert!(page.contains("in a store (memory)"), "{page}");
    let device = concat!(
        r#"<li class="card"><div><h2 id="device-1">Unknown browser <span class="badge">this one</span></h2>"#,
        "<p>Logged in just now, last seen in the last ten minutes</p></div></li>",
    );
    assert!(page.contains(device), "{page}");
    assert_eq!(page.matches(r#"<li class="card">"#).count(), 1);
    assert!(!page.contains("Log out there") && !page.contains("everywhere else"));
    let link = r#"<a href="/devices">"#;
    for path in ["/dashboard", "/account"] {
        assert!(browser.page(path).await.contains(link), "{path}");
    }
}

#[tokio::test]
async fn a_login_is_called_by_what_its_browser_says_and_nothing_of_that_is_html() {
    let browser = start().await;
    for (agent, name) in [
        (
            "Mozilla/5.0 (Windows NT 10.0; rv:145.0) Gecko/20100101 Firefox/145.0",
            "Firefox on Windows",
        ),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;"),
        ("curl/8.14.1", "curl"),
    ] {
        let other = browser.another();
        other.log_in_with("bob", agent).await;
        let page = other.page("/devices").await;
        let heading = format!(r#">{name} <span class="badge">this one</span></h2>"#);
        assert!(page.contains(&heading), "{page}");
        assert!(!page.contains("<script"), "{page}");
    }
}

#[tokio::test]
async fn one_of_several_logins_is_ended_from_another() {
    let here = start().await;
    let [there, third, anns] = [here.another(), here.another(), here.another()];
    anns.log_in("ann").await;
    third.log_in_with("bob", "third").await;
    there.log_in_with("bob", "there").await;
    here.log_in_with("bob", "here").await;

    let page = here.page("/devices").await;
    assert!(page.contains("You have 3 logins"), "{page}");
    let mut listed = devices(&page);
    // This one comes first; of the others, both were last seen just now.
    listed[1..].sort();
    let [(this, None), (name, Some(end)), (other, Some(_))] = &listed[..] else {
        panic!("{listed:?}");
    };
    assert_eq!(this, r#"here <span class="badge">this one</span>"#);
    assert_eq!((&**name, &**other), ("there", "third"));

    let copied = there.cookies();

    // It is bob's alone to end.
    let answer = anns.post(end, &[]).await;
    assert_eq!(redirect(&answer), "/devices");
    let page = anns.page("/devices").await;
    assert!(page.contains("That login was over already."), "{page}");

    for (said, places) in [
        ("That login has ended.", "You have 2 logins"),
        ("over already", "You have 2 logins"),
    ] {
        assert_eq!(redirect(&here.post(end, &[]).await), "/devices");
        let page = here.page("/devices").await;
        assert!(page.contains(said) && page.contains(places), "{page}");
        assert!(
            devices(&page).iter().all(|(name, _)| name != "there"),
            "{page}"
        );
    }
    for refused in [
        there.get("/dashboard").await,
        there.another().get_with("/dashboard", &copied).await,
    ] {
        assert_eq!(redirect(&refused), "/login?next=%2Fdashboard");
    }
    for browser in [&here, &third] {
        assert!(browser.page("/").await.contains("Hello, bob"));
    }
    assert!(anns.page("/").await.contains("Hello, ann"));
}

#[tokio::test]
async fn all_others_are_ended_at_once() {
    let here = start().await;
    let others = [here.another(), here.another()];
    let anns = here.another();
    for browser in others.iter().chain([&here]) {
        browser.log_in("bob").await;
    }
    anns.log_in("ann").await;
    here.keep_note("Buy oats").await;

    let page = here.page("/devices").await;
    assert!(
        page.contains(r#"action="/devices/end-others"><button>Log out everywhere else</button>"#)
    );
    let answer = here.post("/devices/end-others", &[]).await;
    assert_eq!(redirect(&answer), "/devices");
    let page = here.page("/devices").await;
    assert!(
        page.contains("You are logged out everywhere else."),
        "{page}"
    );
    assert!(page.contains("This is your only login"), "{page}");
    for other in &others {
        assert!(other.page("/").await.contains("Nobody is logged in"));
    }
    assert!(here.page("/notes").await.contains("Buy oats"));
    assert!(anns.page("/").await.contains("Hello, ann"));
}

#[tokio::test]
async fn notes_in_a_store_may_be_longer_than_a_cookie() {
    let browser = start().await;
    browser.log_in("bob").await;
    assert!(browser.page("/notes").await.contains("in a store (memory)"));
    assert!(browser.page("/").await.contains("in a store (memory)"));
    let long = "A very long recipe. ".repeat(3_000);
    browser.keep_note(&long).await;
    assert!(browser.page("/notes").await.contains(long.trim()));
}
