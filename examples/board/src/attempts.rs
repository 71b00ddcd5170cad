//! How often somebody may try a password: a bound for each name from each address, and one for each address.
//!
//! They are kept in memory, and so each process counts for itself. A name is not locked for everybody else, which would let anybody keep
//! anybody out.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::error::AppError;

/// How many wrong passwords there may be within [`WINDOW`].
const FOR_A_NAME: u32 = 10;
const FROM_AN_ADDRESS: u32 = 100;
const WINDOW: Duration = Duration::from_mins(15);

/// How many names and addresses are remembered. With more than that at once, whoever is new has to wait.
const MOST: usize = 50_000;

/// What has been tried of late. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Attempts {
    tallies: Arc<Mutex<HashMap<Key, Tally>>>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    Name(IpAddr, String),
    Address(IpAddr),
}

struct Tally {
    count: u32,
    since: Instant,
}

impl Attempts {
    /// Counts an attempt before its password is looked at, so that a hundred at once are a hundred.
    pub(crate) fn count(&self, address: IpAddr, name: &str) -> Result<(), AppError> {
        if self.count_at(address, name, Instant::now()) {
            return Ok(());
        }
        tracing::warn!(%address, "too many wrong passwords");
        Err(AppError::TooManyAttempts)
    }

    /// Takes an attempt back, since its password was right.
    pub(crate) fn was_right(&self, address: IpAddr, name: &str) {
        let [by_name, by_address] = keys(address, name);
        let mut tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        tallies.remove(&by_name);
        if let Some(tally) = tallies.get_mut(&by_address) {
            tally.count = tally.count.saturating_sub(1);
        }
    }

    fn count_at(&self, address: IpAddr, name: &str, now: Instant) -> bool {
        let mut tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = |tally: &Tally| now.duration_since(tally.since) < WINDOW;
        if tallies.len() + 2 > MOST {
            tallies.retain(|_, tally| counts(tally));
        }
        let is_full = tallies.len() + 2 > MOST;
        let [by_name, by_address] = keys(address, name);
        for (key, limit) in [(by_address, FROM_AN_ADDRESS), (by_name, FOR_A_NAME)] {
            if is_full && !tallies.contains_key(&key) {
                return false;
            }
            let fresh = || Tally {
                count: 0,
                since: now,
            };
            let tally = tallies.entry(key).or_insert_with(fresh);
            if !counts(tally) {
                *tally = fresh();
            }
            if tally.count >= limit {
                return false;
            }
            tally.count += 1;
        }
        true
    }
}

fn keys(address: IpAddr, name: &str) -> [Key; 2] {
    let address = network(address);
    // No name is longer; a text that is, is nobody's, and takes no room.
    let name = name.chars().take(64).collect();
    [Key::Name(address, name), Key::Address(address)]
}

/// Whoever has one IPv6 address has a whole network of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_name_is_bounded_for_one_address_and_for_a_time() {
        let attempts = Attempts::default();
        let now = Instant::now();
        let (here, there) = (ip("192.0.2.1"), ip("192.0.2.2"));
        for _ in 0..FOR_A_NAME {
            assert!(attempts.count_at(here, "ann", now));
        }
        assert!(!attempts.count_at(here, "ann", now));
        assert!(attempts.count_at(there, "ann", now));
        assert!(attempts.count_at(here, "bob", now));
        assert!(!attempts.count_at(here, "ann", now + WINDOW.mul_f32(0.9)));
        assert!(attempts.count_at(here, "ann", now + WINDOW));
    }

    #[test]
    fn a_right_password_clears_its_name() {
        let attempts = Attempts::default();
        let now = Instant::now();
        let here = ip("192.0.2.1");
        for _ in 0..3 * FROM_AN_ADDRESS {
            assert!(attempts.count_at(here, "ann", now));
            attempts.was_right(here, "ann");
        }
    }

    #[test]
    fn an_address_is_bounded_whatever_the_names() {
        let attempts = Attempts::default();
        let now = Instant::now();
        let neighbour = |host: u32| ip(&format!("2001:db8::{host:x}"));
        for host in 0..FROM_AN_ADDRESS {
            assert!(attempts.count_at(neighbour(host), &format!("name{host}"), now));
        }
        assert!(!attempts.count_at(neighbour(500), "other", now));
        assert!(attempts.count_at(ip("2001:db8:0:1::1"), "other", now));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let attempts = Attempts::default();
        let now = Instant::now();
        let address = |number: u32| IpAddr::V4(number.into());
        let fitting = u32::try_from(MOST / 2).unwrap();
        for number in 0..fitting {
            assert!(attempts.count_at(address(number), "ann", now));
        }
        assert!(!attempts.count_at(address(fitting), "ann", now));
        assert!(attempts.count_at(address(0), "ann", now));
        assert!(attempts.count_at(address(fitting), "ann", now + WINDOW));
        assert_eq!(attempts.tallies.lock().unwrap().len(), 2);
    }
}
