//! What a loader returns, as types say it.
use muffin_session::user_loader;

#[derive(Clone)]
struct User;

struct NotCloned;

#[user_loader]
async fn always(_id: u64) -> User {
    User
}

#[user_loader]
async fn always_or_error(_id: u64) -> Result<User, std::io::Error> {
    Ok(User)
}

#[user_loader]
async fn odd_error(_id: u64) -> Result<Option<User>, NotCloned> {
    Ok(None)
}

#[user_loader]
async fn odd_user(_id: u64) -> Option<NotCloned> {
    None
}

fn main() {
    let _ = (always, always_or_error, odd_error, odd_user, NotCloned);
}
