//! All mistakes are reported at once.
use muffin_session::{CurrentUser, user_loader, user_pass};

#[derive(Clone)]
struct User;

#[user_pass(User::is_admin(), location = "login", colour = "red")]
unsafe fn page(_: CurrentUser<&User>) {}

#[user_loader(User)]
unsafe fn load<T>(id: &str) {}

fn main() {
    let _ = (page, load);
}
