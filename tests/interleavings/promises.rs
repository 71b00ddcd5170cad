//! What the design promises, looked for in what has come of an order of requests.

use crate::orders::{KEYS, Kind};
use crate::runs::{CARRIED, OWN, Outcome, Session, Trace, WAITING};
use crate::site::{Said, User, share};

/// Looks for all of them.
pub(crate) fn hold(outcome: &Outcome) {
    let check = |broken: Option<String>| {
        assert!(
            broken.is_none(),
            "{}:\n{outcome:?}",
            broken.unwrap_or_default()
        );
    };
    for trace in &outcome.traces {
        check(says_what_it_has_done(trace));
        check(outcome.sees_whoever_the_jar_says(trace));
    }
    check(outcome.is_whoever_logged_in_last());
    check(outcome.has_no_data_of_another());
    check(outcome.has_what_was_written());
    check(outcome.has_shown_what_was_to_be_shown());
}

/// An answer is done or lost, and one that is lost leaves no trace in the browser.
fn says_what_it_has_done(trace: &Trace) -> Option<String> {
    let is_lost = trace.status == 401 && trace.set_cookies.is_empty();
    let may_be_lost = !matches!(trace.kind, Kind::Read | Kind::Logout);
    let is_answered = trace.is_done() || (is_lost && may_be_lost);
    (!is_answered).then(|| format!("{} is no answer", trace.status))
}

impl Outcome {
    /// Whose session some cookies are: nobody's, if a logout that was under way when it was begun, or later, has arrived since.
    fn counting(&self, session: Session, at: usize) -> Session {
        let Session::Of(login) = session else {
            return session;
        };
        let begins = self.traces[login].begins;
        let is_over = self.traces.iter().any(|trace| {
            trace.kind == Kind::Logout && trace.arrives < at && begins < trace.arrives
        });
        if is_over { Session::Over } else { session }
    }

    fn user_of(&self, session: Session) -> Option<User> {
        match session {
            Session::First => self.setting.first_user(),
            Session::Of(login) => self.traces[login].kind.user(),
            Session::Over => None,
        }
    }

    /// What the jar has in the end.
    fn last_session(&self) -> Session {
        let ends = self
            .traces
            .iter()
            .enumerate()
            .filter(|(_, trace)| trace.kind.ends_sessions() && trace.is_done());
        let last = ends.max_by_key(|(_, trace)| trace.arrives);
        let session = last.map_or(Session::First, |(request, trace)| match trace.kind {
            Kind::Logout => Session::Over,
            _ => Session::Of(request),
        });
        self.counting(session, usize::MAX)
    }

    /// A request is of whoever its cookies say. If it is nobody's, something has ended that session.
    fn sees_whoever_the_jar_says(&self, request: &Trace) -> Option<String> {
        let expected = self.user_of(self.counting(request.brought, request.begins));
        let is_read = if self.setting.is_read_late {
            request.is_handled
        } else {
            request.begins
        };
        let has_ended = self.traces.iter().any(|trace| {
            trace.kind.ends_sessions()
                && trace.brought == request.brought
                && trace.is_handled < is_read
        });
        match request.report.before.user {
            user if user == expected => None,
            None if has_ended => None,
            user => Some(format!("a request sees {user:?} in place of {expected:?}")),
        }
    }

    /// Promises 1 and 6: a login lasts until a logout or another login, and an answer to what was begun before a logout logs nobody in.
    fn is_whoever_logged_in_last(&self) -> Option<String> {
        let expected = self.user_of(self.last_session());
        (self.seen.user != expected)
            .then(|| format!("{:?} is logged in in place of {expected:?}", self.seen.user))
    }

    /// The sessions whose data a session has: its own, and those of the same user that it has taken over.
    fn line_of(&self, session: Session) -> Vec<Session> {
        let mut line = vec![session];
        let mut next = session;
        while let Session::Of(login) = next {
            let trace = &self.traces[login];
            if trace.report.before.user != trace.kind.user() {
                break;
            }
            next = trace.brought;
            line.push(next);
        }
        line
    }

