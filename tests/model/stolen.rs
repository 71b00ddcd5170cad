//! What a copy of cookies is worth: one test for each row of the table in `docs/stolen-copies.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use muffin_session::{Builder, Secret};
use muffin_session_tests::bare_builder;
use muffin_session_tests::map_store::MapStore;

use crate::site::{Browser, Deed, Report, Said, Site, Time, User, block_on, share};

const DAY: Time = 24 * 3_600;

/// Two processes, a browser with a session of user 1, and a copy of its cookies.
struct Theft {
    site: Site,
    browser: Browser,
    copy: BTreeMap<String, String>,
}

/// What a look at a session tells.
type View = (Option<User>, Option<u32>);

const NOTHING: View = (None, None);

impl Theft {
    async fn of(deeds: &[Deed], options: impl Fn(Builder) -> Builder) -> Self {
        let builder = || options(bare_builder()).lifetime(Duration::from_secs(DAY));
        let mut theft = Self {
            site: Site::new([builder(), builder()]),
            browser: Browser::default(),
            copy: BTreeMap::new(),
        };
        theft.does(deeds).await;
        theft.copy = theft.browser.jar.all();
        theft
    }

    async fn in_cookies(deeds: &[Deed]) -> Self {
        Self::of(deeds, |builder| builder).await
    }

    async fn with_deny_list(deeds: &[Deed]) -> Self {
        let list = Arc::new(MapStore::default());
        Self::of(deeds, |builder| builder.deny_list(list.clone())).await
    }

    async fn in_store(deeds: &[Deed]) -> Self {
        let store = Arc::new(MapStore::default());
        Self::of(deeds, |builder| builder.store(store.clone())).await
    }

    /// The owner goes on, in the first process.
    async fn does(&mut self, deeds: &[Deed]) {
        let visit = self.site.visit(0, Method::POST, &mut self.browser, deeds);
        assert_eq!(visit.await.status, 200);
    }

    async fn request(&self, process: usize, method: Method, deeds: &[Deed]) -> Report {
        let mut thief = Browser::with(&self.copy);
        let visit = self.site.visit(process, method, &mut thief, deeds);
        visit.await.report
    }

    /// Whom the copy shows to a process that is asked to change something, and the number under `a`.
    async fn view(&self, process: usize) -> View {
        view(&self.request(process, Method::POST, &[]).await)
    }

    /// The same for a page that is read.
    async fn page(&self, process: usize) -> View {
        view(&self.request(process, Method::GET, &[]).await)
    }

    /// Leaves cookies of one kind out of the copy.
    fn leave_out(&mut self, kind: &str) {
        self.copy.retain(|name, _| !name.contains(kind));
    }

    /// The copy with cookies of one kind taken from the browser as it is now.
    fn take_from_browser(&mut self, kind: &str) {
        let cookies = self.browser.jar.all().into_iter();
        self.copy
            .extend(cookies.filter(|(name, _)| name.contains(kind)));
    }
}

fn view(report: &Report) -> View {
    let seen = &report.before;
    (seen.user, seen.data.get("a").copied())
}

const LOGGED_IN: [Deed; 2] = [Deed::Login(1), Deed::Insert("a", 1)];
const FIRST: View = (Some(1), Some(share(Some(1)) + 1));
const SECOND: View = (Some(1), Some(share(Some(1)) + 2));

#[test]
fn all_cookies_of_a_login() {
    block_on(async {
        let mut theft = Theft::in_cookies(&LOGGED_IN).await;
        theft.does(&[Deed::Insert("a", 2)]).await;
        theft.site.advance(DAY - 1);
        assert_eq!([theft.view(0).await, theft.view(1).await], [FIRST; 2]);
        theft.site.advance(1);
        assert_eq!([theft.page(0).await, theft.page(1).await], [NOTHING; 2]);
    });
}

