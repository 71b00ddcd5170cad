//! A value that was changed in any way counts as a cookie that is not there, whatever kind it is.

use std::sync::LazyLock;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use muffin_session::Builder;
use muffin_session_tests::forge::Kind;
use muffin_session_tests::{Jar, TestClock, builder};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::app::{App, Cookies, Seen, cases, cookies};

/// A request whose page sees something else if one cookie is not there.
struct Scene {
    app: App,
    cookies: Cookies,
    /// The name of the cookie that it is about.
    name: String,
    with: Seen,
    without: Seen,
}

impl Scene {
    /// Each time that `app` is called it gives an application that has seen nothing: what one has seen, it may remember.
    fn new(app: impl Fn() -> App, cookies: Cookies, kind: Kind) -> Self {
        let part = format!(".{}", kind.suffix());
        let name = cookies.keys().find(|name| name.contains(&part));
        let name = name.expect("the kind of cookie that it is about").clone();
        let mut others = cookies.clone();
        others.remove(&name);
        let with = app().look(&cookies);
        let app = app();
        let without = app.look(&others);
        assert_ne!(with, without, "{kind:?} makes no difference");
        Self {
            app,
            cookies,
            name,
            with,
            without,
        }
    }

    fn value(&self) -> &[u8] {
        &self.cookies[&self.name]
    }

    /// A page with another value sees what it sees without the cookie, and does not remove it: it may be a parallel login's.
    fn refuses(&self, value: impl Into<Vec<u8>>) {
        let value = value.into();
        let shown = String::from_utf8_lossy(&value[..value.len().min(1_000)]).into_owned();
        let mut cookies = self.cookies.clone();
        cookies.insert(self.name.clone(), value);
        let (seen, set_cookies) = self.app.look_with_answer(&cookies);
        assert_eq!(seen, self.without, "{}={shown}", self.name);
        let written = |cookie: &String| cookie.split('=').next() == Some(&*self.name);
        assert!(
            !set_cookies.iter().any(written),
            "{}={shown}: {set_cookies:?}",
            self.name
        );
    }
}

/// Where the scenes play.
struct Stage {
    scenes: Vec<Scene>,
    app: App,
    /// All kinds at once.
    all: Cookies,
}

impl Stage {
    /// The scenes of all kinds, in the order of [`Kind::ALL`]. Cookies are judged by another process than the one that made them: its
    /// list of ended sessions must not help.
    fn new(options: fn(Builder) -> Builder) -> Self {
        const IDLE: Duration = Duration::from_secs(600);
        let clock = TestClock::new();
        let app = || App::new(options(builder().idle_timeout(IDLE).clock(clock.reader())));
        let maker = app();

        let guest = Jar::default();
        maker.visit(&guest, |session| {
            session.insert("cart", 3).expect("it fits");
        });

        let user = Jar::default();
        maker.visit(&user, |session| {
            session.login(7).expect("a login");
            session.insert("color", "red").expect("it fits");
            session.flash("for a user").expect("it fits");
        });
        let before_logout = cookies(&user);
        maker.visit(&user, muffin_session::Session::logout);
        let mut logged_out = before_logout.clone();
        logged_out.extend(cookies(&user));

        let again = Jar::default();
        again.restore(&user.all());
        maker.visit(&again, |session| {
            session.login(7).expect("a login");
            session.insert("color", "red").expect("it fits");
        });
        clock.advance(IDLE / 2);
        maker.visit(&again, |session| {
            session.flash("for a user").expect("it fits");
            session.begin_login(8).expect("a half");
        });
        // The idle time is over since the login, and not since the last activity.
        clock.advance(IDLE * 3 / 4);
        let late = cookies(&again);
        let mut all = late.clone();
        all.extend(cookies(&guest));

        let half = Jar::default();
        let then = || {
            let clock = TestClock::new();
            App::new(options(builder().idle_timeout(IDLE).clock(clock.reader())))
        };
        then().visit(&half, |session| session.begin_login(8).expect("a half"));
        let (guest, half) = (cookies(&guest), cookies(&half));
        let scenes = vec![
            Scene::new(then, before_logout.clone(), Kind::Identity),
            Scene::new(then, before_logout.clone(), Kind::Data),
            Scene::new(then, guest, Kind::Guest),
            Scene::new(app, late, Kind::Seen),
            Scene::new(then, before_logout, Kind::Flash),
            Scene::new(then, logged_out, Kind::Out),
            Scene::new(then, half, Kind::Pending),
        ];
        Self {
            scenes,
            app: app(),
            all,
        }
    }
}

