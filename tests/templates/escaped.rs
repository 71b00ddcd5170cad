//! What people write is text: in templates whose names say that they are HTML, it is escaped unless one says otherwise.

use serde_json::json;

use crate::site::{leave, log_in, post_json, site};

#[tokio::test]
async fn a_message_and_a_name_with_tags_are_text() {
    let site = site().await;
    let browser = site.browser();
    log_in(&browser, 2).await;
    let flash = ["<i>", "<script>alert(1)</script>"];
    leave(&browser, &[flash]).await;
    let page = browser.text("/page/pairs.html").await;
    assert_eq!(
        page,
        "[&lt;i&gt;: &lt;script&gt;alert(1)&lt;&#x2f;script&gt;]"
    );
    leave(&browser, &[flash]).await;
    let page = browser.text("/page/named.html").await;
    assert_eq!(
        page,
        "[&lt;i&gt;: &lt;script&gt;alert(1)&lt;&#x2f;script&gt;]"
    );
    leave(&browser, &[flash]).await;
    let page = browser.text("/page/shown.html").await;
    assert_eq!(page, "&lt;script&gt;alert(1)&lt;&#x2f;script&gt;");
    let page = browser.text("/page/who.html").await;
    assert!(page.starts_with("&lt;b&gt;Bob&lt;&#x2f;b&gt;, "), "{page}");
    assert!(!page.contains('<'), "{page}");
}

#[tokio::test]
async fn nothing_leaves_an_attribute() {
    let site = site().await;
    let browser = site.browser();
    log_in(&browser, 2).await;
    post_json(&browser, "/set", json!({ "note": "\"'><img src=x>" })).await;
    leave(&browser, &[["message", "\"' onclick='alert(1)"]]).await;
    let page = browser.text("/page/attributes.html").await;
    assert_eq!(
        page,
        "<p title=\"&lt;b&gt;Bob&lt;&#x2f;b&gt;\" class='&quot;&#x27; onclick=&#x27;alert(1)'>\
         &quot;&#x27;&gt;&lt;img src=x&gt;</p>"
    );
}
