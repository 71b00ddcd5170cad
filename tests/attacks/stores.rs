//! Sessions in a store: ids that nobody was given, records that should be gone, and what a store gets to see or has to say.

mod shelf;

use std::time::Duration;

use axum::Router;
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use muffin_session::{Error, MemoryStore, Session};
use muffin_session_tests::forge::{Forge, IdentityBody, Kind, slot};
use muffin_session_tests::watched::{Mood, Watched};
use muffin_session_tests::{Answer as _, Site, TestClock, bare_builder};
use serde_json::json;

use self::shelf::{IDS, Late, app, is_nobody, sessions_of_user_1};
use crate::app::{App, at, perform_in, run, state, written};
use crate::site::ID;

/// An id that the visitor has chosen, without a tag. Expected: nobody; the store is not even asked, and nothing is kept under it.
#[tokio::test]
async fn chosen_id() {
    let (app, store) = app().await;
    for name in [ID, "__Host-session.guest"] {
        for value in [
            "",
            "0",
            "admin",
            "AAAA",
            &"A".repeat(88),
            &"A".repeat(99),
            "../../etc/passwd",
            "*",
        ] {
            let browser = app.browser();
            browser.jar.set(name, value);
            is_nobody(&browser).await;
            assert_eq!(store.calls(), "", "{name}={value}");
        }
    }
    assert!(store.inner().is_empty());
}

/// A genuine id that this store does not have: of a session that was ended, and of another store with the same secret. Expected: nobody, and what is kept
/// from then on is kept under a new one.
#[tokio::test]
async fn id_that_the_store_never_had() {
    let (app, store) = app().await;
    let (elsewhere, _) = shelf::app().await;
    let (ended, foreign) = (app.browser(), elsewhere.browser());
    run(&ended, "login 1").await;
    let (name, of_ended) = ended.jar.find(".id").expect("an id");
    run(&ended, "logout").await;
    run(&foreign, "login 1").await;
    let (_, of_other) = foreign.jar.find(".id").expect("an id");
    for value in [of_ended, of_other] {
        let browser = app.browser();
        browser.jar.set(&name, &value);
        is_nobody(&browser).await;
        run(&browser, "insert k v").await;
        assert_eq!(state(&browser).await, (None, json!({ "k": "v" })));
        run(&browser, "login 1").await;
        assert_ne!(browser.jar.find(".id").expect("an id").1, value);
        let replay = app.browser();
        replay.jar.set(&name, &value);
        is_nobody(&replay).await;
    }
    assert!(!store.inner().is_empty());
}

/// Ids of 0 to 40 bytes with tags that are right, of somebody who knows the secret. Expected: nobody for each but the one of the right length.
#[tokio::test]
async fn ids_of_other_lengths() {
    let (app, store) = app().await;
    let ann = app.browser();
    run(&ann, "login 1").await;
    let (name, value) = ann.jar.find(".id").expect("an id");
    let bytes = URL_SAFE_NO_PAD.decode(value).expect("base64url");
    let handle = &bytes[10..34];
    let padded = [handle, &[0; 16]].concat();
    store.calls();
    for length in 0..=padded.len() {
        let value = Forge::SIGNED.seal_handle("handle", &name, 0, &padded[..length]);
        let browser = app.browser();
        browser.jar.set(&name, &value);
        if length == handle.len() {
            assert_eq!(state(&browser).await.0, Some(1), "the forge is a good one");
            store.calls();
        } else {
            is_nobody(&browser).await;
            assert_eq!(store.calls(), "", "{length}");
        }
    }
}

/// The id of a guest's session under the name of a login's, and the other way round. Expected: nobody; the tag is for one name.
#[tokio::test]
async fn guests_id_as_a_login() {
    let (app, store) = app().await;
    let (guest, ann) = (app.browser(), app.browser());
    run(&guest, "insert k v").await;
    run(&ann, "login 1, insert k v").await;
    store.calls();
    for (browser, part, name) in [
        (&guest, ".guest", ID),
        (&ann, ".id", "__Host-session.guest"),
    ] {
        let (_, value) = browser.jar.find(part).expect("an id");
        let other = app.browser();
        other.jar.set(name, &value);
        is_nobody(&other).await;
        assert_eq!(store.calls(), "");
    }
}

/// A request that has read its session writes, renews or clears it, and meanwhile it was ended. Expected: 401; the record is not made again.
#[tokio::test]
async fn revived_record() {
    let (app, _) = app().await;
    for slow in [
        "insert k late, wait",
        "renew, wait",
        "clear, insert k w, wait",
        "login 1, wait",
        "flash hello, insert k w, wait",
    ] {
        let browser = app.browser();
        run(&browser, "login 1, insert k v").await;
        let stolen = browser.stolen();
        let slow = app.under_way(&stolen, slow).await;
        app.sessions.end_sessions_of(1).await.expect("an end");
        let answer = slow.finish().await;
        assert_eq!((answer.status().as_u16(), written(&answer).len()), (401, 0));
        is_nobody(&stolen).await;
        assert!(sessions_of_user_1(&app).await.is_empty());
    }
}

