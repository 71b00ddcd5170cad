//! The answer to a request of the model: what is kept in the store, and which cookies are written and removed. The model of "Writing".

use crate::reading::Verdict;
use crate::site::Time;
use crate::state::{
    Body, Cookie, FLASH, GRACE, Identity, MARK, Message, Name, Record, UNDER_WAY, World, Written,
};
use crate::work::{Former, Known, Request};

/// What a request is told whose session was ended before it was answered.
const ENDED: u16 = 401;
const DONE: u16 = 200;

/// Of other sessions' cookies, so many are removed at once.
const MOST_LEFTOVERS: usize = 4;

impl World {
    /// Makes the answer: its status, and what it does to the jar.
    pub(crate) fn answer(&mut self, mut request: Request) -> (u16, Vec<Written>) {
        let kept = if self.terms.in_store {
            self.keep_in_store(&mut request)
        } else {
            self.keep_in_cookies(&mut request)
        };
        kept.map_or((ENDED, Vec::new()), |written| (DONE, written))
    }

    fn cookie(&self, process: usize, body: Body) -> Cookie {
        Cookie {
            body,
            issued: self.now,
            key: self.processes[process].keys[0],
            kept_until: None,
        }
    }

    /// None if the session that it builds on has ended.
    fn keep_in_cookies(&mut self, request: &mut Request) -> Option<Vec<Written>> {
        let process = request.process;
        let adds = request.added.iter().any(|(_, is_shown)| !is_shown);
        let changes = adds || !request.data.are_none();
        if request.former != Former::Ends && self.has_forgotten_the_key_of(request) {
            let loses = !request.is_lost && (changes || request.former == Former::Renewed);
            return (!loses).then(Vec::new);
        }
        match (request.former, request.session, request.identity) {
            (Former::Ends, ..) => {
                if let Some((identity, issued)) = request.brought_identity {
                    self.end_login(process, &identity, issued);
                }
            }
            (Former::Renewed, Some((old, _)), Some(new)) => {
                let (_, issued) = request.brought_identity?;
                if !self.replace(process, &old, issued, new.sid) {
                    return None;
                }
            }
            (Former::Stays, Some((identity, _)), _) => {
                let (_, issued) = request.brought_identity?;
                let verdict = self.verdict(process, &identity, issued, true);
                if verdict != Verdict::Counts {
                    let loses = !request.is_lost && changes;
                    return (!loses).then(Vec::new);
                }
            }
            _ => {}
        }
        if request.is_lost {
            return Some(Vec::new());
        }
        let mut written = self.mark(request);
        match request.identity {
            Some(identity) => self.login_cookies(request, &identity, &mut written),
            None => self.guest_cookies(request, &mut written),
        }
        self.leftovers(request, &mut written);
        self.flashes(request, &mut written);
        Some(written)
    }

    /// Whether the key of the identity that counted when the request came is not configured any more.
    fn has_forgotten_the_key_of(&self, request: &Request) -> bool {
        let keys = &self.processes[request.process].keys;
        let identity = request.jar.0.get(&Name::Id);
        request.session.is_some() && identity.is_some_and(|cookie| !keys.contains(&cookie.key))
    }

    fn mark(&self, request: &Request) -> Vec<Written> {
        match request.mark {
            Some(mark) if request.has_logged_out => {
                let cookie = self.cookie(request.process, Body::Mark(mark));
                vec![Written::Set(Name::Out, cookie, Some(MARK))]
            }
            _ => Vec::new(),
        }
    }

    fn login_cookies(&self, request: &Request, identity: &Identity, written: &mut Vec<Written>) {
        let process = request.process;
        let is_new = request
            .session
            .is_none_or(|(old, _)| old.sid != identity.sid);
        if is_new {
            let mut cookie = self.cookie(process, Body::Identity(*identity));
            // A renewal is no later activity than its request.
            if request.former == Former::Renewed {
                cookie.issued = request.came;
            }
            written.push(Written::Set(Name::Id, cookie, None));
            if request.own.contains(&Name::Guest) {
                written.push(Written::Removed(Name::Guest));
            }
        }
        if is_new || !request.data.are_none() {
            let data = Body::Data(request.data.now.clone());
            let name = Name::Data(identity.sid);
            written.push(Written::Set(name, self.cookie(process, data), None));
        }
        if let (Some(idle_timeout), Some((old, last_activity))) =
            (self.terms.idle_timeout, request.session)
        {
            let tenth = idle_timeout / 10;
            let is_due = request.came - last_activity >= tenth && self.now - request.came < tenth;
            if old.sid == identity.sid && is_due {
                let mut cookie = self.cookie(process, Body::Seen);
                cookie.issued = request.came;
                written.push(Written::Set(Name::Seen(old.sid), cookie, None));
            }
        }
    }

