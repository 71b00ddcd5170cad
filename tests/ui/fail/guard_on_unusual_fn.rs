//! Functions that axum can't call.
use muffin_session::{login_required, user_loader, user_pass};

#[login_required]
async unsafe fn dangerous() {}

#[user_pass]
async extern "C" fn foreign() {}

#[user_loader]
unsafe fn loader(id: u64) -> Option<u64> {
    Some(id)
}

fn main() {
    let _ = (dangerous, foreign, loader);
}