/// Somebody has copied the whole store. Expected: nothing of a cookie is in it, and what is in it opens no session.
#[tokio::test]
async fn dump_of_the_store() {
    let (app, store) = app().await;
    let browsers = [0; 3].map(|_| app.browser());
    run(&browsers[0], "login 1, insert k v").await;
    run(&browsers[1], "insert k v").await;
    run(&browsers[2], "login 2").await;
    run(&browsers[2], "renew").await;
    let dump = store.inner().dump();
    for (name, value) in browsers.iter().flat_map(|browser| browser.jar.all()) {
        let value = URL_SAFE_NO_PAD.decode(value).expect("base64url");
        // Header, group, and the 16 random bytes that make the id.
        let id = &value[10 + 8..10 + 24];
        let is_in = |part: &[u8]| dump.windows(part.len()).any(|bytes| bytes == part);
        assert!(!id.windows(8).any(is_in), "{name}");
    }
    let parts = dump.windows(66).chain(dump.windows(32)).step_by(29);
    for part in parts {
        let thief = app.browser();
        thief.jar.set(ID, &URL_SAFE_NO_PAD.encode(part));
        assert_eq!(state(&thief).await.0, None);
    }
}

/// Two session layers and two applications have one store, and the same user id. Expected: each sees and ends its own, and a cookie of the one is nobody's
/// under the name of the other.
#[tokio::test]
async fn two_layers_on_one_store() {
    let store = Watched::default();
    let shop = App::on(bare_builder().store(store.clone())).await;
    let staff = App::on(bare_builder().cookie_name("staff").store(store.clone())).await;
    let other = App::on(bare_builder().app_name("other").store(store.clone())).await;
    let mut browsers = Vec::new();
    for app in [&shop, &staff, &other] {
        let browser = app.browser();
        run(&browser, "login 1").await;
        assert_eq!(sessions_of_user_1(app).await.len(), 1);
        browsers.push(browser);
    }
    let (_, customers) = browsers[0].jar.find(".id").expect("an id");
    for (app, name) in [(&staff, "__Host-staff.id"), (&other, ID)] {
        let browser = app.browser();
        browser.jar.set(name, &customers);
        is_nobody(&browser).await;
    }
    staff.sessions.end_sessions_of(1).await.expect("an end");
    assert_eq!(state(&browsers[0]).await.0, Some(1));
    assert_eq!(state(&browsers[1]).await.0, None);
    assert_eq!(state(&browsers[2]).await.0, Some(1));
}

/// Records that are empty, cut, reversed, of another version, of ten megabytes, or another program's. Expected: nobody and no panic; a new session
/// can begin.
#[tokio::test]
async fn garbage_in_the_store() {
    type Garble = fn(&mut Vec<u8>);
    let (app, store) = app().await;
    let garbles: [Garble; 7] = [
        |content| content.clear(),
        |content| content.truncate(content.len() / 2),
        |content| content.reverse(),
        |content| content[0] = 0xff,
        |content| content[1] = 0xff,
        |content| content.resize(10 * 1_024 * 1_024, 0xff),
        |content| *content = b"{\"user_id\": 1}".to_vec(),
    ];
    for garble in garbles {
        let [ann, guest] = [0; 2].map(|_| app.browser());
        run(&ann, "login 1, insert k v").await;
        run(&guest, "insert k v").await;
        for record in store.inner().records().values_mut() {
            garble(&mut record.content);
        }
        for browser in [&ann, &guest] {
            is_nobody(browser).await;
        }
        assert!(sessions_of_user_1(&app).await.is_empty());
        run(&ann, "login 1, insert k new").await;
        run(&guest, "insert k new").await;
        for browser in [&ann, &guest] {
            assert_eq!(state(browser).await.1, json!({ "k": "new" }));
        }
        store.inner().records().clear();
    }
}

/// A store whose clock stands still says that sessions of last month are still there. Expected: nobody, the times are checked here.
#[tokio::test]
async fn expired_and_still_there() {
    let app = App::on(bare_builder().store(Late::default())).await;
    let [ann, guest] = [0; 2].map(|_| app.browser());
    run(&ann, "login 1").await;
    run(&guest, "insert k v").await;
    app.clock.advance(Duration::from_secs(24 * 3_600 - 1));
    assert_eq!(state(&guest).await.1, json!({ "k": "v" }));
    app.clock.advance(Duration::from_secs(14 * 24 * 3_600));
    is_nobody(&ann).await;
    is_nobody(&guest).await;
    assert!(sessions_of_user_1(&app).await.is_empty());
}

