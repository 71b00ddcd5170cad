//! Requests that would cost more than they are worth: memory, work, room in cookies, the stack.

mod counted;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::http::HeaderMap;
use axum::routing::{get, post};
use muffin_session::{CurrentUser, Error, Login, Session, Sessions, user_loader};
use muffin_session_tests::forge::{Forge, IdentityBody, Kind};
use muffin_session_tests::map_store::MapStore;
use muffin_session_tests::{Answer as _, Browser, Site, bare_builder, builder};
use serde_json::json;
use tower_http::catch_panic::CatchPanicLayer;

use self::counted::{Counted, junk, many_cost_what_few_do};
use crate::app::{App, messages, perform_in, run, state};
use crate::site::{BASE, Kept, Target, cookies};

/// Ten thousand cookies of others beside hers. Expected: she is logged in, and not one allocation is made for them.
#[test]
fn ten_thousand_cookies() {
    let counted = Counted::new(Kept::Signed);
    let crowd = |count: usize| {
        let cookies = (0..count).map(|number| format!("c{number}=x; "));
        cookies.collect::<Vec<_>>().concat()
    };
    let alone = counted.taken(&counted.ann);
    assert_eq!(alone.1, "Some(1) 0 0");
    assert_eq!(counted.taken(&(crowd(10_000) + &*counted.ann)), alone);
    assert_eq!(
        counted.taken(&format!("{}; {}", counted.ann, crowd(10_000))),
        alone
    );
}

/// Ten thousand cookies whose names begin like ours. Expected: she is logged in, and not one allocation is made for them.
#[test]
fn ten_thousand_names_like_ours() {
    let counted = Counted::new(Kept::Signed);
    let crowd = (0..10_000).map(|number| format!("{BASE}.x{number}=y; "));
    let crowd = crowd.collect::<Vec<_>>().concat();
    assert_eq!(
        counted.taken(&(crowd + &*counted.ann)),
        counted.taken(&counted.ann)
    );
}

/// A `Cookie` field of 350 KB, around hers, before them and after them. Expected: no error. What lies beyond 256 KiB is not looked at, and what lies before
/// counts.
#[tokio::test]
async fn cookies_of_350_kilobytes() {
    let target = Target::new().await;
    let ann = target.user(1).await;
    let crowd = "a=b; ".repeat(70_000);
    target.is_nobody(format!("{crowd}{}", cookies(&ann))).await;
    target
        .is_nobody(format!("{}; {crowd}", cookies(&ann)))
        .await;
    let fields = [cookies(&ann), crowd];
    assert_eq!(target.shown_in(&fields).await.0, Some(1));
}

/// A value of 64 KiB or 200 KiB under each name of ours. Expected: nobody, and less than a KiB is allocated for it; of another session's data and activity one
/// copy, and no more.
#[test]
fn long_values_of_ours() {
    for kept in Kept::ALL {
        let counted = Counted::new(kept);
        let (alone, nobody) = counted.taken("other=1");
        for kind in Kind::ALL {
            let name = Forge::SIGNED.name(kind, "AAAAAAAA");
            for length in [64, 200].map(|kib| kib * 1_024) {
                let (taken, seen) = counted.taken(&format!("{name}={}", "A".repeat(length)));
                assert_eq!(seen, nobody);
                let copies = u64::from(matches!(kind, Kind::Data | Kind::Seen));
                let most = alone.bytes + copies * length as u64 + 1_024;
                assert!(
                    taken.bytes < most,
                    "{kept:?} {kind:?}: {taken:?}, {alone:?}"
                );
            }
        }
    }
}

/// A thousand different values of an identity's length under its name. Expected: the work of four.
#[test]
fn thousand_identities() {
    many_cost_what_few_do(4, |number| junk(&format!("{BASE}.id"), number));
}

/// A thousand different values under the names of guests, marks of logouts and half-done logins. Expected: the work of four each.
#[test]
fn thousand_values_of_other_names() {
    many_cost_what_few_do(12, |number| {
        let kind = [Kind::Guest, Kind::Out, Kind::Pending][number % 3];
        junk(&Forge::SIGNED.name(kind, ""), number)
    });
}

/// A thousand flashes, with names of their own or of one name. Expected: the work of eight.
#[test]
fn thousand_flashes() {
    many_cost_what_few_do(8, |number| {
        junk(&format!("{BASE}.flash.{number:0>8}"), number)
    });
    many_cost_what_few_do(8, |number| junk(&format!("{BASE}.flash.AAAAAAAA"), number));
}

