//! Codes, as an authenticator app makes them.

use std::time::SystemTime;

use reqwest::StatusCode;
use ring::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};

use crate::running::{Browser, Running, redirect};

/// The code at a time, by RFC 4226 (section 5.3) and RFC 6238 with the key of its test vectors.
fn code_at(seconds: u64) -> u32 {
    let key = Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"12345678901234567890");
    let tag = sign(&key, &(seconds / 30).to_be_bytes());
    let bytes = tag.as_ref();
    let at = usize::from(bytes[19] & 0xf);
    let number = (u32::from(bytes[at] & 0x7f) << 24)
        | (u32::from(bytes[at + 1]) << 16)
        | (u32::from(bytes[at + 2]) << 8)
        | u32::from(bytes[at + 3]);
    number % 1_000_000
}

fn now() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs()
}

async fn give(browser: &Browser, code: u32) -> StatusCode {
    browser.post(&format!("/login/{code:06}")).await.status()
}

/// A browser whose user has given the password.
async fn half_in(site: &Running) -> Browser {
    let browser = site.browser();
    browser.done("/login").await;
    assert_eq!(redirect(&browser.get("/").await), "/login?next=%2F");
    browser
}

#[test]
fn codes_are_those_of_the_standard() {
    // RFC 6238, appendix B: the last six digits.
    for (time, code) in [
        (59, 287_082),
        (1_111_111_109, 81_804),
        (2_000_000_000, 279_037),
    ] {
        assert_eq!(code_at(time), code);
    }
}

#[tokio::test]
async fn password_and_code_log_in_and_the_code_counts_once() {
    let site = Running::start(env!("CARGO_BIN_EXE_second_factor"), &[]);
    let browser = half_in(&site).await;
    let code = code_at(now());
    assert_eq!(give(&browser, code).await, StatusCode::OK);
    assert_eq!(browser.get("/").await.status(), StatusCode::OK);
    let thief = half_in(&site).await;
    assert_eq!(give(&thief, code).await, StatusCode::UNAUTHORIZED);
    assert_eq!(redirect(&thief.get("/").await), "/login?next=%2F");
}

#[tokio::test]
async fn after_a_wrong_code_the_right_one_has_to_wait() {
    let site = Running::start(env!("CARGO_BIN_EXE_second_factor"), &[]);
    let browser = half_in(&site).await;
    let now = now();
    let code = code_at(now);
    let near = [code_at(now - 30), code, code_at(now + 30)];
    let wrong = (0..4).find(|code| !near.contains(code)).unwrap();
    assert_eq!(give(&browser, wrong).await, StatusCode::UNAUTHORIZED);
    assert_eq!(give(&browser, code).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_code_without_the_password_is_worth_nothing() {
    let site = Running::start(env!("CARGO_BIN_EXE_second_factor"), &[]);
    let browser = site.browser();
    let code = code_at(now());
    assert_eq!(give(&browser, code).await, StatusCode::UNAUTHORIZED);
    assert_eq!(redirect(&browser.get("/").await), "/login?next=%2F");
}
