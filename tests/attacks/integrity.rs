//! Cookies that were changed, cut, put together or made up, and values that no writer of ours would send behind tags that are right.

mod changes;
mod scenes;

use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use muffin_session::{CurrentUser, Error, Session, login_required, user_loader};
use muffin_session_tests::Site;
use muffin_session_tests::forge::{Forge, IdentityBody, Kind, slot};
use serde_json::Value;

use self::scenes::{counts_as_absent, decoded, encoded, header, scenes};
use crate::site::{ID, Kept, Target, cookie, cookies};

const SID: [u8; 16] = [7; 16];
const MINUTE: u64 = 60_000;
const DAY: u64 = 24 * 60 * MINUTE;

/// One bit of a cookie is flipped, in each of its bytes, for each kind of cookie.
/// Expected: the page is what it is without that cookie, and nothing is removed.
#[tokio::test]
async fn a_bit_is_flipped() {
    counts_as_absent(changes::flipped).await;
}

/// A cookie is cut off, at each third length from nothing to all but one character, or loses its beginning.
/// Expected: the page is what it is without that cookie.
#[tokio::test]
async fn a_value_is_cut() {
    counts_as_absent(changes::cut).await;
}

/// Characters are put behind a cookie: punctuation, letters, bytes that are no text, or the whole value once more.
/// Expected: the page is what it is without that cookie.
#[tokio::test]
async fn a_value_is_made_longer() {
    counts_as_absent(changes::longer).await;
}

/// The tag is left out, cut to 1, 16 or 31 bytes, made of zeros, or there twice.
/// Expected: the page is what it is without that cookie; how long a tag is, no value says.
#[tokio::test]
async fn a_tag_is_cut_short() {
    counts_as_absent(changes::without_tag).await;
}

/// The bytes of a value change places: each second one with its neighbour, the tag with the rest, the last of a part with the next part.
/// Expected: the page is what it is without that cookie.
#[tokio::test]
async fn the_bytes_of_a_value_are_moved_about() {
    counts_as_absent(changes::moved).await;
}

/// A user's session as other libraries spell it: plain JSON, JSON in base64, an unsigned JWT, values of Flask, Rails, Express, PHP and
/// of Python's pickle.
/// Expected: the page is what it is without that cookie; there is no second way to read a value.
#[tokio::test]
async fn a_session_of_another_library() {
    counts_as_absent(changes::of_other_libraries).await;
}

/// The first byte says another version of the format, with the tag of the true one, and with a tag that is right for it.
/// Expected: the page is what it is without that cookie; no value chooses how it is read.
#[tokio::test]
async fn another_version_is_claimed() {
    let versions = [0, 1, 2, 3, 4, 0x10, 0x7b, 0x7f, 0x80, 0xff];
    counts_as_absent(|value| {
        let bytes = decoded(value);
        let others = versions.iter().filter(|version| **version != bytes[0]);
        let claimed = others.map(|version| [&[*version], &bytes[1..]].concat());
        claimed.map(encoded).collect()
    })
    .await;
    for target in Target::in_cookies().await {
        let body = IdentityBody::new(SID, target.now(), "1").encode();
        let data = target.data_of(SID, b"{}");
        let mut counting = 0;
        for version in versions {
            for forge in [Forge::SIGNED, Forge::ENCRYPTED] {
                let value = forge.seal_as(version, Kind::Identity, ID, target.now(), &body);
                let is_in = target.who(format!("{ID}={value}; {data}")).await == "1";
                counting += u32::from(is_in);
            }
        }
        assert_eq!(counting, 1, "{:?}: its own version alone", target.kept);
    }
}

/// The same bits are spelled in another way: with padding, in the other alphabet, with bits that are left over, percent-encoded, quoted.
/// Expected: the page is what it is without that cookie; each value has one spelling.
#[tokio::test]
async fn another_spelling_of_base64() {
    counts_as_absent(changes::respelled).await;
}