/// The data and the last activity of a thousand other sessions, beside no login and beside hers. Expected: the work of four, and she is logged in.
#[test]
fn thousand_leftovers() {
    let leftover = |number: usize| {
        let kind = ["data", "seen"][number % 2];
        junk(&format!("{BASE}.{kind}.{number:0>8}"), number)
    };
    many_cost_what_few_do(4, leftover);
    let counted = Counted::new(Kept::Signed);
    let beside = |count| {
        let cookies: Vec<_> = (0..count).map(leftover).collect();
        counted.taken(&format!("{}; {}", counted.ann, cookies.join("; ")))
    };
    assert_eq!(beside(4).1, "Some(1) 0 0");
    assert_eq!(beside(1_000), beside(4));
}

/// More than a hundred `Cookie` fields, or a head of a megabyte. Expected: 431 of the server, and the next request is answered.
#[tokio::test]
async fn head_that_no_server_takes() {
    let target = Target::new().await;
    let ann = target.user(1).await;
    assert_eq!(target.get("/show", &vec!["a=b"; 200]).await.status, 431);
    assert_eq!(
        target
            .get("/show", &["a".repeat(1_024 * 1_024)])
            .await
            .status,
        431
    );
    target.is_user(1, cookies(&ann)).await;
}

/// Inner lengths that say more than is there, with tags that are right: a user id of 64 KiB in an identity, a category of 255 bytes in a flash.
/// Expected: nobody and no message; no length of a value decides what is allocated.
#[tokio::test]
async fn declared_lengths() {
    let target = Target::new().await;
    let sid = [7; 16];
    for length in [0, 2, 0x7fff, 0xffff_u16] {
        let mut identity = IdentityBody::new(sid, target.now(), "1").encode();
        identity[42..44].copy_from_slice(&length.to_be_bytes());
        let id = target.forged(Kind::Identity, "", target.now(), &identity);
        target
            .is_nobody(format!("{id}; {}", target.data_of(sid, b"{}")))
            .await;
    }
    let flash = [&[0; 18][..], &[255], b"short"].concat();
    let flash = target.forged(Kind::Flash, "AAAAAAAA", target.now(), &flash);
    assert_eq!(target.messages(flash).await, [""; 0]);
}

/// Data nested a thousand levels deep, with a tag that is right and with a wrong one. Expected: nobody, and no stack that overflows.
#[tokio::test]
async fn deep_data() {
    let target = Target::new().await;
    let sid = [7; 16];
    for levels in [127, 1_000, 1_450] {
        let data = format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
        let login = target.login(&IdentityBody::new(sid, target.now(), "1"), &data);
        target.is_nobody(&login).await;
        target.is_nobody(&login[..login.len() - 1]).await;
    }
    let open = target.login(
        &IdentityBody::new(sid, target.now(), "1"),
        &"[".repeat(2_900),
    );
    target.is_nobody(open).await;
}

/// A handler keeps a value that a client nested hundreds of levels deep. Expected: an error, and the session is as it was.
#[tokio::test]
async fn deep_value_for_the_session() {
    async fn keep(session: Session, body: String) -> Result<(), Error> {
        let mut deep = json!(body);
        for _ in 0..500 {
            deep = json!([deep]);
        }
        session.insert("deep", deep)
    }
    let sessions = builder()
        .without_user_loader()
        .build()
        .expect("good options");
    let site = Site::serve(Router::new().route("/", post(keep)).layer(sessions)).await;
    let browser = site.browser();
    let answer = browser.post("/").await;
    assert_eq!(
        (answer.status().as_u16(), browser.jar.names().len()),
        (500, 0)
    );
}

/// Two hundred flashes come in, all genuine. Expected: eight are shown, and those alone are removed.
#[tokio::test]
async fn flood_of_flashes_in() {
    let target = Target::new().await;
    let flash = |number: usize| {
        let body = [&[0; 19][..], number.to_string().as_bytes()].concat();
        target.forged(Kind::Flash, &format!("{number:0>8}"), target.now(), &body)
    };
    let all: Vec<_> = (0..200).map(flash).collect();
    let answer = target.get("/flashes", &[all.join("; ")]).await;
    let shown: Vec<String> = answer.json();
    assert_eq!(shown.len(), 8);
    assert_eq!(answer.fields("set-cookie").len(), 8);
}

