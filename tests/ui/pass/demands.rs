//! `fresh`, `user`, `stamp`, and values of the session.
#![deny(warnings, missing_docs)]

use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use muffin_session::{
    CurrentUser, InSession, SessionValue, UserLoader, login_required, user_loader, user_pass,
};
use serde::{Deserialize, Serialize};

const A_WHILE: Duration = Duration::from_secs(600);

#[derive(Clone)]
struct User {
    name: String,
    admin: bool,
    stamp: (u64, String),
}

impl User {
    fn is_admin(&self) -> bool {
        self.admin
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn owned(&self) -> String {
        self.name.clone()
    }

    fn tuple(&self) -> (u64, &str, Option<bool>) {
        (1, &self.name, None)
    }
}

#[derive(Clone)]
struct Staff;

#[login_required(fresh = "90s")]
async fn seconds() {}

#[user_pass(fresh = "10m")]
async fn minutes() {}

#[user_pass(User::is_admin, fresh = "2h", location = "/confirm")]
async fn hours() {}

#[user_pass(|user| user.admin, fresh = ("30d"), reject = StatusCode::FORBIDDEN)]
#[allow(unused_parens)]
async fn days(_: CurrentUser<User>) {}

#[login_required(fresh = Duration::from_secs(600))]
async fn expression() {}

#[login_required(fresh = A_WHILE)]
async fn constant() {}

#[login_required(fresh = { let minute = 60; Duration::from_secs(10 * minute) })]
async fn block() {}

#[login_required(user = User)]
async fn user() {}

#[login_required(user = Staff, fresh = "1m", location = |request| request.uri.to_string())]
#[login_required(user = crate::User)]
async fn users() {}

#[user_pass(user = User)]
async fn default_checker() {}

#[user_pass(|user| user.admin, user = User)]
async fn closure() {}

#[user_pass(all(User::is_admin, |user| user.name.is_empty()), user = User, fresh = "1m")]
async fn one_of_the_closures(_: CurrentUser<User>, _: Option<CurrentUser<Staff>>) {}

#[user_loader(stamp = User::name)]
async fn stamp_of_text(id: u64) -> Option<User> {
    load(id)
}

#[user_loader(stamp = User::owned)]
fn stamp_of_string(id: u64) -> Option<User> {
    load(id)
}

#[user_loader(stamp = User::tuple)]
async fn stamp_of_tuple(id: u64) -> Result<Option<User>, std::io::Error> {
    Ok(load(id))
}

#[user_loader(stamp = |user| user.stamp.clone())]
async fn stamp_of_closure(id: u64) -> Option<User> {
    load(id)
}

#[user_loader(stamp = |user: &User| { let (first, _) = &user.stamp; *first })]
async fn stamp_of_typed_closure(id: u64) -> Option<User> {
    load(id)
}

#[user_loader(stamp = |User { name, admin, .. }| (name.len(), *admin), crate = ::muffin_session)]
async fn stamp_of_parts(id: u64) -> Option<User> {
    load(id)
}

#[user_loader(stamp = |user| &user.stamp)]
async fn stamp_of_reference(id: u64) -> Option<User> {
    load(id)
}

#[user_loader(stamp = |user| {
    if user.admin {
        return None;
    }
    Some(format!("{} {}", user.stamp.0, user.stamp.1))
})]
async fn stamp_with_return(id: u64) -> Option<User> {
    load(id)
}

fn load(id: u64) -> Option<User> {
    (id == 1).then(|| User {
        name: "Ann".to_owned(),
        admin: true,
        stamp: (1, String::new()),
    })
}

#[derive(Default, Serialize, Deserialize, SessionValue)]
struct ShoppingCart {
    items: Vec<String>,
}

/// Documented, as it is public.
#[derive(Default, Serialize, Deserialize, SessionValue)]
#[session(key = "named", crate = ::muffin_session)]
pub struct Named {
    /// A field.
    pub field: u8,
}

#[derive(Default, Serialize, Deserialize, SessionValue)]
#[allow(non_camel_case_types)]
struct r#type {
    r#loop: u8,
}

#[derive(Default, Serialize, Deserialize, SessionValue)]
#[session()]
enum Theme {
    #[default]
    Light,
    Dark,
}

#[derive(Default, Serialize, Deserialize, SessionValue)]
#[session(key = r"a raw text, with spaces")]
struct Unit;

#[login_required]
async fn values(
    mut cart: InSession<ShoppingCart>,
    named: InSession<Named>,
    raw: InSession<r#type>,
    theme: InSession<Theme>,
    _: InSession<Unit>,
) -> Result<String, muffin_session::Error> {
    cart.update(|cart| cart.items.push(String::new()))?;
    let dark = matches!(*theme, Theme::Dark);
    Ok(format!("{} {} {dark}", named.field, raw.r#loop))
}

fn is_loader(loader: impl UserLoader<()>) {
    let _ = loader;
}

fn main() {
    is_loader(stamp_of_text);
    is_loader(stamp_of_string);
    is_loader(stamp_of_tuple);
    is_loader(stamp_of_closure);
    is_loader(stamp_of_typed_closure);
    is_loader(stamp_of_parts);
    is_loader(stamp_of_reference);
    is_loader(stamp_with_return);
    assert_eq!(
        [ShoppingCart::KEY, Named::KEY, r#type::KEY, Theme::KEY],
        ["shopping_cart", "named", "type", "theme"]
    );
    let _app: Router = Router::new()
        .route("/1", get(seconds))
        .route("/2", get(minutes))
        .route("/3", get(hours))
        .route("/4", get(days))
        .route("/5", get(expression))
        .route("/6", get(constant))
        .route("/7", get(block))
        .route("/8", get(user))
        .route("/9", get(users))
        .route("/10", get(default_checker))
        .route("/11", get(closure))
        .route("/12", get(one_of_the_closures))
        .route("/13", get(values));
}