/// User ids that are commands, patterns, paths and line ends to stores, and two that one would take for the other. Expected: each is a user of its own, and
/// nothing else is ended with it.
#[tokio::test]
async fn commands_in_user_ids() {
    async fn login(session: Session, body: String) -> Result<(), Error> {
        session.login(body)
    }
    async fn who(session: Session) -> Result<String, Error> {
        Ok(session.user_id::<String>()?.unwrap_or_default())
    }
    let sessions = bare_builder()
        .store(Watched::default())
        .without_user_loader();
    let sessions = sessions.build().expect("good options");
    let app = Router::new()
        .route("/", post(login).get(who))
        .layer(sessions.clone());
    let site = Site::serve(app).await;
    let mut browsers = Vec::new();
    for id in IDS {
        let browser = site.browser();
        let answer = browser
            .request(reqwest::Method::POST, "/")
            .body(id)
            .send()
            .await;
        assert_eq!(answer.expect("an answer").status(), 200, "{id:?}");
        browsers.push(browser);
    }
    for (index, id) in IDS.iter().enumerate() {
        assert_eq!(
            sessions.sessions_of(id).await.expect("a list").len(),
            1,
            "{id:?}"
        );
        sessions.end_sessions_of(id).await.expect("an end");
        assert_eq!(browsers[index].text("/").await, "", "{id:?}");
        for later in index + 1..IDS.len() {
            assert_eq!(browsers[later].text("/").await, IDS[later], "{id:?}");
        }
    }
}

/// All sessions of a user are ended while a login of that user is under way. Expected: none of before survives, and the login's answer says what
/// became of it.
#[tokio::test]
async fn end_of_all_during_a_login() {
    let (app, _) = app().await;
    let (old, new) = (app.browser(), app.browser());
    run(&old, "login 1").await;
    let login = app.under_way(&new, "login 1, wait").await;
    app.clock.advance(Duration::from_secs(1));
    app.sessions.end_sessions_of(1).await.expect("an end");
    let is_in = login.finish().await.status() == 200;
    is_nobody(&old).await;
    assert_eq!(state(&new).await.0.is_some(), is_in);
    app.sessions.end_sessions_of(1).await.expect("an end");
    is_nobody(&new).await;
}

/// Guests write until the store in memory is full. Expected: guests give way to guests; nobody who is logged in is logged out.
#[tokio::test]
async fn guests_against_users() {
    let store = MemoryStore::new().max_sessions(100).max_guest_sessions(20);
    let app = App::on(bare_builder().store(store.clone())).await;
    let users = [0; 5].map(|_| app.browser());
    for user in &users {
        run(user, "login 1, insert k v").await;
    }
    for _ in 0..60 {
        run(&app.browser(), "insert k v").await;
    }
    assert!(store.evicted_guest_sessions() > 0, "it was full");
    for user in &users {
        assert_eq!(state(user).await, (Some(1), json!({ "k": "v" })));
    }
}

/// Fifty visitors without cookies read pages, log out and are refused. Expected: no record is made, and the store is not asked.
#[tokio::test]
async fn flood_of_visitors() {
    let (app, store) = app().await;
    for _ in 0..50 {
        let browser = app.browser();
        is_nobody(&browser).await;
        run(&browser, "logout").await;
    }
    assert!(store.inner().is_empty());
    assert_eq!(store.calls(), "");
}

/// The store fails. Expected: 503 for whoever has a session, who keeps it, and nobody is taken for nobody or let in.
#[tokio::test]
async fn store_that_fails() {
    let (app, store) = app().await;
    let ann = app.browser();
    run(&ann, "login 1").await;
    store.set(Mood::Down);
    for path in ["/dashboard", "/admin", "/public", "/show"] {
        let answer = ann.get(path).await;
        assert_eq!(
            (answer.status().as_u16(), answer.set_cookies().len()),
            (503, 0),
            "{path}"
        );
        assert!(!answer.text().await.expect("a body").contains("refused"));
    }
    store.set(Mood::Well);
    assert_eq!(state(&ann).await.0, Some(1));
}

