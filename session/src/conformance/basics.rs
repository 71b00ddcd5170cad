//! Each verb by itself, one call after the other.

use super::ground::{Ground, HOUR, MINUTE, Verdict, cases, same};
use crate::store::Outcome::{Conflict, Done, Gone};
use crate::store::{Outcome, Record, RecordKey};

cases![
    load_of_nothing,
    create_then_load,
    create_twice,
    create_after_delete,
    create_over_an_expired_record,
    update_with_the_right_version,
    update_with_a_wrong_version,
    update_of_a_missing_record,
    update_of_an_expired_record,
    update_after_delete,
    delete_after_update,
    delete_without_a_version,
    delete_with_a_version,
    delete_of_a_missing_record,
];

async fn load_of_nothing(ground: Ground) -> Verdict {
    let key = ground.guest_key();
    ground
        .holds("under a key that never had a record", key, None)
        .await
}

async fn create_then_load(ground: Ground) -> Verdict {
    let (guest, anonymous) = ground.session_of_a_guest(1).await?;
    let (key, record) = ground.session_of(ground.user(), 2).await?;
    ground
        .holds("after `create` for nobody", guest, Some(&anonymous))
        .await?;
    ground
        .holds("after `create` for a user", key, Some(&record))
        .await
}

async fn create_twice(ground: Ground) -> Verdict {
    let user = ground.user();
    let (key, record) = ground.session_of(user, 1).await?;
    for second in [
        ground.record(user, 1, "the same version"),
        ground.record(user, 9, "another version"),
    ] {
        let created = ground.create(key, &second, ground.now).await?;
        same("`create` under a key that has a record", created, false)?;
        ground
            .holds("after a `create` that gave false", key, Some(&record))
            .await?;
    }
    Ok(())
}

async fn create_after_delete(ground: Ground) -> Verdict {
    let (key, record) = ground.session_of(ground.user(), 1).await?;
    deletes(&ground, key, None, Done).await?;
    let again = Record {
        version: 2,
        ..record
    };
    ground.made(key, &again).await?;
    ground
        .holds("after `create`, `delete` and `create`", key, Some(&again))
        .await
}

async fn create_over_an_expired_record(ground: Ground) -> Verdict {
    let user = ground.user();
    let (key, old) = ground.session_of(user, 1).await?;
    let new = Record {
        expires_at: ground.later(2 * HOUR),
        ..ground.record(user, 5, "new")
    };
    let created = ground.create(key, &new, old.expires_at).await?;
    same("`create` over an expired record", created, true)?;
    ground
        .holds_at(
            "after `create` over an expired record",
            key,
            Some(&new),
            old.expires_at,
        )
        .await
}

async fn update_with_the_right_version(ground: Ground) -> Verdict {
    let user = ground.user();
    let (key, _) = ground.session_of(user, 1).await?;
    // Versions need not count up: each is another number, no more.
    for (expected, version) in [(1, 2), (2, 900), (900, 3)] {
        let next = Record {
            expires_at: ground.later(HOUR + version * MINUTE),
            ..ground.record(user, version, &"longer ".repeat(5))
        };
        updates(&ground, key, expected, &next, Done).await?;
        ground.holds("after `update`", key, Some(&next)).await?;
    }
    Ok(())
}

async fn update_with_a_wrong_version(ground: Ground) -> Verdict {
    let user = ground.user();
    let (key, record) = ground.session_of(user, 5).await?;
    for wrong in [0, 4, 6, 5 + (1 << 32)] {
        updates(
            &ground,
            key,
            wrong,
            &ground.record(user, 7, "wrong"),
            Conflict,
        )
        .await?;
        ground
            .holds("after an `update` that gave Conflict", key, Some(&record))
            .await?;
    }
    Ok(())
}

async fn update_of_a_missing_record(ground: Ground) -> Verdict {
    let user = ground.user();
    let key = ground.key_of(user);
    updates(&ground, key, 0, &ground.record(user, 1, "of nothing"), Gone).await?;
    ground
        .holds("after an `update` that gave Gone", key, None)
        .await?;
    ground
        .lists("after an `update` that gave Gone", user, [])
        .await
}

async fn update_of_an_expired_record(ground: Ground) -> Verdict {
    let user = ground.user();
    let (key, record) = ground.session_of(user, 1).await?;
    let next = Record {
        expires_at: ground.later(5 * HOUR),
        ..ground.record(user, 2, "too late")
    };
    for expected in [1, 2] {
        let outcome = ground
            .update(key, expected, &next, record.expires_at)
            .await?;
        same("`update` of an expired record", outcome, Gone)?;
        ground
            .holds_at(
                "after an `update` that gave Gone",
                key,
                None,
                record.expires_at,
            )
            .await?;
    }
    Ok(())
}

async fn update_after_delete(ground: Ground) -> Verdict {
    let user = ground.user();
    let (key, _) = ground.session_of(user, 1).await?;
    deletes(&ground, key, None, Done).await?;
    updates(&ground, key, 1, &ground.record(user, 2, "back again"), Gone).await?;
    ground
        .holds("after `delete` and an `update`", key, None)
        .await?;
    ground
        .lists("after `delete` and an `update`", user, [])
        .await
}

async fn delete_after_update(ground: Ground) -> Verdict {
    let user = ground.user();
    let (key, _) = ground.session_of(user, 1).await?;
    updates(&ground, key, 1, &ground.record(user, 2, "the last"), Done).await?;
    deletes(&ground, key, None, Done).await?;
    ground
        .holds("after `update` and `delete`", key, None)
        .await?;
    ground.lists("after `update` and `delete`", user, []).await
}

async fn delete_without_a_version(ground: Ground) -> Verdict {
    let user = ground.user();
    let (key, _) = ground.session_of(user, 77).await?;
    let (other, kept) = ground.session_of(user, 77).await?;
    deletes(&ground, key, None, Done).await?;
    ground.holds("after `delete`", key, None).await?;
    ground
        .holds(
            "after `delete` of the user's other session",
            other,
            Some(&kept),
        )
        .await?;
    deletes(&ground, key, None, Gone).await
}

async fn delete_with_a_version(ground: Ground) -> Verdict {
    let (key, record) = ground.session_of(ground.user(), 5).await?;
    for wrong in [0, 4, 6] {
        deletes(&ground, key, Some(wrong), Conflict).await?;
        ground
            .holds("after a `delete` that gave Conflict", key, Some(&record))
            .await?;
    }
    deletes(&ground, key, Some(5), Done).await?;
    ground
        .holds("after `delete` with the right version", key, None)
        .await?;
    deletes(&ground, key, Some(5), Gone).await
}

async fn delete_of_a_missing_record(ground: Ground) -> Verdict {
    let key = ground.guest_key();
    deletes(&ground, key, None, Gone).await?;
    deletes(&ground, key, Some(0), Gone).await
}

async fn updates(
    ground: &Ground,
    key: RecordKey,
    expected: u64,
    record: &Record,
    wanted: Outcome,
) -> Verdict {
    let outcome = ground.update(key, expected, record, ground.now).await?;
    same(
        &format!("`update` with {expected} as the expected version"),
        outcome,
        wanted,
    )
}

async fn deletes(
    ground: &Ground,
    key: RecordKey,
    expected: Option<u64>,
    wanted: Outcome,
) -> Verdict {
    let outcome = ground.delete(key, expected, ground.now).await?;
    same(
        &format!("`delete` with {expected:?} as the expected version"),
        outcome,
        wanted,
    )
}
