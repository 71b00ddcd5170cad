//! Secrets that can be guessed, keys of other applications, names, modes and times, and more keys than ought to be tried.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use muffin_session::{Builder, Error, Secret, Session, Sessions};
use muffin_session_tests::forge::{Forge, IdentityBody, Kind};
use muffin_session_tests::map_store::MapStore;
use muffin_session_tests::{Browser, SECRET, Site, bare_builder};

use crate::app::{perform_in, run};
use crate::site::{ID, Kept, Target, cookie, cookies};

const SID: [u8; 16] = [7; 16];
const NEW: &str = "Zr4Tn8Qw1Lx6Vb3Mk9Hs2Fd7Jg5Pc0Ye";
const OTHER: &str = "another secret: q8Wn5Zt1XkB7vJ3m";

fn on(secret: &str) -> Builder {
    Sessions::builder(Secret::new(secret))
}

async fn with(builder: Builder) -> Target {
    Target::with(Kept::Signed, |_| builder).await
}

/// What names begin with in a browser that is logged in.
fn base(browser: &Browser) -> String {
    let names = browser.jar.names();
    let base = names.iter().find_map(|name| name.strip_suffix(".id"));
    base.unwrap().to_owned()
}

/// The cookies by names with another beginning.
fn renamed(browser: &Browser, base_there: &str) -> String {
    let here = base(browser);
    let cookies = browser.jar.all().into_iter();
    let renamed =
        cookies.map(|(name, value)| format!("{}={value}", name.replacen(&here, base_there, 1)));
    renamed.collect::<Vec<_>>().join("; ")
}

/// What each of these applications makes counts there and in none of the others, by its own names and by theirs.
async fn are_strangers(builders: impl IntoIterator<Item = Builder>) {
    let mut places = Vec::new();
    for builder in builders {
        let target = with(builder).await;
        let ann = target.user(1).await;
        run(&ann, "flash hello").await;
        places.push((target, ann));
    }
    for (here, (_, ann)) in places.iter().enumerate() {
        for (there, (target, other)) in places.iter().enumerate() {
            for sent in [renamed(ann, &base(other)), cookies(ann)] {
                let (seen, answer) = target.seen(&sent).await;
                let is_nobody =
                    seen.trim_end() == "nobody null nobody" && !answer.has("set-cookie");
                assert_eq!(is_nobody, here != there, "{here} at {there}: {seen}");
            }
        }
    }
}

fn start(secret: &str) -> Result<Sessions, String> {
    let old = on(NEW)
        .verify_with(Secret::new(secret))
        .without_user_loader();
    let new = on(secret)
        .without_user_loader()
        .build()
        .map_err(|error| error.to_string());
    assert_eq!(
        old.build().is_ok(),
        new.is_ok(),
        "an old one is as good as a new one: {secret}"
    );
    new
}

/// A secret that is short, uniform, a word of defaults, or the same few characters over and over is configured, new or kept as an old one.
/// Expected: the application does not start, and the error does not repeat it.
#[test]
fn a_secret_that_can_be_guessed() {
    let few = [
        "a".repeat(64),
        "ab".repeat(32),
        "k4Jq2vX9".repeat(8),
        "\n".repeat(64),
        format!("{}\r\n\r\n", &SECRET[..31]),
    ];
    let short = [
        "",
        "x",
        "changeme",
        "keyboard cat",
        "Insecuresecret",
        &SECRET[..16],
        &SECRET[..31],
    ];
    for secret in short.into_iter().chain(few.iter().map(String::as_str)) {
        let error = start(secret).expect_err(secret);
        assert!(error.contains("openssl rand -base64 48"), "{error}");
        assert!(
            secret.trim_end().len() < 16 || !error.contains(secret.trim_end()),
            "{error}"
        );
    }
    assert!(start(SECRET).is_ok());
}

