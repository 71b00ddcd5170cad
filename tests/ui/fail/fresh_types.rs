//! A time as an expression is a `Duration`.
use muffin_session::login_required;

#[login_required(fresh = 10 * 60)]
async fn seconds() {}

fn main() {
    let _ = seconds;
}
