//! From tower-sessions.

use axum::Router;
use muffin_session::{MemoryStore as OwnStore, Secret, Sessions, TowerSessionsStore};
use muffin_session_migrations::ours::{load_user, routes};
use muffin_session_migrations::tower_sessions::{after, before, meanwhile};
use muffin_session_migrations::users::Users;
use muffin_session_tests::SECRET;
use tower_sessions::MemoryStore;

use crate::differences::{self, Both};
use crate::script;
use crate::visitor::{Visitor, is_logged_in};

fn before(users: Users) -> Router {
    before::app(users, MemoryStore::default())
}

fn after(users: Users) -> Router {
    let app = after::app(users, Secret::new(SECRET), MemoryStore::default());
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
    differences::a_changed_password_ends_logins_here_and_not_there(&both().await).await;
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
async fn nobody_has_to_log_in_again_and_copies_of_the_old_cookie_are_worth_nothing() {
    let users = Users::ann_and_bob();
    let store = MemoryStore::default();
    let before = before::app(users.clone(), store.clone());
    // The old sessions and the new ones are in the same store.
    let meanwhile = meanwhile::app(users.clone(), Secret::new(SECRET), store.clone());
    let meanwhile = meanwhile.expect("sound options");
    let (visitor, copy) = script::move_over(before, meanwhile, "id").await;
    assert!(!is_logged_in(&copy).await, "it moves in once");

    // And when nobody comes with an old cookie any more.
    let after = after::app(users, Secret::new(SECRET), store).expect("sound options");
    let visitor = visitor.goes_on_at(after).await;
    assert!(visitor.is_logged_in().await);
    visitor.logs_out().await;
    assert!(!visitor.is_logged_in().await);
}

#[tokio::test]
async fn from_there_sessions_move_on_to_a_store_of_this_librarys_own() {
    let users = Users::ann_and_bob();
    let old = MemoryStore::default();
    let after = after::app(users.clone(), Secret::new(SECRET), old.clone());
    let visitor = Visitor::of(after.expect("sound options")).await;
    visitor.logs_in("bob", "oats").await;
    visitor.puts_in("oats").await;
    let sessions = Sessions::builder(Secret::new(SECRET))
        .user_loader_with_state(load_user, users.clone())
        .store(OwnStore::new())
        .moving_from(TowerSessionsStore::new(old));
    let app = routes(users).layer(sessions.build().expect("sound options"));
    let visitor = visitor.goes_on_at(app).await;
    assert!(visitor.is_logged_in().await);
    assert_eq!(visitor.cart().await, "oats");
}

#[tokio::test]
async fn without_the_middleware_everybody_logs_in_again() {
    let users = Users::ann_and_bob();
    let store = MemoryStore::default();
    let visitor = Visitor::of(before::app(users.clone(), store.clone())).await;
    visitor.logs_in("bob", "oats").await;
    let after = after::app(users, Secret::new(SECRET), store).expect("sound options");
    let visitor = visitor.goes_on_at(after).await;
    assert!(!visitor.is_logged_in().await);
}
