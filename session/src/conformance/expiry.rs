//! The end of a record's time, for every verb.

use super::ground::{AT_LAST, Ground, HOUR, MINUTE, Verdict, cases, moves, same};
use crate::store::Outcome::{Conflict, Done, Gone};
use crate::store::{Record, RecordKey, Rotation, Timestamp, UserKey};

cases![
    load_at_the_border,
    create_at_the_border,
    update_at_the_border,
    rotate_at_the_border,
    delete_at_the_border,
    list_at_the_border,
    delete_all_at_the_border,
    update_moves_the_border,
    records_that_are_over_from_the_start,
];

/// A session, the last moment at which it is there, and the first at which it is gone.
struct Bordered {
    user: UserKey,
    key: RecordKey,
    record: Record,
    last: Timestamp,
    over: Timestamp,
}

impl Bordered {
    async fn new(ground: &Ground) -> Result<Self, String> {
        let user = ground.user();
        let (key, record) = ground.session_of(user, 1).await?;
        let over = record.expires_at;
        let last = Timestamp::from_millis(over.as_millis() - 1);
        Ok(Self {
            user,
            key,
            record,
            last,
            over,
        })
    }

    /// What the session could become, with a longer life.
    fn next(&self) -> Record {
        let expires_at = Timestamp::from_millis(self.over.as_millis() + HOUR);
        Record {
            version: 2,
            expires_at,
            ..self.record.clone()
        }
    }
}

const AT_OVER: &str = "at the millisecond at which it expires";

async fn load_at_the_border(ground: Ground) -> Verdict {
    let Bordered {
        key,
        record,
        last,
        over,
        ..
    } = Bordered::new(&ground).await?;
    ground.holds_at(AT_LAST, key, Some(&record), last).await?;
    ground.holds_at(AT_OVER, key, None, over).await?;
    ground
        .holds_at(
            "years after it expired",
            key,
            None,
            ground.later(100_000 * HOUR),
        )
        .await
}

async fn create_at_the_border(ground: Ground) -> Verdict {
    let session = Bordered::new(&ground).await?;
    let next = session.next();
    let (key, last, over) = (session.key, session.last, session.over);
    let created = ground.create(key, &next, last).await?;
    same(
        "`create` over a record, one millisecond before that expires",
        created,
        false,
    )?;
    ground
        .holds_at(
            "after a `create` that gave false",
            key,
            Some(&session.record),
            last,
        )
        .await?;
    let created = ground.create(key, &next, over).await?;
    same(
        "`create` over a record, at the millisecond at which that expires",
        created,
        true,
    )?;
    ground
        .holds_at("after that `create`", key, Some(&next), over)
        .await
}

async fn update_at_the_border(ground: Ground) -> Verdict {
    let session = Bordered::new(&ground).await?;
    let next = session.next();
    let outcome = ground.update(session.key, 1, &next, session.last).await?;
    same(&format!("`update` of a record {AT_LAST}"), outcome, Done)?;
    ground
        .holds_at(
            "after that `update`",
            session.key,
            Some(&next),
            session.over,
        )
        .await?;

    let session = Bordered::new(&ground).await?;
    for expected in [1, 7] {
        let outcome = ground
            .update(session.key, expected, &next, session.over)
            .await?;
        same(&format!("`update` of a record {AT_OVER}"), outcome, Gone)?;
        ground
            .holds_at("after that `update`", session.key, None, session.over)
            .await?;
    }
    Ok(())
}

async fn rotate_at_the_border(ground: Ground) -> Verdict {
    for at_last in [true, false] {
        let session = Bordered::new(&ground).await?;
        let (new, record) = (ground.key_of(session.user), session.next());
        let rotation = moves(session.key, 1, new, record.clone());
        let (when, now, wanted) = if at_last {
            (AT_LAST, session.last, Done)
        } else {
            (AT_OVER, session.over, Gone)
        };
        same(
            &format!("`rotate` of a record {when}"),
            ground.rotate(&rotation, now).await?,
            wanted,
        )?;
        ground
            .holds_at(
                "under the new key after that `rotate`",
                new,
                at_last.then_some(&record),
                now,
            )
            .await?;
        ground
            .holds_at(
                "under the old key after that `rotate`",
                session.key,
                None,
                now,
            )
            .await?;
    }
    Ok(())
}

