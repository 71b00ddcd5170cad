//! Functions that can't become a loader, and things that are no functions.
use muffin_session::{Secret, Sessions, user_loader};

#[derive(Clone)]
struct User;

struct Db;

impl Db {
    #[user_loader]
    async fn load(&self, id: u64) -> Option<User> {
        (id == 1).then_some(User)
    }
}

#[user_loader]
async fn generic<U: Clone + Send + Sync + 'static>(_id: u64) -> Option<U> {
    None
}

#[user_loader(User)]
async fn argument(_id: u64) -> Option<User> {
    None
}

#[user_loader(state = Db)]
async fn named_argument(_id: u64) -> Option<User> {
    None
}

#[user_loader]
struct Loader;

#[user_loader]
impl Loader {}

fn main() {
    // Only the mistakes themselves are reported: what uses the loader still compiles.
    let _ = Sessions::builder(Secret::generate().unwrap()).user_loader(generic);
    let _ = Sessions::builder(Secret::generate().unwrap()).user_loader_with_state(argument, Db);
    let _ = (named_argument, Loader, Db);
}
