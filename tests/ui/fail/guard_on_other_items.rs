//! Guards go on functions alone.
use muffin_session::{login_required, user_pass};

#[login_required]
struct Page;

#[user_pass]
enum Pages {
    One,
}

#[login_required]
impl Page {}

#[login_required(location = "/login")]
mod pages {}

#[login_required]
const PAGE: &str = "page";

#[user_pass]
pub trait Handler {}

#[login_required]
type Alias = Page;

fn main() {
    let _ = (Page, Pages::One, PAGE);
    let _: Alias = Page;
}
