//! A request of the model, and what its handler's work makes of the session that it has read.

use std::collections::{BTreeMap, BTreeSet};

use crate::site::{Deed, Said, Seen, Time, share};
use crate::state::{Body, Cookie, Data, FLASH, Identity, Jar, Message, Name, Sid, World};

/// What becomes of the session that a request brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Former {
    Stays,
    Renewed,
    /// A login or logout takes its place.
    Ends,
}

/// A record that a request has read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) handle: u32,
    pub(crate) version: u32,
    /// None for a guest's.
    pub(crate) identity: Option<Identity>,
}

/// A message that the request brought.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) name: Name,
    pub(crate) issued: Time,
    pub(crate) message: Message,
    pub(crate) is_shown: bool,
}

/// Data, and what was done to it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes {
    /// As it was read.
    pub(crate) before: Data,
    pub(crate) now: Data,
    was_cleared: bool,
    /// Whether they have nothing to do with what was read, since somebody else has logged in.
    are_anothers: bool,
    /// Numbers that were added to what was read, and what there was to be if there was nothing.
    added: BTreeMap<String, Vec<(u32, u32)>>,
}

impl Changes {
    pub(crate) fn of(data: Data) -> Self {
        Self {
            now: data.clone(),
            before: data,
            ..Self::default()
        }
    }

    pub(crate) fn are_none(&self) -> bool {
        self.before == self.now
    }

    fn insert(&mut self, key: &str, number: u32) {
        self.added.remove(key);
        self.now.insert(key.to_owned(), number);
    }

    fn remove(&mut self, key: &str) -> Option<u32> {
        self.added.remove(key);
        self.now.remove(key)
    }

    fn add(&mut self, key: &str, share: u32, number: u32) -> u32 {
        let follows = !self.was_cleared && self.before.get(key) == self.now.get(key);
        if follows || self.added.contains_key(key) {
            let added = self.added.entry(key.to_owned()).or_default();
            added.push((share, number));
        }
        let value = self.now.entry(key.to_owned()).or_insert(share);
        *value += number;
        *value
    }

    fn clear(&mut self) {
        self.was_cleared = true;
        self.added.clear();
        self.now.clear();
    }

    fn keep_only(&mut self, kept: &str) {
        self.now.retain(|key, _| key == kept);
        self.added.retain(|key, _| key == kept);
    }

    /// The request's own changes, done to what a record says by then: keys that it has set, keys that it has removed, and additions, which are
    /// done once more.
    pub(crate) fn apply_to(&self, mut data: Data) -> Data {
        if self.was_cleared || self.are_anothers {
            data.clear();
        }
        for key in self.before.keys() {
            if !self.now.contains_key(key) {
                data.remove(key);
            }
        }
        for (key, number) in &self.now {
            if let Some(added) = self.added.get(key) {
                for (share, number) in added {
                    *data.entry(key.clone()).or_insert(*share) += number;
                }
            } else if self.was_cleared || self.before.get(key) != Some(number) {
                data.insert(key.clone(), *number);
            }
        }
        data
    }
}

/// A request that has begun.
#[derive(Clone, Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is something that holds or does not"
)]
pub(crate) struct Request {
    pub(crate) process: usize,
    pub(crate) came: Time,
    /// Whether it is a GET or HEAD.
    pub(crate) only_reads: bool,
    /// Whether it is a HEAD, whose answer nobody sees.
    pub(crate) is_unseen: bool,
    /// The cookies that it brought.
    pub(crate) jar: Jar,
    /// Those of them that the process took for its own when it came.
    pub(crate) own: BTreeSet<Name>,
    /// The mark that it brought, or has made.
    pub(crate) mark: Option<u32>,
    /// The identity that it brought, whether it counts or not, and when its cookie was issued.
    pub(crate) brought_identity: Option<(Identity, Time)>,
    /// The same in a store.
    pub(crate) handle: Option<u32>,
    /// The identity that counted, and its last activity.
    pub(crate) session: Option<(Identity, Time)>,
    /// The record that counted.
    pub(crate) record: Option<Known>,
    /// Whether it may change nothing that belongs to its session, since that has ended.
    pub(crate) is_lost: bool,

    /// Who is logged in now.
    pub(crate) identity: Option<Identity>,
    pub(crate) data: Changes,
    /// The messages that it brought, once something has asked for them.
    pub(crate) waiting: Option<Vec<Waiting>>,
    /// The messages that it adds, and whether they were shown.
    pub(crate) added: Vec<(u32, bool)>,
    pub(crate) former: Former,
    pub(crate) has_logged_out: bool,
}

impl Request {
    pub(crate) fn of_nobody(process: usize, came: Time, only_reads: bool, jar: Jar) -> Self {
        Self {
            process,
            came,
            only_reads,
            is_unseen: false,
            jar,
            own: BTreeSet::new(),
            mark: None,
            brought_identity: None,
            handle: None,
            session: None,
            record: None,
            is_lost: false,
            identity: None,
            data: Changes::default(),
            waiting: None,
            added: Vec::new(),
            former: Former::Stays,
            has_logged_out: false,
        }
    }

