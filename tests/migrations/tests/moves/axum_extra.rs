//! From axum-extra's signed cookies.

use std::time::{Duration, SystemTime};

use axum::Router;
use axum_extra::extract::cookie::Key;
use muffin_session::Secret;
use muffin_session_migrations::axum_extra::{after, before, meanwhile};
use muffin_session_migrations::users::Users;
use muffin_session_tests::SECRET;

use crate::differences::{self, Both};
use crate::script;
use crate::visitor::{Visitor, is_kept, is_logged_in};

const A_WEEK: Duration = Duration::from_hours(7 * 24);

fn before(users: Users) -> Router {
    before::app(users, Key::generate())
}

fn after(users: Users) -> Router {
    after::app(users, Secret::new(SECRET)).expect("sound options")
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
async fn a_copy_of_the_cookie_outlives_a_logout_there_and_here_in_other_processes() {
    let Both { old, new, users } = both().await;
    for (visitor, lives_on) in [(&old, true), (&new, false)] {
        visitor.logs_in("bob", "oats").await;
        let copy = visitor.stolen();
        visitor.logs_out().await;
        assert_eq!(is_logged_in(&copy).await, lives_on);
    }
    // A process that has not seen the logout: what a store or a deny list is for.
    new.logs_in("bob", "oats").await;
    let copy = new.stolen();
    new.logs_out().await;
    let elsewhere = Visitor::of(after(users)).await;
    elsewhere.browser.jar.restore(&copy.jar.all());
    assert!(elsewhere.is_logged_in().await);
}

#[tokio::test]
async fn remembered_logins_are_kept_and_others_end_with_the_browser_in_both() {
    let Both { old, new, .. } = both().await;
    for visitor in [&old, &new] {
        assert!(!is_kept(&visitor.logs_in("bob", "oats").await));
        assert!(is_kept(&visitor.logs_in_remembered("bob", "oats").await));
    }
}

#[tokio::test]
async fn nobody_has_to_log_in_again_until_the_day_that_is_set() {
    let users = Users::ann_and_bob();
    let key = Key::generate();
    let before = before::app(users.clone(), key.clone());
    let meanwhile = |until| {
        let app = meanwhile::app(users.clone(), Secret::new(SECRET), key.clone(), until);
        app.expect("sound options")
    };
    let in_a_week = meanwhile(SystemTime::now() + A_WEEK);
    let (visitor, copy) = script::move_over(before, in_a_week, "user").await;

    let names = visitor.browser.jar.names();
    assert!(
        names
            .iter()
            .all(|name| name.starts_with("__Host-session") || name == "messages"),
        "{names:?}"
    );
    visitor.logs_out().await;
    assert!(!visitor.is_logged_in().await);

    // Copies of the old cookies are what they were: until that day.
    let of_before = copy.jar.all();
    assert!(is_logged_in(&copy).await);
    let visitor = Visitor::of(meanwhile(SystemTime::now())).await;
    visitor.browser.jar.restore(&of_before);
    assert!(!visitor.is_logged_in().await);
    assert!(
        !visitor.browser.jar.has("user"),
        "they are removed all the same"
    );
}
