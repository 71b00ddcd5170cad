//! Promise 11, while the application runs: keys rotate without logging anyone out, are retired, counted and dropped.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use muffin_session::{Builder, KeyId, KeyUse, Keys, Secret, Secrets, Sessions};
use muffin_session_tests::forge::{Forge, IdentityBody, Kind, slot};
use muffin_session_tests::map_store::MapStore;
use muffin_session_tests::{Browser, SECRET, TestClock, bare_builder, builder};
use serde_json::json;

use crate::app::{App, NEW_SECRET as SECOND, at, run, state, written};

const THIRD: &str = "Nb6Vc2Xz9Lk4Jh7Gf1Ds8Ap3Qo5Wi0Eu";
const DAY: Duration = Duration::from_hours(24);
/// How far clocks may differ.
const SKEW: Duration = Duration::from_mins(1);

fn second() -> Secret {
    Secret::new(SECOND)
}

fn uses(app: &App) -> Vec<KeyUse> {
    app.sessions.keys().list()
}

/// Whether the cookie was made with this secret: no other application has only that one.
async fn is_made_with(secret: &str, browser: &Browser) -> bool {
    let other = App::on(Sessions::builder(Secret::new(secret))).await;
    state(&at(&other, browser)).await.0.is_some()
}

#[tokio::test]
async fn a_rotation_logs_nobody_out_and_what_is_written_is_signed_anew() {
    let app = App::on(bare_builder()).await;
    let (ann, bob) = (app.browser(), app.browser());
    run(&ann, "login 1, insert k 1, flash hello").await;
    run(&bob, "insert k guest").await;

    let id = app.sessions.keys().rotate(second()).unwrap();
    assert_eq!(uses(&app)[0].id, id);
    assert_eq!(state(&ann).await, (Some(1), json!({ "k": "1" })));
    assert_eq!(state(&bob).await, (None, json!({ "k": "guest" })));
    assert_eq!(crate::app::messages(&ann).await, ["hello"]);
    assert!(is_made_with(SECRET, &ann).await, "reading writes nothing");

    run(&ann, "renew").await;
    assert!(is_made_with(SECOND, &ann).await);
    assert_eq!(state(&ann).await, (Some(1), json!({ "k": "1" })));
}

#[tokio::test]
async fn sessions_in_a_store_outlive_a_rotation_too() {
    let app = App::on(bare_builder().store(Arc::<MapStore>::default())).await;
    let ann = app.browser();
    run(&ann, "login 1, insert k 1").await;
    app.sessions.keys().rotate(second()).unwrap();
    assert_eq!(state(&ann).await, (Some(1), json!({ "k": "1" })));
    let old = uses(&app)[1].id;
    app.sessions.keys().remove(old).unwrap();
    assert_eq!(state(&ann).await, (None, json!({})));
}

/// Two processes of one site, one after the other.
#[tokio::test]
async fn a_rolling_change_logs_nobody_out_at_any_moment() {
    let store = Arc::<MapStore>::default();
    for in_store in [false, true] {
        let with = |builder: Builder| {
            if in_store {
                builder.store(store.clone())
            } else {
                builder
            }
        };
        let (one, other) = (
            App::on(with(bare_builder())).await,
            App::on(with(bare_builder())).await,
        );
        let mut browsers = vec![one.browser()];
        run(&browsers[0], "login 1").await;
        let keys = [one.sessions.keys(), other.sessions.keys()];
        for number in 0..4 {
            let process = &keys[number % 2];
            let step = [Keys::verify_with, Keys::rotate][number / 2];
            step(process, second()).unwrap();
            for app in [&one, &other] {
                let browser = app.browser();
                run(&browser, "login 1, insert k 1").await;
                browsers.push(browser);
            }
            for browser in &browsers {
                for app in [&one, &other] {
                    assert_eq!(state(&at(app, browser)).await.0, Some(1), "step {number}");
                }
            }
        }
    }
}

