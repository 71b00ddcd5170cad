//! There is no room for a guard's hidden type, and for a loader, in an `impl` block.
use muffin_session::{login_required, user_loader};

#[derive(Clone)]
struct User;

impl User {
    #[login_required(location = "/")]
    async fn page() {}

    #[user_loader]
    async fn load(id: u64) -> Option<User> {
        (id == 1).then_some(User)
    }
}

fn main() {
    let _ = User::page;
}