/// A long secret of a tutorial, of another framework's defaults or of this library's own documentation is configured.
/// Expected: the application does not start.
#[test]
fn a_secret_from_documentation() {
    let known = "Insecuresecret-Insecuresecret-12  changeme-changeme-changeme-1234567  please CHANGE-ME before production 42
        keyboard cat keyboard cat keyboard cat 7  my-super-secret-key-that-is-quite-long  your-secret-key-goes-here-0192837465
        this is an example of a secret, 64 bytes  correct horse password staple 0918273645  0123456789abcdef0123456789abcdef
        abcdefghijklmnopqrstuvwxyz012345  wire-format test secret, never use in production 01
        django-insecure-example-q8wn5zt1xkb7vj3m  CHANGE_ME_TO_A_COMPLEX_RANDOM_SECRET";
    for secret in known.lines().flat_map(|line| line.trim().split("  ")) {
        assert!(start(secret).is_err(), "{secret}");
    }
}

/// Cookies of another application that has the same secret: staging's in production, with every kind of cookie.
/// Expected: nobody; the application's name is in the keys.
#[tokio::test]
async fn cookies_of_another_application() {
    let names = ["", "shop", "shop-staging", "shop-stagin", "session"];
    are_strangers(names.map(|name| bare_builder().app_name(name))).await;
}

/// Cookies of another cookie name, also one that ends where the kind of another begins, sent by the names that are expected.
/// Expected: nobody; the whole name is in the keys, with its length.
#[tokio::test]
async fn cookies_of_another_name() {
    let names = "session other session.data session. sessio n session.id".split(' ');
    are_strangers(names.map(|name| bare_builder().cookie_name(name))).await;
}

/// The end of one text that keys are made of becomes the beginning of the next: application `a` and cookie `bc`, `ab` and `c`.
/// Expected: nobody; the texts cannot be joined in two ways.
#[tokio::test]
async fn the_boundary_between_two_names_is_moved() {
    let names = "a/bc ab/c /abc abc/a a__Host-/bc acookie/bc signed/bc a.b/c a/b.c".split(' ');
    are_strangers(names.map(|names| {
        let (app, name) = names.split_once('/').unwrap();
        bare_builder().app_name(app).cookie_name(name)
    }))
    .await;
}

/// Cookies that were made in development over plain http, or for a whole domain, are sent to production with the same secret.
/// Expected: nobody; without its prefix a cookie has other keys.
#[tokio::test]
async fn cookies_of_development() {
    are_strangers([
        bare_builder(),
        bare_builder().allow_plain_http(),
        bare_builder().domain("example.com"),
        bare_builder().path("/app").encrypted(),
    ])
    .await;
}

/// Signed cookies are sent where encryption is on and encrypted ones where it is off, genuine or with the version of the other.
/// Expected: nobody; there is no way back to the weaker format.
#[tokio::test]
async fn a_signed_value_where_encryption_is_on() {
    are_strangers([bare_builder(), bare_builder().encrypted()]).await;
    for target in Target::in_cookies().await {
        let ann = target.user(1).await;
        let (name, value) = ann.jar.find(".id").unwrap();
        let body = IdentityBody::new(SID, target.now(), "1").encode();
        let (forge, other) = match target.kept {
            Kept::Encrypted => (Forge::ENCRYPTED, Forge::SIGNED),
            _ => (Forge::SIGNED, Forge::ENCRYPTED),
        };
        let data = target.data_of(SID, b"{}");
        let own = forge.seal(Kind::Identity, ID, target.now(), &body);
        assert_eq!(target.who(format!("{ID}={own}; {data}")).await, "1");
        for version in [1, 2] {
            let forged = other.seal_as(version, Kind::Identity, ID, target.now(), &body);
            target.is_nobody(format!("{ID}={forged}; {data}")).await;
        }
        let mut bytes = URL_SAFE_NO_PAD.decode(value).unwrap();
        bytes[0] = 3 - bytes[0];
        let claimed = URL_SAFE_NO_PAD.encode(bytes);
        target
            .is_nobody(format!("{name}={claimed}; {}", cookie(&ann, ".data.")))
            .await;
    }
}

/// Cookies that say where a session is in a store are sent to an application without one, and whole sessions to one that keeps them in a
/// store and moves none.
/// Expected: nobody; how sessions are kept is in the keys.
#[tokio::test]
async fn cookies_of_a_store_where_there_is_none() {
    let stored = || {
        bare_builder()
            .store(Arc::new(MapStore::default()))
            .without_moving_from_cookies()
    };
    are_strangers([
        bare_builder(),
        bare_builder().encrypted(),
        stored(),
        stored().encrypted(),
    ])
    .await;
    // A guest's place in the store is no user's, and the reverse.
    let target = with(stored()).await;
    let (ann, guest) = (target.user(1).await, target.browser());
    run(&guest, "insert color black").await;
    let (id, handle) = (
        ann.jar.find(".id").unwrap(),
        guest.jar.find(".guest").unwrap(),
    );
    target
        .is_nobody(format!("{}={}; {}={}", id.0, handle.1, handle.0, id.1))
        .await;
}

