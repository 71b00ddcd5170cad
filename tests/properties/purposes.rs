//! What was made for one application, name, session or secret is worth nothing in another, though its tag is genuine.

use std::sync::LazyLock;
use std::time::Duration;

use muffin_session::{Builder, Secret, Session, Sessions};
use muffin_session_tests::forge::Kind;
use muffin_session_tests::{Jar, SECRET, TestClock, builder};
use proptest::prelude::*;

use crate::app::{App, Cookies, Seen, cases, cookies};

const IDLE: Duration = Duration::from_secs(600);

/// An application with cookies of its own, of all kinds.
struct Place {
    app: App,
    /// What its names begin with.
    base: String,
    cookies: Cookies,
}

impl Place {
    fn new(base: impl Into<String>, builder: Builder) -> Self {
        let clock = TestClock::new();
        let app = App::new(builder.idle_timeout(IDLE).clock(clock.reader()));
        let guest = Jar::default();
        app.visit(&guest, |session| {
            session.insert("cart", 3).expect("it fits");
        });
        let user = Jar::default();
        app.visit(&user, Session::logout);
        app.visit(&user, |session| {
            session.login(7).expect("a login");
            session.insert("color", "red").expect("it fits");
            session.flash("hello").expect("it fits");
        });
        clock.advance(IDLE / 2);
        app.visit(&user, |session| session.begin_login(8).expect("a half"));
        user.set(&guest.names()[0], &guest.all()[&guest.names()[0]]);
        let place = Self {
            app,
            base: base.into(),
            cookies: cookies(&user),
        };
        let seen = place.app.look(&place.cookies);
        assert!(seen.user.is_some() && seen.flashes == ["hello"], "{seen:?}");
        for kind in Kind::ALL {
            place.name(kind);
        }
        place
    }

    /// The name of its cookie of a kind.
    fn name(&self, kind: Kind) -> &str {
        let part = format!("{}.{}", self.base, kind.suffix());
        let name = self.cookies.keys().find(|name| name.starts_with(&part));
        name.unwrap_or_else(|| panic!("no {part} in {:?}", self.cookies.keys()))
    }

    /// Nothing that was made for another place counts here, whatever name it is sent by.
    fn refuses_all_of(&self, other: &Self) {
        let renamed: Cookies = other
            .cookies
            .iter()
            .map(|(name, value)| {
                let rest = name.strip_prefix(&other.base).expect("its own name");
                (format!("{}{rest}", self.base), value.clone())
            })
            .collect();
        let of = format!("cookies of {} in {}", other.base, self.base);
        assert_eq!(self.app.look(&renamed), Seen::default(), "{of}");
        let (seen, set_cookies) = self.app.look_with_answer(&other.cookies);
        assert_eq!(seen, Seen::default(), "{of}, under their own names");
        assert!(set_cookies.is_empty(), "{of} were touched: {set_cookies:?}");

        for kind in Kind::ALL {
            let name = self.name(kind);
            let mut without = self.cookies.clone();
            without.remove(name);
            let mut exchanged = without.clone();
            exchanged.insert(name.to_owned(), other.cookies[other.name(kind)].clone());
            assert_eq!(
                self.app.look(&exchanged),
                self.app.look(&without),
                "{kind:?}: {of}"
            );
        }
    }
}

static PLACES: LazyLock<Vec<Place>> = LazyLock::new(|| {
    let other_secret = || Sessions::builder(Secret::new("another secret: q8Wn5Zt1XkB7vJ3m"));
    vec![
        Place::new("__Host-session", builder()),
        Place::new("__Host-session", builder().encrypted()),
        Place::new("__Host-session", other_secret()),
        Place::new("__Host-session", other_secret().encrypted()),
        Place::new("__Host-session", builder().app_name("shop")),
        Place::new("__Host-session", builder().app_name("shop-staging")),
        Place::new("__Host-session", builder().app_name("session")),
        Place::new("__Host-other", builder().cookie_name("other")),
        Place::new("__Host-session.data", builder().cookie_name("session.data")),
        Place::new("__Secure-session", builder().domain("example.com")),
        Place::new("session", builder().allow_plain_http()),
        Place::new("session", builder().allow_plain_http().encrypted()),
    ]
});

#[test]
fn s013_s028_s045_what_one_application_made_is_worth_nothing_in_another() {
    for (index, one) in PLACES.iter().enumerate() {
        for (_, other) in PLACES
            .iter()
            .enumerate()
            .filter(|&(other, _)| other != index)
        {
            one.refuses_all_of(other);
        }
    }
}

