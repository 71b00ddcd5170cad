//! Values whose tags are right and whose content no writer of ours would send: nothing panics, and what is not as the wire format
//! says counts as absent.

mod data;
mod limits;

use std::sync::LazyLock;
use std::time::Duration;

use muffin_session::Builder;
use muffin_session_tests::forge::{Forge, IdentityBody, Kind, slot};
use muffin_session_tests::{TestClock, builder};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::app::{App, Cookies, Seen, cases};

const SID: [u8; 16] = [7; 16];
const GUEST: [u8; 16] = [8; 16];
const MARK: [u8; 16] = [9; 16];
const FLASH_SLOT: &str = "AAAAAAAA";
const MINUTE: u64 = 60_000;
const DAY: u64 = 24 * 60 * MINUTE;

/// An application, and who makes cookies for it.
struct Place {
    app: App,
    forge: Forge,
}

impl Place {
    fn new(forge: Forge, options: impl FnOnce(Builder) -> Builder) -> Self {
        let idle = Duration::from_secs(3_600);
        let builder = options(
            builder()
                .idle_timeout(idle)
                .clock(TestClock::new().reader()),
        );
        Self {
            app: App::new(builder),
            forge,
        }
    }

    /// Cookies with these bodies, made at these times.
    fn cookies(&self, bodies: &[(Kind, u64, &[u8])]) -> Cookies {
        let cookie = |&(kind, issued_at, body): &(Kind, u64, &[u8])| {
            let slot = match kind {
                Kind::Flash => FLASH_SLOT.to_owned(),
                _ => slot(SID),
            };
            let name = self.forge.name(kind, &slot);
            let value = self.forge.seal(kind, &name, issued_at, body);
            (name, value.into_bytes())
        };
        bodies.iter().map(cookie).collect()
    }

    /// What a page sees of a login with these bodies, made just now.
    fn login(&self, identity: &[u8], data: &[u8]) -> Seen {
        let bodies = [(Kind::Identity, now(), identity), (Kind::Data, now(), data)];
        self.app.look(&self.cookies(&bodies))
    }
}

fn places() -> [Place; 2] {
    [
        Place::new(Forge::SIGNED, |builder| builder),
        Place::new(Forge::ENCRYPTED, Builder::encrypted),
    ]
}

/// For tests that end no login.
static PLACES: LazyLock<[Place; 2]> = LazyLock::new(places);

fn now() -> u64 {
    u64::try_from(TestClock::START.as_millis()).expect("a time of this age")
}

fn identity(user_id: &str) -> IdentityBody<'_> {
    IdentityBody::new(SID, now(), user_id)
}

fn owned(owner: [u8; 16], json: &[u8]) -> Vec<u8> {
    [&owner, json].concat()
}

fn flash(audience: u8, id: [u8; 16], category: &[u8], message: &[u8]) -> Vec<u8> {
    let length = u8::try_from(category.len()).expect("a short category");
    [&[audience], &id[..], &[0, length], category, message].concat()
}