    /// Promises 5 and 6: who is logged in and the data belong together.
    fn has_no_data_of_another(&self) -> Option<String> {
        let session = self.last_session();
        let line = self.line_of(session);
        for (key, number) in &self.seen.data {
            let is_carried = key == CARRIED && *number < share(Some(1));
            let is_own = number / share(Some(1)) == self.seen.user.map_or(0, u32::from);
            let writer = KEYS.iter().position(|known| known == key);
            let is_of_line = match writer {
                Some(writer) => line.contains(&self.traces[writer].brought),
                None => line.contains(&Session::First),
            };
            // A guest is nobody in particular: what a late answer brings back is a guest's all the same.
            let is_guest = self.seen.user.is_none();
            if !(is_carried || is_own && (is_of_line || is_guest)) {
                return Some(format!("{key}: {number} is there, of another session"));
            }
        }
        None
    }

    /// Promises 1 and 2: in a store nothing is lost that was written to a session that goes on. In cookies it is lost to another write alone,
    /// which was begun before it had arrived and has arrived after it.
    fn has_what_was_written(&self) -> Option<String> {
        let session = self.last_session();
        let nothing_ends = !self.traces.iter().any(|trace| trace.kind.ends_sessions());
        if self.seen.user.is_none() && !nothing_ends {
            return None;
        }
        let line = if self.setting.in_store {
            self.line_of(session)
        } else {
            vec![session]
        };
        let has_first = session == Session::First || self.setting.in_store;
        if has_first
            && line.contains(&Session::First)
            && self.seen.data.get(OWN) != Some(&(share(self.seen.user) + 7))
        {
            return Some("what was there at the beginning is lost".to_owned());
        }
        for (number, trace) in self.traces.iter().enumerate() {
            let is_written = trace.kind == Kind::Write
                && trace.is_done()
                && trace.report.said == [Said::Done]
                && trace.report.before.user == self.seen.user
                && line.contains(&trace.brought);
            let overwrites = |other: &Trace| {
                other.kind == Kind::Write
                    && other.brought == trace.brought
                    && other.begins < trace.arrives
                    && trace.arrives < other.arrives
            };
            let may_be_lost = !self.setting.in_store && self.traces.iter().any(overwrites);
            if is_written && !may_be_lost && !self.seen.data.contains_key(KEYS[number]) {
                return Some(format!("what request {number} has written is lost"));
            }
        }
        None
    }

    /// Promise 9: a message that was left is shown, or waits, and nobody else sees it. It is dropped by a logout, by a login over another
    /// user's, and where a login or logout was under way together with it, since then it was for somebody who is not there any more. So it is
    /// where two logins overlap, and the later one finds that the session has ended whose messages its cookies bring.
    fn has_shown_what_was_to_be_shown(&self) -> Option<String> {
        let ends: Vec<_> = self
            .traces
            .iter()
            .filter(|trace| trace.kind.ends_sessions())
            .collect();
        let drops = |trace: &Trace| {
            let before = trace.report.before.user;
            let brought = self.user_of(self.counting(trace.brought, trace.begins));
            trace.kind == Kind::Logout
                || before != brought
                || (before.is_some() && before != trace.kind.user())
        };
        let reads = self
            .traces
            .iter()
            .filter_map(|trace| match &trace.report.said[..] {
                [Said::Messages(shown)] => Some((trace.report.before.user, shown)),
                _ => None,
            });
        let pages: Vec<_> = reads.chain([(self.seen.user, &self.shown)]).collect();
        let is_shown = |message: u32| pages.iter().any(|(_, shown)| shown.contains(&message));

        if !ends.iter().any(|trace| drops(trace)) && !is_shown(WAITING) {
            return Some("the message that waited is lost".to_owned());
        }
        for (number, trace) in self.traces.iter().enumerate() {
            if trace.kind != Kind::Flash {
                continue;
            }
            let message = u32::try_from(number).expect("a small number");
            let is_left = trace.is_done() && trace.report.said == [Said::Done];
            let is_alone = ends
                .iter()
                .all(|end| end.is_before(trace) || trace.is_before(end));
            let is_dropped = ends.iter().any(|end| trace.is_before(end) && drops(end));
            if is_left && is_alone && !is_dropped && !is_shown(message) {
                return Some(format!("message {message} is lost"));
            }
            let owner = trace.report.before.user;
            let of_another = pages
                .iter()
                .any(|(user, shown)| shown.contains(&message) && owner.is_some() && *user != owner);
            if of_another {
                return Some(format!("somebody else sees message {message}"));
            }
        }
        None
    }
}