/// A character of two, three or four bytes is put across each place where a reader could cut, and bytes that are no text.
/// Expected: the page is what it is without that cookie; nothing panics.
#[tokio::test]
async fn a_character_of_many_bytes_is_put_across_each_cut() {
    counts_as_absent(changes::with_odd_characters).await;
}

/// Each cookie's value is sent by the name of each other one, and two are exchanged.
/// Expected: both count as absent; a value is worth something by its own name alone.
#[tokio::test]
async fn a_value_is_sent_by_another_of_our_names() {
    for target in Target::all().await {
        let jars = scenes(&target).await;
        let all: Vec<_> = jars.iter().flatten().collect();
        for jar in &jars {
            for (name, value) in jar {
                let (without, _) = target.seen(header(jar, name, None)).await;
                for (other, others) in all.iter().filter(|(other, _)| *other != name) {
                    let sent = header(jar, name, Some(others.as_bytes()));
                    let what = format!("{:?}: {other} as {name}", target.kept);
                    assert_eq!(target.seen(sent).await.0, without, "{what}");
                    let mut swapped = jar.clone();
                    swapped.remove(*other);
                    let neither = target.seen(header(&swapped, name, None)).await.0;
                    swapped.insert((*other).clone(), value.clone());
                    let sent = header(&swapped, name, Some(others.as_bytes()));
                    assert_eq!(target.seen(sent).await.0, neither, "{what}, exchanged");
                }
            }
        }
    }
}

/// The tag of one value is put behind the body of another: of another user, and of another login of the same user.
/// Expected: nobody.
#[tokio::test]
async fn a_tag_is_taken_from_another_value() {
    for target in Target::all().await {
        let (ann, eve, again) = (
            target.user(1).await,
            target.user(2).await,
            target.user(1).await,
        );
        for (part, other) in [
            (".id", &eve),
            (".id", &again),
            (".data.", &eve),
            (".data.", &again),
        ] {
            let Some((name, value)) = ann.jar.find(part) else {
                assert_eq!(target.kept, Kept::Store);
                continue;
            };
            let (mut bytes, tag) = (decoded(&value), decoded(&other.jar.find(part).unwrap().1));
            for length in [16, 32] {
                let at = bytes.len() - length;
                bytes[at..].copy_from_slice(&tag[tag.len() - length..]);
                let sent = header(&ann.jar.all(), &name, Some(&encoded(&bytes)));
                target.is_nobody(sent).await;
            }
        }
        target.is_user(1, cookies(&ann)).await;
    }
}

/// One user's identity is sent with another user's data, and with data of another login of the same user, in place of the own or beside it.
/// Expected: nobody where the own data is not there, and otherwise the own data; the two are never mixed.
#[tokio::test]
async fn parts_of_two_sessions_are_put_together() {
    for target in Target::in_cookies().await {
        let (ann, eve, again) = (
            target.user(1).await,
            target.user(2).await,
            target.user(1).await,
        );
        let (name, own) = ann.jar.find(".data.").unwrap();
        for other in [&eve, &again] {
            let (id, data) = (cookie(&ann, ".id"), cookie(other, ".data."));
            let (_, value) = other.jar.find(".data.").unwrap();
            target.is_nobody(format!("{id}; {data}")).await;
            target.is_nobody(format!("{id}; {name}={value}")).await;
            target.is_nobody(format!("{id}; {name}={own}{value}")).await;
            // What the other session has left behind may be removed.
            let (seen, _) = target.seen(format!("{data}; {}", cookies(&ann))).await;
            assert_eq!(seen, "1 \"of1\" nobody");
        }
    }
}

