//! The load: visitors who go on asking whatever they are answered, and remember what they were promised.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use muffin_session_tests::{Answer as _, Browser, Site};
use reqwest::Method;
use serde_json::Value;
use tokio::task::{JoinHandle, JoinSet};

use crate::site::{CANNOT_BE_TOLD, NOBODY};

/// How long a visitor rests after an answer.
const REST: Duration = Duration::from_millis(15);

/// What a visitor asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Read,
    Count,
    Insert,
    Login,
    Logout,
    /// A page that asks for no session, of somebody who has one.
    Plain,
    /// A page that asks for the user, of somebody without cookies.
    Anonymous,
    /// A page that asks for the user, of somebody who is logged in, and does without if nobody can tell.
    Public,
}

impl Kind {
    /// Those that need the store.
    pub(crate) const ASKING: [Self; 5] = [
        Self::Read,
        Self::Count,
        Self::Insert,
        Self::Login,
        Self::Logout,
    ];

    /// Those that are answered with 200, whatever the store does.
    pub(crate) fn needs_no_store(self) -> bool {
        matches!(self, Self::Plain | Self::Anonymous | Self::Public)
    }
}

/// An answer.
#[derive(Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) kind: Kind,
    pub(crate) begun: Instant,
    pub(crate) ended: Instant,
    pub(crate) is_success: bool,
}

/// All visitors.
pub(crate) struct Load {
    site: Arc<Watch>,
    others: JoinSet<()>,
    counted: Vec<JoinHandle<Vec<u64>>>,
    inserted: Vec<JoinHandle<(Browser, Vec<u64>)>>,
    logins: JoinHandle<Vec<(Browser, u64)>>,
    logouts: JoinHandle<Vec<Browser>>,
    counter: Browser,
}

/// What the visitors share.
struct Watch {
    base: String,
    over: AtomicBool,
    numbers: AtomicU64,
    seen: Mutex<Vec<Seen>>,
}

/// What a load has come to.
pub(crate) struct Sums {
    pub(crate) counts_sent: usize,
    pub(crate) counts_acknowledged: usize,
    pub(crate) count: usize,
    pub(crate) inserts: usize,
    pub(crate) logins: usize,
    pub(crate) logouts: usize,
}

impl Load {
    /// Lets them in.
    pub(crate) async fn begin(site: &Site) -> Self {
        let site = Arc::new(Watch {
            base: site.url(""),
            over: AtomicBool::new(false),
            numbers: AtomicU64::new(1_000),
            seen: Mutex::default(),
        });
        let mut others = JoinSet::new();
        let reader = site.user().await;
        others.spawn(read(site.clone(), reader.clone()));
        others.spawn(read(site.clone(), site.user().await));
        others.spawn(public(site.clone(), reader.clone()));
        others.spawn(plain(site.clone(), reader.0));
        others.spawn(anonymous(site.clone()));
        // Two count in one session, and insert in another one, so that they meet.
        let (counter, _) = site.user().await;
        let counts = (0..2).map(|_| tokio::spawn(count(site.clone(), counter.clone())));
        let (inserter, _) = site.user().await;
        let all = [inserter.clone(), inserter, site.browser()];
        let inserts = all.map(|browser| tokio::spawn(insert(site.clone(), browser)));
        Self {
            counted: counts.collect(),
            inserted: inserts.into(),
            logins: tokio::spawn(login(site.clone())),
            logouts: tokio::spawn(logout(site.clone())),
            others,
            counter,
            site,
        }
    }

    /// What has been answered so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.site.seen.lock().unwrap().clone()
    }

    /// Waits until each kind has been answered with success once more, since a time.
    pub(crate) async fn wait_for_success_since(&self, since: Instant) {
        let succeeds = |kind: Kind| {
            let is_it = |seen: &Seen| seen.kind == kind && seen.is_success && seen.ended >= since;
            self.site.seen.lock().unwrap().iter().rev().any(is_it)
        };
        muffin_session_tests::redis_servers::wait_for("success of each kind", async || {
            Kind::ASKING.into_iter().all(succeeds)
        })
        .await;
    }

    /// Ends it while the store is well, and looks whether it has all that was promised.
    pub(crate) async fn end(mut self) -> Sums {
        self.site.over.store(true, Ordering::Relaxed);
        while let Some(visitor) = self.others.join_next().await {
            visitor.unwrap();
        }

        let mut promised = Vec::new();
        for counter in self.counted {
            promised.extend(counter.await.unwrap());
        }
        let data: Value = serde_json::from_str(&self.counter.text("/data").await).unwrap();
        let mut counted: Vec<u64> = serde_json::from_value(data["counted"].clone()).unwrap();
        let count = usize::try_from(data["count"].as_u64().unwrap()).unwrap();
        assert_eq!(count, counted.len(), "both are changed, or neither");
        counted.sort_unstable();
        assert!(
            counted.windows(2).all(|pair| pair[0] != pair[1]),
            "a request was counted twice"
        );
        for number in &promised {
            assert!(counted.contains(number), "the count of {number} is lost");
        }
        let is_count = |seen: &&Seen| seen.kind == Kind::Count;
        let sent = self
            .site
            .seen
            .lock()
            .unwrap()
            .iter()
            .filter(is_count)
            .count();
        assert!((promised.len()..=sent).contains(&count));

        let mut inserts = 0;
        for inserter in self.inserted {
            let (browser, keys) = inserter.await.unwrap();
            let data: Value = serde_json::from_str(&browser.text("/data").await).unwrap();
            for key in &keys {
                assert_eq!(data[format!("k{key}")], *key, "an insert is lost");
            }
            inserts += keys.len();
        }

        let logins = self.logins.await.unwrap();
        for (browser, user) in &logins {
            assert_eq!(browser.text("/me").await, user.to_string(), "still in");
        }
        let logouts = self.logouts.await.unwrap();
        for thief in &logouts {
            assert_eq!(thief.text("/me").await, NOBODY, "a logout stays one");
        }
        Sums {
            counts_sent: sent,
            counts_acknowledged: promised.len(),
            count,
            inserts,
            logins: logins.len(),
            logouts: logouts.len(),
        }
    }
}