async fn delete_at_the_border(ground: Ground) -> Verdict {
    for expected in [None, Some(1)] {
        let session = Bordered::new(&ground).await?;
        let outcome = ground.delete(session.key, expected, session.over).await?;
        same(&format!("`delete` of a record {AT_OVER}"), outcome, Gone)?;
        let session = Bordered::new(&ground).await?;
        let outcome = ground.delete(session.key, expected, session.last).await?;
        same(&format!("`delete` of a record {AT_LAST}"), outcome, Done)?;
    }
    let session = Bordered::new(&ground).await?;
    let outcome = ground.delete(session.key, Some(7), session.last).await?;
    same(
        &format!("`delete` of another version, {AT_LAST}"),
        outcome,
        Conflict,
    )?;
    let outcome = ground.delete(session.key, Some(7), session.over).await?;
    same(
        &format!("`delete` of another version, {AT_OVER}"),
        outcome,
        Gone,
    )
}

async fn list_at_the_border(ground: Ground) -> Verdict {
    let Bordered {
        user,
        key,
        record,
        last,
        over,
    } = Bordered::new(&ground).await?;
    let alive = ground.key_of(user);
    let longer = Record {
        expires_at: ground.later(2 * HOUR),
        ..record.clone()
    };
    ground.made(alive, &longer).await?;
    let mut all = vec![(key, record), (alive, longer.clone())];
    all.sort_by_key(|(key, _)| *key);
    let listed = ground.list(user, last).await?;
    same(
        &format!("`list` with a record {AT_LAST}: whether it has both"),
        listed == all,
        true,
    )?;
    let listed = ground.list(user, over).await?;
    same(
        &format!("`list` with a record {AT_OVER}: whether it has the other one alone"),
        listed == [(alive, longer)],
        true,
    )
}

async fn delete_all_at_the_border(ground: Ground) -> Verdict {
    let session = Bordered::new(&ground).await?;
    let alive = ground.key_of(session.user);
    ground.made(alive, &session.next()).await?;
    let ended = ground.delete_all(session.user, None, session.over).await?;
    same(
        &format!("`delete_all` with a record alive and one {AT_OVER}"),
        ended,
        1,
    )?;
    ground
        .holds_at("after that `delete_all`", alive, None, session.over)
        .await?;
    let session = Bordered::new(&ground).await?;
    let ended = ground.delete_all(session.user, None, session.last).await?;
    same(&format!("`delete_all` with a record {AT_LAST}"), ended, 1)
}

async fn update_moves_the_border(ground: Ground) -> Verdict {
    let session = Bordered::new(&ground).await?;
    let (user, key) = (session.user, session.key);
    let longer = session.next();
    same(
        "`update`",
        ground.update(key, 1, &longer, ground.now).await?,
        Done,
    )?;
    ground
        .holds_at(
            "when it would have expired before an `update` that prolonged it",
            key,
            Some(&longer),
            session.over,
        )
        .await?;
    let shorter = Record {
        version: 3,
        expires_at: ground.later(MINUTE),
        ..longer
    };
    same(
        "`update`",
        ground.update(key, 2, &shorter, ground.now).await?,
        Done,
    )?;
    ground
        .holds(
            "after an `update` that shortened its life",
            key,
            Some(&shorter),
        )
        .await?;
    ground
        .holds_at(
            "after an `update` that shortened its life",
            key,
            None,
            shorter.expires_at,
        )
        .await?;
    let listed = ground.list(user, shorter.expires_at).await?;
    same(
        "`list` after an `update` that shortened a session's life, when that is over",
        listed,
        vec![],
    )
}

/// Nothing comes of them, and no error either.
async fn records_that_are_over_from_the_start(ground: Ground) -> Verdict {
    let user = ground.user();
    for expires_at in [
        ground.now,
        Timestamp::from_millis(ground.now.as_millis() - HOUR),
    ] {
        let over = Record {
            expires_at,
            ..ground.record(user, 2, "over")
        };
        let key = ground.key_of(user);
        ground.create(key, &over, ground.now).await?;
        ground
            .holds("after `create` with a record that is over", key, None)
            .await?;
        let (key, _) = ground.session_of(user, 1).await?;
        same(
            "`update` to a record that is over",
            ground.update(key, 1, &over, ground.now).await?,
            Done,
        )?;
        ground
            .holds("after `update` to a record that is over", key, None)
            .await?;
        let (old, _) = ground.session_of(user, 1).await?;
        let (new, record) = (ground.key_of(user), ground.record(user, 3, "moved"));
        let rotation = Rotation {
            old,
            expected: 1,
            left: Some(over),
            new,
            record: record.clone(),
        };
        same(
            "`rotate` that leaves a record that is over",
            ground.rotate(&rotation, ground.now).await?,
            Done,
        )?;
        ground
            .holds(
                "under the old key after `rotate` with `left` that is over",
                old,
                None,
            )
            .await?;
        ground
            .holds(
                "under the new key after `rotate` with `left` that is over",
                new,
                Some(&record),
            )
            .await?;
        ground
            .lists("when all but one are over", user, [new])
            .await?;
        ground.delete_all(user, None, ground.now).await?;
    }
    Ok(())
}