    fn guest_cookies(&self, request: &Request, written: &mut Vec<Written>) {
        let process = request.process;
        let is_changed = !request.data.are_none();
        let is_there = request.own.contains(&Name::Guest);
        if request.has_logged_out && request.own.contains(&Name::Id) {
            written.push(Written::Removed(Name::Id));
        }
        if is_changed && !request.data.now.is_empty() {
            let data = Body::Guest(request.data.now.clone());
            written.push(Written::Set(Name::Guest, self.cookie(process, data), None));
        } else if (is_changed || request.has_logged_out) && is_there {
            written.push(Written::Removed(Name::Guest));
        }
    }

    /// What other sessions have left in the jar, and the session that this request has ended or renewed.
    fn leftovers(&self, request: &Request, written: &mut Vec<Written>) {
        let own = request.session.map(|(identity, _)| identity.sid);
        let is_another = request.former != Former::Stays;
        if let Some(sid) = own.filter(|_| is_another) {
            written.push(Written::Removed(Name::Data(sid)));
            if request.own.contains(&Name::Seen(sid)) {
                written.push(Written::Removed(Name::Seen(sid)));
            }
        }
        // Beside an identity that does not count, nobody knows whose they are until a login or logout.
        if own.is_none() && request.jar.0.contains_key(&Name::Id) && !is_another {
            return;
        }
        let mut others: Vec<_> = request
            .jar
            .0
            .iter()
            .filter_map(|(name, cookie)| match name {
                Name::Data(sid) if Some(*sid) != own => Some((0, &self.slots[sid], name, cookie)),
                Name::Seen(sid) if Some(*sid) != own => Some((1, &self.slots[sid], name, cookie)),
                _ => None,
            })
            .collect();
        others.sort_by_key(|(kind, slot, ..)| (*kind, *slot));
        let looked_at = others.into_iter().take(MOST_LEFTOVERS);
        for (.., name, cookie) in looked_at {
            if self.verifies(request.process, cookie) {
                written.push(Written::Removed(*name));
            }
        }
    }

    /// Messages are for whoever the visitor is once the answer has arrived.
    fn flashes(&mut self, request: &mut Request, written: &mut Vec<Written>) {
        let audience = request.identity.map(|identity| identity.sid.login);
        let moves = audience != request.audience();
        let adds = request.added.iter().any(|(_, is_shown)| !is_shown);
        if moves || adds {
            self.open(request);
        }
        let mut next_index = 0;
        for waiting in request.waiting.iter().flatten() {
            next_index = next_index.max(waiting.message.index + 1);
            if waiting.is_shown {
                written.push(Written::Removed(waiting.name));
            } else if moves {
                let message = Message {
                    audience,
                    ..waiting.message
                };
                let cookie = Cookie {
                    issued: waiting.issued,
                    ..self.cookie(request.process, Body::Flash(message))
                };
                let left = (waiting.issued + FLASH).saturating_sub(self.now);
                written.push(Written::Set(waiting.name, cookie, Some(left)));
            }
        }
        for (index, (number, is_shown)) in (next_index..).zip(&request.added) {
            if !is_shown {
                let message = Message {
                    audience,
                    index,
                    number: *number,
                };
                let cookie = self.cookie(request.process, Body::Flash(message));
                written.push(Written::Set(Name::Flash(*number), cookie, Some(FLASH)));
            }
        }
    }

    /// None if the session that it builds on has ended.
    fn keep_in_store(&mut self, request: &mut Request) -> Option<Vec<Written>> {
        let before = request.record;
        let kept = if request.is_lost {
            None
        } else {
            self.save(request)?
        };
        if request.is_lost {
            return Some(Vec::new());
        }
        let mut written = self.mark(request);
        let process = request.process;
        let handle = |handle| self.cookie(process, Body::Handle(handle));
        match (request.identity, kept) {
            (Some(_), Some(kept)) if request.handle != Some(kept) => {
                written.push(Written::Set(Name::Id, handle(kept), None));
            }
            (None, _) if request.has_logged_out && request.handle.is_some() => {
                written.push(Written::Removed(Name::Id));
            }
            _ => {}
        }
        let guest = request.jar.0.get(&Name::Guest);
        let guest = guest.filter(|_| request.own.contains(&Name::Guest));
        match (request.identity, kept, guest) {
            (None, Some(kept), guest)
                if guest.is_none_or(|guest| guest.body != Body::Handle(kept)) =>
            {
                written.push(Written::Set(Name::Guest, handle(kept), None));
            }
            (None, None, Some(_)) => {
                let is_emptied = before.is_some() && !request.data.are_none();
                if request.has_logged_out || is_emptied {
                    written.push(Written::Removed(Name::Guest));
                }
            }
            (Some(identity), _, Some(_)) => {
                let is_new = request
                    .session
                    .is_none_or(|(old, _)| old.sid != identity.sid);
                if is_new {
                    written.push(Written::Removed(Name::Guest));
                }
            }
            _ => {}
        }
        self.flashes(request, &mut written);
        Some(written)
    }

