//! The shop with this library: the handlers and guards that are the same wherever one comes from.

use std::time::Duration;

use axum::extract::State;
use axum::response::{Html, Redirect};
use axum::routing::{get, post};
use axum::{Form, Router};
use muffin_session::{
    CurrentUser, Error, Login, NextUrl, Session, login_required, user_loader, user_pass,
};
use serde::Deserialize;

use crate::pages;
use crate::users::{User, Users};

/// The way from an id to a user. A login ends when the password changes.
#[user_loader(stamp = User::password_hash)]
pub async fn load_user(id: u64, State(users): State<Users>) -> Option<User> {
    users.find(id).await
}

/// How long "remember me" is.
const TWO_WEEKS: Duration = Duration::from_hours(14 * 24);

#[derive(Deserialize)]
struct Credentials {
    name: String,
    password: String,
    remember: Option<String>,
}

#[derive(Deserialize)]
struct Item {
    name: String,
}

async fn login_page(session: Session) -> Html<String> {
    pages::login(messages(&session), None)
}

async fn login(
    session: Session,
    next: NextUrl,
    State(users): State<Users>,
    Form(form): Form<Credentials>,
) -> Result<Redirect, Error> {
    let Some(user) = users.with_password(form.name, form.password).await else {
        session.flash_with("error", "Wrong name or password")?;
        return Ok(Redirect::to(&next.append_to("/login")));
    };
    let login = Login::new(user.id).user(&user);
    session.login_with(match form.remember {
        Some(_) => login.remember(TWO_WEEKS),
        None => login,
    })?;
    session.flash_with("success", format!("Welcome, {}", user.name))?;
    Ok(next.redirect_or("/"))
}

async fn logout(session: Session) -> Redirect {
    session.logout();
    Redirect::to("/login")
}

#[login_required]
async fn home(CurrentUser(user): CurrentUser<User>, session: Session) -> Html<String> {
    pages::home(messages(&session), &user.name)
}

#[user_pass(User::is_admin)]
async fn admin() -> &'static str {
    "Admins only"
}

async fn cart(session: Session) -> Result<Html<String>, Error> {
    let items: Vec<String> = session.get("cart")?.unwrap_or_default();
    Ok(pages::cart(messages(&session), &items))
}

async fn add(session: Session, Form(item): Form<Item>) -> Result<Redirect, Error> {
    session.flash_with("success", format!("{} is in the cart", item.name))?;
    session.update("cart", move |cart: Option<Vec<String>>| {
        let mut cart = cart.unwrap_or_default();
        cart.push(item.name.clone());
        cart
    })?;
    Ok(Redirect::to("/cart"))
}

#[login_required]
async fn order(session: Session) -> Result<Redirect, Error> {
    session.remove::<Vec<String>>("cart")?;
    session.flash_with("success", "Ordered")?;
    Ok(Redirect::to("/"))
}

fn messages(session: &Session) -> Vec<String> {
    let flashes = session.get_flashed_messages();
    flashes.into_iter().map(|flash| flash.message).collect()
}

/// The shop's routes. The layer of sessions comes after them.
pub fn routes(users: Users) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/admin", get(admin))
        .route("/order", post(order))
        .route("/cart", get(cart).post(add))
        .route("/login", get(login_page).post(login))
        .route("/logout", post(logout))
        .with_state(users)
}
