//! Several values under one name: junk changes nothing, and two that are genuine are nobody's.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use muffin_session_tests::builder;
use muffin_session_tests::forge::{Forge, Kind};
use serde_json::json;

use crate::site::{BASE, Person, Shown, World};

/// Sends an identity's cookie between others of its name, and its data.
async fn shown_among(world: &World, person: &Person, before: &[String], after: &[String]) -> Shown {
    let name = |value: &String| format!("{BASE}.id={value}");
    let mut cookies: Vec<_> = before.iter().map(name).collect();
    cookies.push(person.id_cookie());
    cookies.extend(after.iter().map(name));
    cookies.push(person.data_cookie());
    let in_one = world.shown(&[cookies.join("; ").as_bytes()]).await;
    let fields: Vec<_> = cookies.iter().map(String::as_bytes).collect();
    assert_eq!(world.shown(&fields).await, in_one, "in fields of their own");
    in_one
}

/// Values that are none, of any length.
fn junk(number: usize) -> String {
    match number % 5 {
        0 => format!("junk{number}"),
        1 => "A".repeat(116 + number),
        2 => format!("%{number}"),
        3 => "_".repeat(1_000 + number),
        _ => format!("\"{number}\""),
    }
}

#[tokio::test]
async fn s038_s039_junk_before_and_after_changes_nothing() {
    let world = World::new().await;
    let ann = world.user(1).await;
    for number in 0..10 {
        let one = [junk(number)];
        assert_eq!(shown_among(&world, &ann, &one, &[]).await, ann.shown());
        assert_eq!(shown_among(&world, &ann, &[], &one).await, ann.shown());
        assert_eq!(shown_among(&world, &ann, &one, &one).await, ann.shown());
    }
    // The same with its data.
    for number in 0..10 {
        let (name, value) = ann.browser.jar.find(".data.").expect("data");
        let header = format!(
            "{name}={}; {}; {name}={}",
            junk(number),
            ann.cookies(),
            value.to_lowercase()
        );
        assert_eq!(world.shown(&[header.as_bytes()]).await, ann.shown());
    }
}

#[tokio::test]
async fn s174_at_most_four_values_of_a_name_are_tried_and_the_first_ones_are() {
    let world = World::new().await;
    let ann = world.user(1).await;
    let junk: Vec<String> = (0..1_000)
        .map(|number| format!("{}{number}", "A".repeat(200 + number % 7)))
        .collect();
    for before in 0..=3 {
        let shown = shown_among(&world, &ann, &junk[..before], &junk[before..20]).await;
        assert_eq!(shown, ann.shown(), "{before} before it");
    }
    for before in [4, 5, 20] {
        assert_eq!(
            shown_among(&world, &ann, &junk[..before], &[]).await,
            Shown::default()
        );
    }
    // What stands there twice counts once.
    let same = vec![junk[0].clone(); 20];
    assert_eq!(shown_among(&world, &ann, &same, &same).await, ann.shown());
    // A thousand of them, the genuine one first or last.
    let many: Vec<_> = junk
        .iter()
        .map(|junk| format!("{BASE}.id={junk}"))
        .collect();
    let header = format!("{}; {}", ann.cookies(), many.join("; "));
    assert_eq!(world.shown(&[header.as_bytes()]).await, ann.shown());
    let header = format!("{}; {}", many.join("; "), ann.cookies());
    assert_eq!(world.shown(&[header.as_bytes()]).await, Shown::default());
}

#[tokio::test]
async fn s040_two_genuine_identities_are_nobody_whatever_stands_first() {
    let world = World::new().await;
    let (ann, eve) = (world.user(1).await, world.user(2).await);
    for (first, second) in [(&ann, &eve), (&eve, &ann)] {
        let (one, other) = (first.cookies(), second.cookies());
        for fields in [
            &[&*format!("{one}; {other}")][..],
            &[&one, &other],
            &[&other, "a=b", &one],
        ] {
            let fields: Vec<_> = fields.iter().map(|field| field.as_bytes()).collect();
            assert_eq!(world.shown(&fields).await, Shown::default());
        }
        // With junk between them, as long as both are among the four that are tried.
        let header = format!("{one}; {BASE}.id=x; {BASE}.id=y; {other}");
        assert_eq!(world.shown(&[header.as_bytes()]).await, Shown::default());
        // One that has expired is as genuine as before.
        let late = format!("{one}; {other}");
        world.clock.advance(Duration::from_secs(1));
        assert_eq!(world.shown(&[late.as_bytes()]).await, Shown::default());
    }
    // Two logins of the same person are two identities.
    let again = world.user(1).await;
    let header = format!("{}; {}", ann.cookies(), again.cookies());
    assert_eq!(world.shown(&[header.as_bytes()]).await, Shown::default());
    // The same one twice is one.
    let header = format!("{}; {}", ann.cookies(), ann.cookies());
    assert_eq!(world.shown(&[header.as_bytes()]).await, ann.shown());
}

