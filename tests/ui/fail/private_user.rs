//! A loader is a type whose user belongs to its interface: it can't be more public than that user.
use muffin_session::user_loader;

mod users {
    use super::*;

    #[derive(Clone)]
    struct Member;

    #[user_loader]
    pub async fn load_user(id: u64) -> Option<Member> {
        (id == 1).then_some(Member)
    }
}

fn main() {
    let _ = users::load_user;
}