#[test]
fn the_same_options_make_the_same_keys() {
    let again = Place::new("__Host-session", builder());
    assert_eq!(
        again.app.look(&PLACES[0].cookies),
        again.app.look(&again.cookies)
    );
    // Domain and path do not go into the keys: they decide who gets a cookie, not what it says.
    let path = Place::new("__Secure-session", builder().path("/app"));
    let domain = Place::new("__Secure-session", builder().domain("example.com"));
    assert_eq!(path.app.look(&domain.cookies), path.app.look(&path.cookies));
}

#[test]
fn s005_s027_s081_s103_what_one_session_has_is_worth_nothing_in_another() {
    for place in &PLACES[..2] {
        let sessions = [1, 2].map(|number| {
            let jar = Jar::default();
            place.app.visit(&jar, move |session| {
                session.login(7).expect("a login");
                session.insert("number", number).expect("it fits");
                session.flash(format!("of {number}")).expect("it fits");
            });
            cookies(&jar)
        });
        let [one, other] = &sessions;
        let name = |cookies: &Cookies, part: &str| {
            let name = cookies.keys().find(|name| name.contains(part));
            name.expect("a cookie of each kind").clone()
        };
        let whole = place.app.look(one);
        assert_eq!(whole.data["number"], "1");

        for part in [".data.", ".flash."] {
            let (mine, theirs) = (name(one, part), name(other, part));
            let mut without = one.clone();
            without.remove(&mine);
            let without_seen = place.app.look(&without);
            assert_ne!(without_seen, whole);
            // The other's value under this one's name, under its own, and under both.
            let mut cookies = without.clone();
            cookies.insert(mine.clone(), other[&theirs].clone());
            assert_eq!(place.app.look(&cookies), without_seen, "{part}");
            cookies.insert(theirs.clone(), other[&theirs].clone());
            assert_eq!(place.app.look(&cookies), without_seen, "{part}");
            // This one's under the other's name.
            let mut cookies = without.clone();
            cookies.insert(theirs, one[&mine].clone());
            assert_eq!(place.app.look(&cookies), without_seen, "{part}");
        }

        // The other's cookies beside this one's change nothing, except that the other's identity is not there.
        let mut both = one.clone();
        both.extend(other.clone());
        both.insert(name(one, ".id"), one[&name(one, ".id")].clone());
        assert_eq!(place.app.look(&both), whole);
        // The other's identity with this one's data is nobody.
        let mut crossed = one.clone();
        crossed.insert(name(one, ".id"), other[&name(other, ".id")].clone());
        assert_eq!(place.app.look(&crossed), Seen::default());
    }
}

/// What keys are made of.
#[derive(Clone, Debug, PartialEq)]
struct Options {
    /// Goes on after the tests' secret.
    secret: String,
    app_name: String,
    cookie_name: String,
    is_plain: bool,
    encrypted: bool,
}

/// Few characters, so that names meet: one's end may be another's beginning.
fn options() -> impl Strategy<Value = Options> {
    (
        "[ab]{0,1}",
        "[a.]{0,3}",
        "[a.]{1,3}",
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(
            |(secret, app_name, cookie_name, is_plain, encrypted)| Options {
                secret,
                app_name,
                cookie_name,
                is_plain,
                encrypted,
            },
        )
}

impl Options {
    fn place(&self) -> Place {
        let secret = Secret::new(format!("{SECRET}{}", self.secret));
        let mut builder = Sessions::builder(secret)
            .app_name(&self.app_name)
            .cookie_name(&self.cookie_name);
        if self.encrypted {
            builder = builder.encrypted();
        }
        if self.is_plain {
            builder = builder.allow_plain_http();
        }
        let prefix = if self.is_plain { "" } else { "__Host-" };
        Place::new(format!("{prefix}{}", self.cookie_name), builder)
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn s010_any_difference_in_what_keys_are_made_of_makes_other_keys(one in options(), other in options()) {
        let (first, second) = (one.place(), other.place());
        if one == other {
            prop_assert_eq!(first.app.look(&second.cookies), second.app.look(&second.cookies));
        } else {
            first.refuses_all_of(&second);
        }
    }

    #[test]
    fn s103_a_value_counts_under_its_own_name_alone(kind in 0..Kind::ALL.len(), slot in "[A-Za-z0-9_-]{8}", encrypted: bool) {
        let place = &PLACES[usize::from(encrypted)];
        let name = place.name(Kind::ALL[kind]);
        let renamed = match Kind::ALL[kind] {
            Kind::Data | Kind::Seen | Kind::Flash => format!("{}{slot}", &name[..name.len() - slot.len()]),
            Kind::Identity | Kind::Guest | Kind::Out | Kind::Pending => format!("{name}.{slot}"),
        };
        prop_assume!(renamed != name);
        let mut without = place.cookies.clone();
        let value = without.remove(name).expect("it is there");
        let mut cookies = without.clone();
        cookies.insert(renamed, value);
        prop_assert_eq!(place.app.look(&cookies), place.app.look(&without));
    }
}
