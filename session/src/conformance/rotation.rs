//! `rotate`: a session's move to another key.

use super::ground::{Ground, HOUR, MINUTE, Verdict, cases, moves, same};
use crate::store::Outcome::{Conflict, Done, Gone};
use crate::store::{Outcome, Record, RecordKey, Rotation, UserKey};

cases![
    rotate_moves_a_session,
    rotate_again_and_again,
    rotate_leaves_a_record_that_expires,
    delete_all_ends_what_a_rotation_left,
    rotate_with_a_wrong_version,
    rotate_of_a_missing_record,
    rotate_of_an_expired_record,
    rotate_from_a_guest_to_a_user,
    rotate_from_a_user_to_a_guest,
    rotate_from_one_user_to_another,
    rotate_across_groups_leaves_a_record,
    rotate_across_groups_with_a_wrong_version,
    rotate_onto_a_key_that_is_taken,
    rotate_onto_an_expired_record,
];

async fn rotates(ground: &Ground, rotation: &Rotation, wanted: Outcome) -> Verdict {
    let outcome = ground.rotate(rotation, ground.now).await?;
    let what = format!(
        "`rotate` with {} as the expected version",
        rotation.expected
    );
    same(&what, outcome, wanted)
}

async fn rotate_moves_a_session(ground: Ground) -> Verdict {
    let user = ground.user();
    let (old, _) = ground.session_of(user, 1).await?;
    let new = ground.key_of(user);
    let record = Record {
        expires_at: ground.later(3 * HOUR),
        ..ground.record(user, 2, "moved")
    };
    rotates(&ground, &moves(old, 1, new, record.clone()), Done).await?;
    ground
        .holds("under the old key after `rotate`", old, None)
        .await?;
    ground
        .holds("under the new key after `rotate`", new, Some(&record))
        .await?;
    ground.lists("after `rotate`", user, [new]).await?;
    let late = ground.later(2 * HOUR);
    ground
        .holds_at(
            "when the old record would have expired",
            new,
            Some(&record),
            late,
        )
        .await?;
    let outcome = ground.update(old, 1, &record, ground.now).await?;
    same("`update` of what has been rotated away", outcome, Gone)
}

async fn rotate_again_and_again(ground: Ground) -> Verdict {
    let user = ground.user();
    let (mut key, _) = ground.session_of(user, 0).await?;
    for version in 1..=10 {
        let (new, record) = (ground.key_of(user), ground.record(user, version, "moved"));
        rotates(&ground, &moves(key, version - 1, new, record.clone()), Done).await?;
        ground
            .holds("under the new key after `rotate`", new, Some(&record))
            .await?;
        key = new;
    }
    ground.lists("after ten times `rotate`", user, [key]).await
}

async fn rotate_leaves_a_record_that_expires(ground: Ground) -> Verdict {
    let user = ground.user();
    let (old, _) = ground.session_of(user, 1).await?;
    let new = ground.key_of(user);
    let record = ground.record(user, 2, "moved");
    let left = Record {
        expires_at: ground.later(MINUTE),
        ..ground.record(user, 3, "see there")
    };
    let rotation = Rotation {
        left: Some(left.clone()),
        ..moves(old, 1, new, record.clone())
    };
    rotates(&ground, &rotation, Done).await?;
    ground
        .holds(
            "under the old key after `rotate` with `left`",
            old,
            Some(&left),
        )
        .await?;
    ground
        .holds(
            "under the new key after `rotate` with `left`",
            new,
            Some(&record),
        )
        .await?;
    ground
        .lists("after `rotate` with `left`", user, [old, new])
        .await?;
    let late = left.expires_at;
    ground
        .holds_at("when `left` is over", old, None, late)
        .await?;
    ground
        .holds_at("when `left` is over", new, Some(&record), late)
        .await
}

async fn delete_all_ends_what_a_rotation_left(ground: Ground) -> Verdict {
    let user = ground.user();
    let (old, _) = ground.session_of(user, 1).await?;
    let new = ground.key_of(user);
    let rotation = Rotation {
        left: Some(ground.record(user, 3, "see there")),
        ..moves(old, 1, new, ground.record(user, 2, "moved"))
    };
    rotates(&ground, &rotation, Done).await?;
    let ended = ground.delete_all(user, None, ground.now).await?;
    same("`delete_all` of a session and what it left", ended, 2)?;
    for key in [old, new] {
        ground
            .holds("after `rotate` with `left` and `delete_all`", key, None)
            .await?;
    }
    Ok(())
}