/// Each choice of a user's, a guest's and a logout's cookies is sent, the others are left out.
/// Expected: somebody only with both identity and data and without the mark of logout; no choice gives more than the whole.
#[tokio::test]
async fn some_of_the_cookies_are_left_out() {
    let target = Target::new().await;
    let mut all = scenes(&target).await;
    let mut mark = all.remove(2);
    mark.retain(|name, _| name.contains(".out"));
    let all: Vec<_> = all.into_iter().chain([mark]).flatten().collect();
    for choice in 0..1_u32 << all.len() {
        let chosen = (0..all.len()).filter(|at| choice & (1 << at) != 0);
        let sent: Vec<_> = chosen
            .map(|at| format!("{}={}", all[at].0, all[at].1))
            .collect();
        let has = |part: &str| sent.iter().any(|cookie| cookie.contains(part));
        let (seen, _) = target.seen(sent.join("; ")).await;
        let is_user = has(".id=") && has(".data.") && !has(".out=");
        let is_guest = !is_user && has(".guest=");
        assert_eq!(seen.starts_with("1 \"of1\""), is_user, "{sent:?}");
        assert_eq!(seen.starts_with("nobody \"black\""), is_guest, "{sent:?}");
        assert_eq!(
            seen.starts_with("nobody null"),
            !is_user && !is_guest,
            "{sent:?}"
        );
        assert!(!seen.contains("hello") || is_user, "{sent:?}");
    }
}

