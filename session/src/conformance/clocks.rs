//! Clocks that disagree, and times that are far away.

use super::ground::{AT_LAST, Ground, HOUR, MINUTE, Verdict, cases, moves, same};
use crate::store::Outcome::Done;
use crate::store::{Record, Rotation, Timestamp};

cases![
    clocks_a_minute_apart,
    a_caller_years_ahead,
    a_caller_years_behind,
    expiry_in_the_year_9999,
    delete_expired_removes_what_is_over,
];

async fn clocks_a_minute_apart(ground: Ground) -> Verdict {
    let user = ground.user();
    let key = ground.key_of(user);
    let behind = Timestamp::from_millis(ground.now.as_millis() - MINUTE);
    let ahead = ground.later(MINUTE);
    // Each writes what its own clock says, and each sees what the other has written.
    let mut version = 0;
    let first = Record {
        expires_at: Timestamp::from_millis(behind.as_millis() + HOUR),
        ..ground.record(user, 0, "first")
    };
    same(
        "`create` by a clock a minute behind",
        ground.create(key, &first, behind).await?,
        true,
    )?;
    for (writer, reader) in [
        (ahead, behind),
        (behind, ahead),
        (ahead, ground.now),
        (ground.now, behind),
    ] {
        let expires_at = Timestamp::from_millis(writer.as_millis() + HOUR);
        let record = Record {
            expires_at,
            ..ground.record(user, version + 1, "next")
        };
        same(
            "`update` by a clock a minute off",
            ground.update(key, version, &record, writer).await?,
            Done,
        )?;
        version += 1;
        ground
            .holds_at("by a clock a minute off", key, Some(&record), reader)
            .await?;
        let last = Timestamp::from_millis(expires_at.as_millis() - 1);
        ground.holds_at(AT_LAST, key, Some(&record), last).await?;
        let listed = ground.list(user, reader).await?;
        same("`list` by a clock a minute off", listed.len(), 1)?;
    }
    same(
        "`delete` by a clock a minute behind",
        ground.delete(key, Some(version), behind).await?,
        Done,
    )?;
    ground
        .holds_at("by a clock a minute ahead", key, None, ahead)
        .await
}

/// A test, or a machine whose clock is wrong: all that counts is the difference.
async fn a_caller_years_ahead(ground: Ground) -> Verdict {
    lives_at(&ground, ground.later(74 * 365 * 24 * HOUR)).await
}

async fn a_caller_years_behind(ground: Ground) -> Verdict {
    lives_at(&ground, Timestamp::from_millis(1_000_000_000_000)).await
}

/// A session's whole life, at another time.
async fn lives_at(ground: &Ground, now: Timestamp) -> Verdict {
    let at = |millis: u64| Timestamp::from_millis(now.as_millis() + millis);
    let user = ground.user();
    let record = |version| Record {
        expires_at: at(HOUR),
        ..ground.record(user, version, "elsewhen")
    };
    let (old, new) = (ground.key_of(user), ground.key_of(user));
    same(
        "`create` in another year",
        ground.create(old, &record(1), now).await?,
        true,
    )?;
    ground
        .holds_at("after `create` in another year", old, Some(&record(1)), now)
        .await?;
    same(
        "`create` twice in another year",
        ground.create(old, &record(2), now).await?,
        false,
    )?;
    same(
        "`update` in another year",
        ground.update(old, 1, &record(2), at(MINUTE)).await?,
        Done,
    )?;
    ground
        .holds_at(
            "after `update` in another year",
            old,
            Some(&record(2)),
            at(HOUR - 1),
        )
        .await?;
    let rotation = moves(old, 2, new, record(3));
    same(
        "`rotate` in another year",
        ground.rotate(&rotation, at(MINUTE)).await?,
        Done,
    )?;
    ground
        .holds_at(
            "after `rotate` in another year",
            new,
            Some(&record(3)),
            at(HOUR - 1),
        )
        .await?;
    let listed = ground.list(user, at(HOUR - 1)).await?;
    same("`list` in another year", listed.len(), 1)?;
    ground
        .holds_at("when its time is over in another year", new, None, at(HOUR))
        .await?;
    let other = ground.key_of(user);
    let longer = Record {
        expires_at: at(2 * HOUR),
        ..record(4)
    };
    same(
        "`create` in another year",
        ground.create(other, &longer, at(HOUR)).await?,
        true,
    )?;
    same(
        "`delete_all` in another year, of a record alive and one that is over",
        ground.delete_all(user, None, at(HOUR)).await?,
        1,
    )?;
    ground
        .holds_at("after `delete_all` in another year", other, None, at(HOUR))
        .await
}