#[tokio::test]
async fn each_key_counts_what_it_still_verifies() {
    let app = App::on(bare_builder()).await;
    let (ann, bob) = (app.browser(), app.browser());
    run(&ann, "login 1").await;
    app.clock.advance(Duration::from_secs(5));
    run(&bob, "login 2").await;
    app.sessions.keys().rotate(second()).unwrap();

    let before = uses(&app);
    assert!(before[0].signs && !before[1].signs);
    assert_eq!((before[0].verified, before[0].newest), (0, None));
    state(&ann).await;
    let after_ann = uses(&app);
    assert_eq!(after_ann[1].verified, before[1].verified + 2, "id and data");
    assert_eq!(after_ann[1].newest, Some(UNIX_EPOCH + TestClock::START));

    run(&ann, "renew").await;
    run(&bob, "renew").await;
    let (renewed, newest) = (uses(&app)[1].verified, uses(&app)[1].newest);
    let later = UNIX_EPOCH + TestClock::START + Duration::from_secs(5);
    assert_eq!(newest, Some(later));
    state(&ann).await;
    state(&bob).await;
    assert_eq!(
        uses(&app)[1].verified,
        renewed,
        "nobody comes with the old one"
    );
    assert_eq!(uses(&app)[0].verified, 4);
}

#[tokio::test]
async fn forged_cookies_count_for_no_key() {
    let app = App::on(bare_builder()).await;
    let visitor = app.browser();
    visitor.jar.set("__Host-session.id", &"A".repeat(120));
    assert_eq!(state(&visitor).await.0, None);
    assert_eq!(uses(&app)[0].verified, 0);
}

/// Puts a login of user 1 into a jar that began just then and was made with the tests' first secret, by somebody else.
fn forge_login(browser: &Browser, at: Duration) {
    forge_login_of(browser, at, at);
}

/// As if its cookies had been issued at another time than the login began. It is a remembered one, which lasts longest.
fn forge_login_of(browser: &Browser, issued_at: Duration, began: Duration) {
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap();
    let sid = [7; 16];
    let put = |kind, slot: &str, body: &[u8]| {
        let name = Forge::SIGNED.name(kind, slot);
        let value = Forge::SIGNED.seal(kind, &name, millis(issued_at), body);
        browser.jar.set(&name, &value);
    };
    let identity = IdentityBody {
        method: 2,
        expires_at: u64::MAX,
        ..IdentityBody::new(sid, millis(began), "1")
    };
    put(Kind::Identity, "", &identity.encode());
    put(Kind::Data, &slot(sid), &[&sid[..], b"{}"].concat());
}

#[tokio::test]
async fn what_a_retired_key_makes_later_does_not_count() {
    let app = App::on(bare_builder()).await;
    let ann = app.browser();
    run(&ann, "login 1").await;
    let keys = app.sessions.keys();
    keys.rotate(second()).unwrap();
    let old = uses(&app)[1].id;
    let thief = app.browser();
    forge_login(&thief, app.clock.since_epoch());
    assert_eq!(state(&thief).await.0, Some(1), "not retired yet");

    app.clock.advance(Duration::from_hours(1));
    keys.retire(old).unwrap();
    let at = UNIX_EPOCH + app.clock.since_epoch();
    assert_eq!(uses(&app)[1].retired_at, Some(at));
    assert_eq!(state(&ann).await.0, Some(1), "made before");
    app.clock.advance(Duration::from_secs(61));
    forge_login(&thief, app.clock.since_epoch());
    assert_eq!(state(&thief).await.0, None, "made afterwards");
}

#[tokio::test]
async fn a_retired_key_verifies_nothing_once_nothing_of_it_can_be_left() {
    let limit = 30 * DAY;
    let app = App::with(|builder| builder.lifetime(DAY).remember_limit(limit)).await;
    let keys = app.sessions.keys();
    keys.rotate(second()).unwrap();
    keys.retire(uses(&app)[1].id).unwrap();
    let retired_at = app.clock.since_epoch();
    app.clock.advance(limit);
    let thief = app.browser();
    forge_login_of(&thief, retired_at, retired_at + SKEW);
    assert_eq!(state(&thief).await.0, None);
    app.clock.set_back(Duration::from_millis(1));
    assert_eq!(
        state(&thief).await.0,
        Some(1),
        "the moment before: that is why a leaked key is removed at once"
    );
}

