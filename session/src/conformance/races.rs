//! Calls at once: nothing is lost, and nothing comes back.

use super::ground::{
    Ground, HOUR, Verdict, both, cases, during, same, same_record, together, turns,
};
use crate::store::Outcome::{Conflict, Done, Gone};
use crate::store::{Record, RecordKey};

cases![
    create_twice_at_once,
    update_twice_at_once,
    delete_twice_at_once,
    update_64_times_at_once,
    two_requests_put_different_values,
    update_and_delete_at_once,
    update_and_delete_of_a_version_at_once,
    writes_are_seen_at_once,
    versions_never_go_back,
    records_are_read_whole,
];

/// How often what depends on luck is tried.
const ROUNDS: u64 = 16;

async fn create_twice_at_once(ground: Ground) -> Verdict {
    for _ in 0..ROUNDS {
        let user = ground.user();
        let key = ground.key_of(user);
        let creates = (0..4).map(|version| {
            ground.task(|ground| async move {
                let record = ground.record(user, version, "first or not");
                ground.create(key, &record, ground.now).await
            })
        });
        let outcomes = together(creates).await?;
        let done: Vec<u64> = (0..)
            .zip(outcomes)
            .filter_map(|(version, created)| created.then_some(version))
            .collect();
        same(
            "of four `create` at once, the number that give true",
            done.len(),
            1,
        )?;
        let record = ground.record(user, done[0], "first or not");
        ground
            .holds("after four `create` at once", key, Some(&record))
            .await?;
    }
    Ok(())
}

async fn update_twice_at_once(ground: Ground) -> Verdict {
    for _ in 0..ROUNDS {
        let user = ground.user();
        let (key, _) = ground.session_of(user, 1).await?;
        let updates = (2..6).map(|version| {
            ground.task(|ground| async move {
                let record = ground.record(user, version, "first or not");
                ground.update(key, 1, &record, ground.now).await
            })
        });
        let outcomes = together(updates).await?;
        same(
            "`update` that has lost against another one: whether it is Gone",
            outcomes.contains(&Gone),
            false,
        )?;
        let done: Vec<u64> = (2..)
            .zip(outcomes)
            .filter_map(|(version, outcome)| (outcome == Done).then_some(version))
            .collect();
        same(
            "of four `update` of one version at once, the number that give Done",
            done.len(),
            1,
        )?;
        let record = ground.record(user, done[0], "first or not");
        ground
            .holds("after four `update` at once", key, Some(&record))
            .await?;
    }
    Ok(())
}

async fn delete_twice_at_once(ground: Ground) -> Verdict {
    for round in 0..ROUNDS {
        let (key, _) = ground.session_of(ground.user(), 1).await?;
        let expected = (round % 2 == 0).then_some(1);
        let deletes = (0..4).map(|_| {
            ground.task(|ground| async move { ground.delete(key, expected, ground.now).await })
        });
        let outcomes = together(deletes).await?;
        let done = outcomes.iter().filter(|outcome| **outcome == Done).count();
        same(
            "of four `delete` at once, the number that give Done",
            done,
            1,
        )?;
        same(
            "`delete` that has lost against another one: whether it is a Conflict",
            outcomes.contains(&Conflict),
            false,
        )?;
        ground
            .holds("after four `delete` at once", key, None)
            .await?;
    }
    Ok(())
}

/// Each adds one to what it has read, and tries again when somebody else was faster.
async fn update_64_times_at_once(ground: Ground) -> Verdict {
    const TASKS: u64 = 64;
    let user = ground.user();
    let key = ground.key_of(user);
    ground.made(key, &ground.record(user, 0, "0")).await?;
    together((0..TASKS).map(|_| changes(ground.clone(), key, add_one))).await?;
    let counted = ground.record(user, TASKS, &TASKS.to_string());
    ground
        .holds(
            "after 64 `update` at once that add one each, tried again on Conflict",
            key,
            Some(&counted),
        )
        .await
}

fn add_one(content: &str) -> String {
    // What a store has garbled counts as nothing: the sum tells.
    (content.parse::<u64>().unwrap_or_default() + 1).to_string()
}

/// Two requests that know nothing of each other: neither may undo what the other has done.
async fn two_requests_put_different_values(ground: Ground) -> Verdict {
    for _ in 0..ROUNDS {
        let user = ground.user();
        let key = ground.key_of(user);
        ground.made(key, &ground.record(user, 0, "")).await?;
        both(
            changes(ground.clone(), key, |content| format!("{content}cart=3;")),
            changes(ground.clone(), key, |content| {
                format!("{content}theme=dark;")
            }),
        )
        .await?;
        let found = ground
            .load(key, ground.now)
            .await?
            .map(|record| record.content);
        let one = found.as_deref() == Some(b"cart=3;theme=dark;");
        let other = found.as_deref() == Some(b"theme=dark;cart=3;");
        same(
            "the record after two requests that put different values: whether it has both",
            one || other,
            true,
        )?;
    }
    Ok(())
}

/// Loads, changes and updates until nobody was faster.
async fn changes(ground: Ground, key: RecordKey, change: impl Fn(&str) -> String) -> Verdict {
    loop {
        let Some(before) = ground.load(key, ground.now).await? else {
            return Err("`load` of a record that nobody deletes gave none".to_owned());
        };
        let content = change(&String::from_utf8_lossy(&before.content)).into_bytes();
        let after = Record {
            version: before.version + 1,
            content,
            ..before
        };
        match ground
            .update(key, before.version, &after, ground.now)
            .await?
        {
            Done => return Ok(()),
            Conflict => turns(1).await,
            Gone => return Err("`update` of a record that nobody deletes gave Gone".to_owned()),
        }
    }
}