#[test]
fn all_cookies_of_a_login_that_ends_when_idle() {
    block_on(async {
        let idle = |builder: Builder| builder.idle_timeout(Duration::from_secs(600));
        let theft = Theft::of(&LOGGED_IN, idle).await;
        theft.site.advance(599);
        assert_eq!(theft.view(0).await, FIRST);
        theft.site.advance(1);
        assert_eq!(theft.view(0).await, NOTHING, "nobody has used it");

        // Whoever uses it keeps it, until the lifetime is over.
        let theft = Theft::of(&LOGGED_IN, idle).await;
        let mut thief = Browser::with(&theft.copy);
        let mut seen = Vec::new();
        for _ in 0..=DAY / 599 {
            theft.site.advance(599);
            let answer = theft.site.visit(0, Method::GET, &mut thief, &[]).await;
            seen.push(view(&answer.report));
        }
        let last = seen.pop();
        assert!(seen.iter().all(|seen| *seen == FIRST));
        assert_eq!(last, Some(NOTHING));
    });
}

#[test]
fn all_cookies_of_a_login_before_its_logout() {
    block_on(async {
        let mut theft = Theft::in_cookies(&LOGGED_IN).await;
        theft.does(&[Deed::Logout]).await;
        assert_eq!([theft.page(0).await, theft.page(1).await], [NOTHING, FIRST]);
        theft.site.advance(DAY - 1);
        assert_eq!([theft.page(0).await, theft.page(1).await], [NOTHING, FIRST]);
        theft.site.advance(1);
        assert_eq!(theft.page(1).await, NOTHING);
    });
}

#[test]
fn the_same_where_there_is_a_deny_list() {
    block_on(async {
        for end in [Deed::Logout, Deed::Login(1), Deed::Login(2)] {
            let mut theft = Theft::with_deny_list(&LOGGED_IN).await;
            assert_eq!(theft.view(1).await, FIRST);
            theft.does(&[end]).await;
            let pages = [theft.page(0).await, theft.page(1).await];
            assert_eq!(pages, [NOTHING; 2], "{end:?}");
        }
        let theft = Theft::with_deny_list(&LOGGED_IN).await;
        theft.site.sessions[0].end_sessions_of(1).await.unwrap();
        assert_eq!([theft.page(0).await, theft.page(1).await], [NOTHING; 2]);
    });
}

#[test]
fn a_handle() {
    block_on(async {
        let mut theft = Theft::in_store(&LOGGED_IN).await;
        theft.does(&[Deed::Insert("a", 2)]).await;
        theft.site.advance(DAY - 1);
        assert_eq!([theft.view(0).await, theft.view(1).await], [SECOND; 2]);
        theft.site.advance(1);
        assert_eq!([theft.page(0).await, theft.page(1).await], [NOTHING; 2]);
    });
}

#[test]
fn a_handle_before_its_session_ended() {
    block_on(async {
        for end in [Deed::Logout, Deed::Login(1), Deed::Login(2)] {
            let mut theft = Theft::in_store(&LOGGED_IN).await;
            theft.does(&[end]).await;
            let pages = [theft.page(0).await, theft.page(1).await];
            assert_eq!(pages, [NOTHING; 2], "{end:?}");
        }
        let theft = Theft::in_store(&LOGGED_IN).await;
        theft.site.sessions[0].end_sessions_of(1).await.unwrap();
        assert_eq!([theft.page(0).await, theft.page(1).await], [NOTHING; 2]);
    });
}

#[test]
fn cookies_of_before_a_renewal() {
    block_on(async {
        let mut theft = Theft::in_cookies(&LOGGED_IN).await;
        theft.does(&[Deed::Renew]).await;
        assert_eq!([theft.page(0).await, theft.page(1).await], [FIRST; 2]);
        assert_eq!([theft.view(0).await, theft.view(1).await], [NOTHING, FIRST]);
        theft.site.advance(30);
        assert_eq!([theft.page(0).await, theft.page(1).await], [NOTHING, FIRST]);
        theft.site.advance(DAY - 31);
        assert_eq!(theft.view(1).await, FIRST);
        theft.site.advance(1);
        assert_eq!(theft.view(1).await, NOTHING);
    });
}

