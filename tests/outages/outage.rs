//! One outage under load: what has to hold whatever fails and however it does, and the figures of it.

use std::time::{Duration, Instant};

use muffin_session_tests::Site;
use tokio::net::TcpListener;

use crate::load::{Kind, Load, Seen};
use crate::log;

/// How long the store is away.
pub(crate) const AWAY: Duration = Duration::from_millis(1_250);
/// What a network still has in its hands when it begins to fail.
const IN_FLIGHT: Duration = Duration::from_millis(100);
/// Two limits, one for reading and one for writing, and what a machine takes that has other things to do.
const LONGEST: Duration = Duration::from_secs(3);
/// A second, and what a machine takes that has other things to do.
const BACK_WITHIN: Duration = Duration::from_millis(1_500);

/// An outage, from its beginning to its end.
pub(crate) struct Outage<'s> {
    name: &'s str,
    load: Load,
    gone: Instant,
    attempts: Vec<Attempts>,
}

struct Attempts {
    of: &'static str,
    connections: u64,
    requests: usize,
}

impl<'s> Outage<'s> {
    /// Lets the visitors in, and has the store fail once all of them have been there.
    pub(crate) async fn begin(name: &'s str, site: &Site, fail: impl AsyncFnOnce()) -> Self {
        log::take();
        let load = Load::begin(site).await;
        load.wait_for_success_since(Instant::now()).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        fail().await;
        Self {
            name,
            load,
            gone: Instant::now(),
            attempts: Vec::new(),
        }
    }

    /// The port is closed for a while.
    pub(crate) async fn refused(&self) {
        tokio::time::sleep(AWAY).await;
    }

    /// Something takes each connection on the port of the server that is away, and closes it, as a balancer does: it can be counted.
    pub(crate) async fn hung_up_on(&mut self, port: u16) {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let (sender, mut attempts) = tokio::sync::mpsc::unbounded_channel();
        let count = tokio::spawn(async move {
            while listener.accept().await.is_ok() {
                let _ = sender.send(());
            }
        });
        let begun = Instant::now();
        tokio::time::sleep(AWAY).await;
        count.abort();
        let _ = count.await;
        let mut connections = 0;
        while attempts.recv().await.is_some() {
            connections += 1;
        }
        self.note_attempts("while each connection was closed", connections, begun);
    }

    /// What was counted elsewhere, since a time.
    pub(crate) fn note_attempts(&mut self, of: &'static str, connections: u64, since: Instant) {
        let seen = self.load.seen();
        let is_it = |seen: &&Seen| seen.ended >= since && Kind::ASKING.contains(&seen.kind);
        let requests = seen.iter().filter(is_it).count();
        self.attempts.push(Attempts {
            of,
            connections,
            requests,
        });
    }

    /// Nothing comes through for a while.
    pub(crate) async fn hangs(&mut self, time: Duration, connections: impl Fn() -> u64) {
        let (begun, before) = (Instant::now(), connections());
        tokio::time::sleep(time).await;
        self.note_attempts("while nothing came through", connections() - before, begun);
    }

    /// Brings the store back, and says what it was like.
    pub(crate) async fn end(self, come_back: impl AsyncFnOnce()) {
        let left = Instant::now();
        come_back().await;
        let back = Instant::now();
        self.load.wait_for_success_since(left).await;
        tokio::time::sleep_until((back + BACK_WITHIN + Duration::from_millis(300)).into()).await;
        let seen = self.load.seen();
        println!(
            "\n{}: away for {:?}, up again in {:?}",
            self.name,
            left - self.gone,
            back - left
        );

        let while_away = |seen: &&Seen| seen.begun >= self.gone + IN_FLIGHT && seen.ended <= left;
        let away: Vec<_> = seen.iter().filter(while_away).collect();
        let (others, asking): (Vec<&Seen>, Vec<&Seen>) = away
            .into_iter()
            .partition(|seen| seen.kind.needs_no_store());
        assert!(
            asking.iter().all(|seen| !seen.is_success),
            "503, and nothing else"
        );
        assert!(
            others.iter().all(|seen| seen.is_success),
            "200, and nothing else"
        );
        // Of a short one, those who asked wait for the end.
        let is_short = left - self.gone < AWAY;
        assert!((is_short || asking.len() > 10) && others.len() > 10);
        println!(
            "  while it was away: {} x 503 for who asked, {} x 200 for the others",
            asking.len(),
            others.len()
        );

        let longest = |asks: bool| {
            let of = seen
                .iter()
                .filter(|seen| seen.kind.needs_no_store() != asks);
            of.map(|seen| seen.ended - seen.begun).max().unwrap()
        };
        println!("  slowest request: {:?} of those that asked", longest(true));
        assert!(longest(true) < LONGEST && longest(false) < LONGEST);

        for attempts in &self.attempts {
            let Attempts {
                of,
                connections,
                requests,
            } = attempts;
            println!("  {of}: {connections} connections for {requests} requests");
        }
        for kind in Kind::ASKING {
            let succeeded =
                |seen: &&Seen| seen.kind == kind && seen.is_success && seen.ended >= left;
            let first = seen
                .iter()
                .filter(succeeded)
                .map(|seen| seen.ended)
                .min()
                .unwrap();
            let after = first.saturating_duration_since(back);
            println!("  first success of {kind:?}: {after:?} after the server answered");
            assert!(after < BACK_WITHIN, "{kind:?} is back late");
        }
        let failed = |seen: &&Seen| !seen.is_success;
        let last = seen
            .iter()
            .filter(failed)
            .map(|seen| seen.begun)
            .max()
            .unwrap();
        println!(
            "  last request that failed: sent {:?} after the server answered",
            last.saturating_duration_since(back)
        );
        assert!(last < back + BACK_WITHIN, "it is well again");

        let sums = self.load.end().await;
        println!(
            "  counter {}, of {} requests acknowledged and {} sent; {} inserts, {} logins, {} logouts: all as acknowledged",
            sums.count,
            sums.counts_acknowledged,
            sums.counts_sent,
            sums.inserts,
            sums.logins,
            sums.logouts
        );
        for (reason, times) in log::take() {
            println!("  the log: {times} x {reason}");
        }
    }

    /// The connections that were made, of all that were counted: far fewer than there were requests.
    pub(crate) fn assert_no_storm(&self, most: u64) {
        for Attempts {
            of,
            connections,
            requests,
        } in &self.attempts
        {
            assert!(*connections <= most, "{connections} connections {of}");
            assert!(*requests > 10, "{requests} requests {of}");
        }
    }
}
