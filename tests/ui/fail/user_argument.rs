//! `user = T` where something else says it, or where it can't.
use muffin_session::{CurrentUser, login_required, user_loader, user_pass};

#[derive(Clone)]
struct User {
    admin: bool,
}

impl User {
    fn is_admin(&self) -> bool {
        self.admin
    }
}

#[user_pass(|user: &User| user.admin, user = User)]
async fn typed() {}

#[user_pass(all(User::is_admin, not(|user: &User| user.admin)), user = User)]
async fn joined() {}

#[login_required(user = U)]
async fn generic<U: Clone + Send + Sync + 'static>(_: CurrentUser<U>) {}

#[login_required(user)]
async fn no_value() {}

#[login_required(user = User, user = User)]
async fn doubled() {}

#[user_loader(user = User)]
async fn loader(id: u64) -> Option<User> {
    Some(User { admin: id == 1 })
}

fn main() {
    let _ = (
        typed,
        joined,
        generic::<User>,
        no_value,
        doubled,
        loader,
    );
}
