//! The model's state: what cookies, records and processes say, with nothing of how they say it. Ids are numbers, and a signature is the
//! number of the key that made it: whoever has a cookie can put it back, and nobody can make one.

use std::collections::{BTreeMap, BTreeSet};

use crate::site::{Time, User};

/// Data, by key.
pub(crate) type Data = BTreeMap<String, u32>;

/// A session's id: that of its login, and one of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sid {
    pub(crate) login: u32,
    pub(crate) session: u32,
}

/// Who is logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) sid: Sid,
    pub(crate) user: User,
    pub(crate) started: Time,
    pub(crate) expires: Time,
    /// The mark of the logout that the login's request knew of.
    pub(crate) out: Option<u32>,
}

/// The names of cookies. Those of a session's data and activity follow from its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Name {
    Id,
    Guest,
    Out,
    Data(Sid),
    Seen(Sid),
    Flash(u32),
}

/// What a cookie says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    Identity(Identity),
    Data(Data),
    Guest(Data),
    Seen,
    Flash(Message),
    Mark(u32),
    /// Where a store has the session of somebody logged in, or a guest's data.
    Handle(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// The login that it is for, or nobody.
    pub(crate) audience: Option<u32>,
    /// Its place among those of one answer.
    pub(crate) index: u32,
    pub(crate) number: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cookie {
    pub(crate) body: Body,
    pub(crate) issued: Time,
    pub(crate) key: u32,
    /// When a browser drops it. A thief does not.
    pub(crate) kept_until: Option<Time>,
}

/// A browser's cookies, or a copy of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Jar(pub(crate) BTreeMap<Name, Cookie>);

impl Jar {
    pub(crate) fn forget(&mut self, now: Time) {
        self.0
            .retain(|_, cookie| cookie.kept_until.is_none_or(|until| now < until));
    }

    /// The flashes in it, whether they count or not.
    pub(crate) fn flashes(&self) -> usize {
        let is_flash = |name: &&Name| matches!(name, Name::Flash(_));
        self.0.keys().filter(is_flash).count()
    }

    pub(crate) fn take(&mut self, written: &[Written], now: Time) {
        for written in written {
            match written {
                Written::Set(name, cookie, lasts) => {
                    let cookie = Cookie {
                        kept_until: lasts.map(|lasts| now + lasts),
                        ..cookie.clone()
                    };
                    self.0.insert(*name, cookie);
                }
                Written::Removed(name) => drop(self.0.remove(name)),
            }
        }
        self.forget(now);
    }
}

/// What an answer does to the jar.
#[derive(Clone, Debug)]
pub(crate) enum Written {
    /// And how long a browser is told to keep it.
    Set(Name, Cookie, Option<Time>),
    Removed(Name),
}

/// A record of a store.
#[derive(Clone, Debug)]
pub(crate) enum Record {
    Session {
        /// None for a guest's data.
        identity: Option<Identity>,
        data: Data,
        last_seen: Time,
        /// Another one for each thing that it has said.
        version: u32,
    },
    /// What a renewal leaves for a minute.
    Renewed {
        user: User,
        successor: u32,
        readable_until: Time,
        gone: Time,
    },
}

/// What a process knows of a login that it has renewed or ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct History {
    /// The session of it that counts, if one does.
    pub(crate) current: Option<u32>,
    /// The one before, and until when it may be read.
    pub(crate) previous: Option<u32>,
    pub(crate) readable_until: Time,
    /// When it was last renewed, or ended.
    pub(crate) at: Time,
    /// When the login would have ended anyway.
    pub(crate) until: Time,
}

/// One process of the application.
#[derive(Clone, Debug)]
pub(crate) struct Process {
    /// What is known here of logins that were renewed or have ended. No other process hears of it.
    pub(crate) histories: BTreeMap<u32, History>,
    /// The keys that verify: the first one signs.
    pub(crate) keys: Vec<u32>,
    /// Keys that are retired, and since when.
    pub(crate) retired: BTreeMap<u32, Time>,
}

/// How the application is configured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// Whether sessions are in a store that both processes share, or in cookies.
    pub(crate) in_store: bool,
    pub(crate) lifetime: Time,
    pub(crate) guest_lifetime: Time,
    pub(crate) idle_timeout: Option<Time>,
    /// The one key of a guest's data that a login carries on.
    pub(crate) carried: &'static str,
}

/// How long a mark counts: as long as the longest login, which is one that is remembered.
pub(crate) const MARK: Time = 30 * 24 * 3_600;
/// How much clocks may differ.
pub(crate) const SKEW: Time = 60;
/// The most keys of a process.
pub(crate) const KEYS: usize = 4;
/// How long a flash waits.
pub(crate) const FLASH: Time = 600;
/// How long what was renewed may still be read.
pub(crate) const GRACE: Time = 30;
/// How long it is remembered that a session has just ended, so that a request under way hears that what it writes is lost.
pub(crate) const UNDER_WAY: Time = 60;

/// Everything that is on the servers.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) terms: Terms,
    pub(crate) now: Time,
    pub(crate) processes: [Process; 2],
    pub(crate) store: BTreeMap<u32, Record>,
    /// The last id that was given out: ids are never given out twice.
    last_id: u32,
    /// The last key that was made. The keys are numbered, too.
    last_key: u32,
    /// The part of a cookie's name that the library has drawn for a session. It decides nothing but the order of cookies.
    pub(crate) slots: BTreeMap<Sid, String>,
    /// Logins that have been ended: where, if not everywhere.
    pub(crate) ended: BTreeSet<(u32, Option<usize>)>,
}