async fn rotate_with_a_wrong_version(ground: Ground) -> Verdict {
    let user = ground.user();
    let (old, before) = ground.session_of(user, 5).await?;
    let left = Some(ground.record(user, 8, "see there"));
    for (wrong, left) in [(4, None), (6, None), (0, left)] {
        let new = ground.key_of(user);
        let rotation = Rotation {
            left,
            ..moves(old, wrong, new, ground.record(user, 6, "moved"))
        };
        rotates(&ground, &rotation, Conflict).await?;
        ground
            .holds(
                "under the old key after a `rotate` that gave Conflict",
                old,
                Some(&before),
            )
            .await?;
        ground
            .holds(
                "under the new key after a `rotate` that gave Conflict",
                new,
                None,
            )
            .await?;
        ground
            .lists("after a `rotate` that gave Conflict", user, [old])
            .await?;
    }
    Ok(())
}

async fn rotate_of_a_missing_record(ground: Ground) -> Verdict {
    let user = ground.user();
    for left in [None, Some(ground.record(user, 3, "see there"))] {
        let (old, new) = (ground.key_of(user), ground.key_of(user));
        let rotation = Rotation {
            left,
            ..moves(old, 0, new, ground.record(user, 1, "moved"))
        };
        rotates(&ground, &rotation, Gone).await?;
        ground
            .holds(
                "under the old key after a `rotate` that gave Gone",
                old,
                None,
            )
            .await?;
        ground
            .holds(
                "under the new key after a `rotate` that gave Gone",
                new,
                None,
            )
            .await?;
        ground
            .lists("after a `rotate` that gave Gone", user, [])
            .await?;
    }
    Ok(())
}

async fn rotate_of_an_expired_record(ground: Ground) -> Verdict {
    let user = ground.user();
    let (old, before) = ground.session_of(user, 1).await?;
    let late = before.expires_at;
    for expected in [1, 2] {
        let new = ground.key_of(user);
        let record = Record {
            expires_at: ground.later(3 * HOUR),
            ..ground.record(user, 2, "moved")
        };
        let outcome = ground
            .rotate(&moves(old, expected, new, record), late)
            .await?;
        same("`rotate` of an expired record", outcome, Gone)?;
        ground
            .holds_at("after a `rotate` that gave Gone", new, None, late)
            .await?;
    }
    Ok(())
}

async fn rotate_from_a_guest_to_a_user(ground: Ground) -> Verdict {
    let (old, _) = ground.session_of_a_guest(1).await?;
    crosses(&ground, old, Some(ground.user())).await
}

async fn rotate_from_a_user_to_a_guest(ground: Ground) -> Verdict {
    let user = ground.user();
    let (old, _) = ground.session_of(user, 1).await?;
    crosses(&ground, old, None).await?;
    ground
        .lists("of the user who was left behind, after `rotate`", user, [])
        .await
}

async fn rotate_from_one_user_to_another(ground: Ground) -> Verdict {
    let user = ground.user();
    let (old, _) = ground.session_of(user, 1).await?;
    let (stays, _) = ground.session_of(user, 1).await?;
    crosses(&ground, old, Some(ground.user())).await?;
    ground
        .lists(
            "of the user who was left behind, after `rotate`",
            user,
            [stays],
        )
        .await?;
    // A neighbour's keys are of the same group, and still another user's.
    crosses(&ground, stays, Some(ground.neighbour(user))).await?;
    ground
        .lists("of the user who was left behind, after `rotate`", user, [])
        .await
}