impl Watch {
    fn browser(&self) -> Browser {
        Browser::new(self.base.clone(), muffin_session_tests::Jar::default())
    }

    fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    fn goes_on(&self) -> bool {
        !self.over.load(Ordering::Relaxed)
    }

    /// Somebody who has logged in, and the user's id.
    async fn user(&self) -> (Browser, u64) {
        let (browser, user) = (self.browser(), self.number());
        let answer = browser.post(&format!("/login?n={user}")).await;
        assert_eq!(answer.status(), 200);
        (browser, user)
    }

    /// Asks once, and gives the page if there is one. There is nothing else but a 503, which leaves the cookies alone.
    async fn ask(
        &self,
        kind: Kind,
        browser: &Browser,
        method: Method,
        path: &str,
    ) -> Option<String> {
        let begun = Instant::now();
        let answer = browser.request(method, path).send().await.unwrap();
        let (status, cookies) = (answer.status(), answer.set_cookies());
        let text = answer.text().await.unwrap();
        self.seen.lock().unwrap().push(Seen {
            kind,
            begun,
            ended: Instant::now(),
            is_success: status == 200,
        });
        tokio::time::sleep(REST).await;
        if status == 200 {
            return Some(text);
        }
        assert_eq!(status, 503, "{kind:?}: {text}");
        assert!(!kind.needs_no_store(), "{kind:?} needs no store");
        assert!(cookies.is_empty(), "{kind:?}: {cookies:?}");
        None
    }
}

async fn read(site: Arc<Watch>, (browser, user): (Browser, u64)) {
    while site.goes_on() {
        if let Some(page) = site.ask(Kind::Read, &browser, Method::GET, "/me").await {
            assert_eq!(page, user.to_string(), "nobody is logged out");
        }
    }
}

async fn public(site: Arc<Watch>, (browser, user): (Browser, u64)) {
    while site.goes_on() {
        let page = site
            .ask(Kind::Public, &browser, Method::GET, "/public")
            .await
            .unwrap();
        assert!(page == user.to_string() || page == CANNOT_BE_TOLD, "{page}");
    }
}

async fn plain(site: Arc<Watch>, browser: Browser) {
    while site.goes_on() {
        site.ask(Kind::Plain, &browser, Method::GET, "/plain").await;
    }
}

async fn anonymous(site: Arc<Watch>) {
    let browser = site.browser();
    while site.goes_on() {
        let page = site
            .ask(Kind::Anonymous, &browser, Method::GET, "/me")
            .await;
        assert_eq!(page.as_deref(), Some(NOBODY));
    }
}

/// The requests that were said to have been counted.
async fn count(site: Arc<Watch>, browser: Browser) -> Vec<u64> {
    let mut promised = Vec::new();
    while site.goes_on() {
        let number = site.number();
        let path = format!("/count?n={number}");
        let counted = site.ask(Kind::Count, &browser, Method::POST, &path).await;
        promised.extend(counted.map(|_| number));
    }
    promised
}

/// The keys that were said to be there.
async fn insert(site: Arc<Watch>, browser: Browser) -> (Browser, Vec<u64>) {
    let mut promised = Vec::new();
    while site.goes_on() {
        let key = site.number();
        let path = format!("/insert?n={key}");
        let inserted = site.ask(Kind::Insert, &browser, Method::POST, &path).await;
        promised.extend(inserted.map(|_| key));
    }
    (browser, promised)
}

/// Those who were said to be logged in.
async fn login(site: Arc<Watch>) -> Vec<(Browser, u64)> {
    let mut promised = Vec::new();
    while site.goes_on() {
        let (browser, user) = (site.browser(), site.number());
        let path = format!("/login?n={user}");
        if site
            .ask(Kind::Login, &browser, Method::POST, &path)
            .await
            .is_some()
        {
            promised.push((browser, user));
        }
    }
    promised
}

/// Copies of the cookies of those who were said to be logged out.
async fn logout(site: Arc<Watch>) -> Vec<Browser> {
    let mut promised = Vec::new();
    while site.goes_on() {
        let (browser, user) = (site.browser(), site.number());
        let path = format!("/login?n={user}");
        if site
            .ask(Kind::Login, &browser, Method::POST, &path)
            .await
            .is_none()
        {
            continue;
        }
        let thief = browser.stolen();
        while site.goes_on() {
            let left = site
                .ask(Kind::Logout, &browser, Method::POST, "/logout")
                .await;
            if left.is_some() {
                promised.push(thief);
                break;
            }
        }
    }
    promised
}