#[test]
fn the_same_where_a_store_knows_of_it() {
    block_on(async {
        let thefts = [
            Theft::with_deny_list(&LOGGED_IN).await,
            Theft::in_store(&LOGGED_IN).await,
        ];
        for mut theft in thefts {
            theft.does(&[Deed::Renew]).await;
            assert_eq!([theft.page(0).await, theft.page(1).await], [FIRST; 2]);
            for process in 0..2 {
                assert_eq!(theft.view(process).await, NOTHING);
                let write = [Deed::Insert("a", 3)];
                let report = theft.request(process, Method::GET, &write).await;
                assert_eq!(report.said, [Said::Ended]);
            }
            theft.site.advance(30);
            assert_eq!([theft.page(0).await, theft.page(1).await], [NOTHING; 2]);
        }
    });
}

#[test]
fn older_data_of_the_same_session() {
    block_on(async {
        let mut theft = Theft::in_cookies(&LOGGED_IN).await;
        theft.does(&[Deed::Insert("a", 2)]).await;
        theft.take_from_browser(".id");
        assert_eq!([theft.view(0).await, theft.view(1).await], [FIRST; 2]);
        // Not once the session has another id.
        theft.does(&[Deed::Renew]).await;
        theft.take_from_browser(".id");
        assert_eq!([theft.page(0).await, theft.page(1).await], [NOTHING; 2]);
        theft.take_from_browser(".data.");
        assert_eq!([theft.view(0).await, theft.view(1).await], [SECOND; 2]);
    });
}

#[test]
fn data_of_another_session() {
    block_on(async {
        // Of another user, and of another login of the same one.
        for user in [2, 1] {
            let mut theft = Theft::in_cookies(&[Deed::Login(user), Deed::Insert("a", 1)]).await;
            theft.browser = Browser::default();
            theft.does(&[Deed::Login(1), Deed::Insert("a", 2)]).await;
            theft.take_from_browser(".id");
            assert_eq!([theft.page(0).await, theft.page(1).await], [NOTHING; 2]);
            theft.take_from_browser(".data.");
            assert_eq!([theft.page(0).await, theft.page(1).await], [SECOND; 2]);
        }
    });
}

#[test]
fn some_of_the_cookies() {
    block_on(async {
        for kind in [".id", ".data."] {
            let mut theft = Theft::in_cookies(&LOGGED_IN).await;
            theft.leave_out(kind);
            assert_eq!([theft.page(0).await, theft.page(1).await], [NOTHING; 2]);
        }
    });
}

const GUEST: [Deed; 2] = [Deed::Insert("a", 1), Deed::Insert("c", 2)];

#[test]
fn a_guests_data() {
    block_on(async {
        let options = |builder: Builder| {
            builder
                .carry_on_login(["c"])
                .guest_lifetime(Duration::from_secs(3_600))
        };
        let mut theft = Theft::of(&GUEST, options).await;
        theft.does(&[Deed::Insert("a", 3), Deed::Logout]).await;
        theft.site.advance(3_598);
        assert_eq!(theft.view(0).await, (None, Some(1)));
        let login = theft.request(0, Method::POST, &[Deed::Login(2)]).await;
        let carried = BTreeMap::from([("c".to_owned(), 2)]);
        assert_eq!((login.after.user, login.after.data), (Some(2), carried));
        theft.site.advance(2);
        assert_eq!([theft.view(0).await, theft.view(1).await], [NOTHING; 2]);
    });
}

