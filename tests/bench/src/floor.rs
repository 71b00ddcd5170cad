//! What a read of a signed cookie cannot do without: one verification, one decoding, one parse.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;

pub(crate) struct Floor {
    key: hmac::Key,
    text: String,
}

/// What is in the cookie that the benchmark reads, but for a header and an owner of 26 bytes.
const JSON: &[u8] = br#"{"value":7}"#;
const REST: usize = 26;
const TAG: usize = 32;

impl Floor {
    pub(crate) fn new() -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
        let bound = [&[0; REST], JSON].concat();
        let tag = hmac::sign(&key, &bound);
        let text = URL_SAFE_NO_PAD.encode([&bound, tag.as_ref()].concat());
        Self { key, text }
    }

    pub(crate) fn run(&self) {
        let mut bytes = [0; 128];
        let length = URL_SAFE_NO_PAD
            .decode_slice(&self.text, &mut bytes)
            .expect("base64");
        let (bound, tag) = bytes[..length].split_at(length - TAG);
        hmac::verify(&self.key, bound, tag).expect("the right tag");
        let value: serde_json::Value = serde_json::from_slice(&bound[REST..]).expect("JSON");
        std::hint::black_box(value);
    }
}
