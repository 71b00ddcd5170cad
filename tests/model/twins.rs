//! The application and its model, to which the same happens, and which must not be told apart.

use std::collections::BTreeMap;

use axum::http::Method;
use muffin_session::{KeyId, Keys, Secret};
use muffin_session_tests::SECRET;

use crate::laws;
use crate::site::{Answer, Begun, Browser, Deed, Report, Site, Work};
use crate::state::{Jar, Name, Terms, World, Written};
use crate::steps::{Part, Step, Visit};
use crate::work::Request;

/// The most requests that are under way at once.
const UNDER_WAY: usize = 3;
/// The most copies that are kept: the next one takes the place of the oldest.
const COPIES: usize = 3;
/// With more flashes in a jar, requests add none: eight count, and which ones that are is not for the model to say.
const FLASHES: usize = 5;

enum UnderWay {
    Begun {
        browser: usize,
        begun: Begun,
        request: Box<Request>,
        late: Vec<Deed>,
        report: Report,
    },
    Handled {
        browser: usize,
        set_cookies: Vec<String>,
        written: Vec<Written>,
    },
}

type RealCopy = BTreeMap<String, String>;

pub(crate) struct Twins {
    site: Site,
    world: World,
    browsers: [Browser; 2],
    jars: [Jar; 2],
    copies: Vec<(RealCopy, Jar)>,
    under_way: Vec<UnderWay>,
    /// The names of cookies as the library has drawn them.
    names: BTreeMap<Name, String>,
    flashes_so_far: u32,
    looks: usize,
}

impl Twins {
    pub(crate) fn new(site: Site, terms: Terms) -> Self {
        let fixed = [(Name::Id, "id"), (Name::Guest, "guest"), (Name::Out, "out")];
        Self {
            site,
            world: World::new(terms),
            browsers: Default::default(),
            jars: Default::default(),
            copies: Vec::new(),
            under_way: Vec::new(),
            names: fixed
                .map(|(name, kind)| (name, format!("__Host-session.{kind}")))
                .into(),
            flashes_so_far: 0,
            looks: 0,
        }
    }

    /// Does what is to happen, and compares after each step.
    pub(crate) async fn run(mut self, steps: Vec<Step>) {
        for step in steps {
            self.advance(1);
            self.step(step).await;
            self.compare().await;
        }
        while !self.under_way.is_empty() {
            self.advance(1);
            self.go_on(0).await;
            self.compare().await;
        }
    }

    fn advance(&mut self, seconds: u64) {
        self.site.advance(seconds);
        self.world.now = self.site.now();
        for browser in &mut self.browsers {
            browser.forget(self.world.now);
        }
        for jar in &mut self.jars {
            jar.forget(self.world.now);
        }
    }

    async fn step(&mut self, step: Step) {
        match step {
            Step::Visit(visit) => {
                let before = self.under_way.len();
                self.begin(visit, Vec::new()).await;
                self.go_on(before).await;
                self.go_on(before).await;
            }
            Step::Begin(visit, late) if self.under_way.len() < UNDER_WAY => {
                self.begin(visit, late).await;
            }
            Step::GoOn(which) if which < self.under_way.len() => self.go_on(which).await,
            Step::PutBack(copy, part, browser) if copy < self.copies.len() => {
                self.put_back(copy, part, browser);
            }
            // What there is no room for, or none of.
            Step::Begin(..) | Step::GoOn(_) | Step::PutBack(..) => {}
            Step::Wait(seconds) => self.advance(seconds),
            Step::Copy(browser) => {
                let copy = (self.browsers[browser].jar.all(), self.jars[browser].clone());
                self.copies.insert(0, copy);
                self.copies.truncate(COPIES);
            }
            Step::Lose(browser, part) => self.lose(browser, part),
            Step::EndSessionsOf(user) => {
                let ended = self.site.sessions[0].end_sessions_of(user).await;
                assert_eq!(ended.is_ok(), self.world.terms.in_store);
                if self.world.terms.in_store {
                    self.world.end_sessions_of(user);
                }
            }
            Step::Rotate(process) => {
                let key = self.world.next_key(process);
                let secret = Secret::new(format!("{SECRET}{key}"));
                let rotated = self.site.sessions[process].keys().rotate(secret);
                assert_eq!(rotated.is_ok(), self.world.rotate(process, key));
            }
            Step::Forget(process) => {
                let (keys, oldest) = self.oldest_key(process);
                let removed = keys.remove(oldest);
                assert_eq!(removed.is_ok(), self.world.forget_key(process));
            }
            Step::Retire(process) => {
                let (keys, oldest) = self.oldest_key(process);
                let retired = keys.retire(oldest);
                assert_eq!(retired.is_ok(), self.world.retire_key(process));
            }
        }
    }

