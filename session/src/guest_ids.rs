//! Ids of guests: random, out of a stock, since asking the system for each one takes longer than all else that a new guest takes.
//!
//! A guest's id says which data is whose within one cookie, and is worth nothing by itself: nobody is let in, told apart or ended by it.
//! Where that is so (ids of logins, salts, keys of a store), the system is asked each time: two processes that were one when a stock was
//! laid in, by a fork or a copy of a machine, have the same one.

use std::cell::RefCell;

use crate::seal::{RandomFailed, Sealer};
use crate::wire::Id;

/// Ids that are asked for at once.
const STOCK: usize = 32;

thread_local! {
    static LEFT: RefCell<Vec<Id>> = const { RefCell::new(Vec::new()) };
}

/// An id that nobody else has.
pub(crate) fn next(sealer: &Sealer) -> Result<Id, RandomFailed> {
    let next = LEFT.try_with(|left| {
        let mut left = left.try_borrow_mut().ok()?;
        if left.is_empty() {
            let bytes: [u8; STOCK * Id::LEN] = sealer.random().ok()?;
            let (ids, _) = bytes.as_chunks::<{ Id::LEN }>();
            left.extend(ids.iter().copied().map(Id));
        }
        left.pop()
    });
    match next {
        Ok(Some(id)) => Ok(id),
        // The thread is ending, or the system gives nothing: it is asked once more, and says so.
        _ => Id::random(sealer),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::Sessions;
    use crate::secret::Secret;

    #[test]
    fn no_two_guests_have_one_id() {
        let ids = || {
            let secret = Secret::generate().unwrap();
            let builder = Sessions::builder(secret).without_user_loader();
            let config = builder.build().unwrap().config;
            let ids = (0..3 * STOCK).map(|_| next(&config.sealer).unwrap().0);
            ids.collect::<Vec<_>>()
        };
        let others = std::thread::spawn(ids).join().unwrap();
        let all: HashSet<_> = ids().into_iter().chain(others).collect();
        assert_eq!(all.len(), 6 * STOCK);
        assert!(!all.contains(&[0; Id::LEN]));
    }
}