static STAGES: LazyLock<[Stage; 2]> = LazyLock::new(|| {
    [
        Stage::new(|builder| builder),
        Stage::new(Builder::encrypted),
    ]
});

fn scenes() -> impl Iterator<Item = &'static Scene> {
    STAGES.iter().flat_map(|stage| &stage.scenes)
}

/// Whether a header may have these bytes (RFC 9110, section 5.5). Servers refuse others before we see them.
fn can_be_sent(bytes: &[u8]) -> bool {
    bytes
        .iter()
        .all(|&byte| byte == b'\t' || (byte >= 0x20 && byte != 0x7f))
}

/// Whether the header says the same value as before: what follows a semicolon is another cookie, and space around is none's.
fn is_same(value: &[u8], before: &[u8]) -> bool {
    let first = value.split(|&byte| byte == b';').next().unwrap_or_default();
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = first
        .iter()
        .position(|byte| !is_space(byte))
        .unwrap_or(first.len());
    let end = first
        .iter()
        .rposition(|byte| !is_space(byte))
        .map_or(start, |last| last + 1);
    // Space at the start follows the `=`, and belongs to the value.
    start == 0 && &first[..end] == before
}

#[test]
fn each_kind_of_cookie_makes_its_own_difference() {
    for scene in scenes() {
        let kind = scene.name.split('.').nth(1);
        let user = |seen: &Seen| seen.user.is_some();
        match kind {
            Some("id" | "data" | "seen") => {
                assert!(user(&scene.with) && !user(&scene.without));
                assert!(scene.without.data.is_empty() && scene.without.flashes.is_empty());
            }
            Some("guest" | "pending") => assert_eq!(scene.without, Seen::default()),
            Some("flash") => {
                assert!(
                    user(&scene.without)
                        && !scene.with.flashes.is_empty()
                        && scene.without.flashes.is_empty()
                );
            }
            Some("out") => assert!(!user(&scene.with) && user(&scene.without)),
            other => panic!("{other:?}"),
        }
    }
    for stage in &*STAGES {
        for kind in Kind::ALL {
            let part = format!(".{}", kind.suffix());
            assert!(
                stage.all.keys().any(|name| name.contains(&part)),
                "{kind:?}"
            );
        }
        let seen = stage.app.look(&stage.all);
        assert!(seen.user.is_some() && seen.half.is_some(), "{seen:?}");
        assert_eq!(seen.flashes, ["for a user"]);
    }
}

#[test]
fn s001_s014_each_bit_of_each_kind_of_cookie_counts() {
    for scene in scenes() {
        let bytes = URL_SAFE_NO_PAD.decode(scene.value()).expect("base64url");
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            scene.refuses(URL_SAFE_NO_PAD.encode(changed));
        }
    }
}

