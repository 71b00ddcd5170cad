//! What the targets share: sessions on a known secret, bytes that are taken apart, and the rules of the wire format for cookies in headers,
//! written down once more.

pub mod cookies;
pub mod input;
pub mod json;
pub mod site;
pub mod values;
pub mod verifier;

use std::time::{Duration, UNIX_EPOCH};

use muffin_session::{Builder, Secret, Sessions};

/// The secret of all targets: corpora hold values that were made with it.
pub const SECRET: &str = "p7Jq2vX9sLw4RtY8zKb3NcM6hGd1FfAe";

/// The time that it always is, in milliseconds: sometime in 2026.
pub const NOW: u64 = 1_780_000_000_000;

/// Two sessions' ids.
pub const SIDS: [[u8; 16]; 2] = [[7; 16], [8; 16]];

/// Sessions with the defaults, at a time that stands still.
pub fn builder() -> Builder {
    Sessions::builder(Secret::new(SECRET)).clock(|| UNIX_EPOCH + Duration::from_millis(NOW))
}

/// Signed and encrypted ones.
///
/// # Panics
///
/// If the options are refused.
#[must_use]
pub fn both() -> [Sessions; 2] {
    [builder(), builder().encrypted()].map(|builder| {
        let builder = builder.without_user_loader();
        builder.build().expect("good options")
    })
}