    fn oldest_key(&self, process: usize) -> (Keys, KeyId) {
        let keys = self.site.sessions[process].keys();
        let oldest = keys.list().last().expect("a key that signs").id;
        (keys, oldest)
    }

    /// Numbers the messages, and leaves out those that would be too many.
    fn numbered(&mut self, browser: usize, deeds: Vec<Deed>) -> Vec<Deed> {
        let mut wait = self.jars[browser].flashes();
        let mut number = |deed| match deed {
            Deed::Flash(_) if wait >= FLASHES => None,
            Deed::Flash(_) => {
                wait += 1;
                self.flashes_so_far += 1;
                Some(Deed::Flash(self.flashes_so_far))
            }
            deed => Some(deed),
        };
        deeds.into_iter().filter_map(&mut number).collect()
    }

    async fn begin(&mut self, visit: Visit, late: Vec<Deed>) {
        let Visit {
            browser,
            process,
            is_get,
            deeds,
        } = visit;
        let early = self.numbered(browser, deeds);
        let late = self.numbered(browser, late);
        let method = if is_get { Method::GET } else { Method::POST };
        let work = Work {
            early: early.clone(),
            late: late.clone(),
        };
        let site = &self.site;
        let begun = site
            .begin(process, method, &self.browsers[browser], work)
            .await;
        let mut request = self.world.begin(process, is_get, &self.jars[browser]);
        let mut report = Report {
            before: request.seen(),
            ..Report::default()
        };
        for deed in early {
            report.said.push(self.world.perform(&mut request, deed));
        }
        self.under_way.push(UnderWay::Begun {
            browser,
            begun,
            request: Box::new(request),
            late,
            report,
        });
    }

    async fn go_on(&mut self, which: usize) {
        match self.under_way.remove(which) {
            UnderWay::Begun {
                browser,
                begun,
                mut request,
                late,
                mut report,
            } => {
                let answer = begun.handle().await;
                for deed in late {
                    report.said.push(self.world.perform(&mut request, deed));
                }
                report.after = request.seen();
                assert_eq!(
                    answer.report, report,
                    "left: the application, right: the model"
                );
                let (status, written) = self.world.answer(*request);
                assert_eq!(answer.status, status);
                self.learn_names(&answer, &written);
                self.compare_written(&answer, &written);
                let handled = UnderWay::Handled {
                    browser,
                    set_cookies: answer.set_cookies,
                    written,
                };
                self.under_way.insert(which, handled);
            }
            UnderWay::Handled {
                browser,
                set_cookies,
                written,
            } => {
                let now = self.world.now;
                self.browsers[browser].take(&set_cookies, now);
                self.jars[browser].take(&written, now);
            }
        }
    }

    /// Some names are drawn at random: an answer that writes a cookie for the first time shows its name.
    fn learn_names(&mut self, answer: &Answer, written: &[Written]) {
        let is_known = |name: &str| self.names.values().any(|known| known == name);
        let set = answer.set_cookies.iter().filter_map(|cookie| {
            let (name, rest) = cookie.split_once('=')?;
            (!rest.starts_with(';') && !is_known(name)).then(|| name.to_owned())
        });
        let new: Vec<_> = set.collect();
        let mut data = new.iter().filter(|name| name.contains(".data."));
        let mut flashes = new.iter().filter(|name| name.contains(".flash."));
        for written in written {
            let Written::Set(name, ..) = written else {
                continue;
            };
            if self.names.contains_key(name) {
                continue;
            }
            match name {
                Name::Data(sid) => {
                    let drawn = data.next().expect("the data's name");
                    let slot = drawn.rsplit('.').next().expect("the slot");
                    self.world.slots.insert(*sid, slot.to_owned());
                    let seen = format!("__Host-session.seen.{slot}");
                    self.names.insert(Name::Seen(*sid), seen);
                    self.names.insert(*name, drawn.clone());
                }
                name => {
                    let drawn = flashes.next().expect("the flash's name");
                    self.names.insert(*name, drawn.clone());
                }
            }
        }
    }