/// A login whose times lie in the future, at 0, at the end of all time, or before one another, behind a tag that is right.
/// Expected: nobody, but for the minute by which clocks may differ; no sum wraps around.
#[tokio::test]
async fn a_login_of_another_time() {
    for target in Target::in_cookies().await {
        let now = target.now();
        let (soon, later, end) = (now + MINUTE, now + MINUTE + 1, u64::MAX);
        for (issued_at, started_at, authenticated_at, expires_at, counts) in [
            (now, now, now, now + DAY, true),
            (soon, soon, soon, now + DAY, true),
            (later, now, now, now + DAY, false),
            (now + 365 * DAY, now, now, now + DAY, false),
            (end, now, now, now + DAY, false),
            (now, later, now, now + DAY, false),
            (now, now, later, now + DAY, false),
            (now, end, end, end, false),
            (now, end - 1, now, end, false),
            (now, 0, 0, end, false),
            (now, now - DAY, now, end, false),
            (now, now, now, now, false),
            (now, now, now, 0, false),
            (0, 0, 0, 0, false),
        ] {
            let times = IdentityBody {
                started_at,
                authenticated_at,
                expires_at,
                ..IdentityBody::new(SID, now, "1")
            };
            let id = target.forged(Kind::Identity, "", issued_at, &times.encode());
            let sent = format!("{id}; {}", target.data_of(SID, br#"{"color":"of1"}"#));
            if counts {
                target.is_user(1, sent).await;
            } else {
                target.is_nobody(sent).await;
            }
        }
    }
}

/// Data that is no object, is nested thousands of times, has a key twice or out of order, is no UTF-8 or is followed by more, behind a
/// tag that is right.
/// Expected: nobody, and no panic.
#[tokio::test]
async fn data_that_no_writer_makes() {
    let nested = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
    let (deep, unclosed, objects) = (nested(1_400), "[".repeat(2_900), "{\"a\":".repeat(580));
    let broken = r#"null [] 1 "" { {}{} {}x {a:1} {'a':1} {"a":1,"a":2} {"a":1,"\u0061":2} {"b":1,"a":2} {"a":1,} {"a":01} {"a":NaN}
        {"\ud800":1} {"__proto__":{"user":1},"a":1,"__proto__":{}} /**/{} {"a":1}//"#;
    for target in Target::in_cookies().await {
        let id = IdentityBody::new(SID, target.now(), "1");
        assert_eq!(target.who(target.login(&id, &nested(126))).await, "1");
        let odd = [
            "",
            "{}\0",
            "\u{feff}{}",
            &nested(127),
            &deep,
            &unclosed,
            &objects,
        ];
        for json in broken.split_whitespace().chain(odd) {
            target.is_nobody(target.login(&id, json)).await;
        }
        let id = target.forged(Kind::Identity, "", target.now(), &id.encode());
        for bytes in [
            &b"{\"a\":\"\xff\"}"[..],
            b"{\"\xc0\xaf\":1}",
            b"{\"\xed\xa0\x80\":1}",
            b"\xff",
        ] {
            let sent = format!("{id}; {}", target.data_of(SID, bytes));
            target.is_nobody(sent).await;
        }
    }
}

/// Numbers that no type holds are in the data behind a tag that is right: 1e400, 2 to the 64th, a thousand digits.
/// Expected: they are kept as they came and taken for no other number; counting on from one is an error that keeps the session.
#[tokio::test]
async fn numbers_that_no_type_holds() {
    let digits = "9".repeat(1_000);
    for target in Target::in_cookies().await {
        for number in [
            "1e400",
            "-1e400",
            "18446744073709551616",
            "-1",
            "-9223372036854775809",
            "0.5",
            &digits,
        ] {
            let id = IdentityBody::new(SID, target.now(), "1");
            let sent = target.login(&id, &format!("{{\"n\":{number}}}"));
            assert_eq!(target.who(&sent).await, "1");
            let counted = target.perform(&sent, "count n").await;
            assert_eq!(
                (counted.status, counted.has("set-cookie")),
                (500, false),
                "{number}"
            );
            // Written again beside a new key, it is what it was.
            let kept = target.perform(&sent, "insert color of1").await;
            assert_eq!(kept.status, 200, "{number}");
            if target.kept == Kept::Signed {
                let value = kept
                    .field("set-cookie")
                    .unwrap()
                    .split(['=', ';'])
                    .nth(1)
                    .unwrap();
                let written = String::from_utf8_lossy(&decoded(value)).into_owned();
                assert!(
                    written.contains(&format!("\"n\":{number}}}")),
                    "{number}: {written}"
                );
            }
        }
    }
}

/// The user's id is of another type than the loader takes, behind a tag that is right: text for a number, a float, a list, an object, a
/// number that is too large, nothing, two of them.
/// Expected: nobody; an id is never made to fit.
#[tokio::test]
async fn a_user_id_of_another_type() {
    let others =
        r#"18446744073709551616 -1 1.0 1e0 "1" [1] {"id":1} true null 01 +1 1, 0x1 1,1 [] "" 1} ١"#;
    for target in Target::in_cookies().await {
        let login =
            |user_id: &str| target.login(&IdentityBody::new(SID, target.now(), user_id), "{}");
        for user_id in ["1", "7", "18446744073709551615"] {
            assert_eq!(target.who(login(user_id)).await, user_id);
        }
        for user_id in others.split(' ').chain(["", " ", "1 1"]) {
            assert_eq!(target.who(login(user_id)).await, "nobody", "{user_id}");
            let guarded = target.get("/dashboard", &[login(user_id)]).await;
            assert_eq!(guarded.status, 303, "{user_id}");
        }
    }
}

/// A method of login or a flag that does not exist, parts that end too early, and a length of 65,535, behind tags that are right.
/// Expected: nobody; no length is believed further than the value goes.
#[tokio::test]
async fn a_body_that_contradicts_itself() {
    for target in Target::in_cookies().await {
        let good = IdentityBody::new(SID, target.now(), "1");
        let whole = good.encode();
        let mut bodies: Vec<_> = (0..whole.len()).map(|end| whole[..end].to_vec()).collect();
        bodies.extend([0, 4, 0xff].map(|method| IdentityBody { method, ..good }.encode()));
        bodies
            .extend([1, 2, 3, 4, 0x80, 0xff].map(|flags| IdentityBody { flags, ..good }.encode()));
        bodies.extend(
            ["[]", "null", "{", "{}{}"].map(|claims| IdentityBody { claims, ..good }.encode()),
        );
        bodies.push([&whole[..42], &[0xff, 0xff], &whole[44..]].concat());
        let data = target.data_of(SID, b"{}");
        for body in bodies {
            let id = target.forged(Kind::Identity, "", target.now(), &body);
            target.is_nobody(format!("{id}; {data}")).await;
        }
        let (long, no_text) = (
            [&[0; 18][..], b"\xffab"].concat(),
            [&[0; 19][..], b"\xff"].concat(),
        );
        for body in [&[][..], &[1; 19], &[2; 40], &[0; 18], &long, &no_text] {
            let flash = target.forged(Kind::Flash, "AAAAAAAA", target.now(), body);
            assert_eq!(target.messages(&flash).await, [""; 0], "{body:?}");
        }
    }
}

/// Users who are called 0, an empty text, null, or an id that is followed by claims log in.
/// Expected: each is logged in as exactly that user, and none of the text becomes claims.
#[tokio::test]
async fn a_user_who_is_called_nothing() {
    #[user_loader]
    async fn load(id: String) -> Option<String> {
        Some(id)
    }
    #[login_required]
    async fn page(
        CurrentUser(user): CurrentUser<String>,
        session: Session,
    ) -> Result<String, Error> {
        let claims: Option<Value> = session.claims()?;
        Ok(format!("{user:?} {claims:?}"))
    }
    async fn login(session: Session, user: String) -> Result<(), Error> {
        session.login(user)
    }
    for kept in Kept::ALL {
        let sessions = kept.builder().user_loader(load).build().unwrap();
        let app = Router::new()
            .route("/", get(page))
            .route("/login", post(login));
        let site = Site::serve(app.layer(sessions)).await;
        for user in [
            "",
            "0",
            "null",
            "false",
            "1{\"role\":\"admin\"}",
            "\"",
            "1\"{}",
            "\0",
            "' OR 1=1 --",
        ] {
            let browser = site.browser();
            assert_eq!(browser.get("/").await.status(), 303);
            let request = browser.request(reqwest::Method::POST, "/login").body(user);
            request.send().await.unwrap();
            assert_eq!(browser.text("/").await, format!("{user:?} None"));
        }
    }
}

/// Cookies that fail each for another reason: no base64, a wrong tag, another purpose, another key, no JSON, of the future, expired.
/// Expected: one answer for all, the same as without a cookie; nobody learns which check has failed.
#[tokio::test]
async fn which_check_has_failed_is_asked() {
    let target = Target::new().await;
    let start = target.now();
    target.clock.advance(Duration::from_secs(24 * 3_600));
    let values = changes::failures(start);
    for path in ["/public", "/show", "/dashboard", "/admin"] {
        let told = async |cookies: &[String]| {
            let answer = target.get(path, cookies).await;
            let lines = answer
                .head
                .lines()
                .filter(|line| !line.starts_with("date:"));
            lines
                .map(str::to_owned)
                .chain([answer.text()])
                .collect::<Vec<_>>()
        };
        let plain = told(&[]).await;
        for value in &values {
            assert_eq!(
                told(&[format!("{ID}={value}")]).await,
                plain,
                "{path}: {value:.200}"
            );
        }
    }
}

/// Data says another owner than its name, or stands under a slot of another length, behind a tag that is right for that name.
/// Expected: nobody; a session's data is found by its slot and says itself whose it is.
#[tokio::test]
async fn data_that_says_another_owner_than_its_name() {
    for target in Target::in_cookies().await {
        let id = IdentityBody::new(SID, target.now(), "1").encode();
        let id = target.forged(Kind::Identity, "", target.now(), &id);
        let of = |owner: [u8; 16], slot: &str| {
            let body = [&owner[..], b"{}"].concat();
            format!(
                "{id}; {}",
                target.forged(Kind::Data, slot, target.now(), &body)
            )
        };
        let own = slot(SID);
        assert_eq!(target.who(of(SID, &own)).await, "1");
        assert_eq!(target.who(of([8; 16], &own)).await, "nobody");
        for slot in [
            &*slot([8; 16]),
            "",
            "AAAAAAA",
            &own[1..],
            &own.to_lowercase(),
        ] {
            assert_eq!(target.who(of(SID, slot)).await, "nobody", "{slot}");
        }
    }
}
