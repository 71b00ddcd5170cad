//! The secrets in use: every request reads them, and hardly ever somebody changes them. Readers take a lock only after a change.
//!
//! Each thread remembers which secrets it saw last, without keeping them alive: once they are replaced and the requests that had them are
//! over, they are dropped, and their keys overwritten.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::keys::SecretKeys;

/// The keys of each secret, in the order of the secrets: the first one signs.
pub(crate) type KeySets = Vec<Arc<SecretKeys>>;

pub(crate) struct SharedKeys {
    /// Which of the process's sets of secrets this is.
    number: u64,
    /// How often they were changed.
    generation: AtomicU64,
    current: Mutex<Arc<KeySets>>,
}

/// What a thread saw last.
struct Seen {
    number: u64,
    generation: u64,
    secrets: Weak<KeySets>,
}

thread_local! {
    static SEEN: RefCell<Vec<Seen>> = const { RefCell::new(Vec::new()) };
}

impl SharedKeys {
    pub(crate) fn new(secrets: KeySets) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self {
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            generation: AtomicU64::new(0),
            current: Mutex::new(Arc::new(secrets)),
        }
    }

    /// The secrets as they are.
    pub(crate) fn load(&self) -> Arc<KeySets> {
        SEEN.try_with(|seen| {
            let Ok(mut seen) = seen.try_borrow_mut() else {
                return self.locked().1;
            };
            let known = seen.iter().position(|seen| seen.number == self.number);
            if let Some(known) = known
                && seen[known].generation == self.generation.load(Ordering::Acquire)
                && let Some(secrets) = seen[known].secrets.upgrade()
            {
                return secrets;
            }
            let (generation, secrets) = self.locked();
            // Of sets that are gone, or were replaced.
            seen.retain(|seen| seen.secrets.strong_count() > 0 && seen.number != self.number);
            seen.push(Seen {
                number: self.number,
                generation,
                secrets: Arc::downgrade(&secrets),
            });
            secrets
        })
        // The thread is ending.
        .unwrap_or_else(|_| self.locked().1)
    }

    fn locked(&self) -> (u64, Arc<KeySets>) {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        (self.generation.load(Ordering::Relaxed), current.clone())
    }

    /// Puts what `change` makes of the secrets in their place. Of two changes at once, one sees what the other has made.
    pub(crate) fn change<T, E>(
        &self,
        change: impl FnOnce(&mut KeySets) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let mut secrets = KeySets::clone(&current);
        let made = change(&mut secrets)?;
        *current = Arc::new(secrets);
        self.generation.fetch_add(1, Ordering::Release);
        Ok(made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{Derivation, Protection};
    use crate::secret::Secret;

    fn keys(secret: &str) -> Arc<SecretKeys> {
        let derivation = Derivation::of(Protection::Signed);
        Arc::new(SecretKeys::derive(&Secret::new(secret), &derivation))
    }

    fn rotate(shared: &SharedKeys, to: &Arc<SecretKeys>) {
        let done: Result<(), ()> = shared.change(|secrets| {
            *secrets = vec![to.clone()];
            Ok(())
        });
        done.unwrap();
    }

    #[test]
    fn a_change_is_seen_at_once_by_every_thread() {
        let (old, new) = (keys("old"), keys("new"));
        let shared = Arc::new(SharedKeys::new(vec![old.clone()]));
        let (changed, wait) = std::sync::mpsc::channel::<()>();
        let (seen, ready) = std::sync::mpsc::channel();
        let reader = std::thread::spawn({
            let shared = shared.clone();
            move || {
                seen.send(shared.load()[0].id).unwrap();
                wait.recv().unwrap();
                seen.send(shared.load()[0].id).unwrap();
            }
        });
        assert_eq!(shared.load()[0].id, old.id);
        assert_eq!(ready.recv().unwrap(), old.id);
        rotate(&shared, &new);
        changed.send(()).unwrap();
        assert_eq!(ready.recv().unwrap(), new.id);
        assert_eq!(shared.load()[0].id, new.id);
        reader.join().unwrap();
    }

    #[test]
    fn a_change_is_seen_while_a_request_still_has_the_keys_of_before() {
        let (old, new) = (keys("old"), keys("new"));
        let shared = SharedKeys::new(vec![old.clone()]);
        let under_way = shared.load();
        rotate(&shared, &new);
        assert_eq!(shared.load()[0].id, new.id);
        assert_eq!(under_way[0].id, old.id);
    }

    #[test]
    fn replaced_keys_are_dropped_though_threads_have_seen_them() {
        let old = keys("old");
        let dropped = Arc::downgrade(&old);
        let shared = SharedKeys::new(vec![old]);
        assert_eq!(shared.load().len(), 1);
        rotate(&shared, &keys("new"));
        assert!(dropped.upgrade().is_none());
    }

    #[test]
    fn two_sets_do_not_mix_and_sets_that_are_gone_are_forgotten() {
        let sets: Vec<_> = ["one", "two", "three"]
            .map(|secret| (keys(secret).id, SharedKeys::new(vec![keys(secret)])))
            .into();
        for (id, shared) in sets.iter().chain(&sets) {
            assert_eq!(shared.load()[0].id, *id);
        }
        SEEN.with_borrow(|seen| assert_eq!(seen.len(), 3));
        rotate(&sets[0].1, &keys("four"));
        assert_eq!(sets[0].1.load()[0].id, keys("four").id);
        SEEN.with_borrow(|seen| assert_eq!(seen.len(), 3, "one of each"));
        drop(sets);
        let last = SharedKeys::new(vec![keys("last")]);
        drop(last.load());
        SEEN.with_borrow(|seen| assert_eq!(seen.len(), 1));
    }

    #[test]
    fn a_change_that_fails_changes_nothing() {
        let old = keys("old");
        let shared = SharedKeys::new(vec![old.clone()]);
        let failed: Result<(), &str> = shared.change(|secrets| {
            secrets.clear();
            Err("no")
        });
        assert_eq!(failed, Err("no"));
        assert_eq!(shared.load()[0].id, old.id);
    }
}
