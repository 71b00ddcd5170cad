//! A stamp is what serde can write, of the user that is loaded.
use muffin_session::user_loader;

#[derive(Clone)]
struct Hash;

#[derive(Clone)]
struct User {
    hash: Hash,
}

impl User {
    fn stamp(&self) -> Hash {
        self.hash.clone()
    }
}

#[derive(Clone)]
struct Other;

impl Other {
    fn stamp(&self) -> u64 {
        1
    }
}

#[user_loader(stamp = User::stamp)]
async fn not_serialize(_id: u64) -> Option<User> {
    None
}

#[user_loader(stamp = |user| user.hash.clone())]
async fn not_serialize_either(_id: u64) -> Option<User> {
    None
}

#[user_loader(stamp = Other::stamp)]
async fn of_another_user(_id: u64) -> Option<User> {
    None
}

#[user_loader(stamp = |user| user.hsah)]
async fn misspelt(_id: u64) -> Option<User> {
    None
}

fn main() {
    let _ = (
        not_serialize,
        not_serialize_either,
        of_another_user,
        misspelt,
    );
}