#[test]
fn s001_s008_each_bit_of_the_text_counts_and_no_value_has_a_second_spelling() {
    for scene in scenes() {
        let text = scene.value();
        for bit in 0..text.len() * 8 {
            let mut changed = text.to_vec();
            changed[bit / 8] ^= 1 << (bit % 8);
            if can_be_sent(&changed) {
                scene.refuses(changed);
            }
        }
        // The same bits in another spelling: padding, the other alphabet, quotes, encoded characters, bits that are left over.
        let text = String::from_utf8(text.to_vec()).expect("base64url");
        let (rest, last) = text.split_at(text.len() - 1);
        for spelling in [
            format!("{text}="),
            format!("{text}=="),
            format!("={text}"),
            format!("\"{text}\""),
            format!(" {text}"),
            format!("{rest}%{:02X}", last.as_bytes()[0]),
            format!("{text}%3D"),
            text.to_lowercase(),
        ] {
            scene.refuses(spelling);
        }
        for other in (b'A'..=b'z')
            .filter(u8::is_ascii_alphanumeric)
            .map(char::from)
        {
            let changed = format!("{rest}{other}");
            if changed != text {
                scene.refuses(changed);
            }
        }
        let other_alphabet = text.replace('-', "+").replace('_', "/");
        if other_alphabet != text {
            scene.refuses(other_alphabet);
        }
    }
}

#[test]
fn s002_s004_no_part_of_a_value_is_a_value() {
    for scene in scenes() {
        let text = scene.value();
        for length in 0..text.len() {
            scene.refuses(&text[..length]);
            scene.refuses(&text[text.len() - length..]);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).expect("base64url");
        for length in 0..bytes.len() {
            scene.refuses(URL_SAFE_NO_PAD.encode(&bytes[..length]));
        }
    }
}

#[test]
fn s003_no_byte_can_be_appended() {
    for scene in scenes() {
        for byte in 0..=u8::MAX {
            let longer = [scene.value(), &[byte]].concat();
            if can_be_sent(&longer) && !matches!(byte, b' ' | b'\t' | b';') {
                scene.refuses(longer);
            }
        }
    }
}

#[test]
fn s006_s007_nothing_is_read_without_a_tag_or_with_a_version_that_the_value_chooses() {
    for scene in scenes() {
        for body in [
            &br#"{"user":1}"#[..],
            b"{}",
            br#"{"alg":"none"}"#,
            &[b"{\"alg\":\"none\"}", &[b'x'; 100][..]].concat(),
            &[b'['; 4_000],
            &[0; 60],
            &[1; 100],
            &[2; 100],
        ] {
            scene.refuses(URL_SAFE_NO_PAD.encode(body));
            if can_be_sent(body) {
                scene.refuses(body);
            }
        }
        let bytes = URL_SAFE_NO_PAD.decode(scene.value()).expect("base64url");
        for version in 0..=u8::MAX {
            if version != bytes[0] {
                let changed = [&[version], &bytes[1..]].concat();
                scene.refuses(URL_SAFE_NO_PAD.encode(changed));
            }
        }
    }
}

#[test]
fn s005_s009_parts_of_two_values_of_ours_make_no_third() {
    for stage in &*STAGES {
        for scene in &stage.scenes {
            let bytes = URL_SAFE_NO_PAD.decode(scene.value()).expect("base64url");
            for other in &stage.scenes {
                let other_bytes = URL_SAFE_NO_PAD.decode(other.value()).expect("base64url");
                if other_bytes == bytes {
                    continue;
                }
                // One's beginning with the other's tag, and so at each place where the two can be joined.
                for cut in [1, 2, 10, 26, 34, bytes.len() - 32, bytes.len() - 16] {
                    let joined =
                        [&bytes[..cut], &other_bytes[cut.min(other_bytes.len())..]].concat();
                    if joined != bytes {
                        scene.refuses(URL_SAFE_NO_PAD.encode(joined));
                    }
                }
            }
            // A byte moved from each part into the next, and the order of the bytes around.
            for at in 0..bytes.len() - 1 {
                let mut moved = bytes.clone();
                moved.swap(at, at + 1);
                if moved != bytes {
                    scene.refuses(URL_SAFE_NO_PAD.encode(moved));
                }
            }
        }
    }
}

