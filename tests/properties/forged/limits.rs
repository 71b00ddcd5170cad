//! Values whose tag is right, and which are longer or of another version than any of ours.

use muffin_session_tests::forge::{IdentityBody, Kind, slot};

use super::{FLASH_SLOT, GUEST, PLACES, SID, flash, identity, now, owned, places};
use crate::app::{Cookies, Seen};

/// So many characters of a value, by kind. Where it is the data, name and value together are what counts.
const MAX_COOKIE: usize = 4_096;
const MAX_IDENTITY: usize = 1_024;
const MAX_PENDING: usize = 512;
const MAX_FLASH: usize = 2_048;

/// A body that is right, with so many characters more than it needs.
fn body(kind: Kind, more: usize) -> Vec<u8> {
    let text = "x".repeat(more);
    match kind {
        Kind::Identity => identity(&format!("{text:?}")).encode(),
        Kind::Pending => format!("\0{text:?}").into_bytes(),
        Kind::Data => owned(SID, format!("{{\"k\":{text:?}}}").as_bytes()),
        Kind::Guest => owned(GUEST, format!("{{\"k\":{text:?}}}").as_bytes()),
        Kind::Flash => flash(0, [0; 16], b"", text.as_bytes()),
        Kind::Seen => owned(SID, text.as_bytes()),
        Kind::Out => owned([9; 16], text.as_bytes()),
    }
}

#[test]
fn s175_a_value_that_is_longer_than_any_of_ours_counts_as_absent() {
    for (encrypted, place) in PLACES.iter().enumerate() {
        for kind in Kind::ALL {
            let of = match kind {
                Kind::Flash => FLASH_SLOT.to_owned(),
                _ => slot(SID),
            };
            let name = place.forge.name(kind, &of);
            let most = match kind {
                Kind::Identity => MAX_IDENTITY,
                Kind::Pending => MAX_PENDING,
                Kind::Data | Kind::Guest => MAX_COOKIE - name.len(),
                Kind::Flash => MAX_FLASH,
                Kind::Seen | Kind::Out => place.forge.seal(kind, &name, now(), &[0; 16]).len(),
            };
            // A login, and an identity that only needs its data; or nothing.
            let others = match kind {
                Kind::Identity => vec![(Kind::Data, now(), owned(SID, b"{}"))],
                Kind::Data => vec![(Kind::Identity, now(), identity("42").encode())],
                // Idle for too long, but for the last activity.
                Kind::Seen => {
                    let login = now() - 3_600_000;
                    let id = IdentityBody::new(SID, login, "42");
                    vec![
                        (Kind::Identity, login, id.encode()),
                        (Kind::Data, now(), owned(SID, b"{}")),
                    ]
                }
                Kind::Out => vec![
                    (Kind::Identity, now(), identity("42").encode()),
                    (Kind::Data, now(), owned(SID, b"{}")),
                ],
                Kind::Guest | Kind::Flash | Kind::Pending => Vec::new(),
            };
            let others: Vec<_> = others
                .iter()
                .map(|(kind, at, body)| (*kind, *at, &**body))
                .collect();
            let others: Cookies = place.cookies(&others);
            let without = place.app.look(&others);
            let with = |more: usize| -> (usize, Seen) {
                let value = place.forge.seal(kind, &name, now(), &body(kind, more));
                let length = value.len();
                let mut cookies = others.clone();
                cookies.insert(name.clone(), value.into_bytes());
                // A mark that counts ends the login, which an application may remember.
                let seen = match kind {
                    Kind::Out => places()[encrypted].app.look(&cookies),
                    _ => place.app.look(&cookies),
                };
                (length, seen)
            };
            let about = most / 4 * 3;
            for more in (0..4).chain(about.saturating_sub(150)..about + 10) {
                let (length, seen) = with(more);
                assert_eq!(
                    seen != without,
                    length <= most,
                    "{kind:?} of {length} characters"
                );
            }
        }
    }
}

#[test]
fn s007_a_value_of_another_version_counts_as_absent_even_if_its_tag_is_right() {
    for place in &*PLACES {
        let (id, data) = (identity("42").encode(), owned(SID, b"{}"));
        let name = place.forge.name(Kind::Identity, "");
        let mut cookies = place.cookies(&[(Kind::Data, now(), &data)]);
        let mut counts = 0;
        for version in 0..=u8::MAX {
            let value = place
                .forge
                .seal_as(version, Kind::Identity, &name, now(), &id);
            cookies.insert(name.clone(), value.into_bytes());
            counts += usize::from(place.app.look(&cookies).user.is_some());
        }
        assert_eq!(counts, 1);
    }
}