#[tokio::test]
async fn a_retired_key_says_of_no_login_that_it_was_later() {
    for options in [
        |builder: Builder| builder,
        |builder: Builder| builder.store(Arc::<MapStore>::default()),
    ] {
        let app = App::with(options).await;
        let keys = app.sessions.keys();
        keys.rotate(second()).unwrap();
        keys.retire(uses(&app)[1].id).unwrap();
        let retired_at = app.clock.since_epoch();
        app.clock.advance(DAY);
        // Else a renewal would write it under the new key, to last as if it had begun today.
        let thief = app.browser();
        let late = retired_at + SKEW + Duration::from_millis(1);
        forge_login_of(&thief, retired_at, late);
        assert_eq!(state(&thief).await.0, None);
        forge_login_of(&thief, retired_at + SKEW, late);
        assert_eq!(state(&thief).await.0, Some(1));
    }
}

#[tokio::test]
async fn a_password_can_be_given_again_however_long_the_request_takes() {
    let app = App::new().await;
    let ann = app.browser();
    run(&ann, "login 1").await;
    let slow = app.under_way(&ann, "wait, confirm").await;
    app.clock.advance(Duration::from_mins(5));
    assert_eq!(slow.finish().await.status(), 200);
    assert_eq!(state(&ann).await.0, Some(1));
}

#[tokio::test]
async fn a_request_that_is_under_way_writes_nothing_of_a_removed_key() {
    for script in [
        "wait, renew",
        "wait, insert k 1",
        "wait, flash hello",
        "renew, wait",
    ] {
        let app = App::new().await;
        let thief = app.browser();
        forge_login(&thief, app.clock.since_epoch());
        let under_way = app.under_way(&thief, script).await;
        let keys = app.sessions.keys();
        keys.rotate(second()).unwrap();
        keys.remove(uses(&app)[1].id).unwrap();
        let answer = under_way.finish().await;
        assert_eq!(answer.status(), 401, "{script}");
        assert_eq!(written(&answer), Vec::<String>::new(), "{script}");
        assert_eq!(state(&thief).await.0, None, "{script}");
    }
    // A login or logout of then is nobody's but its own.
    let app = App::new().await;
    let ann = app.browser();
    run(&ann, "login 1").await;
    let under_way = app.under_way(&ann, "wait, login 2").await;
    let keys = app.sessions.keys();
    keys.rotate(second()).unwrap();
    keys.remove(uses(&app)[1].id).unwrap();
    assert_eq!(under_way.finish().await.status(), 200);
    assert_eq!(state(&ann).await.0, Some(2));
}

#[tokio::test]
async fn retired_keys_that_verify_nothing_any_more_take_no_room() {
    let app = App::new().await;
    let keys = app.sessions.keys();
    for number in 0..3 {
        let secret = Secret::new(format!("{SECOND}-{number}"));
        keys.rotate(secret).unwrap();
        keys.retire(uses(&app)[1].id).unwrap();
    }
    assert!(keys.rotate(second()).is_err(), "they may be needed");
    app.clock.advance(30 * DAY);
    let id = keys.rotate(second()).unwrap();
    let left: Vec<_> = uses(&app).iter().map(|key| key.retired_at).collect();
    assert_eq!(left, [None, None], "what was never retired stays");
    assert_eq!(uses(&app)[0].id, id);
}

#[test]
fn times_that_were_hardly_meant_and_a_retired_key_that_signs_do_not_start() {
    let clock = TestClock::new();
    let now = UNIX_EPOCH + clock.since_epoch();
    let said = |builder: Builder| {
        let built = builder.clock(clock.reader()).without_user_loader().build();
        built.err().map(|error| error.to_string())
    };
    let far = now + 400 * DAY;
    let old = || Secret::new(THIRD);
    for (option, build) in [
        (
            "signed_until",
            (|at| bare_builder().encrypted().signed_until(at)) as fn(_) -> Builder,
        ),
        ("verify_until", |at| {
            bare_builder().verify_until(Secret::new(THIRD), at)
        }),
    ] {
        assert_eq!(said(build(far)), None);
        let error = said(build(far + Duration::from_millis(1))).unwrap();
        assert!(
            error.contains(option) && error.contains("400 days"),
            "{error}"
        );
    }
    let error = said(Sessions::builder(old()).verify_until(old(), now)).unwrap();
    assert!(error.contains("the secret that signs"), "{error}");
}