/// The secret changes, and cookies of before are sent after it was kept as an old one, and after it was dropped.
/// Expected: they count while it is listed, what is made by then is under the new one, and nothing counts once it is dropped.
#[tokio::test]
async fn cookies_of_a_secret_that_was_dropped() {
    for options in [|builder: Builder| builder, Builder::encrypted] {
        let before = with(options(on(SECRET))).await;
        let during = with(options(on(NEW).verify_with(Secret::new(SECRET)))).await;
        let after = with(options(on(NEW))).await;
        let ann = before.user(1).await;
        during.is_user(1, cookies(&ann)).await;
        after.is_nobody(cookies(&ann)).await;
        let moved = Browser::new(during.site.url(""), ann.jar.clone());
        run(&moved, "renew").await;
        after.is_user(1, cookies(&moved)).await;
        before.is_nobody(cookies(&moved)).await;
        let new = during.user(2).await;
        after.is_user(2, cookies(&new)).await;
        before.is_nobody(cookies(&new)).await;
    }
}

/// A login under a secret that is known is sent by a request that is held open until the secret was removed, and renewed or written then.
/// Expected: 401 and no cookie under the new secret, whatever the request does but log somebody in.
#[tokio::test]
async fn a_request_is_held_open_until_its_secret_is_removed() {
    for script in [
        "wait, renew",
        "wait, insert k 1",
        "insert k 1, wait",
        "wait, confirm",
    ] {
        let target = with(on(SECRET)).await;
        let thief = target.user(1).await;
        let under_way = target.under_way(&thief, script).await;
        let keys = target.sessions.keys();
        keys.rotate(Secret::new(NEW)).unwrap();
        keys.remove(keys.list()[1].id).unwrap();
        let answer = under_way.finish().await;
        assert_eq!(answer.status(), 401, "{script}");
        assert!(!answer.headers().contains_key("set-cookie"), "{script}");
        target.is_nobody(cookies(&thief)).await;
    }
}

/// A secret is known that was retired: a login is forged that says that it was issued before, and took place, or was confirmed, today.
/// Expected: nobody, so that no renewal writes it under the new secret to last from today.
#[tokio::test]
async fn a_login_of_today_is_forged_with_a_retired_secret() {
    let target = with(on(NEW).verify_with(Secret::new(SECRET))).await;
    let keys = target.sessions.keys();
    keys.retire(keys.list()[1].id).unwrap();
    let retired_at = target.now();
    target.clock.advance(Duration::from_hours(2));
    let today = target.now();
    let forged = |body: IdentityBody<'_>| {
        let seal = |kind, slot: &str, body: &[u8]| {
            let name = Forge::SIGNED.name(kind, slot);
            format!(
                "{name}={}",
                Forge::SIGNED.seal(kind, &name, retired_at, body)
            )
        };
        let slot = muffin_session_tests::forge::slot(SID);
        let data = [&SID[..], b"{}"].concat();
        let (identity, data) = (body.encode(), seal(Kind::Data, &slot, &data));
        format!("{}; {data}", seal(Kind::Identity, "", &identity))
    };
    let honest = || IdentityBody::new(SID, retired_at, "1");
    assert_eq!(target.who(forged(honest())).await, "1");
    for body in [
        IdentityBody {
            started_at: today,
            ..honest()
        },
        IdentityBody {
            authenticated_at: today,
            ..honest()
        },
        IdentityBody::new(SID, today, "1"),
    ] {
        target.is_nobody(forged(body)).await;
    }
}