#[test]
fn s011_each_cookie_is_worth_nothing_under_each_other_name_of_ours() {
    for stage in &*STAGES {
        for one in stage.all.keys() {
            for other in stage.all.keys().filter(|&other| other != one) {
                // One value under both names: the other counts as absent.
                let mut doubled = stage.all.clone();
                doubled.insert(other.clone(), stage.all[one].clone());
                let mut without = stage.all.clone();
                without.remove(other);
                assert_eq!(
                    stage.app.look(&doubled),
                    stage.app.look(&without),
                    "{one} as {other}"
                );
                // The two exchanged: both count as absent.
                let mut swapped = doubled;
                swapped.insert(one.clone(), stage.all[other].clone());
                without.remove(one);
                assert_eq!(
                    stage.app.look(&swapped),
                    stage.app.look(&without),
                    "{one} and {other}"
                );
            }
        }
    }
}

/// What somebody does to a value.
#[derive(Clone, Debug)]
enum Change {
    Flip(Index),
    FlipText(Index),
    Cut(Index),
    CutFront(Index),
    Append(Vec<u8>),
    Insert(Index, Vec<u8>),
    Overwrite(Index, Vec<u8>),
    Repeat(usize),
    Random(Vec<u8>),
}

fn change() -> impl Strategy<Value = Change> {
    let bytes = || vec(any::<u8>(), 1..40);
    prop_oneof![
        any::<Index>().prop_map(Change::Flip),
        any::<Index>().prop_map(Change::FlipText),
        any::<Index>().prop_map(Change::Cut),
        any::<Index>().prop_map(Change::CutFront),
        bytes().prop_map(Change::Append),
        (any::<Index>(), bytes()).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        (any::<Index>(), bytes()).prop_map(|(at, bytes)| Change::Overwrite(at, bytes)),
        (0..40_usize).prop_map(Change::Repeat),
        vec(any::<u8>(), 0..600).prop_map(Change::Random),
    ]
}

impl Change {
    fn of(&self, text: &[u8]) -> Vec<u8> {
        let mut bytes = URL_SAFE_NO_PAD.decode(text).expect("base64url");
        match self {
            Self::Flip(bit) => {
                let bit = bit.index(bytes.len() * 8);
                bytes[bit / 8] ^= 1 << (bit % 8);
            }
            Self::FlipText(bit) => {
                let bit = bit.index(text.len() * 8);
                let mut text = text.to_vec();
                text[bit / 8] ^= 1 << (bit % 8);
                return text;
            }
            Self::Cut(length) => bytes.truncate(length.index(bytes.len())),
            Self::CutFront(length) => drop(bytes.drain(..=length.index(bytes.len()))),
            Self::Append(more) => bytes.extend(more),
            Self::Insert(at, more) => {
                let at = at.index(bytes.len());
                bytes.splice(at..at, more.iter().copied());
            }
            Self::Overwrite(at, more) => {
                let at = at.index(bytes.len());
                let end = bytes.len().min(at + more.len());
                bytes[at..end].copy_from_slice(&more[..end - at]);
            }
            Self::Repeat(times) => return text.repeat(*times),
            Self::Random(random) => return random.clone(),
        }
        URL_SAFE_NO_PAD.encode(bytes).into_bytes()
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn whatever_was_changed_about_a_value_it_counts_as_absent(
        encrypted: bool,
        kind in 0..Kind::ALL.len(),
        changes in vec(change(), 1..4),
    ) {
        let scene = &STAGES[usize::from(encrypted)].scenes[kind];
        let mut value = scene.value().to_vec();
        for change in &changes {
            if URL_SAFE_NO_PAD.decode(&value).is_ok_and(|bytes| !bytes.is_empty()) {
                value = change.of(&value);
            }
        }
        value.retain(|&byte| can_be_sent(&[byte]));
        // Headers of more than 256 KiB are not looked at.
        value.truncate(64 * 1024);
        prop_assume!(!is_same(&value, scene.value()));
        scene.refuses(value);
    }
}
