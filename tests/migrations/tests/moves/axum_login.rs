//! From axum-login.

use axum::Router;
use axum_login::tower_sessions::MemoryStore as OldStore;
use muffin_session::{MemoryStore, Secret};
use muffin_session_migrations::axum_login::{after, before, meanwhile};
use muffin_session_migrations::users::Users;
use muffin_session_tests::{Answer as _, SECRET};

use crate::differences::{self, Both};
use crate::script;
use crate::visitor::{Visitor, is_logged_in};

fn before(users: Users) -> Router {
    before::app(users, OldStore::default())
}

fn after(users: Users) -> Router {
    let app = after::app(users, Secret::new(SECRET), MemoryStore::new());
    app.expect("sound options")
}

fn meanwhile(users: Users, old_store: OldStore) -> Router {
    let app = meanwhile::app(users, Secret::new(SECRET), MemoryStore::new(), old_store);
    app.expect("sound options")
}

async fn both() -> Both {
    let users = Users::ann_and_bob();
    Both::of(before(users.clone()), after(users.clone()), users).await
}

#[tokio::test]
async fn visitors_see_the_same() {
    script::run(before(Users::ann_and_bob())).await;
    script::run(after(Users::ann_and_bob())).await;
}

#[tokio::test]
async fn what_differs_wherever_one_comes_from() {
    differences::wherever_one_comes_from(both).await;
}

#[tokio::test]
async fn a_logout_ends_copies_of_the_cookie_in_both() {
    differences::a_logout_ends_copies_of_the_cookie_in_both(&both().await).await;
}

#[tokio::test]
async fn the_next_change_forgets_a_remembered_login_there_and_not_here() {
    differences::the_next_change_forgets_a_remembered_login_there_and_not_here(&both().await).await;
}

#[tokio::test]
async fn a_link_from_another_site_comes_without_a_cookie_there_and_with_it_here() {
    differences::a_link_from_another_site_comes_without_a_cookie_there_and_with_it_here(
        &both().await,
    )
    .await;
}

#[tokio::test]
async fn a_changed_password_ends_logins_in_both() {
    for app in [before, after] {
        let users = Users::ann_and_bob();
        let visitor = Visitor::of(app(users.clone())).await;
        visitor.logs_in("bob", "oats").await;
        assert!(visitor.is_logged_in().await);
        users.change_password(2, "barley");
        assert!(!visitor.is_logged_in().await);
    }
}

#[tokio::test]
async fn a_guard_redirects_with_307_there_and_with_303_here() {
    let Both { old, new, .. } = both().await;
    assert_eq!(old.browser.get("/").await.status(), 307);
    assert_eq!(new.browser.get("/").await.status(), 303);
    // Browsers send a form again there, to the login page; here they ask for that page.
    assert_eq!(old.browser.post("/order").await.status(), 307);
    assert_eq!(new.browser.post("/order").await.status(), 303);
}

#[tokio::test]
async fn nobody_is_forbidden_the_page_for_admins_there_and_sent_to_the_login_page_here() {
    let Both { old, new, .. } = both().await;
    assert_eq!(old.browser.get("/admin").await.status(), 403);
    let answer = new.browser.get("/admin").await;
    let found = (answer.status().as_u16(), answer.header("location"));
    assert_eq!(found, (303, "/login?next=%2Fadmin".to_owned()));
}

#[tokio::test]
async fn a_login_over_a_login_keeps_its_session_there_and_begins_another_here() {
    let Both { old, new, .. } = both().await;
    for (visitor, is_kept) in [(&old, true), (&new, false)] {
        visitor.logs_in("bob", "oats").await;
        let of_bob = visitor.stolen();
        visitor.logs_in("ann", "blueberry").await;
        // Whether Bob's cookie has become Ann's.
        let sees_the_page_for_admins = of_bob.get("/admin").await.status() == 200;
        assert_eq!(sees_the_page_for_admins, is_kept);
    }
}

#[tokio::test]
async fn nobody_has_to_log_in_again_and_copies_of_the_old_cookie_are_worth_nothing() {
    let users = Users::ann_and_bob();
    let old_store = OldStore::default();
    let before = before::app(users.clone(), old_store.clone());
    let (visitor, copy) = script::move_over(before, meanwhile(users, old_store), "id").await;
    assert!(!is_logged_in(&copy).await, "it moves in once");
    visitor.logs_out().await;
    assert!(!visitor.is_logged_in().await);
}

#[tokio::test]
async fn a_guest_keeps_their_cart() {
    let users = Users::ann_and_bob();
    let old_store = OldStore::default();
    let visitor = Visitor::of(before::app(users.clone(), old_store.clone())).await;
    visitor.puts_in("oats").await;
    let visitor = visitor.goes_on_at(meanwhile(users, old_store)).await;
    assert_eq!(visitor.cart().await, "oats");
    assert!(!visitor.is_logged_in().await);
}

#[tokio::test]
async fn who_changed_their_password_meanwhile_logs_in_again() {
    let users = Users::ann_and_bob();
    let old_store = OldStore::default();
    let visitor = Visitor::of(before::app(users.clone(), old_store.clone())).await;
    visitor.logs_in("bob", "oats").await;
    users.change_password(2, "barley");
    let visitor = visitor.goes_on_at(meanwhile(users, old_store)).await;
    assert!(!visitor.is_logged_in().await);
    visitor.logs_in("bob", "barley").await;
    assert!(visitor.is_logged_in().await);
}