    pub(crate) fn log_in(&mut self, identity: &Identity, last_activity: Time) {
        self.session = Some((*identity, last_activity));
        self.identity = Some(*identity);
    }

    /// The login whose flashes the request's are.
    pub(crate) fn audience(&self) -> Option<u32> {
        self.session.map(|(identity, _)| identity.sid.login)
    }

    pub(crate) fn seen(&self) -> Seen {
        Seen {
            user: self.identity.map(|identity| identity.user),
            data: self.data.now.clone(),
        }
    }
}

impl World {
    /// What a session answers to a deed, and what it makes of the request.
    pub(crate) fn perform(&mut self, request: &mut Request, deed: Deed) -> Said {
        let belongs_to_the_session = !matches!(deed, Deed::Login(_) | Deed::Logout | Deed::Show);
        if deed == Deed::Renew && request.identity.is_none() {
            return Said::NotLoggedIn;
        }
        if request.is_lost && belongs_to_the_session {
            return Said::Ended;
        }
        let share = share(request.identity.map(|identity| identity.user));
        match deed {
            Deed::Insert(key, number) => request.data.insert(key, share + number),
            Deed::Remove(key) => return Said::Value(request.data.remove(key)),
            Deed::Clear => request.data.clear(),
            Deed::Add(key, number) => {
                return Said::Value(Some(request.data.add(key, share, number)));
            }
            Deed::Flash(number) => request.added.push((number, false)),
            Deed::Show => return Said::Messages(self.show(request)),
            Deed::Login(user) => self.log_in(request, user),
            Deed::Renew => {
                if let Some(identity) = &mut request.identity {
                    identity.sid.session = self.new_id();
                }
                if request.former == Former::Stays {
                    request.former = Former::Renewed;
                }
            }
            Deed::Logout => self.log_out(request),
        }
        Said::Done
    }

    /// A login begins a session, whoever was there before. Of a guest's data it takes what it was told to, of the same user's all, of
    /// another's nothing: neither data nor messages.
    fn log_in(&mut self, request: &mut Request, user: u8) {
        let before = request.identity.map(|identity| identity.user);
        match before {
            None => request.data.keep_only(self.terms.carried),
            Some(before) if before == user => {}
            Some(_) => {
                request.data = Changes {
                    are_anothers: true,
                    ..Changes::default()
                };
            }
        }
        if request.session.is_some() && before != Some(user) {
            self.open(request);
            for waiting in request.waiting.iter_mut().flatten() {
                waiting.is_shown = true;
            }
        }
        let login = self.new_id();
        request.identity = Some(Identity {
            sid: Sid {
                login,
                session: self.new_id(),
            },
            user,
            started: self.now,
            expires: self.now + self.terms.lifetime,
            out: request.mark,
        });
        request.former = Former::Ends;
        request.is_lost = false;
    }

    /// A logout ends the session at once, in the process or the store.
    fn log_out(&mut self, request: &mut Request) {
        if let Some((identity, issued)) = request.brought_identity {
            self.end_login(request.process, &identity, issued);
        }
        let records = [
            request.handle,
            request.record.take().map(|known| known.handle),
        ];
        for handle in records.into_iter().flatten() {
            self.end_record(handle);
        }
        self.open(request);
        for waiting in request.waiting.iter_mut().flatten() {
            waiting.is_shown = true;
        }
        request.identity = None;
        request.data = Changes::default();
        request.former = Former::Ends;
        request.is_lost = false;
        request.has_logged_out = true;
        request.mark = Some(self.new_id());
    }

    /// Each is shown once. A request that is lost could not take them out of the jar, and shows none.
    fn show(&mut self, request: &mut Request) -> Vec<u32> {
        if request.is_lost {
            return Vec::new();
        }
        self.open(request);
        let is_seen = !request.is_unseen;
        let mut shown = Vec::new();
        for waiting in request.waiting.iter_mut().flatten() {
            if !waiting.is_shown {
                waiting.is_shown = is_seen;
                shown.push(waiting.message.number);
            }
        }
        for (number, is_shown) in &mut request.added {
            if !*is_shown {
                *is_shown = is_seen;
                shown.push(*number);
            }
        }
        shown
    }

    /// Looks for the messages that the request brought: those that are not too old, and for whoever it came from.
    pub(crate) fn open(&self, request: &mut Request) {
        if request.waiting.is_some() {
            return;
        }
        let audience = request.audience();
        let waits = |(name, cookie): (&Name, &Cookie)| match &cookie.body {
            Body::Flash(message)
                if message.audience == audience
                    && self.now < cookie.issued + FLASH
                    && self.verifies(request.process, cookie) =>
            {
                Some(Waiting {
                    name: *name,
                    issued: cookie.issued,
                    message: *message,
                    is_shown: false,
                })
            }
            _ => None,
        };
        let mut waiting: Vec<_> = request.jar.0.iter().filter_map(waits).collect();
        waiting.sort_by_key(|waiting| (waiting.issued, waiting.message.index));
        request.waiting = Some(waiting);
    }
}
