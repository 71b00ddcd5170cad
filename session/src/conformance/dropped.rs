//! Futures that are dropped before they are done: a verb takes place or it does not.
//!
//! What has been sent to a server may take place after its future is gone, so a case looks until it sees what may be: half of a verb
//! would stay half however long one looks.

use std::future::{Future, poll_fn};
use std::task::Poll;

use super::ground::{Ground, Verdict, cases, moves, same, turns};
use crate::store::Outcome::{Conflict, Done, Gone};
use crate::store::{Record, RecordKey, UserKey};

cases![
    create_dropped,
    update_dropped,
    delete_dropped,
    rotate_dropped,
    rotate_across_groups_dropped,
    delete_all_dropped,
    reads_dropped,
];

/// After how many polls a future is dropped.
const POLLS: [usize; 10] = [1, 2, 3, 4, 5, 6, 8, 16, 64, 512];

/// How often a case looks for what may be.
const LOOKS: usize = 1000;

/// Polls a future a few times, and drops it. Whether it was done.
async fn dropped_after<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = Box::pin(future);
    for poll in 0..polls {
        if poll > 0 {
            // Lets the runtime see to what the future waits for.
            turns(1).await;
        }
        let polled = poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await;
        if let Poll::Ready(output) = polled {
            return Some(output);
        }
    }
    None
}

/// Looks until what is seen may be.
async fn settles<T, F>(
    what: &str,
    mut look: impl FnMut() -> F,
    may_be: impl Fn(&T) -> bool,
) -> Result<T, String>
where
    F: Future<Output = Result<T, String>>,
{
    for _ in 0..LOOKS {
        let seen = look().await?;
        if may_be(&seen) {
            return Ok(seen);
        }
        turns(1).await;
    }
    Err(format!(
        "{what}, whose future is dropped before it is done, must take place as a whole or not at all, and was left half done"
    ))
}

/// The store works on: whoever was dropped holds no lock. Ends with a record of version 99.
async fn works_on(ground: &Ground, user: UserKey, key: RecordKey) -> Verdict {
    let last = ground.record(user, 99, "last");
    for _ in 0..LOOKS {
        let done = match ground.load(key, ground.now).await? {
            None => ground.create(key, &last, ground.now).await?,
            Some(before) if before.version == 99 => return Ok(()),
            Some(before) => match ground
                .update(key, before.version, &last, ground.now)
                .await?
            {
                Done => true,
                Conflict | Gone => false,
            },
        };
        // What was dropped may still take place in between: `load` tells.
        if !done {
            turns(1).await;
        }
    }
    Err("after a future was dropped, the record could not be written any more".to_owned())
}

async fn create_dropped(ground: Ground) -> Verdict {
    for polls in POLLS {
        let user = ground.user();
        let (key, record) = (ground.key_of(user), ground.record(user, 1, "made"));
        let done = dropped_after(polls, ground.create(key, &record, ground.now))
            .await
            .transpose()?;
        let look = || ground.load(key, ground.now);
        let seen = settles("`create`", look, |seen| {
            seen.is_none() || seen.as_ref() == Some(&record)
        })
        .await?;
        if done.is_some() {
            same(
                "`load` after a `create` that was done: whether it gives a record",
                seen.is_some(),
                true,
            )?;
        }
        works_on(&ground, user, key).await?;
    }
    Ok(())
}

async fn update_dropped(ground: Ground) -> Verdict {
    for polls in POLLS {
        let user = ground.user();
        let (key, before) = ground.session_of(user, 1).await?;
        let after = Record {
            expires_at: ground.later(9_000_000),
            ..ground.record(user, 2, "changed")
        };
        let done = dropped_after(polls, ground.update(key, 1, &after, ground.now))
            .await
            .transpose()?;
        let look = || ground.load(key, ground.now);
        let may_be =
            |seen: &Option<Record>| seen.as_ref() == Some(&before) || seen.as_ref() == Some(&after);
        let seen = settles("`update`", look, may_be).await?;
        if done.is_some() {
            same(
                "`load` after an `update` that was done: whether it gives the new record",
                seen == Some(after),
                true,
            )?;
        }
        works_on(&ground, user, key).await?;
    }
    Ok(())
}

async fn delete_dropped(ground: Ground) -> Verdict {
    for polls in POLLS {
        let user = ground.user();
        let (key, before) = ground.session_of(user, 1).await?;
        let done = dropped_after(polls, ground.delete(key, Some(1), ground.now))
            .await
            .transpose()?;
        let look = || listed_and_loaded(&ground, user, [key]);
        let whole = [(key, before)];
        let seen = settles("`delete`", look, |seen| seen.is_empty() || *seen == whole).await?;
        if done.is_some() {
            same("`load` after a `delete` that was done", seen, vec![])?;
        }
        works_on(&ground, user, key).await?;
    }
    Ok(())
}