impl World {
    pub(crate) fn new(terms: Terms) -> Self {
        let process = Process {
            histories: BTreeMap::new(),
            keys: vec![0],
            retired: BTreeMap::new(),
        };
        Self {
            terms,
            now: 0,
            processes: [process.clone(), process],
            store: BTreeMap::new(),
            last_id: 0,
            last_key: 0,
            slots: BTreeMap::new(),
            ended: BTreeSet::new(),
        }
    }

    pub(crate) fn new_id(&mut self) -> u32 {
        self.last_id += 1;
        self.last_id
    }

    /// The key that a process is to sign with from now on: the newest one, if the other process has it first.
    pub(crate) fn next_key(&mut self, process: usize) -> u32 {
        let newest = self.processes.iter().map(|process| process.keys[0]).max();
        match newest {
            Some(newest) if self.processes[process].keys[0] < newest => newest,
            _ => {
                self.last_key += 1;
                self.last_key
            }
        }
    }

    /// Has a process sign with a key, if there is room for it: keys that were retired so long ago that they verify nothing take none.
    pub(crate) fn rotate(&mut self, process: usize, key: u32) -> bool {
        let now = self.now;
        let Process { keys, retired, .. } = &mut self.processes[process];
        let is_spent = |key: &u32| retired.get(key).is_some_and(|since| now >= since + MARK);
        let mut rotated = vec![key];
        rotated.extend(keys.iter().copied().filter(|key| !is_spent(key)));
        let has_room = rotated.len() <= KEYS;
        if has_room {
            *keys = rotated;
        }
        has_room
    }

    /// Has a process forget its oldest key, if that is not the one that signs.
    pub(crate) fn forget_key(&mut self, process: usize) -> bool {
        let keys = &mut self.processes[process].keys;
        keys.len() > 1 && keys.pop().is_some()
    }

    /// Has a process refuse what is issued under its oldest key from now on, if that is not the one that signs.
    pub(crate) fn retire_key(&mut self, process: usize) -> bool {
        let now = self.now;
        let Process { keys, retired, .. } = &mut self.processes[process];
        match keys[..] {
            [_, .., oldest] => {
                retired.entry(oldest).or_insert(now);
                true
            }
            _ => false,
        }
    }

    /// Whether a process takes a cookie for its own.
    pub(crate) fn verifies(&self, process: usize, cookie: &Cookie) -> bool {
        let Process { keys, retired, .. } = &self.processes[process];
        let is_over = |since: &Time| cookie.issued > since + SKEW || self.now >= since + MARK;
        keys.contains(&cookie.key) && !retired.get(&cookie.key).is_some_and(is_over)
    }

    /// The record under a handle, if its time is not over.
    pub(crate) fn record(&self, handle: u32) -> Option<&Record> {
        let record = self.store.get(&handle)?;
        let until = match record {
            Record::Renewed { gone, .. } => *gone,
            Record::Session {
                identity: None,
                last_seen,
                ..
            } => last_seen + self.terms.guest_lifetime,
            Record::Session {
                identity: Some(identity),
                last_seen,
                ..
            } => {
                let idle = self.terms.idle_timeout.map(|idle| last_seen + idle);
                idle.map_or(identity.expires, |idle| idle.min(identity.expires))
            }
        };
        (self.now < until).then_some(record)
    }

    /// Ends the session under a handle, and if it was renewed, its successors.
    pub(crate) fn end_record(&mut self, handle: u32) {
        let mut next = Some(handle);
        while let Some(handle) = next.take() {
            match self.record(handle) {
                Some(Record::Renewed { successor, .. }) => next = Some(*successor),
                Some(Record::Session {
                    identity: Some(identity),
                    ..
                }) => drop(self.ended.insert((identity.sid.login, None))),
                _ => {}
            }
            self.store.remove(&handle);
        }
    }

    /// Ends all sessions of a user, which takes a store.
    pub(crate) fn end_sessions_of(&mut self, user: User) {
        let ended = &mut self.ended;
        self.store.retain(|_, record| match record {
            Record::Session {
                identity: Some(identity),
                ..
            } if identity.user == user => {
                ended.insert((identity.sid.login, None));
                false
            }
            Record::Renewed { user: whose, .. } => *whose != user,
            Record::Session { .. } => true,
        });
    }

    /// Has a process know that a login has ended, whichever of its sessions counts there.
    pub(crate) fn end_login(&mut self, process: usize, identity: &Identity, issued: Time) {
        let now = self.now;
        if identity.expires <= now {
            return;
        }
        self.ended.insert((identity.sid.login, Some(process)));
        let history = self.history(process, identity, issued);
        if history.current.take().is_some() {
            history.at = now.max(issued);
        }
    }

    /// Puts another session of a login in this one's place, if this one counts. Whether it took place.
    pub(crate) fn replace(
        &mut self,
        process: usize,
        old: &Identity,
        issued: Time,
        successor: Sid,
    ) -> bool {
        let now = self.now;
        if old.expires <= now {
            return false;
        }
        let history = self.history(process, old, issued);
        let comes_from_elsewhere = history.current.is_some() && issued > history.at;
        if history.current != Some(old.sid.session) && !comes_from_elsewhere {
            return false;
        }
        *history = History {
            current: Some(successor.session),
            previous: Some(old.sid.session),
            readable_until: now + GRACE,
            at: now,
            until: old.expires,
        };
        true
    }

    fn history(&mut self, process: usize, identity: &Identity, issued: Time) -> &mut History {
        let now = self.now;
        let histories = &mut self.processes[process].histories;
        histories
            .entry(identity.sid.login)
            .or_insert_with(|| History {
                current: Some(identity.sid.session),
                previous: None,
                readable_until: 0,
                at: now.max(issued),
                until: identity.expires,
            })
    }
}
