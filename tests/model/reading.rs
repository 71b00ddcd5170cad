//! What a request's cookies are worth, and what is read of its session: the model of "What counts".
//!
//! This is also what somebody has who has a copy of a jar, or parts of several: they can send any cookies that were ever in a jar, to any
//! process, at any time, and no others. What that gives is decided here and nowhere else:
//!
//! - **In cookies** an identity is worth something until its login's time is over (`lifetime`, or `idle timeout` after the last activity
//!   that a cookie of the copy shows), in each process that has not itself seen the login end or go on under another id. A logout is seen by the
//!   process that answered it. A mark in the jar ends all logins that were made without it, but a thief leaves it out.
//! - Data counts with the identity of the same session alone. So an old copy of one's own data counts again for as long as that session does,
//!   and data of anybody else, or of another login of one's own, never does.
//! - A guest's data counts for `guest lifetime`, for whoever has it while nobody is logged in.
//! - **In a store** a handle is worth what its record says now: nothing once it has ended, in any process. There is no older data to go back to.
//! - A flash can be shown again until its ten minutes are over, to the same login, or if it was for nobody, to nobody.
//! - Nothing counts of a key that is not configured any more, and a request that came before writes nothing that goes on from it.

use crate::site::Time;
use crate::state::{Body, Cookie, Data, History, Identity, Jar, Name, Record, UNDER_WAY, World};
use crate::work::{Changes, Known, Request};

/// Whether an identity counts by what a process has seen.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Counts,
    /// It was renewed: it can be read for a while, and nothing else.
    MayBeRead,
    Ended {
        at: Time,
    },
}

impl World {
    /// Reads the session of a request that comes now.
    pub(crate) fn begin(&self, process: usize, only_reads: bool, jar: &Jar) -> Request {
        let mut request = Request::of_nobody(process, self.now, only_reads, jar.clone());
        request.own = jar
            .0
            .iter()
            .filter(|(_, cookie)| self.verifies(process, cookie))
            .map(|(name, _)| *name)
            .collect();
        request.mark = match self.shown(process, jar, Name::Out) {
            Some(Cookie {
                body: Body::Mark(mark),
                issued,
                ..
            }) if self.now < issued + crate::state::MARK => Some(*mark),
            _ => None,
        };
        if self.terms.in_store {
            self.read_from_store(&mut request);
        } else {
            self.read_from_cookies(&mut request);
        }
        request
    }