async fn rotate_dropped(ground: Ground) -> Verdict {
    for polls in POLLS {
        let user = ground.user();
        let (old, before) = ground.session_of(user, 1).await?;
        let (new, after) = (ground.key_of(user), ground.record(user, 2, "moved"));
        let rotation = moves(old, 1, new, after.clone());
        let done = dropped_after(polls, ground.rotate(&rotation, ground.now))
            .await
            .transpose()?;
        let look = || listed_and_loaded(&ground, user, [old, new]);
        let (before, after) = ([(old, before)], [(new, after)]);
        let seen = settles("`rotate`", look, |seen| *seen == before || *seen == after).await?;
        if done.is_some() {
            same(
                "a session after a `rotate` that was done: whether it has moved",
                seen == after,
                true,
            )?;
        }
        works_on(&ground, user, new).await?;
    }
    Ok(())
}

/// What `list` gives, if `load` gives the same; nothing that may be if they differ.
async fn listed_and_loaded<const N: usize>(
    ground: &Ground,
    user: UserKey,
    keys: [RecordKey; N],
) -> Result<Vec<(RecordKey, Record)>, String> {
    let listed = ground.list(user, ground.now).await?;
    let mut loaded = Vec::new();
    for key in keys {
        loaded.extend(
            ground
                .load(key, ground.now)
                .await?
                .map(|record| (key, record)),
        );
    }
    loaded.sort_by_key(|(key, _)| *key);
    if listed == loaded {
        return Ok(listed);
    }
    // Both, so that it is neither before nor after.
    loaded.extend(listed);
    loaded.extend(loaded.clone());
    Ok(loaded)
}

/// Where groups may be on two servers, a session of a guest may be there twice, and one of a user may be lost: never the other way round.
async fn rotate_across_groups_dropped(ground: Ground) -> Verdict {
    for (polls, from_user) in POLLS
        .into_iter()
        .flat_map(|polls| [(polls, true), (polls, false)])
    {
        let whose = ground.user();
        let (old, _) = if from_user {
            ground.session_of(ground.user(), 1).await?
        } else {
            ground.session_of_a_guest(1).await?
        };
        let (new, after) = (ground.key_of(whose), ground.record(whose, 2, "moved"));
        let rotation = moves(old, 1, new, after);
        let done = dropped_after(polls, ground.rotate(&rotation, ground.now))
            .await
            .transpose()?;
        let look = async || {
            // The new one first: what moves in between is seen twice, and looked at again.
            let new = ground.load(new, ground.now).await?.is_some();
            let old = ground.load(old, ground.now).await?.is_some();
            Ok((old, new))
        };
        let forbidden = (from_user, from_user);
        let seen = settles("`rotate` from one group to another", look, |seen| {
            *seen != forbidden
        })
        .await?;
        if done.is_some() {
            same(
                "(old, new) after a `rotate` that was done",
                seen,
                (false, true),
            )?;
        }
        works_on(&ground, whose, new).await?;
    }
    Ok(())
}

async fn delete_all_dropped(ground: Ground) -> Verdict {
    for polls in POLLS {
        let user = ground.user();
        let mut keys = Vec::new();
        for _ in 0..6 {
            keys.push(ground.session_of(user, 1).await?.0);
        }
        let kept = polls.is_multiple_of(2).then_some(keys[0]);
        let done = dropped_after(polls, ground.delete_all(user, kept, ground.now))
            .await
            .transpose()?;
        let look = async || Ok(ground.list(user, ground.now).await?.len());
        let few = usize::from(kept.is_some());
        let seen = settles("`delete_all`", look, |seen| *seen == 6 || *seen == few).await?;
        if done.is_some() {
            same(
                "`list` after a `delete_all` that was done: how many",
                seen,
                few,
            )?;
        }
        works_on(&ground, user, keys[0]).await?;
    }
    Ok(())
}

async fn reads_dropped(ground: Ground) -> Verdict {
    let user = ground.user();
    let (key, record) = ground.session_of(user, 1).await?;
    for polls in POLLS {
        dropped_after(polls, ground.load(key, ground.now))
            .await
            .transpose()?;
        dropped_after(polls, ground.list(user, ground.now))
            .await
            .transpose()?;
        ground
            .holds("after reads whose futures were dropped", key, Some(&record))
            .await?;
        ground
            .lists("after reads whose futures were dropped", user, [key])
            .await?;
    }
    works_on(&ground, user, key).await
}