/// Cookies of a stranger's secret, of an empty one, of one that differs in the last bit or in case, with each hint that names a key.
/// Expected: nobody; a hint says which key to try, not that it fits.
#[tokio::test]
async fn cookies_of_another_secret() {
    let target = with(on(SECRET).verify_with(Secret::new(NEW))).await;
    let body = IdentityBody::new(SID, target.now(), "1").encode();
    let by = |secret: &'static str, hint: Option<u8>| {
        let forge = Forge {
            secret,
            ..Forge::SIGNED
        };
        let seal = |kind, slot: &str, body: &[u8]| {
            let name = forge.name(kind, slot);
            let mut bytes = URL_SAFE_NO_PAD
                .decode(forge.seal(kind, &name, target.now(), body))
                .unwrap();
            bytes[1] = hint.unwrap_or(bytes[1]);
            format!("{name}={}", URL_SAFE_NO_PAD.encode(bytes))
        };
        let slot = muffin_session_tests::forge::slot(SID);
        let data = [&SID[..], b"{}"].concat();
        format!(
            "{}; {}",
            seal(Kind::Identity, "", &body),
            seal(Kind::Data, &slot, &data)
        )
    };
    for secret in [SECRET, NEW] {
        assert_eq!(target.who(by(secret, None)).await, "1");
    }
    for secret in [
        OTHER,
        "",
        "0",
        "p7Jq2vX9sLw4RtY8zKb3NcM6hGd1FfAf",
        "P7JQ2VX9SLW4RTY8ZKB3NCM6HGD1FFAE",
        " p7Jq2vX9sLw4RtY8zKb3NcM6hGd1FfAe",
    ] {
        target.is_nobody(by(secret, None)).await;
    }
    for hint in 0..=u8::MAX {
        target.is_nobody(by(OTHER, Some(hint))).await;
    }
}

/// As many old secrets as are allowed, and a thousand values of our name, the genuine one under the oldest secret among them.
/// Expected: a value that is among the first four counts, a later one is not looked at, and more old secrets than three do not start.
#[tokio::test]
async fn many_secrets_times_many_cookies() {
    let olds = [NEW, OTHER, SECRET].map(Secret::new);
    let target = with(
        olds.into_iter()
            .fold(on("Kd7mQ2x9Rw5Tz8Lb3Vn6Yc4Hj1Gs0Pfa"), Builder::verify_with),
    )
    .await;
    let oldest = with(bare_builder()).await;
    let ann = oldest.user(1).await;
    let value = ann.jar.find(".id").unwrap().1;
    // Each has the hint of the genuine one, so that its key is tried.
    let forged = |n: u32| format!("{ID}={}{n:04}; ", &value[..value.len() - 4]);
    let crowd = |count: u32| (0..count).map(forged).collect::<String>();
    target
        .is_user(
            1,
            format!("{}{}; {}", crowd(3), cookies(&ann), crowd(1_000)),
        )
        .await;
    target
        .is_nobody(format!("{}{}", crowd(4), cookies(&ann)))
        .await;
    target
        .is_nobody(format!("{}{}", crowd(1_000), cookies(&ann)))
        .await;
    let five = (0..4).map(|n| Secret::new(format!("{n}{OTHER}")));
    let build = five
        .fold(on(NEW), Builder::verify_with)
        .without_user_loader()
        .build();
    assert!(build.unwrap_err().to_string().contains("5 secrets"));
}

/// A user's cookies are sent to the administrators' layer on the same site, with the same secret and the same user id.
/// Expected: nobody there, by either name, in either direction; the two logins have nothing to do with each other.
#[tokio::test]
async fn cookies_of_a_second_layer() {
    async fn who(session: Session) -> Result<String, Error> {
        Ok(format!("{:?}", session.user_id::<u64>()?))
    }
    let routes = || {
        let login = async |session: Session| session.login(1);
        Router::new()
            .route("/who", get(who))
            .route("/login", post(login))
    };
    for kept in Kept::ALL {
        let named = |name: &str| {
            kept.builder()
                .cookie_name(name)
                .without_user_loader()
                .build()
                .unwrap()
        };
        let admins = routes().layer(named("admin"));
        let app = routes().layer(named("session")).nest("/admin", admins);
        let site = Site::serve(app).await;
        for (login, there, base_there) in [
            ("/login", "/admin/who", "__Host-admin"),
            ("/admin/login", "/who", "__Host-session"),
        ] {
            let browser = site.browser();
            browser.post(login).await;
            let here = login.replace("login", "who");
            assert_eq!(browser.text(&here).await, "Some(1)");
            assert_eq!(browser.text(there).await, "None", "{kept:?}");
            let sent = renamed(&browser, base_there);
            let request = site
                .browser()
                .request(reqwest::Method::GET, there)
                .header("cookie", sent);
            assert_eq!(
                request.send().await.unwrap().text().await.unwrap(),
                "None",
                "{kept:?}"
            );
        }
    }
}