async fn update_and_delete_at_once(ground: Ground) -> Verdict {
    for _ in 0..ROUNDS {
        let user = ground.user();
        let (key, _) = ground.session_of(user, 1).await?;
        let record = ground.record(user, 2, "changed");
        let outcomes = both(
            ground.task(|ground| async move { ground.update(key, 1, &record, ground.now).await }),
            ground.task(|ground| async move { ground.delete(key, None, ground.now).await }),
        )
        .await?;
        if !matches!(outcomes, (Done | Gone, Done)) {
            return Err(format!(
                "`update` and `delete` at once must give (Done, Done) or (Gone, Done), and gave {outcomes:?}"
            ));
        }
        ground
            .holds("after `update` and `delete` at once", key, None)
            .await?;
        ground
            .lists("after `update` and `delete` at once", user, [])
            .await?;
    }
    Ok(())
}

async fn update_and_delete_of_a_version_at_once(ground: Ground) -> Verdict {
    for _ in 0..ROUNDS {
        let user = ground.user();
        let (key, _) = ground.session_of(user, 1).await?;
        let changed = ground.record(user, 2, "changed");
        let record = changed.clone();
        let outcomes = both(
            ground.task(|ground| async move { ground.update(key, 1, &record, ground.now).await }),
            ground.task(|ground| async move { ground.delete(key, Some(1), ground.now).await }),
        )
        .await?;
        let left = match outcomes {
            (Done, Conflict) => Some(&changed),
            (Gone, Done) => None,
            got => {
                return Err(format!(
                    "`update` and `delete` of one version at once must give (Done, Conflict) or (Gone, Done), and gave {got:?}"
                ));
            }
        };
        ground
            .holds(
                "after `update` and `delete` of one version at once",
                key,
                left,
            )
            .await?;
    }
    Ok(())
}

async fn writes_are_seen_at_once(ground: Ground) -> Verdict {
    let user = ground.user();
    let (key, _) = ground.session_of(user, 0).await?;
    for version in 1..=ROUNDS {
        let record = ground.record(user, version, &format!("number {version}"));
        let written = record.clone();
        let write = ground.task(|ground| async move {
            ground.update(key, version - 1, &written, ground.now).await
        });
        same("`update`", together([write]).await?, vec![Done])?;
        let reads =
            (0..4).map(|_| ground.task(|ground| async move { ground.load(key, ground.now).await }));
        for found in together(reads).await? {
            same_record(
                "`load` in another task, after `update` was Done",
                found.as_ref(),
                Some(&record),
            )?;
        }
        let listed = ground.list(user, ground.now).await?;
        same(
            "`list` after `update` was Done: whether it has the new record",
            listed == [(key, record)],
            true,
        )?;
    }
    let delete = ground.task(|ground| async move { ground.delete(key, None, ground.now).await });
    same("`delete`", together([delete]).await?, vec![Done])?;
    ground
        .holds("in another task, after `delete` was Done", key, None)
        .await
}

async fn versions_never_go_back(ground: Ground) -> Verdict {
    let user = ground.user();
    let (key, _) = ground.session_of(user, 0).await?;
    let writes = ground.task(|ground| async move {
        for version in 1..=64 {
            let record = ground.record(user, version, "next");
            let outcome = ground.update(key, version - 1, &record, ground.now).await?;
            same(
                "`update` of a record that nobody else changes",
                outcome,
                Done,
            )?;
            turns(version % 3).await;
        }
        Ok(())
    });
    let look = async || {
        let found = ground.load(key, ground.now).await?;
        found.map(|record| record.version).ok_or_else(|| {
            "`load` while another task updates must give the record, and gave none".to_owned()
        })
    };
    let ((), seen) = during(writes, look).await?;
    same(
        "`load` while another task updates: whether versions never go back",
        seen.is_sorted(),
        true,
    )
}

/// Content, version and expiry change together.
async fn records_are_read_whole(ground: Ground) -> Verdict {
    const BYTES: usize = 64 * 1024;
    let nth = |ground: &Ground, user, version: u8| Record {
        expires_at: ground.later(HOUR + u64::from(version)),
        content: vec![version; BYTES],
        ..ground.record(user, version.into(), "")
    };
    let user = ground.user();
    let key = ground.key_of(user);
    ground.made(key, &nth(&ground, user, 0)).await?;
    let writes = ground.task(|ground| async move {
        for version in 1..=32 {
            let record = nth(&ground, user, version);
            let outcome = ground
                .update(key, u64::from(version) - 1, &record, ground.now)
                .await?;
            same(
                "`update` of a record that nobody else changes",
                outcome,
                Done,
            )?;
            turns(u64::from(version) % 3).await;
        }
        Ok(())
    });
    let look = async || {
        let found = ground.load(key, ground.now).await?;
        let version = found
            .as_ref()
            .and_then(|found| u8::try_from(found.version).ok());
        let whole = nth(&ground, user, version.unwrap_or_default());
        same_record(
            "`load` while another task updates",
            found.as_ref(),
            Some(&whole),
        )
    };
    during(writes, look).await.map(drop)
}
