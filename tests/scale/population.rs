//! Whose sessions there are, and what they hold: made from numbers, so that a million of them takes no room here.

use muffin_session::{Record, RecordKey, Timestamp, UserKey};

/// Bytes of a session's content.
const CONTENT: usize = 200;
/// How many sessions somebody has who uses many devices.
pub(crate) const SEVERAL: u32 = 10;
/// How many sessions user X has, whom an attacker or a script has logged in again and again.
pub(crate) const MANY: u32 = 1_000;

const HOUR: u64 = 60 * 60 * 1_000;
const FORTNIGHT: u64 = 14 * 24 * HOUR;

/// A record under its key.
pub(crate) type Row = (RecordKey, Record);

/// What kind of visitor a session is of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Anonymous,
    /// A user with one session.
    One,
    /// A user with [`SEVERAL`].
    Several,
    /// User X.
    Many,
    /// A user whose session has expired.
    Expired,
}

/// A session: the nth of its owner. Keys and content follow from it.
#[derive(Clone, Copy)]
pub(crate) struct Session {
    kind: Kind,
    owner: u32,
    nth: u32,
}

impl Session {
    /// The nth session of an owner.
    pub(crate) fn new(kind: Kind, owner: u32, nth: u32) -> Self {
        Self { kind, owner, nth }
    }

    /// Another session of the same owner, as after a rotation.
    pub(crate) fn next(self) -> Self {
        let nth = self.nth + 1;
        Self { nth, ..self }
    }

    fn of_owner(self) -> u64 {
        mix((self.kind as u64) << 32 | u64::from(self.owner))
    }

    pub(crate) fn key(self) -> RecordKey {
        let owner = self.of_owner();
        let own = mix(owner ^ mix(u64::from(self.nth)));
        RecordKey::from_bytes(words([owner, own, mix(own), mix(own ^ owner)]))
    }

    /// Whose it is: users' keys begin with what their sessions' keys begin with.
    pub(crate) fn user(self) -> Option<UserKey> {
        let owner = self.of_owner();
        let key = words([owner, mix(owner), mix(owner ^ 1), mix(owner ^ 2)]);
        (self.kind != Kind::Anonymous).then(|| UserKey::from_bytes(key))
    }

    /// Ends sometime in the next two weeks; or has ended in the hour before `now`, if it is one of those.
    pub(crate) fn record(self, now: Timestamp) -> Record {
        let mut random = Random::new(self.of_owner() ^ mix(u64::from(self.nth) << 1 | 1));
        let expires_at = match self.kind {
            Kind::Expired => now.as_millis() - 1 - random.below(HOUR / 2),
            _ => now.as_millis() + HOUR + random.below(FORTNIGHT),
        };
        let mut content = Vec::with_capacity(CONTENT);
        while content.len() < CONTENT {
            content.extend(random.next().to_le_bytes());
        }
        Record {
            user: self.user(),
            expires_at: Timestamp::from_millis(expires_at),
            version: random.next(),
            content,
        }
    }

    pub(crate) fn row(self, now: Timestamp) -> Row {
        (self.key(), self.record(now))
    }
}

/// Before everything in it expires that is to expire: when records are put there that have expired by now.
pub(crate) fn before(now: Timestamp) -> Timestamp {
    Timestamp::from_millis(now.as_millis() - HOUR)
}

/// What is in a store. Of a hundred sessions, ten are of anonymous visitors, ten of one user, and eighty of as many users.
pub(crate) struct Population {
    /// Those whose owner has no other.
    pub(crate) alone: Vec<Session>,
    /// How many of these there were.
    at_first: usize,
    /// How many users have [`SEVERAL`] sessions.
    pub(crate) several: u32,
    /// The next owner that nobody has been yet.
    next_owner: u32,
}

impl Population {
    pub(crate) fn new(sessions: u32) -> Self {
        let several = sessions / 100;
        let rest = sessions - several * SEVERAL;
        Self {
            alone: (0..rest).map(Self::lone).collect(),
            at_first: rest as usize,
            several,
            next_owner: rest,
        }
    }

    /// How many sessions too many there are, since some have been created.
    pub(crate) fn surplus(&self) -> usize {
        self.alone.len() - self.at_first
    }

    fn lone(owner: u32) -> Session {
        let kind = if owner.is_multiple_of(9) {
            Kind::Anonymous
        } else {
            Kind::One
        };
        Session::new(kind, owner, 0)
    }

    /// All sessions, in an order in which those of one user are apart.
    pub(crate) fn sessions(&self) -> impl Iterator<Item = Session> + '_ {
        (0..SEVERAL).flat_map(move |nth| {
            let part = self.alone.len().div_ceil(SEVERAL as usize);
            let alone = self.alone.iter().skip(part * nth as usize).take(part);
            let several = (0..self.several).map(move |user| Self::one_of_several(user, nth));
            alone.copied().chain(several)
        })
    }

    pub(crate) fn one_of_several(user: u32, nth: u32) -> Session {
        Session::new(Kind::Several, user, nth)
    }

    /// Somebody who has not been here yet.
    pub(crate) fn newcomer(&mut self) -> Session {
        self.next_owner += 1;
        Self::lone(self.next_owner)
    }
}

/// Numbers that look random, the same in each run.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(mix(seed))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number below a bound that is much smaller than what 64 bits hold.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(crate) fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).expect("less than a length")
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.index(last + 1));
        }
    }
}

/// Spreads a number over all 64 bits (the finalizer of `SplitMix64`), and no two to the same.
fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

fn words(words: [u64; 4]) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (place, word) in bytes.chunks_exact_mut(8).zip(words) {
        place.copy_from_slice(&word.to_be_bytes());
    }
    bytes
}
