//! One order of requests, from beginning to end, and what was seen on the way.

use std::fmt;

use axum::http::Method;

use crate::orders::{Kind, ONE, Order, Point};
use crate::site::{Answer, Begun, Browser, Deed, Key, Report, Seen, Site, Time, User, Work};

/// The key of a guest's data that a login carries on.
pub(crate) const CARRIED: Key = "carried";
/// The key of what is there at the beginning, and is not carried on.
pub(crate) const OWN: Key = "own";
/// The message that waits at the beginning.
pub(crate) const WAITING: u32 = 99;

/// How it begins, and how the application works.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    pub(crate) in_store: bool,
    /// Whether somebody is logged in at the beginning.
    pub(crate) is_logged_in: bool,
    /// Whether a session is read only when its request is handled, as where the request itself is slow on its way.
    pub(crate) is_read_late: bool,
    /// Time between two points.
    pub(crate) pause: Time,
}

/// Whose cookies the jar has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Session {
    /// The one at the beginning.
    First,
    /// That of the request with this number, which has logged somebody in.
    Of(usize),
    /// None: a logout has arrived.
    Over,
}

/// What is known of a request in the end. Points are their places in the order.
#[derive(Clone, Debug)]
pub(crate) struct Trace {
    pub(crate) kind: Kind,
    pub(crate) begins: usize,
    pub(crate) is_handled: usize,
    pub(crate) arrives: usize,
    /// Whose cookies it has brought.
    pub(crate) brought: Session,
    pub(crate) status: u16,
    pub(crate) set_cookies: Vec<String>,
    pub(crate) report: Report,
}

impl Trace {
    pub(crate) fn is_done(&self) -> bool {
        self.status == 200
    }

    /// Whether the two were never under way at once, and this one came first.
    pub(crate) fn is_before(&self, other: &Self) -> bool {
        self.arrives < other.begins
    }
}

pub(crate) struct Outcome {
    pub(crate) setting: Setting,
    order: Order,
    pub(crate) traces: Vec<Trace>,
    /// What a page saw afterwards.
    pub(crate) seen: Seen,
    pub(crate) shown: Vec<u32>,
}

/// What has to be read when a promise was broken.
impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?}", self.setting)?;
        for (request, point) in &self.order {
            let kind = self.traces[*request].kind;
            writeln!(f, "  {kind:?} {request} {point:?}")?;
        }
        for (request, trace) in self.traces.iter().enumerate() {
            writeln!(f, "{request}: {trace:?}")?;
        }
        write!(f, "afterwards: {:?}, shown: {:?}", self.seen, self.shown)
    }
}

/// A request on its way.
enum Way {
    /// Its session has not been read.
    Sent(Browser),
    Begun(Begun),
    Handled(Answer),
}

pub(crate) async fn run(site: &Site, setting: Setting, kinds: &[Kind], order: &Order) -> Outcome {
    let mut browser = begin(site, setting).await;
    let mut ways: Vec<Option<Way>> = kinds.iter().map(|_| None).collect();
    let mut traces: Vec<_> = kinds.iter().map(|kind| new_trace(*kind)).collect();
    let mut jar = Session::First;
    for (at, &(request, point)) in order.iter().enumerate() {
        site.advance(setting.pause);
        let work = Work {
            early: Vec::new(),
            late: vec![kinds[request].deed(request)],
        };
        let trace = &mut traces[request];
        let way = match (point, ways[request].take()) {
            (Point::Begins, None) => {
                (trace.begins, trace.brought) = (at, jar);
                if setting.is_read_late {
                    Way::Sent(Browser::with(&browser.jar.all()))
                } else {
                    Way::Begun(site.begin(0, Method::POST, &browser, work).await)
                }
            }
            (Point::IsHandled, Some(way)) => {
                let begun = match way {
                    Way::Sent(as_it_was) => site.begin(0, Method::POST, &as_it_was, work).await,
                    Way::Begun(begun) => begun,
                    Way::Handled(_) => unreachable!("it is handled once"),
                };
                let answer = begun.handle().await;
                trace.is_handled = at;
                trace.status = answer.status;
                trace.report = answer.report.clone();
                trace.set_cookies.clone_from(&answer.set_cookies);
                Way::Handled(answer)
            }
            (Point::Arrives, Some(Way::Handled(answer))) => {
                trace.arrives = at;
                browser.take(&answer.set_cookies, site.now());
                if trace.is_done() {
                    match trace.kind {
                        Kind::Login | Kind::LoginAsAnother => jar = Session::Of(request),
                        Kind::Logout => jar = Session::Over,
                        Kind::Read | Kind::Write | Kind::Flash => {}
                    }
                }
                continue;
            }
            _ => unreachable!("an order is one of points that follow"),
        };
        ways[request] = Some(way);
    }
    site.advance(setting.pause);
    let page = site
        .visit(0, Method::GET, &mut browser, &[Deed::Show])
        .await;
    let crate::site::Said::Messages(shown) = page.report.said[0].clone() else {
        unreachable!("it shows messages");
    };
    Outcome {
        setting,
        order: order.clone(),
        traces,
        seen: page.report.before,
        shown,
    }
}

/// A browser with data and a message that waits.
async fn begin(site: &Site, setting: Setting) -> Browser {
    let mut browser = Browser::default();
    let own = [Deed::Insert(OWN, 7), Deed::Flash(WAITING)];
    let deeds = if setting.is_logged_in {
        [&[Deed::Login(ONE)], &own[..]].concat()
    } else {
        [&[Deed::Insert(CARRIED, 8)], &own[..]].concat()
    };
    let answer = site.visit(0, Method::POST, &mut browser, &deeds).await;
    assert_eq!(answer.status, 200);
    browser
}

fn new_trace(kind: Kind) -> Trace {
    Trace {
        kind,
        begins: 0,
        is_handled: 0,
        arrives: 0,
        brought: Session::First,
        status: 0,
        set_cookies: Vec::new(),
        report: Report::default(),
    }
}

impl Setting {
    pub(crate) fn first_user(self) -> Option<User> {
        self.is_logged_in.then_some(ONE)
    }
}