/// Rotates a record of version 1 to somebody else's key.
async fn crosses(ground: &Ground, old: RecordKey, whose: Option<UserKey>) -> Verdict {
    let new = whose.map_or_else(|| ground.guest_key(), |user| ground.key_of(user));
    let record = ground.record(whose, 2, "somebody else's");
    rotates(ground, &moves(old, 1, new, record.clone()), Done).await?;
    ground
        .holds("under the old key after `rotate`", old, None)
        .await?;
    ground
        .holds("under the new key after `rotate`", new, Some(&record))
        .await?;
    if let Some(user) = whose {
        ground
            .lists("of the session's new user, after `rotate`", user, [new])
            .await?;
    }
    let again = moves(old, 1, ground.guest_key(), ground.record(None, 3, "again"));
    rotates(ground, &again, Gone).await
}

async fn rotate_across_groups_leaves_a_record(ground: Ground) -> Verdict {
    let user = ground.user();
    let (old, _) = ground.session_of_a_guest(1).await?;
    let new = ground.key_of(user);
    let record = ground.record(user, 2, "logged in");
    let left = Record {
        expires_at: ground.later(MINUTE),
        ..ground.record(None, 3, "see there")
    };
    let rotation = Rotation {
        left: Some(left.clone()),
        ..moves(old, 1, new, record.clone())
    };
    rotates(&ground, &rotation, Done).await?;
    ground
        .holds(
            "under the old key after `rotate` with `left`",
            old,
            Some(&left),
        )
        .await?;
    ground
        .holds(
            "under the new key after `rotate` with `left`",
            new,
            Some(&record),
        )
        .await?;
    ground
        .lists("after `rotate` with `left`", user, [new])
        .await?;
    ground
        .holds_at("when `left` is over", old, None, left.expires_at)
        .await
}

async fn rotate_across_groups_with_a_wrong_version(ground: Ground) -> Verdict {
    let (from, whose) = (ground.user(), ground.user());
    let (old, before) = ground.session_of(from, 5).await?;
    let (guest, anonymous) = ground.session_of_a_guest(5).await?;
    for (old, before) in [(old, before), (guest, anonymous)] {
        let new = ground.key_of(whose);
        let record = ground.record(whose, 6, "logged in");
        rotates(&ground, &moves(old, 4, new, record.clone()), Conflict).await?;
        ground
            .holds(
                "under the old key after a `rotate` that gave Conflict",
                old,
                Some(&before),
            )
            .await?;
        ground
            .holds(
                "under the new key after a `rotate` that gave Conflict",
                new,
                None,
            )
            .await?;
        let gone = moves(ground.guest_key(), 5, new, record);
        rotates(&ground, &gone, Gone).await?;
        ground
            .holds(
                "under the new key after a `rotate` that gave Gone",
                new,
                None,
            )
            .await?;
    }
    ground
        .lists("of a user whom nobody has become", whose, [])
        .await
}

/// No record is there, says [`Rotation`]: a store may answer with an error or with Conflict, and must overwrite nothing.
async fn rotate_onto_a_key_that_is_taken(ground: Ground) -> Verdict {
    let user = ground.user();
    let (old, before) = ground.session_of(user, 1).await?;
    let (taken, other) = ground.session_of(user, 1).await?;
    let rotation = moves(old, 1, taken, ground.record(user, 2, "moved"));
    match ground.store.rotate(rotation, ground.now).await {
        Ok(Conflict) | Err(_) => {}
        Ok(outcome) => same("`rotate` onto a key that has a record", outcome, Conflict)?,
    }
    let when = "after a `rotate` onto a key that has a record";
    ground.holds(when, old, Some(&before)).await?;
    ground.holds(when, taken, Some(&other)).await
}

async fn rotate_onto_an_expired_record(ground: Ground) -> Verdict {
    let user = ground.user();
    let (taken, over) = ground.session_of(user, 1).await?;
    let old = ground.key_of(user);
    let alive = Record {
        expires_at: ground.later(3 * HOUR),
        ..ground.record(user, 1, "alive")
    };
    ground.made(old, &alive).await?;
    let moved = Record {
        version: 2,
        ..alive
    };
    let outcome = ground
        .rotate(&moves(old, 1, taken, moved.clone()), over.expires_at)
        .await?;
    same(
        "`rotate` onto a key whose record has expired",
        outcome,
        Done,
    )?;
    ground
        .holds_at(
            "after a `rotate` over an expired record",
            taken,
            Some(&moved),
            over.expires_at,
        )
        .await
}
