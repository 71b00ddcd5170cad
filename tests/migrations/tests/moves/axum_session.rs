//! From `axum_session`.

use axum::Router;
use axum_session::{Key, SessionNullPool, SessionStore};
use muffin_session::{MemoryStore, Secret};
use muffin_session_migrations::axum_session::{after, before, meanwhile};
use muffin_session_migrations::users::Users;
use muffin_session_tests::{Answer as _, Browser, SECRET};
use reqwest::Method;

use crate::differences::{self, Both};
use crate::script;
use crate::visitor::{Visitor, is_kept, is_logged_in};

async fn old_store() -> SessionStore<SessionNullPool> {
    let store = SessionStore::new(None, before::config(Key::generate())).await;
    store.expect("memory")
}

fn after(users: Users) -> Router {
    let app = after::app(users, Secret::new(SECRET), MemoryStore::new());
    app.expect("sound options")
}

fn meanwhile(users: Users, old_store: SessionStore<SessionNullPool>) -> Router {
    let app = meanwhile::app(users, Secret::new(SECRET), MemoryStore::new(), old_store);
    app.expect("sound options")
}

async fn both() -> Both {
    let users = Users::ann_and_bob();
    let before = before::app(users.clone(), old_store().await);
    Both::of(before, after(users.clone()), users).await
}

#[tokio::test]
async fn visitors_see_the_same() {
    script::run(before::app(Users::ann_and_bob(), old_store().await)).await;
    script::run(after(Users::ann_and_bob())).await;
}

#[tokio::test]
async fn what_differs_wherever_one_comes_from() {
    differences::wherever_one_comes_from(both).await;
    differences::a_changed_password_ends_logins_here_and_not_there(&both().await).await;
}

#[tokio::test]
async fn a_logout_ends_copies_of_the_cookie_in_both() {
    differences::a_logout_ends_copies_of_the_cookie_in_both(&both().await).await;
}

#[tokio::test]
async fn every_answer_sets_a_cookie_there_and_here_one_that_has_changed_something() {
    let Both { old, new, .. } = both().await;
    assert!(!old.browser.get("/cart").await.set_cookies().is_empty());
    assert!(new.browser.get("/cart").await.set_cookies().is_empty());
    for visitor in [&old, &new] {
        visitor.logs_in("bob", "oats").await;
        visitor.browser.text("/").await;
    }
    assert!(!old.browser.get("/").await.set_cookies().is_empty());
    assert!(new.browser.get("/").await.set_cookies().is_empty());
}

#[tokio::test]
async fn a_login_outlives_the_browser_there_and_here_if_it_is_remembered() {
    let Both { old, new, .. } = both().await;
    assert!(is_kept(&old.logs_in("bob", "oats").await));
    assert!(!is_kept(&new.logs_in("bob", "oats").await));
    assert!(is_kept(&new.logs_in_remembered("bob", "oats").await));
}

#[tokio::test]
async fn a_cookie_is_bound_to_the_user_agent_there_and_not_here() {
    async fn is_let_in_as(browser: &Browser, agent: &str) -> bool {
        let answer = browser
            .send(Method::GET, "/", &[("user-agent", agent)])
            .await;
        answer.status() == 200
    }
    let Both { old, new, .. } = both().await;
    for (visitor, elsewhere) in [(&old, false), (&new, true)] {
        visitor.logs_in("bob", "oats").await;
        let copy = visitor.stolen();
        assert_eq!(is_let_in_as(&copy, "another browser").await, elsewhere);
    }
}

#[tokio::test]
async fn nobody_has_to_log_in_again_and_copies_of_the_old_cookie_are_worth_nothing() {
    let users = Users::ann_and_bob();
    let old_store = old_store().await;
    let before = before::app(users.clone(), old_store.clone());
    let (visitor, copy) = script::move_over(before, meanwhile(users, old_store), "session").await;
    assert!(!is_logged_in(&copy).await, "it moves in once");
    visitor.logs_out().await;
    assert!(!visitor.is_logged_in().await);
}

#[tokio::test]
async fn meanwhile_guests_get_no_old_cookies() {
    let visitor = Visitor::of(meanwhile(Users::ann_and_bob(), old_store().await)).await;
    visitor.puts_in("oats").await;
    assert_eq!(visitor.cart().await, "oats");
    assert!(!visitor.browser.jar.names().contains(&"session".to_owned()));
    assert_eq!(visitor.cart().await, "oats");
}
