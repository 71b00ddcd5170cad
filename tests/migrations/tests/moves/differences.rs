//! What differs, and what does not, wherever one comes from or from several libraries. Each function is a row of the guides' tables.

use axum::Router;
use muffin_session_migrations::users::Users;
use muffin_session_tests::Answer as _;
use reqwest::Method;

use crate::visitor::{Visitor, is_kept, is_logged_in};

/// A shop of before, and one with this library, of the same users.
pub(crate) struct Both {
    pub(crate) users: Users,
    pub(crate) old: Visitor,
    pub(crate) new: Visitor,
}

impl Both {
    pub(crate) async fn of(before: Router, after: Router, users: Users) -> Self {
        let old = Visitor::of(before).await;
        let new = Visitor::of(after).await;
        Self { users, old, new }
    }
}

/// What is so with every library that there is a guide for. Each pair is visited once.
pub(crate) async fn wherever_one_comes_from(both: impl AsyncFn() -> Both) {
    a_script_is_redirected_there_and_gets_401_here(&both().await).await;
    next_leads_back_to_a_post_there_and_not_here(&both().await).await;
    next_may_be_another_site_there_and_is_a_page_of_this_one_here(&both().await).await;
    a_form_of_another_site_is_taken_there_and_refused_here(&both().await).await;
    data_goes_to_the_next_who_logs_in_there_and_not_here(&both().await).await;
    pages_may_be_cached_there_and_not_here(&both().await).await;
}

async fn a_script_is_redirected_there_and_gets_401_here(both: &Both) {
    let as_a_script = [("accept", "application/json")];
    let answer = both.old.browser.send(Method::GET, "/", &as_a_script).await;
    assert!(answer.status().is_redirection(), "{}", answer.status());
    let answer = both.new.browser.send(Method::GET, "/", &as_a_script).await;
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.header("content-type"), "application/problem+json");
}

async fn next_leads_back_to_a_post_there_and_not_here(both: &Both) {
    let answer = both.old.browser.post("/order").await;
    assert_eq!(answer.header("location"), "/login?next=%2Forder");
    let answer = both.new.browser.post("/order").await;
    let found = (answer.status().as_u16(), answer.header("location"));
    assert_eq!(found, (303, "/login".to_owned()));
}

async fn next_may_be_another_site_there_and_is_a_page_of_this_one_here(both: &Both) {
    let bob = [("name", "bob"), ("password", "oats")];
    let url = "/login?next=https%3A%2F%2Felsewhere.example%2F";
    let answer = both.old.logs_in_at(url, &bob).await;
    assert_eq!(answer.header("location"), "https://elsewhere.example/");
    let answer = both.new.logs_in_at(url, &bob).await;
    assert_eq!(answer.header("location"), "/");
}

async fn a_form_of_another_site_is_taken_there_and_refused_here(both: &Both) {
    let elsewhere = [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://elsewhere.example"),
    ];
    let answer = both
        .old
        .browser
        .send(Method::POST, "/logout", &elsewhere)
        .await;
    assert_eq!(answer.status(), 303);
    let answer = both
        .new
        .browser
        .send(Method::POST, "/logout", &elsewhere)
        .await;
    assert_eq!(answer.status(), 403);
}

async fn data_goes_to_the_next_who_logs_in_there_and_not_here(both: &Both) {
    for (visitor, cart) in [(&both.old, "oats"), (&both.new, "")] {
        visitor.logs_in("bob", "oats").await;
        visitor.puts_in("oats").await;
        visitor.logs_in("ann", "blueberry").await;
        assert_eq!(visitor.cart().await, cart);
    }
}

pub(crate) async fn a_changed_password_ends_logins_here_and_not_there(both: &Both) {
    for (visitor, goes_on) in [(&both.old, true), (&both.new, false)] {
        visitor.logs_in("bob", "oats").await;
        both.users.change_password(2, "barley");
        assert_eq!(visitor.is_logged_in().await, goes_on);
        both.users.change_password(2, "oats");
    }
}

async fn pages_may_be_cached_there_and_not_here(both: &Both) {
    for (visitor, policy) in [(&both.old, ""), (&both.new, "no-store")] {
        visitor.logs_in("bob", "oats").await;
        let answer = visitor.browser.get("/").await;
        assert_eq!(answer.header("cache-control"), policy);
    }
}

pub(crate) async fn a_logout_ends_copies_of_the_cookie_in_both(both: &Both) {
    for visitor in [&both.old, &both.new] {
        visitor.logs_in("bob", "oats").await;
        let copy = visitor.stolen();
        assert!(is_logged_in(&copy).await);
        visitor.logs_out().await;
        assert!(!is_logged_in(&copy).await);
    }
}

pub(crate) async fn the_next_change_forgets_a_remembered_login_there_and_not_here(both: &Both) {
    assert!(is_kept(&both.old.logs_in_remembered("bob", "oats").await));
    assert!(is_kept(&both.new.logs_in_remembered("bob", "oats").await));
    let added = both.old.puts_in("oats").await;
    assert!(!is_kept(&added) && added.header("set-cookie").starts_with("id="));
    let added = both.new.puts_in("oats").await;
    for cookie in added.set_cookies() {
        assert!(cookie.contains("Max-Age="), "it goes on: {cookie}");
    }
}

pub(crate) async fn a_link_from_another_site_comes_without_a_cookie_there_and_with_it_here(
    both: &Both,
) {
    let answer = both.old.logs_in("bob", "oats").await;
    assert!(answer.header("set-cookie").contains("SameSite=Strict"));
    let answer = both.new.logs_in("bob", "oats").await;
    assert!(answer.header("set-cookie").contains("SameSite=Lax"));
}