async fn expiry_in_the_year_9999(ground: Ground) -> Verdict {
    let user = ground.user();
    let end = Timestamp::from_millis(253_402_300_799_999);
    let last = Timestamp::from_millis(end.as_millis() - 1);
    let forever = |version| Record {
        expires_at: end,
        ..ground.record(user, version, "for ever")
    };
    let (old, new) = (ground.key_of(user), ground.key_of(user));
    ground.made(old, &forever(1)).await?;
    same(
        "`update`",
        ground.update(old, 1, &forever(2), ground.now).await?,
        Done,
    )?;
    ground
        .holds_at("at the end of the year 9999", old, Some(&forever(2)), last)
        .await?;
    let rotation = Rotation {
        old,
        expected: 2,
        left: Some(forever(3)),
        new,
        record: forever(4),
    };
    same(
        "`rotate`",
        ground.rotate(&rotation, ground.now).await?,
        Done,
    )?;
    ground
        .holds(
            "that expires at the end of the year 9999",
            old,
            Some(&forever(3)),
        )
        .await?;
    ground
        .holds_at("at the end of the year 9999", new, Some(&forever(4)), last)
        .await?;
    ground
        .lists(
            "of records that expire at the end of the year 9999",
            user,
            [old, new],
        )
        .await?;
    ground
        .holds_at("after the end of the year 9999", new, None, end)
        .await
}

/// It is called in 1990, so that it removes nothing of anybody else's.
async fn delete_expired_removes_what_is_over(ground: Ground) -> Verdict {
    let at = |millis: u64| Timestamp::from_millis(631_152_000_000 + millis);
    let (before, now) = (at(0), at(HOUR));
    let user = ground.user();
    let mut over = Vec::new();
    let mut alive = Vec::new();
    for (whose, offset) in [
        (None, 0),
        (Some(user), 1),
        (Some(user), HOUR),
        (None, HOUR),
        (Some(user), HOUR + 1),
        (None, HOUR + 1),
        (Some(user), 500_000 * HOUR),
    ] {
        let key = whose.map_or_else(|| ground.guest_key(), |user| ground.key_of(user));
        let record = Record {
            expires_at: at(offset),
            ..ground.record(whose, 1, "old")
        };
        ground.create(key, &record, before).await?;
        if record.expires_at <= now {
            over.push((key, record));
        // What a server has removed by a clock of its own, decades later, is not this case's business.
        } else if ground.load(key, before).await?.is_some() {
            alive.push((key, record));
        }
    }
    // A caller who is not there yet finds what was over before it began gone already, so 0 of these may be left to count.
    let removed = ground.delete_expired(now).await?;
    for (key, record) in &alive {
        ground
            .holds_at(
                "of a record whose time is not over, after `delete_expired`",
                *key,
                Some(record),
                now,
            )
            .await?;
    }
    for (key, _) in &over {
        ground
            .holds_at(
                "of a record whose time is over, after `delete_expired`",
                *key,
                None,
                now,
            )
            .await?;
        if removed > 0 {
            ground
                .holds_at(
                    "by a clock that is behind, after a `delete_expired` that removed some,",
                    *key,
                    None,
                    before,
                )
                .await?;
        }
    }
    let listed = ground.list(user, now).await?.len();
    let wanted = alive
        .iter()
        .filter(|(_, record)| record.user.is_some())
        .count();
    same("`list` after `delete_expired`: how many", listed, wanted)?;
    ground.delete_expired(now).await.map(drop)
}
