//! A loader that nobody gave to the builder is reported, once, with the loader's name.
#![deny(warnings)]
use muffin_session::{login_required, user_loader};

#[derive(Clone)]
struct User;

#[user_loader]
async fn load_user(id: u64) -> Option<User> {
    (id == 1).then_some(User)
}

#[login_required(location = "/")]
async fn forgotten() {}

fn main() {}