    /// The cookie of this name, if the process takes it for its own.
    pub(crate) fn shown<'j>(&self, process: usize, jar: &'j Jar, name: Name) -> Option<&'j Cookie> {
        jar.0
            .get(&name)
            .filter(|cookie| self.verifies(process, cookie))
    }

    /// Whether a login's time has not come, and no mark has ended it.
    fn is_in_time(&self, identity: &Identity, mark: Option<u32>) -> bool {
        self.now < identity.expires && (mark.is_none() || identity.out == mark)
    }

    /// What a process has seen of a session's login.
    pub(crate) fn verdict(
        &self,
        process: usize,
        identity: &Identity,
        issued: Time,
        only_reads: bool,
    ) -> Verdict {
        let history = self.processes[process].histories.get(&identity.sid.login);
        let Some(history) = history.filter(|history| self.now < history.until) else {
            return Verdict::Counts;
        };
        let History {
            current,
            previous,
            readable_until,
            at,
            ..
        } = *history;
        let session = Some(identity.sid.session);
        // What was issued after the last change that is known here was renewed by the other process.
        if current == session || (current.is_some() && issued > at) {
            Verdict::Counts
        } else if current.is_some()
            && previous == session
            && only_reads
            && self.now < readable_until
        {
            Verdict::MayBeRead
        } else {
            Verdict::Ended { at }
        }
    }

    fn read_from_cookies(&self, request: &mut Request) {
        let jar = request.jar.clone();
        let process = request.process;
        if let Some(cookie) = self.shown(process, &jar, Name::Id)
            && let Body::Identity(identity) = &cookie.body
        {
            request.brought_identity = Some((*identity, cookie.issued));
            self.read_identity(request, identity, cookie.issued);
        }
        if request.identity.is_none()
            && let Some(cookie) = self.shown(process, &jar, Name::Guest)
            && let Body::Guest(data) = &cookie.body
            && self.now < cookie.issued + self.terms.guest_lifetime
        {
            request.data = Changes::of(data.clone());
        }
    }

    fn read_identity(&self, request: &mut Request, identity: &Identity, issued: Time) {
        if !self.is_in_time(identity, request.mark) {
            return;
        }
        let verdict = self.verdict(request.process, identity, issued, request.only_reads);
        if let Verdict::Ended { at } = verdict {
            request.is_lost = self.now < at + UNDER_WAY;
            return;
        }
        let seen = self.shown(request.process, &request.jar, Name::Seen(identity.sid));
        let last_activity = seen.map_or(issued, |seen| seen.issued.max(issued));
        let idle_timeout = self.terms.idle_timeout;
        if idle_timeout.is_some_and(|idle_timeout| self.now >= last_activity + idle_timeout) {
            return;
        }
        let data = self.shown(request.process, &request.jar, Name::Data(identity.sid));
        if let Some(Cookie {
            body: Body::Data(data),
            ..
        }) = data
        {
            request.is_lost = verdict == Verdict::MayBeRead;
            request.data = Changes::of(data.clone());
            request.log_in(identity, last_activity);
        }
    }

    fn read_from_store(&self, request: &mut Request) {
        let handle = |name| match self.shown(request.process, &request.jar, name) {
            Some(Cookie {
                body: Body::Handle(handle),
                ..
            }) => Some(*handle),
            _ => None,
        };
        let (login, guest) = (handle(Name::Id), handle(Name::Guest));
        request.handle = login;
        if let Some(login) = login {
            match self.record(login) {
                Some(Record::Renewed {
                    successor,
                    readable_until,
                    ..
                }) => {
                    request.is_lost = true;
                    if request.only_reads && self.now < *readable_until {
                        self.read_successor(request, *successor);
                    }
                }
                _ => self.read_record(request, login),
            }
        }
        if request.identity.is_none()
            && let Some(guest) = guest
            && let Some(Record::Session {
                identity: None,
                data,
                version,
                ..
            }) = self.record(guest)
        {
            request.record = Some(Known {
                handle: guest,
                version: *version,
                identity: None,
            });
            request.data = Changes::of(data.clone());
        }
    }

    fn read_record(&self, request: &mut Request, handle: u32) {
        if let Some((identity, data, last_seen, version)) = self.login_in(handle, request.mark) {
            request.record = Some(Known {
                handle,
                version,
                identity: Some(identity),
            });
            request.data = Changes::of(data);
            request.log_in(&identity, last_seen);
        }
    }

    /// What was renewed several times within its grace leads from one to the next.
    fn read_successor(&self, request: &mut Request, handle: u32) {
        if let Some(Record::Renewed {
            successor,
            readable_until,
            ..
        }) = self.record(handle)
        {
            if self.now < *readable_until {
                self.read_successor(request, *successor);
            }
        } else if let Some((identity, data, last_seen, _)) = self.login_in(handle, request.mark) {
            request.data = Changes::of(data);
            request.log_in(&identity, last_seen);
        }
    }

    /// The login that a record says, if it counts.
    fn login_in(&self, handle: u32, mark: Option<u32>) -> Option<(Identity, Data, Time, u32)> {
        match self.record(handle) {
            Some(Record::Session {
                identity: Some(identity),
                data,
                last_seen,
                version,
            }) if self.is_in_time(identity, mark) => {
                Some((*identity, data.clone(), *last_seen, *version))
            }
            _ => None,
        }
    }
}