/// The deny list fails, in an application that keeps its sessions in cookies. Expected: 503, nobody gets in whose session may have ended, and nobody is
/// sent to the login page.
#[tokio::test]
async fn deny_list_that_fails() {
    let store = Watched::default();
    let app = App::on(bare_builder().deny_list(store.clone())).await;
    let ann = app.browser();
    run(&ann, "login 1").await;
    let stolen = ann.stolen();
    run(&ann, "logout").await;
    let bob = app.browser();
    run(&bob, "login 2").await;
    store.set(Mood::Down);
    let other = App::on(bare_builder().deny_list(store.clone())).await;
    for browser in [&stolen, &bob] {
        for path in ["/dashboard", "/show", "/public"] {
            let answer = at(&other, browser).get(path).await;
            assert_eq!(
                (answer.status().as_u16(), answer.set_cookies().len()),
                (503, 0),
                "{path}"
            );
        }
    }
    store.set(Mood::Well);
    is_nobody(&at(&other, &stolen)).await;
    assert_eq!(state(&bob).await.0, Some(2));
}

/// A logout and a login of which the store hears nothing. Expected: 503 and no cookie: nobody is told that they are out or in, and both can be
/// repeated.
#[tokio::test]
async fn store_that_takes_no_writes() {
    let (app, store) = app().await;
    let [ann, bob] = [0; 2].map(|_| app.browser());
    run(&ann, "login 1").await;
    store.set(Mood::ReadOnly);
    for (browser, script) in [
        (&ann, "logout"),
        (&ann, "renew"),
        (&bob, "login 2"),
        (&bob, "insert k v"),
    ] {
        let answer = perform_in(browser, script).await;
        assert_eq!(
            (answer.status().as_u16(), written(&answer).len()),
            (503, 0),
            "{script}"
        );
    }
    store.set(Mood::Well);
    assert_eq!(state(&ann).await.0, Some(1));
    is_nobody(&bob).await;
    run(&ann, "logout").await;
    is_nobody(&ann).await;
}

/// A user gives the id that another user's session is listed with, to have it ended. Expected: nothing is ended, and it is not said whether there is
/// one.
#[tokio::test]
async fn session_of_somebody_else_in_the_list() {
    let (app, _) = app().await;
    let [ann, eve] = [0; 2].map(|_| app.browser());
    run(&ann, "login 1").await;
    run(&eve, "login 2").await;
    let listed = perform_in(&ann, "sessions")
        .await
        .text()
        .await
        .expect("a list");
    let id = listed.split('=').nth(1).expect("an id").to_owned();
    for id in [&*id, "", "AAAA", "%", "*", &"A".repeat(10_000)] {
        let said = perform_in(&eve, &format!("end {id}")).await.text().await;
        assert_eq!(said.expect("a body"), "false");
    }
    assert_eq!(state(&ann).await.0, Some(1));
}

/// Five megabytes for a session. Expected: an error, and the session is as it was.
#[tokio::test]
async fn more_than_a_record_holds() {
    let (app, _) = app().await;
    let ann = app.browser();
    run(&ann, "login 1, insert k v").await;
    assert_eq!(perform_in(&ann, "fill big 5000000").await.status(), 500);
    assert_eq!(state(&ann).await, (Some(1), json!({ "k": "v" })));
}

/// Cookies of before the application had a store: forged with a secret that is known by now, and sent once all have moved. Expected: nobody.
#[tokio::test]
async fn cookies_of_before_the_store() {
    let clock = TestClock::new();
    let builder = bare_builder()
        .store(Watched::default())
        .without_moving_from_cookies();
    let app = App::on(builder).await;
    let now = u64::try_from(clock.since_epoch().as_millis()).expect("a time of this age");
    let forge = Forge::SIGNED;
    let browser = app.browser();
    let body = IdentityBody::new([7; 16], now, "1").encode();
    let data = forge.name(Kind::Data, &slot([7; 16]));
    browser
        .jar
        .set(ID, &forge.seal(Kind::Identity, ID, now, &body));
    browser.jar.set(
        &data,
        &forge.seal(Kind::Data, &data, now, &[&[7; 16][..], b"{}"].concat()),
    );
    is_nobody(&browser).await;
}

/// A login moves from cookies into the store, and logs out there. A copy of its old cookies comes after that. Expected: nobody, it does not move a second
/// time.
#[tokio::test]
async fn old_cookies_after_they_have_moved() {
    let before = App::on(bare_builder()).await;
    let (app, _) = app().await;
    let browser = before.browser();
    run(&browser, "login 1, insert k v").await;
    let ann = at(&app, &browser);
    let copy = at(&app, &browser.stolen());
    run(&ann, "insert k w").await;
    assert_eq!(state(&ann).await, (Some(1), json!({ "k": "w" })));
    run(&ann, "logout").await;
    is_nobody(&copy).await;
    assert_eq!(
        perform_in(&copy, "insert k late").await.status().as_u16() / 100,
        2
    );
    assert_eq!(state(&copy).await.0, None);
}