#[tokio::test]
async fn a_flash_is_found_behind_seven_other_values_of_its_name_and_not_behind_eight() {
    let world = World::new().await;
    let ann = world.user(1).await;
    let request = ann.browser.request(reqwest::Method::POST, "/flash");
    request.body("hello").send().await.expect("an answer");
    let (name, value) = ann.browser.jar.find(".flash.").expect("a flash");
    let (id, data) = (ann.id_cookie(), ann.data_cookie());
    for before in 0..12 {
        let mut cookies: Vec<_> = (0..before)
            .map(|number| format!("{name}={}", junk(number)))
            .collect();
        cookies.push(format!("{name}={value}; {id}; {data}"));
        let answer = world.get("/", &[cookies.join("; ").as_bytes()]).await;
        let shown: Shown = answer.json();
        let expected: &[&str] = if before < 8 { &["hello"] } else { &[] };
        assert_eq!(shown.flashes, expected, "behind {before}");
        assert_eq!(shown.user, Some(1));
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("one thread").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn s040_two_genuine_identities_are_said_once_in_the_log_without_their_values() {
    let world = World::new().await;
    let (ann, eve) = (world.user(1).await, world.user(2).await);
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(move || writer.clone())
        .with_max_level(tracing::Level::WARN)
        .finish();
    // The site runs on this very thread.
    let guard = muffin_session_tests::listening::listen(subscriber);
    let header = format!("{}; {}", ann.cookies(), eve.cookies());
    assert_eq!(world.shown(&[header.as_bytes()]).await, Shown::default());
    // One that is nobody's is not worth a warning: anybody can send it.
    let forged = format!("{BASE}.id={}", "A".repeat(120));
    assert_eq!(world.shown(&[forged.as_bytes()]).await, Shown::default());
    drop(guard);
    let log = String::from_utf8(log.0.lock().expect("one thread").clone()).expect("text");
    assert_eq!(log.matches("two valid identities").count(), 1, "{log}");
    for value in [ann.id_value(), eve.id_value()] {
        assert!(!log.contains(&value), "{log}");
    }
}

#[tokio::test]
async fn s040_two_genuine_values_of_any_other_name_are_none() {
    let world = World::new().await;
    let insert = async |person: &Person, value: &str| {
        let entry = json!({ "key": "color", "value": value });
        let request = person
            .browser
            .request(reqwest::Method::POST, "/insert")
            .json(&entry);
        assert!(
            request
                .send()
                .await
                .expect("an answer")
                .status()
                .is_success()
        );
    };

    // Data, older and newer.
    let ann = world.user(1).await;
    let older = ann.data_cookie();
    insert(&ann, "green").await;
    for header in [
        format!("{older}; {}", ann.cookies()),
        format!("{}; {older}", ann.cookies()),
    ] {
        assert_eq!(world.shown(&[header.as_bytes()]).await, Shown::default());
    }

    // A guest's.
    let guest = Person {
        id: 0,
        browser: world.site.browser(),
    };
    insert(&guest, "black").await;
    let older = guest.cookie(".guest");
    insert(&guest, "white").await;
    let newer = guest.cookie(".guest");
    for header in [format!("{older}; {newer}"), format!("{newer}; {older}")] {
        assert_eq!(world.shown(&[header.as_bytes()]).await, Shown::default());
    }
    assert_eq!(
        world.shown(&[newer.as_bytes()]).await.data["color"],
        "white"
    );

    // Marks of logout: nobody can tell which is the last.
    let marks = [1, 2].map(|_| world.user(3));
    let mut found = Vec::new();
    for mark in marks {
        let person = mark.await;
        person.browser.post("/logout").await;
        found.push(person.cookie(".out"));
    }
    person_after(&world, &found).await;

    // Flashes: one message, addressed to two.
    let now = u64::try_from(world.clock.since_epoch().as_millis()).expect("a time of this age");
    let forge = Forge::SIGNED;
    let name = forge.name(Kind::Flash, "AAAAAAAA");
    let flash = |message: &[u8]| {
        let body = [&[0; 19][..], message].concat();
        format!("{name}={}", forge.seal(Kind::Flash, &name, now, &body))
    };
    let (one, other) = (flash(b"one"), flash(b"other"));
    let answer = world.get("/", &[one.as_bytes()]).await;
    assert_eq!(answer.json::<Shown>().flashes, ["one"]);
    for header in [
        format!("{one}; {other}"),
        format!("{other}; {one}; {other}"),
    ] {
        assert_eq!(world.shown(&[header.as_bytes()]).await, Shown::default());
    }
}

/// With one mark, whoever logs in after it is in. With two, nobody is.
async fn person_after(world: &World, marks: &[String]) {
    let browser = world.site.browser();
    let (name, value) = marks[0].split_once('=').expect("a cookie");
    browser.jar.set(name, value);
    browser.post("/login?id=1").await;
    let person = Person { id: 1, browser };
    let with_one = person.cookies();
    assert!(with_one.contains(&marks[0]));
    assert_eq!(world.shown(&[with_one.as_bytes()]).await, person.shown());
    let with_two = format!("{with_one}; {}", marks[1]);
    assert_eq!(world.shown(&[with_two.as_bytes()]).await, Shown::default());
    let with_the_other = with_one.replace(&marks[0], &marks[1]);
    assert_eq!(
        world.shown(&[with_the_other.as_bytes()]).await,
        Shown::default()
    );
}

#[tokio::test]
async fn s048_no_choice_of_cookies_gives_more_than_all_of_them() {
    let world = World::with(builder().idle_timeout(Duration::from_secs(600))).await;
    let browser = world.site.browser();
    browser.post("/logout").await;
    browser.post("/login?id=1").await;
    let entry = json!({ "key": "color", "value": "red" });
    world.clock.advance(Duration::from_secs(300));
    browser
        .request(reqwest::Method::POST, "/flash")
        .body("hello")
        .send()
        .await
        .expect("an answer");
    let ann = Person { id: 1, browser };
    let guest = world.site.browser();
    guest
        .request(reqwest::Method::POST, "/insert")
        .json(&entry)
        .send()
        .await
        .expect("an answer");
    ann.browser.jar.set(
        "__Host-session.guest",
        &guest.jar.find(".guest").expect("a guest").1,
    );
    world.clock.advance(Duration::from_secs(200));

    let kinds = ["id", "data", "seen", "flash", "out", "guest"];
    let cookies = kinds.map(|kind| ann.cookie(&format!(".{kind}")));
    for choice in 0..1_u32 << kinds.len() {
        let has = |kind: &str| {
            let index = kinds.iter().position(|other| *other == kind);
            choice & (1 << index.expect("a kind")) != 0
        };
        let chosen: Vec<_> = kinds
            .iter()
            .zip(&cookies)
            .filter(|(kind, _)| has(kind))
            .collect();
        let header = chosen
            .iter()
            .map(|(_, cookie)| cookie.as_str())
            .collect::<Vec<_>>()
            .join("; ");
        let answer = world.get("/", &[header.as_bytes()]).await;
        assert_eq!(answer.status, 200);
        let shown: Shown = answer.json();
        let names: Vec<_> = chosen.iter().map(|(kind, _)| *kind).collect();
        let is_user = has("id") && has("data");
        assert_eq!(shown.user, is_user.then_some(1), "{names:?}");
        assert_eq!(!shown.data.is_empty(), is_user || has("guest"), "{names:?}");
        assert_eq!(
            !shown.flashes.is_empty(),
            is_user && has("flash"),
            "{names:?}"
        );
    }
    // Once the idle time since the login is over, the last activity has to be there.
    world.clock.advance(Duration::from_secs(200));
    assert_eq!(
        world
            .get("/", &[ann.cookies().as_bytes()])
            .await
            .json::<Shown>()
            .user,
        Some(1)
    );
    let without = ann.cookies().replace(&ann.cookie(".seen"), "a=b");
    assert_eq!(
        world
            .get("/", &[without.as_bytes()])
            .await
            .json::<Shown>()
            .user,
        None
    );
}
