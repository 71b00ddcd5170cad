//! What may happen, one thing after the other.

use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::site::{Deed, Key, Time, User};

/// Which cookies of a jar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    All,
    Id,
    Data,
    Seen,
    Guest,
    Out,
    Flashes,
}

#[derive(Clone, PartialEq)]
pub(crate) enum Step {
    /// A request, and its answer.
    Visit(Visit),
    /// A request that has begun, and whose handler is yet to do the rest of its work.
    Begin(Visit, Vec<Deed>),
    /// One of those that are under way is handled, or where it has been, its answer arrives.
    GoOn(usize),
    Wait(Time),
    /// Somebody copies a browser's cookies.
    Copy(usize),
    /// Some of the cookies of a copy are put into a browser, of the same person or another one.
    PutBack(usize, Part, usize),
    /// A browser loses some of its cookies.
    Lose(usize, Part),
    EndSessionsOf(User),
    /// A process gets another key to sign with.
    Rotate(usize),
    /// A process forgets the oldest of several keys.
    Forget(usize),
    /// A process refuses from now on what is issued under the oldest of several keys.
    Retire(usize),
}

#[derive(Clone, PartialEq)]
pub(crate) struct Visit {
    pub(crate) browser: usize,
    pub(crate) process: usize,
    pub(crate) is_get: bool,
    pub(crate) deeds: Vec<Deed>,
}

impl fmt::Debug for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = if self.is_get { "GET" } else { "POST" };
        let Self {
            browser,
            process,
            deeds,
            ..
        } = self;
        write!(
            f,
            "browser {browser}, {method} to process {process}: {deeds:?}"
        )
    }
}

/// So that a sequence that has been shrunk can be read like a story.
impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Visit(visit) => visit.fmt(f),
            Self::Begin(visit, late) => write!(f, "{visit:?}, and when it goes on: {late:?}"),
            Self::GoOn(which) => write!(f, "request {which} that is under way goes on"),
            Self::Wait(seconds) => write!(f, "{seconds} seconds"),
            Self::Copy(browser) => write!(f, "browser {browser} is copied"),
            Self::PutBack(copy, part, browser) => {
                write!(f, "{part:?} of copy {copy} into browser {browser}")
            }
            Self::Lose(browser, part) => write!(f, "browser {browser} loses {part:?}"),
            Self::EndSessionsOf(user) => write!(f, "all sessions of {user} end"),
            Self::Rotate(process) => write!(f, "process {process} gets a new key"),
            Self::Forget(process) => write!(f, "process {process} forgets its oldest key"),
            Self::Retire(process) => write!(f, "process {process} retires its oldest key"),
        }
    }
}

const KEYS: [Key; 3] = ["a", "b", "c"];
pub(crate) const CARRIED: Key = "c";

fn deed() -> impl Strategy<Value = Deed> {
    let key = || select(&KEYS[..]);
    prop_oneof![
        4 => (1..=3_u8).prop_map(Deed::Login),
        2 => Just(Deed::Logout),
        2 => Just(Deed::Renew),
        4 => (key(), 0..4_u32).prop_map(|(key, number)| Deed::Insert(key, number)),
        1 => key().prop_map(Deed::Remove),
        1 => Just(Deed::Clear),
        2 => (key(), 1..4_u32).prop_map(|(key, number)| Deed::Add(key, number)),
        3 => Just(Deed::Flash(0)),
        2 => Just(Deed::Show),
    ]
}

/// A handler's work: at most one deed of it is about logins.
fn deeds(most: usize) -> impl Strategy<Value = Vec<Deed>> {
    vec(deed(), 0..=most).prop_map(|mut deeds| {
        let mut has_one = false;
        deeds.retain(|deed| {
            !(deed.is_about_logins() && std::mem::replace(&mut has_one, deed.is_about_logins()))
        });
        deeds
    })
}

fn visit() -> impl Strategy<Value = Visit> {
    let is_get = prop_oneof![4 => Just(false), 1 => Just(true)];
    (0..2_usize, 0..2_usize, is_get, deeds(2)).prop_map(|(browser, process, is_get, deeds)| Visit {
        browser,
        process,
        is_get,
        deeds,
    })
}

fn part() -> impl Strategy<Value = Part> {
    select(vec![
        Part::All,
        Part::All,
        Part::Id,
        Part::Data,
        Part::Seen,
        Part::Guest,
        Part::Out,
        Part::Flashes,
    ])
}

fn step() -> impl Strategy<Value = Step> {
    const HOUR: Time = 3_600;
    let seconds = vec![
        5,
        29,
        61,
        179,
        300,
        601,
        HOUR / 2,
        HOUR,
        2 * HOUR,
        13 * HOUR,
        25 * HOUR,
        31 * 24 * HOUR,
    ];
    prop_oneof![
        12 => visit().prop_map(Step::Visit),
        6 => (visit(), deeds(1)).prop_map(|(visit, late)| Step::Begin(visit, late)),
        8 => (0..3_usize).prop_map(Step::GoOn),
        3 => select(seconds).prop_map(Step::Wait),
        2 => (0..2_usize).prop_map(Step::Copy),
        3 => (0..3_usize, part(), 0..2_usize)
            .prop_map(|(copy, part, browser)| Step::PutBack(copy, part, browser)),
        1 => (0..2_usize, part()).prop_map(|(browser, part)| Step::Lose(browser, part)),
        1 => (1..=3_u8).prop_map(Step::EndSessionsOf),
        1 => (0..2_usize).prop_map(Step::Rotate),
        1 => (0..2_usize, any::<bool>()).prop_map(|(process, retires)| if retires {
            Step::Retire(process)
        } else {
            Step::Forget(process)
        }),
    ]
}

pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    vec(step(), 1..=40)
}
