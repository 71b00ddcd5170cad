//! `list` and `delete_all` while other requests go on.

use super::ground::{Ground, Verdict, both, cases, during, moves, same, together, turns};
use crate::store::Outcome::{Conflict, Done, Gone};
use crate::store::{RecordKey, UserKey};

cases![
    list_while_sessions_are_deleted,
    list_never_sees_half_a_rotation,
    list_never_sees_half_a_delete_all,
    loads_never_see_half_a_rotation,
    loads_never_see_half_a_delete_all,
    delete_all_against_creates,
    delete_all_against_rotations,
    delete_all_against_updates,
    delete_all_twice_at_once,
];

/// How often what depends on luck is tried.
const ROUNDS: u64 = 8;

async fn list_while_sessions_are_deleted(ground: Ground) -> Verdict {
    let user = ground.user();
    let keys = ground.sessions(user, 40).await?;
    let kept = ground.sessions(user, 5).await?;
    let deletes = ground.task(|ground| async move {
        for key in keys {
            same(
                "`delete`",
                ground.delete(key, None, ground.now).await?,
                Done,
            )?;
            let listed = ground.list(user, ground.now).await?;
            let still = listed.iter().any(|(listed, _)| *listed == key);
            same(
                "`list` after `delete`: whether it still has the session",
                still,
                false,
            )?;
            turns(1).await;
        }
        Ok(())
    });
    let look = async || ground.list(user, ground.now).await;
    let ((), seen) = during(deletes, look).await?;
    for listed in &seen {
        let missing = (kept.iter()).filter(|kept| !listed.iter().any(|(key, _)| key == *kept));
        same(
            "`list` while others are deleted: sessions missing that nobody deletes",
            missing.count(),
            0,
        )?;
    }
    let falls = seen.is_sorted_by(|earlier, later| earlier.len() >= later.len());
    same(
        "`list` while sessions are deleted: whether it never gives more than before",
        falls,
        true,
    )?;
    ground
        .lists("after sessions have been deleted", user, kept)
        .await
}

/// One verb is one step: there is one session before, and one after.
async fn list_never_sees_half_a_rotation(ground: Ground) -> Verdict {
    const TIMES: u64 = 48;
    let user = ground.user();
    let (key, _) = ground.session_of(user, 0).await?;
    let look = async || Ok(ground.list(user, ground.now).await?.len());
    let (rotated, seen) = during(rotates_on(ground.clone(), user, key, TIMES), look).await?;
    same(
        "`rotate` again and again: how often it was Done",
        rotated,
        TIMES,
    )?;
    for found in seen {
        same(
            "`list` while a user's only session is rotated: how many",
            found,
            1,
        )?;
    }
    Ok(())
}

async fn list_never_sees_half_a_delete_all(ground: Ground) -> Verdict {
    const COUNT: usize = 30;
    for _ in 0..ROUNDS {
        let user = ground.user();
        ground.sessions(user, COUNT).await?;
        let deletes =
            ground.task(|ground| async move { ground.delete_all(user, None, ground.now).await });
        let look = async || Ok(ground.list(user, ground.now).await?.len());
        let (ended, seen) = during(deletes, look).await?;
        same("`delete_all`", ended, COUNT as u64)?;
        if let Some(part) = seen.iter().find(|found| **found != 0 && **found != COUNT) {
            return Err(format!(
                "`list` during `delete_all` of {COUNT} sessions must give all or none, and gave {part}"
            ));
        }
    }
    Ok(())
}

/// Whoever sees that a session has left its old key sees it under its new one.
async fn loads_never_see_half_a_rotation(ground: Ground) -> Verdict {
    for round in 0..ROUNDS {
        let user = ground.user();
        let (old, _) = ground.session_of(user, 1).await?;
        let new = ground.key_of(user);
        let rotates = ground.task(|ground| async move {
            turns(round).await;
            let rotation = moves(old, 1, new, ground.record(user, 2, "moved"));
            ground.rotate(&rotation, ground.now).await
        });
        let look = async || {
            let is_old = ground.load(old, ground.now).await?.is_some();
            let is_new = ground.load(new, ground.now).await?.is_some();
            let is_still_old = ground.load(old, ground.now).await?.is_some();
            Ok((is_old || is_new, is_new && is_still_old))
        };
        let (outcome, seen) = during(rotates, look).await?;
        same("`rotate` of a session that nobody changes", outcome, Done)?;
        for (somewhere, twice) in seen {
            same(
                "`load` of the old key and then the new one, during `rotate`: whether one gives the session",
                somewhere,
                true,
            )?;
            same(
                "`load` of the new key and then the old one, during `rotate`: whether both give it",
                twice,
                false,
            )?;
        }
    }
    Ok(())
}

