//! Lists in pages: nothing is out of reach, and parts of pages stay where they are.

use crate::client::{Browser, Site, all_between, redirect};

/// As HTMX sends it.
async fn part(browser: &Browser, path: &str, form: Option<&[(&str, &str)]>) -> String {
    let request = match form {
        Some(form) => browser.request_post(path, form),
        None => browser.request_get(path),
    };
    let request = request.header("HX-Request", "true").header("Accept", "*/*");
    let response = request.send().await.unwrap();
    assert!(response.status().is_success(), "{path}");
    response.text().await.unwrap()
}

/// Where the links to newer and older pages lead.
fn neighbours(page: &str) -> (Option<&str>, Option<&str>) {
    let link = |id: &str| {
        let links = all_between(page, id, "rel=");
        let path = links.first()?.split('"').nth(2);
        Some(path.unwrap())
    };
    (link("id=\"newer-"), link("id=\"older-"))
}

#[tokio::test]
async fn old_cards_are_on_a_page_of_their_own() {
    let site = Site::start().await;
    let ann = site.register("ann").await;
    for number in 1..=102 {
        ann.add_card(&format!("Card no. {number}.")).await;
    }
    let page = ann.page("/").await;
    assert!(page.contains("Card no. 3.") && !page.contains("Card no. 2."));
    assert_eq!(neighbours(&page), (None, Some("/?before=3")));
    // All of them, whatever is shown.
    assert!(page.contains("<span class=\"count\">102<"), "{page}");

    let older = ann.page("/?before=3").await;
    assert!(older.contains("Card no. 2.") && !older.contains("Card no. 3."));
    assert_eq!(neighbours(&older), (Some("/"), None));
    assert!(older.contains("hx-get=\"/board?before=3\""), "{older}");
    let fetched = part(&ann, "/board?before=3", None).await;
    assert!(fetched.contains("Card no. 2.") && !fetched.contains("Card no. 3."));

    // A move leaves one where one is.
    let status = "/cards/1/status?before=3";
    assert!(older.contains(&format!("hx-post=\"{status}\"")), "{older}");
    let form = [("status", "done"), ("place", "board")];
    let moved = part(&ann, status, Some(&form)).await;
    assert!(moved.contains("autofocus>Card no. 1.</a>"), "{moved}");
    assert!(moved.contains("hx-get=\"/board?before=3\""), "{moved}");
    assert_eq!(redirect(&ann.post(status, &form).await), "/?before=3");

    // Its column is not empty, though nothing of it is on the first page.
    let page = ann.page("/").await;
    assert!(page.contains("None of these is on this page."), "{page}");
    let staff = ann.page("/staff").await;
    assert!(staff.contains("<dt>Open</dt><dd>101</dd>"), "{staff}");
    assert!(staff.contains("<dt>Done</dt><dd>1</dd>"), "{staff}");
}

#[tokio::test]
async fn old_comments_are_on_a_page_of_their_own() {
    let site = Site::start().await;
    let ann = site.register("ann").await;
    let card = ann.add_card("Much to say").await;
    let comments = format!("{card}/comments");
    for number in 1..=102 {
        let text = format!("Comment no. {number}.");
        ann.post(&comments, &[("text", &text)]).await;
    }
    let page = ann.page(&card).await;
    assert!(page.contains("Comment no. 3.") && !page.contains("Comment no. 2."));
    let older = format!("{card}?before=3#discussion");
    assert_eq!(neighbours(&page), (None, Some(&*older)));

    let page = ann.page(&older).await;
    assert!(page.contains("Comment no. 2.") && !page.contains("Comment no. 3."));
    assert_eq!(
        neighbours(&page),
        (Some(&*format!("{card}#discussion")), None)
    );
    let fetched = part(&ann, &format!("{comments}?before=3"), None).await;
    assert!(fetched.contains("Comment no. 2.") && !fetched.contains("Comment no. 3."));

    // Deleting one leaves one where one is.
    let delete = "/comments/1/delete?before=3";
    assert!(page.contains(&format!("hx-post=\"{delete}\"")), "{page}");
    let list = part(&ann, delete, Some(&[])).await;
    assert!(list.contains("Comment no. 2.") && !list.contains("Comment no. 1."));
    let response = ann.post("/comments/2/delete?before=3", &[]).await;
    assert_eq!(redirect(&response), older);
    let page = ann.page(&older).await;
    assert!(page.contains("Nothing was said before that."), "{page}");
}

#[tokio::test]
async fn pages_that_are_nowhere_lead_back() {
    let site = Site::start().await;
    let ann = site.register("ann").await;
    let card = ann.add_card("Fix the door").await;
    for path in ["/?before=1", "/staff?before=0", "/staff/users?before=-1"] {
        ann.page(path).await;
    }
    let page = ann.page(&format!("{card}?before=0")).await;
    assert_eq!(neighbours(&page), (None, None));
    for path in ["/?before=x", &format!("{card}?before=x"), "/staff?before="] {
        let response = ann.get(path).await;
        assert_eq!(response.status(), 400, "{path}");
        assert!(response.text().await.unwrap().contains("<h1>"), "{path}");
    }
}