/// A page leaves fifty flashes, and then long ones. Expected: eight and 2 KiB at most are in the browser, the last ones.
#[tokio::test]
async fn flood_of_flashes_out() {
    let app = App::new().await;
    let browser = app.browser();
    let script: Vec<_> = (0..50).map(|number| format!("flash m{number}")).collect();
    run(&browser, &script.join(", ")).await;
    assert_eq!(browser.jar.names().len(), 8);
    let long: Vec<_> = (0..8)
        .map(|number| format!("flash {number}{}", "x".repeat(600)))
        .collect();
    run(&browser, &long.join(", ")).await;
    assert!(browser.jar.header().expect("flashes").len() <= 2_048 + 16);
    let shown = messages(&browser).await;
    assert!(
        shown.last().is_some_and(|last| last.starts_with('7')),
        "{shown:?}"
    );
}

/// The application keeps as much as it can, of somebody logged in, with flashes beside. Expected: no more than 6 KiB of cookies in all, so that no server
/// refuses its own visitors.
#[tokio::test]
async fn bomb_of_our_own_cookies() {
    let app = App::with(|builder| builder.idle_timeout(Duration::from_secs(3_600))).await;
    for before in ["insert k v", "login 1"] {
        let browser = app.browser();
        run(&browser, before).await;
        for script in [
            "begin 2",
            "fill big 2900",
            "fill bigger 3100",
            "fill big 2000",
        ] {
            perform_in(&browser, script).await;
            for _ in 0..10 {
                perform_in(&browser, &format!("flash {}", "x".repeat(500))).await;
            }
            app.clock.advance(Duration::from_secs(400));
            state(&browser).await;
            let cookies = browser.jar.all();
            let size: usize = cookies
                .iter()
                .map(|(name, value)| name.len() + value.len())
                .sum();
            assert!(size <= 6 * 1_024, "{script}: {size}");
            assert!(
                cookies
                    .iter()
                    .all(|(name, value)| name.len() + value.len() <= 4_096)
            );
        }
    }
}

/// A visitor has the application keep more than fits, of the session, of a user id and of claims. Expected: an error; the session is as it was, no cookie is
/// written, and the next page works.
#[tokio::test]
async fn more_than_a_cookie_holds() {
    async fn login(session: Session, Path(bytes): Path<usize>) -> Result<(), Error> {
        session.login("u".repeat(bytes))
    }
    async fn claim(session: Session, Path(bytes): Path<usize>) -> Result<(), Error> {
        let claims = json!({ "role": "r".repeat(bytes) });
        session.login_with(Login::new("ann").claims(&claims)?)
    }
    async fn keep(session: Session, Path(bytes): Path<usize>) -> Result<(), Error> {
        session.insert("k", "v".repeat(bytes))
    }
    let app = Router::new()
        .route("/login/{bytes}", post(login))
        .route("/claim/{bytes}", post(claim))
        .route("/keep/{bytes}", post(keep))
        .layer(
            bare_builder()
                .without_user_loader()
                .build()
                .expect("good options"),
        );
    let site = Site::serve(app).await;
    let browser = site.browser();
    for path in ["/keep/10", "/login/10"] {
        assert_eq!(browser.post(path).await.status(), 200);
        let before = browser.jar.all();
        for path in [
            "/login/5000",
            "/login/1000",
            "/login/70000",
            "/claim/5000",
            "/keep/5000",
            "/keep/1000000",
        ] {
            let answer = browser.post(path).await;
            assert_eq!(
                (answer.status().as_u16(), answer.set_cookies().len()),
                (500, 0),
                "{path}"
            );
        }
        assert_eq!(browser.jar.all(), before);
    }
    assert_eq!(browser.post("/keep/20").await.status(), 200);
}

