//! Cookies of all kinds, and what a page sees with one of them changed.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::app::run;
use crate::site::{Kept, Target};

/// Names and values.
pub(super) type Jar = BTreeMap<String, String>;

/// Cookies of a user, of a guest, and of a login that a mark of logout has ended.
pub(super) async fn scenes(target: &Target) -> Vec<Jar> {
    let ann = target.user(1).await;
    run(&ann, "flash hello, begin 2").await;
    let guest = target.browser();
    run(&guest, "insert color black, flash hi").await;
    let ended = target.user(3).await;
    let other = target.browser();
    run(&other, "logout").await;
    let (name, mark) = other.jar.find(".out").unwrap();
    ended.jar.set(&name, &mark);
    vec![ann.jar.all(), guest.jar.all(), ended.jar.all()]
}

/// The `Cookie` field with one of the cookies left out, or with another value.
pub(super) fn header(jar: &Jar, name: &str, value: Option<&[u8]>) -> Vec<u8> {
    let mut header = Vec::new();
    for (other, value) in jar.iter().filter(|(other, _)| *other != name) {
        header.extend(format!("{other}={value}; ").into_bytes());
    }
    if let Some(value) = value {
        header.extend(format!("{name}=").into_bytes());
        header.extend(value);
    }
    header
}

/// Whatever stands in place of a value, of each kind of cookie, kept in each way: the page is what it is without that cookie, and the
/// cookie is left alone, since it may be a parallel login's.
pub(super) async fn counts_as_absent(changes: impl Fn(&str) -> Vec<Vec<u8>>) {
    for target in Target::all().await {
        let mut kinds = 0;
        for jar in scenes(&target).await {
            let (whole, _) = target.seen(header(&jar, "", None)).await;
            for (name, value) in &jar {
                let (without, _) = target.seen(header(&jar, name, None)).await;
                if without == whole {
                    continue;
                }
                kinds += 1;
                for changed in changes(value) {
                    let (seen, answer) = target.seen(header(&jar, name, Some(&changed))).await;
                    let sent = String::from_utf8_lossy(&changed).into_owned();
                    assert_eq!(seen, without, "{:?}: {name}={sent:.300}", target.kept);
                    for written in answer.fields("set-cookie") {
                        let is_it = written.starts_with(&format!("{name}="));
                        assert!(!is_it, "{name}={sent:.300}: {written}");
                    }
                }
            }
        }
        let expected = if target.kept == Kept::Store { 6 } else { 7 };
        assert_eq!(kinds, expected, "{:?}", target.kept);
    }
}

pub(super) fn decoded(value: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(value).unwrap()
}

pub(super) fn encoded(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    URL_SAFE_NO_PAD.encode(bytes).into_bytes()
}