#[test]
fn what_follows_the_wire_format_counts_whoever_wrote_it() {
    for place in &places() {
        let id = identity("42").encode();
        let data = owned(SID, br#"{"color":"red"}"#);
        let to_session = flash(1, SID, b"message", b"hello");
        let mut bodies = vec![
            (Kind::Identity, now(), &*id),
            (Kind::Data, now(), &*data),
            (Kind::Flash, now(), &*to_session),
        ];
        let seen = place.app.look(&place.cookies(&bodies));
        assert_eq!(seen.user.as_deref(), Some("42"));
        assert_eq!(seen.data["color"], r#""red""#);
        assert_eq!(seen.flashes, ["hello"]);

        // White space and any order inside of values are as JSON allows.
        let spaced = owned(
            SID,
            b" { \"a\" :\t[ 1 , {\"z\":1, \"b\":2} ]\r\n, \"\\u0062\" : null } ",
        );
        assert_eq!(place.login(&id, &spaced).data.len(), 2);

        bodies.push((Kind::Out, now(), &MARK));
        assert_eq!(place.app.look(&place.cookies(&bodies)), Seen::default());

        let guest = owned(GUEST, br#"{"cart":3}"#);
        let to_nobody = flash(0, [0; 16], b"message", b"hello");
        let bodies = [
            (Kind::Guest, now(), &*guest),
            (Kind::Flash, now(), &*to_nobody),
        ];
        let seen = place.app.look(&place.cookies(&bodies));
        assert_eq!(
            (&*seen.data["cart"], &*seen.flashes),
            ("3", &["hello".to_owned()][..])
        );
    }
}

#[test]
fn s022_s023_times_that_cannot_be_are_nobodys() {
    let now = now();
    let good = identity("42");
    let at = |started_at, authenticated_at, expires_at| IdentityBody {
        started_at,
        authenticated_at,
        expires_at,
        ..good
    };
    for place in &*PLACES {
        let data = owned(SID, b"{}");
        for (issued_at, body, counts) in [
            (now, good, true),
            (now + MINUTE, good, true),
            (now + MINUTE + 1, good, false),
            (u64::MAX, good, false),
            // It says of itself that it is later than its issue.
            (now - MINUTE, good, true),
            (now - MINUTE - 1, good, false),
            (now - MINUTE - 1, at(now - 1, 0, now + DAY), true),
            (now - MINUTE - 1, at(now - 1, now, now + DAY), false),
            // The last activity is longer ago than the idle timeout.
            (0, at(0, 0, now + DAY), false),
            (now, at(now + MINUTE, now + MINUTE, now + DAY), true),
            (now, at(now + MINUTE + 1, now, now + DAY), false),
            (now, at(now, now + MINUTE + 1, now + DAY), false),
            (now, at(u64::MAX, u64::MAX, u64::MAX), false),
            (now, at(now, u64::MAX, now + DAY), false),
            (now, at(0, 0, now + DAY), false),
            (now, at(now - DAY, now, now + DAY), false),
            (now, at(now - DAY + 1, 0, u64::MAX), true),
            (now, at(now, now, now), false),
            (now, at(now, now, now + 1), true),
            (now, at(now, now, 0), false),
            (now, at(0, 0, 0), false),
        ] {
            let identity = body.encode();
            let bodies = [
                (Kind::Identity, issued_at, &*identity),
                (Kind::Data, now, &*data),
            ];
            let seen = place.app.look(&place.cookies(&bodies));
            assert_eq!(
                seen.user.is_some(),
                counts,
                "issued at {issued_at}, {body:?}"
            );
        }
        for (issued_at, counts) in [
            (0, true),
            (now + MINUTE, true),
            (now + MINUTE + 1, false),
            (u64::MAX, false),
        ] {
            let identity = good.encode();
            let bodies = [
                (Kind::Identity, now, &*identity),
                (Kind::Data, issued_at, &*data),
            ];
            let seen = place.app.look(&place.cookies(&bodies));
            assert_eq!(seen.user.is_some(), counts, "data issued at {issued_at}");
        }
    }
}

#[test]
fn s096_s097_a_last_activity_counts_if_it_is_this_sessions_and_has_been() {
    const IDLE: u64 = 60 * MINUTE;
    let now = now();
    for place in &*PLACES {
        let data = owned(SID, b"{}");
        for (login, seen, owner, counts) in [
            (now - IDLE + 1, 0, SID, true),
            (now - IDLE, 0, SID, false),
            (now - IDLE, now - IDLE + 1, SID, true),
            (now - IDLE, now - IDLE, SID, false),
            (now - IDLE, now, SID, true),
            (now - IDLE, now + MINUTE, SID, true),
            (now - IDLE, now + MINUTE + 1, SID, false),
            (now - IDLE, u64::MAX, SID, false),
            (now - IDLE, now, GUEST, false),
            // One that does not count takes nothing away.
            (now, now + MINUTE + 1, SID, true),
            (now, now, GUEST, true),
            (now, 0, SID, true),
        ] {
            let id = IdentityBody::new(SID, login, "42").encode();
            let bodies = [
                (Kind::Identity, login, &*id),
                (Kind::Data, login, &*data),
                (Kind::Seen, seen, &owner[..]),
            ];
            let is_user = place.app.look(&place.cookies(&bodies)).user.is_some();
            assert_eq!(is_user, counts, "{login}, {seen}, {owner:?}");
        }
    }
}

#[test]
fn s025_s026_an_identity_is_whole_and_its_user_id_is_never_another() {
    for place in &*PLACES {
        let data = owned(SID, b"{}");
        for user_id in [
            "0",
            "\"\"",
            "false",
            "\"1\"",
            "[]",
            "{}",
            "[1]",
            "18446744073709551615",
            " 1 ",
            "1e3",
        ] {
            let seen = place.login(&identity(user_id).encode(), &data);
            assert!(seen.user.is_some(), "{user_id}");
        }
        for user_id in [
            "",
            " ",
            "null",
            " null\n",
            "nul",
            "1 2",
            "x",
            "{",
            "\"",
            "01",
            "\u{feff}1",
        ] {
            let seen = place.login(&identity(user_id).encode(), &data);
            assert_eq!(seen, Seen::default(), "{user_id:?}");
        }
        for claims in ["{}", " {} ", r#"{"role":"admin"}"#] {
            let body = IdentityBody {
                claims,
                ..identity("1")
            };
            assert!(
                place.login(&body.encode(), &data).user.is_some(),
                "{claims}"
            );
        }
        for claims in [
            "x",
            "[]",
            "null",
            "{}{}",
            " ",
            r#"{"b":1,"a":1}"#,
            r#"{"a":1,"a":2}"#,
        ] {
            let body = IdentityBody {
                claims,
                ..identity("1")
            };
            assert_eq!(
                place.login(&body.encode(), &data),
                Seen::default(),
                "{claims}"
            );
        }
        for (method, flags, counts) in [
            (1, 0, true),
            (2, 0, true),
            (0, 0, false),
            (3, 0, true),
            (4, 0, false),
            (1, 4, false),
            (1, 128, false),
        ] {
            let body = IdentityBody {
                method,
                flags,
                ..identity("1")
            };
            assert_eq!(
                place.login(&body.encode(), &data).user.is_some(),
                counts,
                "{method}, {flags}"
            );
        }
        let whole = identity("\"somebody\"").encode();
        for length in 0..whole.len() {
            assert_eq!(
                place.login(&whole[..length], &data),
                Seen::default(),
                "{length} bytes"
            );
        }
        // S176: a length that promises more than there is.
        let mut long = whole;
        long[42..44].fill(0xff);
        assert_eq!(place.login(&long, &data), Seen::default());
    }
}

#[test]
fn a_half_done_login_is_whole_and_its_user_id_is_never_another() {
    for place in &*PLACES {
        let half = |body: &[u8]| {
            place
                .app
                .look(&place.cookies(&[(Kind::Pending, now(), body)]))
                .half
        };
        let out_and_stamp = [&[3], &MARK[..], &MARK, b"\"ada\""].concat();
        assert_eq!(half(b"\0\"ada\"").as_deref(), Some("\"ada\""));
        assert_eq!(half(&out_and_stamp).as_deref(), Some("\"ada\""));
        assert_eq!(half(b"\x000").as_deref(), Some("0"));
        for body in [
            &b""[..],
            b"\0",
            b"\0null",
            b"\0 null ",
            b"\0x",
            b"\x001 2",
            b"\0\"\xff\"",
            b"\x041",
            b"\x801",
            b"\x011",
            &out_and_stamp[..33],
        ] {
            assert_eq!(half(body), None, "{body:?}");
        }
    }
}

#[test]
fn s101_a_flash_is_shown_to_those_alone_whom_it_was_made_for() {
    let nobody = [0; 16];
    for place in &*PLACES {
        let id = identity("42").encode();
        let (data, guest) = (owned(SID, b"{}"), owned(GUEST, br#"{"cart":3}"#));
        let visitors: [&[(Kind, u64, &[u8])]; 3] = [
            &[],
            &[(Kind::Identity, now(), &id), (Kind::Data, now(), &data)],
            &[(Kind::Guest, now(), &guest)],
        ];
        for bodies in visitors {
            let is_user = bodies.len() == 2;
            for (flash, is_shown) in [
                (flash(0, nobody, b"", b"!"), !is_user),
                (flash(1, SID, b"", b"!"), is_user),
            ] {
                let bodies = [bodies, &[(Kind::Flash, now(), &*flash)]].concat();
                let seen = place.app.look(&place.cookies(&bodies));
                assert_eq!(seen.flashes.len(), usize::from(is_shown), "{flash:?}");
            }
            let long_category = [&[0; 17][..], &[0, 255], b"short"].concat();
            for refused in [
                flash(0, SID, b"", b"!"),
                flash(2, nobody, b"", b"!"),
                flash(2, GUEST, b"", b"!"),
                flash(255, SID, b"", b"!"),
                flash(1, GUEST, b"", b"!"),
                flash(1, nobody, b"", b"!"),
                flash(0, nobody, b"\xff", b"!"),
                flash(0, nobody, b"", b"\xff"),
                flash(0, nobody, b"\xc3", b"\xa9"),
                long_category,
                vec![0; 18],
            ] {
                let bodies = [bodies, &[(Kind::Flash, now(), &*refused)]].concat();
                let seen = place.app.look(&place.cookies(&bodies));
                assert_eq!(seen.flashes, [""; 0], "{refused:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn s176_no_body_panics(
        encrypted: bool,
        bodies in vec((select(Kind::ALL.to_vec()), any::<u64>(), any::<bool>(), vec(any::<u8>(), 0..120)), 1..6),
    ) {
        let place = &PLACES[usize::from(encrypted)];
        let at = |random: u64, is_now: bool| if is_now { now() } else { random };
        let bodies: Vec<_> = bodies
            .iter()
            .map(|(kind, random, is_now, body)| (*kind, at(*random, *is_now), &**body))
            .collect();
        place.app.look(&place.cookies(&bodies));
    }

    #[test]
    fn no_body_that_is_almost_right_panics(
        encrypted: bool,
        changed in 0..5_usize,
        at in any::<Index>(),
        length in 0..9_usize,
        bytes in vec(any::<u8>(), 0..9),
    ) {
        let place = &PLACES[usize::from(encrypted)];
        let mut bodies = [
            (Kind::Identity, IdentityBody { claims: r#"{"role":"admin"}"#, ..identity("\"ada\"") }.encode()),
            (Kind::Data, owned(SID, br#"{"color":"red","list":[1,2.5,{"a":null}],"\u0074ext":"\ud83e\udd80"}"#)),
            (Kind::Flash, flash(1, SID, b"message", "größer".as_bytes())),
            (Kind::Guest, owned(GUEST, br#"{"cart":3}"#)),
            (Kind::Pending, [&[2], &MARK[..], b"\"bob\""].concat()),
        ];
        let body = &mut bodies[changed].1;
        let start = at.index(body.len());
        let end = body.len().min(start + length);
        body.splice(start..end, bytes);
        let bodies = bodies.each_ref().map(|(kind, body)| (*kind, now(), &**body));
        let seen = place.app.look(&place.cookies(&bodies));
        prop_assert!(seen.user.as_deref() != Some("null") && seen.half.as_deref() != Some("null"));
        let others_intact = changed > 1;
        prop_assert!(!others_intact || seen.user.as_deref() == Some("\"ada\""));
    }
}
