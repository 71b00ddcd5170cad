//! Roles: what they open, and when a change of them counts.

use reqwest::StatusCode;

use crate::client::{Site, redirect};

#[tokio::test]
async fn the_staffs_pages_are_for_staff() {
    let site = Site::start().await;
    let ann = site.register("ann").await;
    let bob = site.register("bob").await;
    let anybody = site.browser();
    let response = anybody.get("/staff").await;
    assert_eq!(redirect(&response), "/login?next=%2Fstaff");
    for path in ["/staff", "/staff/users"] {
        assert_eq!(bob.get(path).await.status(), StatusCode::FORBIDDEN);
        ann.page(path).await;
    }
    let role = [("role", "admin")];
    let status = bob.status_of("/staff/users/2/role", &role).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(bob.page("/account").await.contains("Your role: member."));
}

#[tokio::test]
async fn a_role_counts_from_the_next_request_on() {
    let site = Site::start().await;
    let ann = site.register("ann").await;
    let bob = site.register("bob").await;
    let elsewhere = site.log_in("bob").await;
    let response = ann
        .post("/staff/users/2/role", &[("role", "moderator")])
        .await;
    assert_eq!(redirect(&response), "/staff/users");
    assert!(ann.page("/staff/users").await.contains("bob: moderator."));
    // With the login of before.
    bob.page("/staff").await;
    assert_eq!(
        bob.get("/staff/users").await.status(),
        StatusCode::FORBIDDEN
    );

    // Whose rights shrink is logged out everywhere.
    ann.post("/staff/users/2/role", &[("role", "member")]).await;
    for browser in [&bob, &elsewhere] {
        assert!(!browser.is_logged_in().await);
    }
    let bob = site.log_in("bob").await;
    assert_eq!(bob.get("/staff").await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn there_is_always_an_admin() {
    let site = Site::start().await;
    let ann = site.register("ann").await;
    let response = ann.post("/staff/users/1/role", &[("role", "member")]).await;
    assert_eq!(redirect(&response), "/staff/users");
    assert!(
        ann.page("/staff/users")
            .await
            .contains("The only admin remains one")
    );

    // With a second one, the first may go; and goes on with another session.
    site.register("bob").await;
    ann.post("/staff/users/2/role", &[("role", "admin")]).await;
    let before = ann.cookies();
    let response = ann.post("/staff/users/1/role", &[("role", "member")]).await;
    assert_eq!(redirect(&response), "/");
    assert_ne!(ann.cookies(), before);
    assert!(ann.page("/account").await.contains("Your role: member."));
    assert_eq!(ann.get("/staff").await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn roles_are_changed_by_whoever_gave_their_password_just_now() {
    let site = Site::start().await;
    site.register("ann").await;
    let remembered = site.browser();
    let password = crate::client::password_of("ann");
    let form = [
        ("name", "ann"),
        ("password", &*password),
        ("remember", "true"),
    ];
    remembered.post("/login", &form).await;
    remembered.page("/staff").await;
    let response = remembered.get("/staff/users").await;
    assert_eq!(redirect(&response), "/confirm?next=%2Fstaff%2Fusers");
    for (id, role, status) in [("9", "member", 404), ("1", "king", 422)] {
        let fresh = site.log_in("ann").await;
        let path = format!("/staff/users/{id}/role");
        let answer = fresh.status_of(&path, &[("role", role)]).await;
        assert_eq!(answer.as_u16(), status);
    }
}