    /// Where the session is kept from now on, if anywhere. None if it has ended.
    #[allow(
        clippy::option_option,
        reason = "kept somewhere, nowhere, or not at all"
    )]
    fn save(&mut self, request: &Request) -> Option<Option<u32>> {
        let Some(identity) = request.identity else {
            return self.save_guest(request);
        };
        let kept = match request.record {
            None => {
                // Nothing of a nobody's is there, or a logout has come before.
                let handle = self.keep(None, Some(identity), request.data.now.clone(), self.now);
                if let (Some(stale), Former::Ends) = (request.handle, request.former) {
                    self.end_record(stale);
                }
                handle
            }
            Some(known) => match known.identity {
                Some(before) if before.sid == identity.sid => self.save_login(request, &known)?,
                Some(before) => self.move_record(request, &known, &before)?,
                None => {
                    let data = match self.record(known.handle) {
                        Some(Record::Session { data, .. }) => {
                            let carried = self.terms.carried;
                            let mut data = data.clone();
                            data.retain(|key, _| key == carried);
                            request.data.apply_to(data)
                        }
                        _ => request.data.now.clone(),
                    };
                    self.store.remove(&known.handle);
                    let handle = self.keep(None, Some(identity), data, self.now);
                    if let Some(stale) = request.handle {
                        self.end_record(stale);
                    }
                    handle
                }
            },
        };
        Some(Some(kept))
    }

    /// Puts a session into the store, under its handle or a new one.
    fn keep(
        &mut self,
        handle: Option<u32>,
        identity: Option<Identity>,
        data: crate::state::Data,
        last_seen: Time,
    ) -> u32 {
        let handle = handle.unwrap_or_else(|| self.new_id());
        let version = self.new_id();
        let record = Record::Session {
            identity,
            data,
            last_seen,
            version,
        };
        self.store.insert(handle, record);
        handle
    }

    /// Data that has changed, or activity, in a record that must still be there.
    fn save_login(&mut self, request: &Request, known: &Known) -> Option<u32> {
        let found = match self.record(known.handle) {
            Some(Record::Session {
                data,
                last_seen,
                version,
                ..
            }) => Some((data.clone(), *last_seen, *version)),
            _ => None,
        };
        if !request.data.are_none() {
            let (data, last_seen, _) = found?;
            let data = request.data.apply_to(data);
            let last_seen = last_seen.max(request.came);
            self.keep(Some(known.handle), request.identity, data, last_seen);
        } else if let Some((data, last_seen, version)) = found {
            let idle = self.terms.idle_timeout.map_or(Time::MAX, |idle| idle / 10);
            let due = idle.min(600);
            let brought = request
                .session
                .map_or(0, |(_, last_activity)| last_activity);
            let is_due = request.came - brought >= due && self.now - request.came < due;
            if is_due && version == known.version {
                let last_seen = last_seen.max(request.came);
                self.keep(Some(known.handle), request.identity, data, last_seen);
            }
        }
        Some(known.handle)
    }

    /// A renewal, or a login over a login: the record moves in one step, if it is there.
    fn move_record(&mut self, request: &Request, known: &Known, before: &Identity) -> Option<u32> {
        let Some(Record::Session {
            data, last_seen, ..
        }) = self.record(known.handle)
        else {
            return None;
        };
        let (data, last_seen) = (data.clone(), *last_seen);
        let identity = request.identity?;
        let data = if before.user == identity.user {
            request.data.apply_to(data)
        } else {
            request.data.now.clone()
        };
        if request.former == Former::Renewed {
            let last_seen = last_seen.max(request.came);
            let handle = self.keep(None, Some(identity), data, last_seen);
            let left = Record::Renewed {
                user: identity.user,
                successor: handle,
                readable_until: self.now + GRACE,
                gone: self.now + UNDER_WAY,
            };
            self.store.insert(known.handle, left);
            Some(handle)
        } else {
            self.ended.insert((before.sid.login, None));
            self.store.remove(&known.handle);
            Some(self.keep(None, Some(identity), data, self.now))
        }
    }

    #[allow(clippy::option_option, reason = "as above")]
    fn save_guest(&mut self, request: &Request) -> Option<Option<u32>> {
        let known = request.record.filter(|known| known.identity.is_none());
        if request.data.are_none() {
            return Some(known.map(|known| known.handle));
        }
        let Some(known) = known else {
            let data = request.data.now.clone();
            return Some((!data.is_empty()).then(|| self.keep(None, None, data, self.now)));
        };
        let found = match self.record(known.handle) {
            Some(Record::Session {
                identity: None,
                data,
                ..
            }) => Some(data.clone()),
            _ => None,
        };
        match found {
            Some(data) => {
                let data = request.data.apply_to(data);
                if data.is_empty() && request.data.now.is_empty() {
                    self.store.remove(&known.handle);
                    Some(None)
                } else {
                    Some(Some(self.keep(Some(known.handle), None, data, self.now)))
                }
            }
            // Of one that is to be removed, nothing has to be there.
            None if request.data.now.is_empty() => Some(None),
            None => None,
        }
    }
}
