//! A loader that was never given to the builder is an unused struct, and a guarded handler without a route an unused
//! function: both are said at the user's own words.
#![deny(dead_code)]
use muffin_session::{login_required, user_loader};

#[derive(Clone)]
struct User(u64);

#[user_loader]
async fn load_user(id: u64) -> Option<User> {
    Some(User(id))
}

#[login_required(location = "/")]
async fn page() {}

fn main() {
    let _ = User(1).0;
}
