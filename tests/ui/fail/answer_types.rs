//! Locations and responses of a type that doesn't do.
use muffin_session::login_required;

struct Page;

#[login_required(location = Page)]
async fn location() {}

#[login_required(location = |request| request.uri.path().len())]
async fn location_function() {}

#[login_required(reject = Page)]
async fn reject() {}

fn main() {
    let _ = (location, location_function, reject);
}
