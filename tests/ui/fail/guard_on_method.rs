//! Methods can't be handlers.
use muffin_session::{login_required, user_pass};

struct Pages;

impl Pages {
    #[login_required]
    async fn one(&self) {}

    #[user_pass]
    async fn two(self) {}
}

fn main() {
    let _ = (Pages::one, Pages::two, Pages);
}
