//! A walk through everything, whatever the data and the sessions are kept in.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::client::{Site, all_between, password_of, redirect};
use crate::tokens::{Program, make_token};

/// Everything that asks the database or the store for something, once.
pub(crate) async fn tour(site: &Site) {
    let ann = site.register("ann").await;
    let bob = site.register("bob").await;
    let somebodys = [
        ("name", "bob"),
        ("password", "0123456789"),
        ("again", "0123456789"),
    ];
    let status = site.browser().status_of("/register", &somebodys).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);

    // Cards and comments.
    let card = bob.add_card("Fix the door").await;
    let edited = [("title", "Fix both doors"), ("details", "The blue ones.")];
    assert_eq!(ann.status_of(&card, &edited).await, StatusCode::FORBIDDEN);
    assert_eq!(redirect(&bob.post(&card, &edited).await), card);
    let done = [("status", "done"), ("place", "card")];
    assert_eq!(
        redirect(&ann.post(&format!("{card}/status"), &done).await),
        card
    );
    bob.post(&format!("{card}/comments"), &[("text", "Which blue?")])
        .await;
    ann.post(&format!("{card}/comments"), &[("text", "Delete me")])
        .await;
    ann.post("/comments/2/delete", &[]).await;
    ann.post(&format!("{card}/closed"), &[("closed", "true")])
        .await;
    let page = site.browser().page(&card).await;
    for shown in [
        "Fix both doors",
        "The blue ones.",
        ">Done<",
        "Which blue?",
        "closed",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(!page.contains("Delete me"));

    // Other pages of lists.
    for (path, shown) in [
        ("/?before=2", "Fix both doors"),
        (&format!("{card}?before=2"), "Which blue?"),
        ("/staff?before=2", "Fix both doors"),
        ("/staff/users?before=3", "Role of bob"),
    ] {
        let page = ann.page(path).await;
        assert!(page.contains(shown), "{path}: {page}");
    }

    // Roles.
    ann.post("/staff/users/2/role", &[("role", "moderator")])
        .await;
    assert!(bob.page("/staff").await.contains("Fix both doors"));
    ann.post("/staff/users/2/role", &[("role", "member")]).await;
    assert!(!bob.is_logged_in().await);
    ann.post("/staff/users/1/role", &[("role", "member")]).await;
    assert!(
        ann.page("/staff/users")
            .await
            .contains("The only admin remains one")
    );

    // Tokens.
    let bob = site.log_in("bob").await;
    let token = make_token(&bob, "backup").await;
    let program = Program { site, token };
    let draft = json!({ "title": "From a program" });
    let (status, _) = program.send(Method::POST, "/api/cards", draft).await;
    assert_eq!(status, StatusCode::CREATED);
    bob.post("/account/tokens/1/revoke", &[]).await;
    assert_eq!(program.get("/api/me").await.0, StatusCode::UNAUTHORIZED);

    // Devices, and a changed password.
    let elsewhere = site.log_in("bob").await;
    let page = bob.page("/account/devices").await;
    let ids = all_between(&page, "action=\"/account/devices/", "/end\"");
    bob.post(&format!("/account/devices/{}/end", ids[0]), &[])
        .await;
    assert!(!elsewhere.is_logged_in().await);
    let elsewhere = site.log_in("bob").await;
    let old = password_of("bob");
    let form = [
        ("current", &*old),
        ("password", "rhubarb and cream"),
        ("again", "rhubarb and cream"),
    ];
    assert_eq!(
        redirect(&bob.post("/account/password", &form).await),
        "/account"
    );
    assert!(!elsewhere.is_logged_in().await);

    // What somebody has left behind.
    assert_eq!(redirect(&bob.post("/account/delete", &[]).await), "/");
    let page = ann.page(&card).await;
    assert!(page.contains("somebody who left") && page.contains("Which blue?"));
    ann.post(&format!("{card}/delete"), &[]).await;
    assert_eq!(ann.get(&card).await.status(), StatusCode::NOT_FOUND);
    ann.post("/logout", &[]).await;
    assert!(!ann.is_logged_in().await);
}

#[tokio::test]
async fn everything_works_in_memory() {
    tour(&Site::start().await).await;
}