#[tokio::test]
async fn a_key_can_be_retired_before_the_start() {
    let clock = TestClock::new();
    let until = UNIX_EPOCH + clock.since_epoch() - DAY;
    let app = App::on(Sessions::builder(second()).verify_until(Secret::new(SECRET), until)).await;
    assert_eq!(uses(&app)[1].retired_at, Some(until));
    let visitor = app.browser();
    forge_login(&visitor, clock.since_epoch());
    assert_eq!(state(&visitor).await.0, None);
    forge_login(
        &visitor,
        TestClock::START.saturating_sub(DAY) + Duration::from_secs(1),
    );
    assert_eq!(state(&visitor).await.0, Some(1));
}

#[tokio::test]
async fn a_removed_key_verifies_nothing_at_once() {
    let app = App::on(bare_builder()).await;
    let ann = app.browser();
    run(&ann, "login 1").await;
    let keys = app.sessions.keys();
    keys.rotate(second()).unwrap();
    keys.remove(uses(&app)[1].id).unwrap();
    assert_eq!(state(&ann).await, (None, json!({})));
    assert_eq!(uses(&app).len(), 1);
}

#[tokio::test]
async fn a_file_says_which_keys_there_are_and_counts_are_kept() {
    let app = App::on(bare_builder()).await;
    let ann = app.browser();
    run(&ann, "login 1").await;
    state(&ann).await;
    let counted = uses(&app)[0].verified;
    let directory = std::env::temp_dir().join(format!("muffin-keys-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let file = directory.join("secrets");
    let load = |text: String| {
        std::fs::write(&file, text).unwrap();
        app.sessions.keys().replace(Secrets::from_file(&file)?)
    };
    load(format!("{SECOND}\n{SECRET}\n")).unwrap();
    assert_eq!(uses(&app).len(), 2);
    assert_eq!(uses(&app)[1].verified, counted);
    assert_eq!(state(&ann).await.0, Some(1));
    run(&ann, "renew").await;

    let error = load(format!("{THIRD}\nshort\n")).unwrap_err();
    assert!(error.to_string().contains("5 bytes"), "{error}");
    assert_eq!(uses(&app).len(), 2, "nothing has changed");
    load(format!("{THIRD}\n{SECOND}\n")).unwrap();
    assert_eq!(state(&ann).await.0, Some(1));
    load(THIRD.to_owned()).unwrap();
    assert_eq!(state(&ann).await.0, None);
    std::fs::remove_dir_all(&directory).unwrap();
}

#[tokio::test]
async fn what_cannot_be_done_is_said_and_changes_nothing() {
    let app = App::on(bare_builder()).await;
    let keys = app.sessions.keys();
    let signs = uses(&app)[0].id;
    let said = |error: muffin_session::ConfigError| error.to_string();
    assert!(said(keys.retire(signs).unwrap_err()).contains("it signs"));
    assert!(said(keys.remove(signs).unwrap_err()).contains("it signs"));
    let none = "00000000".parse().unwrap();
    assert!(said(keys.remove(none).unwrap_err()).contains("none of this name"));
    assert!(said(keys.rotate(Secret::new("short")).unwrap_err()).contains("not safe"));
    for number in 0..3 {
        let secret = Secret::new(format!("{SECOND}-{number}"));
        keys.verify_with(secret).unwrap();
    }
    let known = keys
        .verify_with(Secret::new(format!("{SECOND}-0")))
        .unwrap();
    assert_eq!(known, uses(&app)[1].id, "it is there once");
    for fifth in [keys.rotate(second()), keys.verify_with(second())] {
        assert!(said(fifth.unwrap_err()).contains("5 secrets"));
    }
    assert!(said(keys.replace(Vec::new()).unwrap_err()).contains("no secret"));
    assert_eq!(uses(&app).len(), 4);
    assert_eq!(uses(&app)[0].id, signs);
    keys.rotate(Secret::new(format!("{SECOND}-2"))).unwrap();
    assert_eq!(uses(&app).len(), 4, "it was there already");
}

#[tokio::test]
async fn names_of_keys_follow_from_secrets_and_handles_show_no_key() {
    let (one, other) = (App::on(bare_builder()).await, App::on(bare_builder()).await);
    let id = uses(&one)[0].id;
    assert_eq!(id, uses(&other)[0].id);
    assert_eq!(id.to_string().parse::<KeyId>().unwrap(), id);
    for text in ["", "1", "+1234567", "1234567g", "123456789"] {
        assert!(text.parse::<KeyId>().is_err(), "{text:?}");
    }
    assert_eq!(format!("{:?}", one.sessions.keys()), "Keys(..)");
    assert_eq!(format!("{id:?}"), format!("KeyId({id})"));
}

#[tokio::test]
async fn signed_cookies_move_over_to_encrypted_ones_and_nobody_is_logged_out() {
    let signed = App::on(builder()).await;
    let (ann, bob) = (signed.browser(), signed.browser());
    run(&ann, "login 1, insert k 1, flash hello").await;
    run(&bob, "insert k guest").await;
    let until = UNIX_EPOCH + signed.clock.since_epoch();
    let moving = App::with(|builder| builder.encrypted().signed_until(until)).await;
    let (ann, bob) = (at(&moving, &ann), at(&moving, &bob));
    assert_eq!(state(&ann).await, (Some(1), json!({ "k": "1" })));
    assert_eq!(state(&bob).await, (None, json!({ "k": "guest" })));
    assert_eq!(crate::app::messages(&ann).await, ["hello"]);
    assert!(uses(&moving)[0].verified_signed > 0);

    run(&ann, "renew, insert k 2").await;
    run(&bob, "insert k other").await;
    let encrypted = App::with(Builder::encrypted).await;
    for browser in [&ann, &bob] {
        for (name, value) in browser.jar.all() {
            let bytes = URL_SAFE_NO_PAD.decode(value).unwrap();
            assert_eq!(bytes[0], 2, "{name} is encrypted");
        }
    }
    assert_eq!(
        state(&at(&encrypted, &ann)).await,
        (Some(1), json!({ "k": "2" }))
    );
    let counted = uses(&moving)[0].verified_signed;
    state(&ann).await;
    state(&bob).await;
    assert_eq!(uses(&moving)[0].verified_signed, counted);
}

#[tokio::test]
async fn a_signed_cookie_is_no_way_round_encryption() {
    let clock = TestClock::new();
    let encrypted = App::with(Builder::encrypted).await;
    let visitor = encrypted.browser();
    forge_login(&visitor, clock.since_epoch());
    assert_eq!(state(&visitor).await.0, None, "no window");

    let until = UNIX_EPOCH + clock.since_epoch();
    let moving = App::with(|builder| builder.encrypted().signed_until(until)).await;
    let visitor = at(&moving, &visitor);
    assert_eq!(state(&visitor).await.0, Some(1));
    moving.clock.advance(Duration::from_secs(61));
    forge_login(&visitor, moving.clock.since_epoch());
    assert_eq!(state(&visitor).await.0, None, "issued after it");

    let error = builder().signed_until(until).without_user_loader().build();
    let error = error.unwrap_err().to_string();
    assert!(error.contains("Add encrypted()"), "{error}");
}

#[tokio::test]
async fn seen_and_handles_of_fixed_length_move_over_too() {
    let idle = Duration::from_hours(1);
    let signed = App::with(|builder| builder.idle_timeout(idle)).await;
    let ann = signed.browser();
    run(&ann, "login 1").await;
    signed.clock.advance(idle / 2);
    state(&ann).await;
    assert!(ann.jar.find(".seen.").is_some());
    let until = UNIX_EPOCH + signed.clock.since_epoch();
    let moving = App::with(|builder| {
        let builder = builder.encrypted().signed_until(until);
        builder.idle_timeout(idle)
    })
    .await;
    moving.clock.set(signed.clock.since_epoch() + idle * 3 / 4);
    let ann = at(&moving, &ann);
    assert_eq!(state(&ann).await.0, Some(1), "the last activity is read");

    let store = Arc::<MapStore>::default();
    let signed = App::on(bare_builder().store(store.clone())).await;
    let bob = signed.browser();
    run(&bob, "login 2, insert k 1").await;
    let moving = bare_builder().store(store).encrypted().signed_until(until);
    let moving = App::on(moving).await;
    assert_eq!(
        state(&at(&moving, &bob)).await,
        (Some(2), json!({ "k": "1" }))
    );
}
