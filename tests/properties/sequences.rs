//! Whatever a browser's requests do one after the other, the session is what a plain map would be.

use std::collections::{BTreeMap, VecDeque};
use std::sync::LazyLock;
use std::time::Duration;

use muffin_session::{Error, Session};
use muffin_session_tests::{Jar, TestClock, builder};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::app::{App, Seen, cases, data_of};

const CARRIED: [&str; 2] = ["a", "c"];

/// The most flashes that wait.
const FLASHES: usize = 8;

/// What a handler does.
#[derive(Clone, Debug)]
enum Step {
    Insert(&'static str, u32),
    Remove(&'static str),
    Add(&'static str, u32),
    Clear,
    Login(u8),
    Begin(u8),
    Renew,
    Logout,
    /// Adds so many messages.
    Flash(u8),
    Show,
}

fn step() -> impl Strategy<Value = Step> {
    let key = || prop::sample::select(vec!["a", "b", "c", "d"]);
    prop_oneof![
        4 => (key(), 0..3_u32).prop_map(|(key, value)| Step::Insert(key, value)),
        3 => key().prop_map(Step::Remove),
        3 => (key(), 0..3_u32).prop_map(|(key, value)| Step::Add(key, value)),
        1 => Just(Step::Clear),
        2 => (0..3_u8).prop_map(Step::Login),
        1 => (0..3_u8).prop_map(Step::Begin),
        1 => Just(Step::Renew),
        2 => Just(Step::Logout),
        2 => (1..5_u8).prop_map(Step::Flash),
        2 => Just(Step::Show),
    ]
}

/// What the session ought to be.
#[derive(Clone, Debug, Default)]
struct Model {
    user: Option<u8>,
    /// Who has begun to log in.
    half: Option<u8>,
    data: BTreeMap<&'static str, u32>,
    /// Flashes that the request brought, and those that it adds.
    waiting: VecDeque<String>,
    added: Vec<String>,
    flashes_so_far: u32,
    /// Whether this request began or ended a session, or did something with flashes.
    is_marked: bool,
    /// Whether this request came from somebody logged in.
    came_as_somebody: bool,
    has_logged_out: bool,
}

impl Model {
    /// Does a step, here and there, and compares.
    fn step(&mut self, session: &Session, step: &Step) {
        match *step {
            Step::Insert(key, value) => {
                session.insert(key, value).expect("it fits");
                self.data.insert(key, value);
            }
            Step::Remove(key) => {
                let removed = session.remove::<u32>(key).expect("a number");
                assert_eq!(removed, self.data.remove(key));
            }
            Step::Add(key, value) => {
                let add = move |before: Option<u32>| before.unwrap_or_default() + value;
                let got = session.update(key, add).expect("a number");
                let wanted = add(self.data.get(key).copied());
                self.data.insert(key, wanted);
                assert_eq!(got, wanted);
            }
            Step::Clear => {
                session.clear().expect("a session");
                self.data.clear();
            }
            Step::Login(user) => {
                session.login(user).expect("a login");
                match self.user {
                    None => self.data.retain(|key, _| CARRIED.contains(key)),
                    Some(before) if before == user => {}
                    Some(_) => self.data.clear(),
                }
                // What waited for somebody is not for somebody else. What waited for nobody is for whoever comes.
                if self.came_as_somebody && self.user != Some(user) {
                    self.waiting.clear();
                }
                self.user = Some(user);
                self.half = None;
                self.is_marked = true;
            }
            Step::Begin(user) => {
                session.begin_login(user).expect("a half");
                self.half = Some(user);
                self.is_marked = true;
            }
            Step::Renew => match session.renew() {
                Ok(()) => {
                    assert!(self.user.is_some());
                    self.is_marked = true;
                }
                Err(error) => {
                    assert!(matches!(error, Error::NotLoggedIn), "{error}");
                    assert_eq!(self.user, None);
                }
            },
            Step::Logout => {
                session.logout();
                self.user = None;
                self.half = None;
                self.data.clear();
                self.waiting.clear();
                self.is_marked = true;
                self.has_logged_out = true;
            }
            Step::Flash(times) => {
                for _ in 0..times {
                    self.flashes_so_far += 1;
                    let message = format!("message {}", self.flashes_so_far);
                    session.flash(&message).expect("it fits");
                    self.added.push(message);
                }
                self.is_marked = true;
            }
            Step::Show => {
                let shown = session.get_flashed_messages();
                let shown: Vec<_> = shown.iter().map(ToString::to_string).collect();
                let mut wanted: Vec<_> = self.waiting.drain(..).collect();
                wanted.append(&mut self.added);
                assert_eq!(shown, wanted);
                self.is_marked |= !shown.is_empty();
            }
        }
        self.compare(session);
    }

    fn compare(&self, session: &Session) {
        let data = self
            .data
            .iter()
            .map(|(key, value)| ((*key).to_owned(), value.to_string()));
        assert_eq!(data_of(session), data.collect::<BTreeMap<_, _>>());
        assert_eq!(session.user_id::<u8>().expect("a number"), self.user);
        assert_eq!(session.is_logged_in(), self.user.is_some());
        assert_eq!(session.half_login::<u8>().expect("a number"), self.half);
    }

    /// The head of the response leaves.
    fn commit(&mut self) {
        self.waiting.extend(self.added.drain(..));
        while self.waiting.len() > FLASHES {
            self.waiting.pop_front();
        }
    }

    /// There is a cookie for each thing that is there, and none besides.
    fn check_jar(&self, jar: &Jar) {
        let count = |kind: &str| {
            let names = jar.names();
            let prefix = format!("__Host-session.{kind}");
            names
                .iter()
                .filter(|name| name.starts_with(&prefix))
                .count()
        };
        let is_guest = self.user.is_none() && !self.data.is_empty();
        let wanted = [
            ("id", usize::from(self.user.is_some())),
            ("data.", usize::from(self.user.is_some())),
            ("guest", usize::from(is_guest)),
            ("out", usize::from(self.has_logged_out)),
            ("pending", usize::from(self.half.is_some())),
            ("flash.", self.waiting.len()),
        ];
        for (kind, wanted) in wanted {
            assert_eq!(count(kind), wanted, "{kind} cookies in {:?}", jar.names());
        }
        let all: usize = wanted.iter().map(|(_, count)| count).sum();
        assert_eq!(count(""), all, "other cookies in {:?}", jar.names());
    }
}

/// An application, and its clock: flashes of one millisecond have no order.
static APPS: LazyLock<[(App, TestClock); 2]> = LazyLock::new(|| {
    [false, true].map(|encrypted| {
        let clock = TestClock::new();
        let builder = builder().carry_on_login(CARRIED).clock(clock.reader());
        let builder = if encrypted {
            builder.encrypted()
        } else {
            builder
        };
        (App::new(builder), clock)
    })
});

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn any_sequence_of_requests_leaves_what_a_plain_map_would_hold(
        requests in vec(vec(step(), 0..5), 1..7),
        encrypted: bool,
    ) {
        let (app, clock) = &APPS[usize::from(encrypted)];
        let jar = Jar::default();
        let mut model = Model::default();
        for steps in requests {
            clock.advance(Duration::from_millis(1));
            let before = model.data.clone();
            let visit = app.visit(&jar, move |session| {
                model.is_marked = false;
                model.came_as_somebody = model.user.is_some();
                model.compare(session);
                for step in &steps {
                    model.step(session, step);
                }
                model.commit();
                model
            });
            model = visit.found;
            model.check_jar(&jar);
            if !model.is_marked && model.data == before {
                prop_assert!(visit.set_cookies.is_empty(), "no change wrote {:?}", visit.set_cookies);
            }
        }
        clock.advance(Duration::from_millis(1));
        let seen = app.visit(&jar, Seen::of).found;
        prop_assert!(seen.flashes.iter().eq(&model.waiting));
    }
}