/// Lifetimes of ages: in the builder, of a login that is remembered, and a clock at the end of time. Expected: the builder refuses, the login is an error, and
/// no sum overflows.
#[tokio::test]
async fn durations_that_overflow() {
    async fn remember(session: Session) -> Result<(), Error> {
        session.login_with(
            Login::new(1)
                .remember(Duration::MAX)
                .lifetime(Duration::MAX),
        )
    }
    type Set = fn(muffin_session::Builder) -> muffin_session::Builder;
    let long: [Set; 4] = [
        |builder| builder.lifetime(Duration::MAX),
        |builder| builder.max_age(Duration::MAX),
        |builder| builder.guest_lifetime(Duration::from_secs(1_000_000_000_000)),
        |builder| builder.remember_limit(Duration::MAX),
    ];
    for set in long {
        assert!(set(bare_builder().without_user_loader()).build().is_err());
    }
    let sessions: Sessions = bare_builder()
        .without_user_loader()
        .build()
        .expect("good options");
    let site = Site::serve(Router::new().route("/", post(remember)).layer(sessions)).await;
    let answer = site.browser().post("/").await;
    assert_eq!(
        (answer.status().as_u16(), answer.set_cookies().len()),
        (500, 0)
    );

    for kept in Kept::ALL {
        let target = Target::kept(kept).await;
        let ann = target.user(1).await;
        for millis in [u64::MAX, u64::MAX - 1, 0, 1] {
            target.clock.set(Duration::from_millis(millis));
            assert_eq!(state(&ann).await, (None, json!({})), "{kept:?}, {millis}");
            let browser = target.browser();
            perform_in(&browser, "login 1, insert k v, flash hello").await;
            perform_in(&browser, "renew, logout").await;
        }
    }
}

#[derive(Clone)]
struct User;

#[user_loader]
async fn load_user(id: u64, headers: HeaderMap) -> Option<User> {
    assert!(!headers.contains_key("x-panic"), "the loader fails");
    (id == 1).then_some(User)
}

/// The loader, or a function that changes a key, panics in one request. Expected: 500 for that one, with sessions in cookies and in a store; the session goes on,
/// and no other request notices.
#[tokio::test]
async fn panic_in_a_callback() {
    async fn count(session: Session, headers: HeaderMap) -> Result<String, Error> {
        let count = session.update("n", move |n: Option<u64>| {
            assert!(!headers.contains_key("x-panic"), "the update fails");
            n.unwrap_or(0) + 1
        })?;
        Ok(count.to_string())
    }
    async fn login(session: Session) -> Result<(), Error> {
        session.login(1)
    }
    for kept in Kept::ALL {
        let sessions = kept.builder().user_loader(load_user).build();
        let app = Router::new()
            .route("/count", post(count))
            .route("/user", get(|_: CurrentUser<User>| async {}))
            .route("/login", post(login))
            .layer(sessions.expect("good options"))
            .layer(CatchPanicLayer::new());
        let site = Site::serve(app).await;
        let ann: Browser = site.browser();
        ann.post("/login").await;
        for number in 1..4 {
            for (method, path) in [
                (reqwest::Method::POST, "/count"),
                (reqwest::Method::GET, "/user"),
            ] {
                let answer = ann.send(method, path, &[("x-panic", "1")]).await;
                assert_eq!(
                    (answer.status().as_u16(), answer.set_cookies().len()),
                    (500, 0),
                    "{kept:?} {path}"
                );
            }
            assert_eq!(
                ann.post("/count").await.text().await.expect("a body"),
                number.to_string()
            );
            assert_eq!(ann.get("/user").await.status(), 200);
        }
    }
}

/// A thousand keys that many a hash function takes for one another. Expected: each has its value, and no more is kept than of as many others.
#[tokio::test]
async fn keys_that_collide() {
    async fn keep(session: Session, body: String) -> Result<String, Error> {
        for key in body.lines() {
            session.insert(key, key)?;
        }
        let found = session.iter().filter(|(key, value)| key == value).count();
        Ok(found.to_string())
    }
    let word = |number: u32, zero: &str, one: &str| -> String {
        let bits = (0..10).map(|bit| if number >> bit & 1 == 0 { zero } else { one });
        bits.collect()
    };
    let mut kept = Vec::new();
    for (zero, one) in [("Aa", "BB"), ("xy", "zv")] {
        let store = Arc::new(MapStore::default());
        let sessions = bare_builder().store(store.clone()).without_user_loader();
        let app = Router::new()
            .route("/", post(keep))
            .layer(sessions.build().expect("good options"));
        let site = Site::serve(app).await;
        let keys: Vec<_> = (0..1_024).map(|number| word(number, zero, one)).collect();
        let request = site
            .browser()
            .request(reqwest::Method::POST, "/")
            .body(keys.join("\n"));
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.text().await.expect("a body"), "1024");
        kept.push(store.dump().len());
    }
    assert_eq!(kept[0], kept[1]);
}
