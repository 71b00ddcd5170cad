//! A loader can't ask itself.
use muffin_session::{login_required, user_loader, user_pass};

#[derive(Clone)]
struct User;

#[login_required]
#[user_loader]
async fn above(id: u64) -> Option<User> {
    (id == 1).then_some(User)
}

#[user_loader]
#[user_pass(|_: &User| true)]
async fn below(id: u64) -> Option<User> {
    (id == 1).then_some(User)
}

fn main() {
    let _ = (above, below);
}
