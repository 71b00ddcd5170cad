//! `list`: the sessions of a user, and nobody else's.

use super::ground::{Ground, HOUR, SECOND, Verdict, cases, same, same_record};
use crate::store::Outcome::Done;
use crate::store::Record;

cases![
    list_of_a_user_without_sessions,
    list_gives_whole_records,
    list_follows_changes,
    list_keeps_users_apart,
    list_leaves_out_guests,
    list_of_300_sessions,
];

async fn list_of_a_user_without_sessions(ground: Ground) -> Verdict {
    ground
        .lists("of a user who never had a session", ground.user(), [])
        .await
}

async fn list_gives_whole_records(ground: Ground) -> Verdict {
    let user = ground.user();
    let mut wanted = Vec::new();
    for version in 1..=3 {
        let key = ground.key_of(user);
        let record = Record {
            expires_at: ground.later(HOUR + version * SECOND + 7),
            ..ground.record(
                user,
                version,
                &"content".repeat(usize::try_from(version).unwrap_or(1)),
            )
        };
        ground.made(key, &record).await?;
        wanted.push((key, record));
    }
    wanted.sort_by_key(|(key, _)| *key);
    let found = ground.list(user, ground.now).await?;
    same(
        "`list` of three sessions: how many",
        found.len(),
        wanted.len(),
    )?;
    for ((got_key, got), (key, record)) in found.iter().zip(&wanted) {
        same("`list`: a key", got_key, key)?;
        same_record("`list`", Some(got), Some(record))?;
    }
    Ok(())
}

async fn list_follows_changes(ground: Ground) -> Verdict {
    let user = ground.user();
    let (a, _) = ground.session_of(user, 1).await?;
    let (b, _) = ground.session_of(user, 1).await?;
    ground.lists("after two `create`", user, [a, b]).await?;
    let changed = Record {
        expires_at: ground.later(4 * HOUR),
        ..ground.record(user, 2, "changed")
    };
    same(
        "`update`",
        ground.update(a, 1, &changed, ground.now).await?,
        Done,
    )?;
    ground.lists("after `update`", user, [a, b]).await?;
    same("`delete`", ground.delete(b, None, ground.now).await?, Done)?;
    ground.lists("after `delete`", user, [a]).await?;
    ground.session_of(user, 1).await?;
    let late = ground.list(user, ground.later(2 * HOUR)).await?;
    same(
        "`list` when all but a record that was prolonged have expired: whether it gives that one",
        late == [(a, changed)],
        true,
    )
}

async fn list_keeps_users_apart(ground: Ground) -> Verdict {
    let user = ground.user();
    let others = [
        ground.user(),
        ground.neighbour(user),
        ground.neighbour(user),
    ];
    let own = ground.sessions(user, 2).await?;
    for other in others {
        let (key, _) = ground.session_of(other, 1).await?;
        ground.lists("of another user", other, [key]).await?;
    }
    ground
        .lists(
            "while other users have sessions, some of the same group",
            user,
            own,
        )
        .await
}

/// Also under a key of the user's own group, where a rotation may have left one.
async fn list_leaves_out_guests(ground: Ground) -> Verdict {
    let user = ground.user();
    let (key, _) = ground.session_of(user, 1).await?;
    ground.session_of_a_guest(1).await?;
    ground
        .made(ground.key_of(user), &ground.record(None, 1, "nobody's"))
        .await?;
    ground
        .lists("while there are records of nobody", user, [key])
        .await
}

async fn list_of_300_sessions(ground: Ground) -> Verdict {
    let user = ground.user();
    let keys = ground.sessions(user, 300).await?;
    ground.lists("of 300 sessions", user, keys).await
}
