//! What somebody who tries values learns from the answers: nothing.

use std::time::Duration;

use muffin_session_tests::forge::{Forge, IdentityBody, Kind, slot};

use crate::site::{Raw, Shown, World};

/// The head without what differs from answer to answer.
fn head(answer: &Raw) -> Vec<&str> {
    let lines = answer.head.lines();
    lines.filter(|line| !line.starts_with("date:")).collect()
}

const SID: [u8; 16] = [7; 16];

/// Values of an identity's cookie that do not count a day after `start`, each for a reason of its own.
fn failures(start: u64) -> Vec<(&'static str, String)> {
    let forge = Forge::SIGNED;
    let name = forge.name(Kind::Identity, "");
    let good = IdentityBody {
        started_at: start + 3_600_000,
        expires_at: u64::MAX,
        ..IdentityBody::new(SID, start, "1")
    };
    let by = |forge: Forge, kind, name: &str| forge.seal(kind, name, start, &good.encode());
    let of = |body: IdentityBody<'_>| forge.seal(Kind::Identity, &name, start, &body.encode());
    let genuine = of(good);
    let another_key = Forge {
        secret: "another secret: q8Wn5Zt1XkB7vJ3m",
        ..forge
    };
    let another_application = Forge {
        app_name: "shop",
        ..forge
    };
    vec![
        ("no base64", "%%%%".repeat(30)),
        ("too short", "AAAA".to_owned()),
        ("too long", "A".repeat(2_000)),
        ("no version of ours", "_".repeat(116)),
        (
            "another tag",
            format!("{}AAAAAAAA", &genuine[..genuine.len() - 8]),
        ),
        ("another purpose", by(forge, Kind::Guest, &name)),
        (
            "another name",
            by(forge, Kind::Identity, "__Host-session.ID"),
        ),
        ("another key", by(another_key, Kind::Identity, &name)),
        (
            "another application",
            by(another_application, Kind::Identity, &name),
        ),
        ("encrypted", by(Forge::ENCRYPTED, Kind::Identity, &name)),
        (
            "no JSON",
            of(IdentityBody {
                user_id: "nul",
                ..good
            }),
        ),
        (
            "no user",
            of(IdentityBody {
                user_id: "null",
                ..good
            }),
        ),
        (
            "no body",
            forge.seal(Kind::Identity, &name, start, &[0xff; 60]),
        ),
        (
            "of the future",
            forge.seal(Kind::Identity, &name, u64::MAX, &good.encode()),
        ),
        ("expired", of(IdentityBody::new(SID, start, "1"))),
        ("without its data", genuine),
    ]
}

#[tokio::test]
async fn s016_every_failure_looks_like_every_other() {
    let world = World::new().await;
    let start = u64::try_from(world.clock.since_epoch().as_millis()).expect("a time of this age");
    world.clock.advance(Duration::from_secs(24 * 3_600));
    let name = Forge::SIGNED.name(Kind::Identity, "");
    for path in ["/", "/guarded"] {
        let plain = world.get(path, &[]).await;
        for (what, value) in failures(start) {
            let answer = world
                .get(path, &[format!("{name}={value}").as_bytes()])
                .await;
            assert_eq!(head(&answer), head(&plain), "{path}: {what}");
            assert_eq!(answer.body, plain.body, "{path}: {what}");
            assert!(!answer.has("set-cookie"));
        }
    }
}

#[tokio::test]
async fn s025_an_id_of_another_type_than_the_loader_takes_is_nobodys() {
    let world = World::new().await;
    let forge = Forge::SIGNED;
    let now = u64::try_from(world.clock.since_epoch().as_millis()).expect("a time of this age");
    for (user_id, user) in [
        ("1", Some(1)),
        ("18446744073709551615", Some(u64::MAX)),
        ("0", Some(0)),
        ("18446744073709551616", None),
        ("-1", None),
        ("1.0", None),
        ("1e0", None),
        ("\"1\"", None),
        ("[1]", None),
        ("{\"id\":1}", None),
        ("true", None),
    ] {
        let identity = IdentityBody::new(SID, now, user_id).encode();
        let data = [&SID[..], br#"{"color":"red"}"#].concat();
        let cookies = [(Kind::Identity, identity), (Kind::Data, data)].map(|(kind, body)| {
            let name = forge.name(kind, &slot(SID));
            format!("{name}={}", forge.seal(kind, &name, now, &body))
        });
        let answer = world
            .get("/guarded", &[cookies.join("; ").as_bytes()])
            .await;
        match user {
            Some(user) => assert_eq!(answer.body, format!("for {user}").as_bytes()),
            None => assert_eq!(answer.status, 303, "{user_id}"),
        }
        assert!(!answer.has("set-cookie"));
    }
}

#[tokio::test]
async fn s106_a_session_comes_from_cookies_and_nowhere_else() {
    let world = World::new().await;
    let ann = world.user(1).await;
    let (name, value) = ann.browser.jar.find(".id").expect("an identity");
    let (data_name, data) = ann.browser.jar.find(".data.").expect("data");
    let query = format!("/?{name}={value}&{data_name}={data}&session={value}&sid={value}");
    let lines = [
        format!("GET {query} HTTP/1.1"),
        format!("Set-Cookie: {}", ann.cookies()),
        format!("Cookie2: {}", ann.cookies()),
        format!("X-Cookie: {}", ann.cookies()),
        format!("X-Session: {value}"),
        format!("Authorization: Bearer {value}"),
        "X-User: 1".to_owned(),
        "X-Forwarded-User: 1".to_owned(),
    ];
    assert_eq!(
        world.send(&lines, b"").await.json::<Shown>(),
        Shown::default()
    );
}