/// Whoever sees that one session has ended sees that all have.
async fn loads_never_see_half_a_delete_all(ground: Ground) -> Verdict {
    for round in 0..ROUNDS {
        let user = ground.user();
        let mut keys = ground.sessions(user, 12).await?;
        keys.sort_unstable();
        if round % 2 == 0 {
            // A store is likely to go through them in one order or the other.
            keys.reverse();
        }
        let ends = ground.task(|ground| async move {
            turns(round).await;
            ground.delete_all(user, None, ground.now).await
        });
        let look = async || {
            let mut found = Vec::new();
            for key in &keys {
                found.push(ground.load(*key, ground.now).await?.is_some());
            }
            Ok(found)
        };
        let (ended, seen) = during(ends, look).await?;
        same("`delete_all`", ended, 12)?;
        for found in seen {
            let back = found.is_sorted_by(|earlier, later| earlier >= later);
            same(
                "`load` of one session after the other, during `delete_all`: whether all that follow one that is gone are gone",
                back,
                true,
            )?;
        }
    }
    Ok(())
}

async fn delete_all_against_creates(ground: Ground) -> Verdict {
    for round in 0..ROUNDS {
        let user = ground.user();
        let older = ground.sessions(user, 8).await?;
        let (younger, ended) = both(
            ground.task(|ground| async move { ground.sessions(user, 16).await }),
            ground.task(|ground| async move {
                turns(round).await;
                ground.delete_all(user, None, ground.now).await
            }),
        )
        .await?;
        for key in &older {
            ground
                .holds("of a session that is older than a `delete_all`", *key, None)
                .await?;
        }
        let mut alive = Vec::new();
        for key in younger {
            alive.extend(ground.load(key, ground.now).await?.map(|_| key));
        }
        let left = alive.len() as u64;
        same(
            "`delete_all` while sessions are created: all sessions, less those that are left",
            ended,
            24 - left,
        )?;
        ground
            .lists("after `delete_all` while sessions are created", user, alive)
            .await?;
    }
    Ok(())
}

async fn delete_all_against_rotations(ground: Ground) -> Verdict {
    for round in 0..ROUNDS {
        let user = ground.user();
        let mut keys = Vec::new();
        for _ in 0..8 {
            keys.push(ground.session_of(user, 0).await?.0);
        }
        let rotations = keys.into_iter().map({
            let ground = ground.clone();
            move |key| rotates_on(ground.clone(), user, key, 24)
        });
        let ends = ground.task(|ground| async move {
            // At another moment each time.
            turns(round).await;
            ground.delete_all(user, None, ground.now).await
        });
        both(together(rotations), ends).await?;
        ground
            .lists("after `delete_all` while sessions are rotated", user, [])
            .await?;
    }
    Ok(())
}

async fn delete_all_against_updates(ground: Ground) -> Verdict {
    for round in 0..ROUNDS {
        let user = ground.user();
        let keys = ground.sessions(user, 8).await?;
        let changes = keys.clone().into_iter().map({
            let ground = ground.clone();
            move |key| updates_on(ground.clone(), user, key)
        });
        let ends = ground.task(|ground| async move {
            turns(round).await;
            ground.delete_all(user, None, ground.now).await
        });
        let (_, ended) = both(together(changes), ends).await?;
        same(
            "`delete_all` of eight sessions while they are updated",
            ended,
            8,
        )?;
        for key in keys {
            ground
                .holds("after `delete_all` while sessions are updated", key, None)
                .await?;
        }
        ground
            .lists("after `delete_all` while sessions are updated", user, [])
            .await?;
    }
    Ok(())
}

async fn delete_all_twice_at_once(ground: Ground) -> Verdict {
    for _ in 0..ROUNDS {
        let user = ground.user();
        ground.sessions(user, 10).await?;
        let ends = (0..3).map(|_| {
            ground.task(|ground| async move { ground.delete_all(user, None, ground.now).await })
        });
        let ended: u64 = together(ends).await?.iter().sum();
        same(
            "three `delete_all` of ten sessions at once, together",
            ended,
            10,
        )?;
    }
    Ok(())
}

/// Rotates a session again and again, until it is gone. How often it was done.
async fn rotates_on(
    ground: Ground,
    user: UserKey,
    mut old: RecordKey,
    times: u64,
) -> Result<u64, String> {
    for version in 0..times {
        let new = ground.key_of(user);
        let record = ground.record(user, version + 1, "moved");
        match ground
            .rotate(&moves(old, version, new, record), ground.now)
            .await?
        {
            Done => old = new,
            Gone => return Ok(version),
            outcome @ Conflict => same("`rotate` of a session that nobody changes", outcome, Done)?,
        }
        turns(version % 3).await;
    }
    Ok(times)
}

/// Updates a session of version 1 again and again, until it is gone.
async fn updates_on(ground: Ground, user: UserKey, key: RecordKey) -> Verdict {
    for version in 1..24 {
        let record = ground.record(user, version + 1, "changed");
        match ground.update(key, version, &record, ground.now).await? {
            Done => turns(version % 3).await,
            Gone => return Ok(()),
            outcome @ Conflict => same(
                "`update` of a session that nobody else changes",
                outcome,
                Done,
            )?,
        }
    }
    Ok(())
}