#[test]
fn a_guests_handle() {
    block_on(async {
        for end in [Deed::Logout, Deed::Login(1)] {
            let mut theft = Theft::in_store(&GUEST).await;
            theft.does(&[Deed::Insert("a", 3)]).await;
            assert_eq!(theft.view(1).await, (None, Some(3)));
            theft.does(&[end]).await;
            assert_eq!(theft.view(1).await, NOTHING, "{end:?}");
        }
    });
}

#[test]
fn a_message() {
    block_on(async {
        let deeds = [Deed::Login(1), Deed::Flash(5)];
        let mut theft = Theft::in_cookies(&deeds).await;
        let show = [Deed::Show];
        theft.does(&show).await;
        let shown = async |theft: &Theft| theft.request(0, Method::GET, &show).await.said;
        theft.site.advance(598);
        assert_eq!(shown(&theft).await, [Said::Messages(vec![5])]);
        theft.site.advance(2);
        assert_eq!(shown(&theft).await, [Said::Messages(vec![])]);

        // Somebody else's, put beside one's own login.
        let mut theft = Theft::in_cookies(&deeds).await;
        theft.browser = Browser::default();
        theft.does(&[Deed::Login(2)]).await;
        theft.take_from_browser(".id");
        theft.take_from_browser(".data.");
        assert_eq!(theft.view(0).await.0, Some(2));
        assert_eq!(shown(&theft).await, [Said::Messages(vec![])]);
    });
}

#[test]
fn a_login_that_a_logout_has_overtaken() {
    block_on(async {
        let thefts = [
            Theft::in_cookies(&LOGGED_IN).await,
            Theft::in_store(&LOGGED_IN).await,
        ];
        for mut theft in thefts {
            // Somebody logs in while the logout is on its way.
            let as_it_was = Browser::with(&theft.copy);
            let mut slow = Browser::with(&theft.copy);
            let logout = theft
                .site
                .visit(0, Method::POST, &mut slow, &[Deed::Logout]);
            assert_eq!(logout.await.status, 200);
            theft.browser = as_it_was;
            theft.does(&[Deed::Login(1), Deed::Insert("a", 2)]).await;
            theft.copy = theft.browser.jar.all();
            theft.copy.extend(slow.jar.all());
            assert_eq!([theft.page(0).await, theft.page(1).await], [NOTHING; 2]);
            theft.leave_out(".out");
            assert_eq!([theft.page(0).await, theft.page(1).await], [SECOND; 2]);
        }
    });
}

#[test]
fn cookies_under_a_key_that_is_gone() {
    block_on(async {
        let thefts = [
            Theft::in_cookies(&LOGGED_IN).await,
            Theft::in_store(&LOGGED_IN).await,
        ];
        for theft in thefts {
            let keys = theft.site.sessions[0].keys();
            keys.rotate(Secret::generate().unwrap()).unwrap();
            let old = keys.list()[1].id;
            assert_eq!(theft.view(0).await, FIRST);
            keys.remove(old).unwrap();
            assert_eq!([theft.page(0).await, theft.page(1).await], [NOTHING, FIRST]);
        }
    });
}

/// The table is what these tests say, no more and no less.
#[test]
fn the_table_has_a_row_for_each_test() {
    let doc = include_str!("../../docs/stolen-copies.md");
    let mut rows = BTreeSet::new();
    for row in doc.lines().filter(|line| line.starts_with("| ")).skip(1) {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 6, "{row}");
        assert!(cells.iter().all(|cell| !cell.is_empty()), "{row}");
        let test = cells[5].trim_matches('`').to_owned();
        assert!(rows.insert(test), "{row}");
    }
    let mut is_test = false;
    let mut tests = BTreeSet::new();
    for line in include_str!("stolen.rs").lines() {
        if let Some(rest) = line.strip_prefix("fn ").filter(|_| is_test) {
            let (name, _) = rest.split_once('(').expect("a function");
            tests.insert(name.to_owned());
        }
        is_test = line == "#[test]";
    }
    tests.remove("the_table_has_a_row_for_each_test");
    assert_eq!(rows, tests);
}
