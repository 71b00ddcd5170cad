//! What went wrong is said so that everybody notices.

use reqwest::StatusCode;

use crate::client::{Site, password_of};

#[tokio::test]
async fn errors_are_said_at_once_and_in_words() {
    let site = Site::start().await;
    let ann = site.register("ann").await;
    ann.post("/account/delete", &[]).await;
    let page = ann.page("/account").await;
    let alert = "<div id=\"errors\" role=\"alert\"><p class=\"note error\"><b>Error:</b> You are the only admin";
    assert!(page.contains(alert), "{page}");
    // What went well is nothing to interrupt anybody for.
    ann.post("/staff/users/1/role", &[("role", "admin")]).await;
    let page = ann.page("/account").await;
    let status = "<div id=\"notices\" role=\"status\"><p class=\"note\">ann: admin.</p></div>";
    assert!(page.contains(status), "{page}");
}

#[tokio::test]
async fn a_field_that_is_at_fault_says_so() {
    let site = Site::start().await;
    let ann = site.register("ann").await;
    let anns = &*password_of("ann");
    let guest = site.browser();
    for (browser, path, form, field) in [
        (
            &guest,
            "/register",
            &[("name", "an"), ("password", anns), ("again", anns)] as &[_],
            "name",
        ),
        (
            &guest,
            "/register",
            &[("name", "bob"), ("password", "short"), ("again", "short")],
            "password",
        ),
        (
            &guest,
            "/login",
            &[("name", "ann"), ("password", "wrong")],
            "password",
        ),
        (&ann, "/confirm", &[("password", "wrong")], "password"),
        (
            &ann,
            "/account/password",
            &[("current", "wrong"), ("password", anns), ("again", anns)],
            "current",
        ),
        (
            &ann,
            "/account/password",
            &[("current", anns), ("password", "short"), ("again", "short")],
            "password",
        ),
        (&ann, "/account/tokens", &[("name", " ")], "name"),
        (&ann, "/new", &[("title", " "), ("details", "")], "title"),
    ] {
        let response = browser.post(path, form).await;
        let status = response.status();
        assert!(
            [StatusCode::UNAUTHORIZED, StatusCode::UNPROCESSABLE_ENTITY].contains(&status),
            "{path}: {status}"
        );
        let page = response.text().await.unwrap();
        assert!(
            page.contains("id=\"problem\" role=\"alert\"><b>Error:</b> "),
            "{page}"
        );
        let tag = format!("<input type=\"password\" id=\"{field}\"");
        let (_, tag) = page
            .split_once(&tag)
            .or_else(|| page.split_once(&format!("<input id=\"{field}\"")))
            .unwrap();
        let (tag, _) = tag.split_once('>').unwrap();
        for part in [
            "autofocus",
            "aria-invalid=\"true\"",
            "aria-describedby=\"problem\"",
        ] {
            assert!(tag.contains(part), "{path}, {field}: {tag}");
        }
        assert_eq!(page.matches(" autofocus").count(), 1, "{page}");
    }
}