/// Everything that can be printed with `Debug`, and each error, is searched for the secret, its encodings and the keys.
/// Expected: nothing of it is there.
#[tokio::test]
async fn the_secret_is_looked_for_in_debug() {
    async fn debug(session: Session) -> Result<String, Error> {
        session.login(1)?;
        Ok(format!("{session:?} {session:#?}"))
    }
    let builder = || {
        on(SECRET)
            .verify_with(Secret::new(NEW))
            .without_user_loader()
    };
    let sessions = builder().build().unwrap();
    let service = tower::Layer::layer(&sessions, ());
    let short = on(&SECRET[..31]).without_user_loader().build().unwrap_err();
    let mut shown = format!(
        "{:?} {:#?} {:?} {sessions:?} {service:?} {short:?} {short}",
        Secret::new(SECRET),
        builder(),
        Some(Secret::new(NEW))
    );
    let site = Site::serve(Router::new().route("/", get(debug)).layer(sessions)).await;
    shown.push_str(&site.browser().text("/").await);
    for secret in [SECRET, NEW] {
        let bytes = secret.as_bytes();
        let hex = |byte: &u8| format!("{byte:02x}");
        let hex: String = bytes[..8].iter().map(hex).collect();
        let list = format!("{:?}", &bytes[..8]);
        for text in [
            &secret[..8],
            &secret[24..],
            &hex,
            list.trim_matches(['[', ']']),
            &URL_SAFE_NO_PAD.encode(&bytes[..9]),
        ] {
            assert!(!shown.contains(text), "{text}: {shown}");
        }
    }
}

/// A thousand encrypted values are collected, to find two under one nonce, and two that look alike though they say the same.
/// Expected: no salt is there twice, and no value.
#[tokio::test]
async fn nonces_are_collected() {
    let target = Target::kept(Kept::Encrypted).await;
    let browser = target.browser();
    let (mut salts, mut values, mut count) = (BTreeSet::new(), BTreeSet::new(), 0);
    for _ in 0..250 {
        run(&browser, "logout, login 1, insert color same, flash same").await;
        for (_, value) in browser.jar.all() {
            let bytes = URL_SAFE_NO_PAD.decode(&value).unwrap();
            count += usize::from(values.insert(value));
            salts.insert(bytes[10..34].to_vec());
        }
    }
    assert!(count >= 1_000, "{count}");
    assert_eq!((salts.len(), values.len()), (count, count));
}

/// Five hundred logins are begun, to guess the id of the next session from those before.
/// Expected: no id is there twice, no byte of them stays the same, and none is what the one before makes likely.
#[tokio::test]
async fn the_next_session_id_is_guessed() {
    for kept in [Kept::Signed, Kept::Store] {
        let target = Target::kept(kept).await;
        // In cookies the id follows the times; in a store the handle's random bytes follow the user's.
        let at = if kept == Kept::Store { 18..34 } else { 10..26 };
        let mut ids = Vec::new();
        for _ in 0..500 {
            let answer = perform_in(&target.browser(), "login 1").await;
            let cookie = muffin_session_tests::Answer::set_cookies(&answer);
            let id = cookie
                .iter()
                .find_map(|cookie| cookie.strip_prefix(&format!("{ID}=")))
                .unwrap();
            let bytes = URL_SAFE_NO_PAD
                .decode(id.split(';').next().unwrap())
                .unwrap();
            ids.push(bytes[at.clone()].to_vec());
        }
        for place in 0..16 {
            let values: BTreeSet<_> = ids.iter().map(|id| id[place]).collect();
            assert!(
                values.len() > 150,
                "{kept:?}: byte {place} has {} values",
                values.len()
            );
            let steps: BTreeSet<_> = ids
                .windows(2)
                .map(|two| two[1][place].wrapping_sub(two[0][place]))
                .collect();
            assert!(
                steps.len() > 150,
                "{kept:?}: byte {place} has {} steps",
                steps.len()
            );
        }
        let different: BTreeSet<_> = ids.iter().collect();
        assert_eq!(different.len(), 500);
    }
}
