//! Times that are none.
use muffin_session::{login_required, user_pass};

#[login_required(fresh = "10")]
async fn no_unit() {}

#[login_required(fresh = 10)]
async fn number() {}

#[login_required(fresh = "ten minutes")]
async fn words() {}

#[user_pass(fresh = "10 m")]
async fn space() {}

#[user_pass(fresh = "1.5h")]
async fn fraction() {}

#[user_pass(fresh = "10min")]
async fn unit() {}

#[login_required(fresh = "0m")]
async fn never() {}

#[login_required(fresh = "99999999999999999999d")]
async fn for_ever() {}

#[login_required(fresh = "-1h")]
async fn negative() {}

#[login_required(fresh)]
async fn no_value() {}

#[login_required("10m")]
async fn no_name() {}

fn main() {
    let _ = (
        no_unit, number, words, space, fraction, unit, never, for_ever, negative, no_value, no_name,
    );
}