    /// Each answer writes and removes what the model says, and nothing else.
    fn compare_written(&self, answer: &Answer, written: &[Written]) {
        let mut real: Vec<_> = answer
            .set_cookies
            .iter()
            .map(|cookie| {
                let (name, rest) = cookie.split_once('=').expect("name=value");
                let sign = if rest.starts_with(';') { "-" } else { "+" };
                format!("{sign}{name}")
            })
            .collect();
        let mut model: Vec<_> = written
            .iter()
            .map(|written| match written {
                Written::Set(name, ..) => format!("+{}", self.names[name]),
                Written::Removed(name) => format!("-{}", self.names[name]),
            })
            .collect();
        real.sort();
        model.sort();
        assert_eq!(real, model, "left: the application, right: the model");
    }

    fn names_of(jar: &Jar, part: Part) -> Vec<Name> {
        let is_of_it = |name: &&Name| match name {
            _ if part == Part::All => true,
            Name::Id => part == Part::Id,
            Name::Guest => part == Part::Guest,
            Name::Out => part == Part::Out,
            Name::Data(_) => part == Part::Data,
            Name::Seen(_) => part == Part::Seen,
            Name::Flash(_) => part == Part::Flashes,
        };
        jar.0.keys().filter(is_of_it).copied().collect()
    }

    fn lose(&mut self, browser: usize, part: Part) {
        for name in Self::names_of(&self.jars[browser], part) {
            self.jars[browser].0.remove(&name);
            self.browsers[browser].remove(&self.names[&name]);
        }
    }

    fn put_back(&mut self, copy: usize, part: Part, browser: usize) {
        // Of flashes there are never more than were in one jar.
        if matches!(part, Part::All | Part::Flashes) {
            self.lose(browser, part);
        }
        let (real, model) = &self.copies[copy];
        for name in Self::names_of(model, part) {
            let mut cookie = model.0[&name].clone();
            cookie.kept_until = None;
            self.jars[browser].0.insert(name, cookie);
            let name = &self.names[&name];
            self.browsers[browser].put(name, &real[name]);
        }
    }

    /// Looks at both browsers, each in another process, at their cookies, and at what the last copy is worth.
    async fn compare(&mut self) {
        for browser in 0..2 {
            let real = self.browsers[browser].jar.names();
            let names = self.jars[browser].0.keys().map(|name| &self.names[name]);
            let mut model: Vec<_> = names.cloned().collect();
            model.sort();
            assert_eq!(real, model, "left: the cookies, right: the model's");
        }
        let copy = self.copies.first();
        let copy = copy.map(|(real, model)| (Browser::with(real), model.clone()));
        // The other way round after the next step.
        self.looks += 1;
        let turn = self.looks % 2;
        for browser in 0..2 {
            let real = self.browsers[browser].clone();
            let jar = self.jars[browser].clone();
            self.look((browser + turn) % 2, &real, &jar).await;
        }
        if let Some((real, jar)) = &copy {
            self.look(turn, real, jar).await;
        }
    }

    /// What a page sees with these cookies. Its answer is thrown away.
    async fn look(&mut self, process: usize, browser: &Browser, jar: &Jar) {
        let work = Work {
            early: vec![Deed::Show],
            late: Vec::new(),
        };
        let begun = self.site.begin(process, Method::HEAD, browser, work).await;
        let answer = begun.handle().await;
        let mut request = self.world.begin(process, true, jar);
        request.is_unseen = true;
        let before = request.seen();
        let said = vec![self.world.perform(&mut request, Deed::Show)];
        let report = Report {
            after: before.clone(),
            before,
            said,
        };
        assert_eq!(
            answer.report, report,
            "left: the application, right: the model"
        );
        laws::hold(&self.world, &request);
        let (status, _) = self.world.answer(request);
        assert_eq!(answer.status, status);
    }
}
