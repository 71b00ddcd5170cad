//! `delete_all`: a user's sessions end, and nobody else's.

use super::ground::{Ground, Verdict, cases, moves, same};
use crate::store::Outcome::{Done, Gone};

cases![
    delete_all_ends_every_session,
    delete_all_but_one,
    delete_all_of_a_user_without_sessions,
    delete_all_keeps_users_apart,
    delete_all_leaves_out_guests,
    delete_all_of_300_sessions,
    delete_all_then_create,
];

async fn delete_all_ends_every_session(ground: Ground) -> Verdict {
    let user = ground.user();
    let keys = ground.sessions(user, 5).await?;
    let moved = ground.key_of(user);
    let rotation = moves(keys[0], 1, moved, ground.record(user, 2, "moved"));
    same(
        "`rotate`",
        ground.rotate(&rotation, ground.now).await?,
        Done,
    )?;
    let changed = ground.record(user, 2, "changed");
    same(
        "`update`",
        ground.update(keys[1], 1, &changed, ground.now).await?,
        Done,
    )?;
    same(
        "`delete_all` of five sessions",
        ground.delete_all(user, None, ground.now).await?,
        5,
    )?;
    for key in keys.into_iter().chain([moved]) {
        ground.holds("after `delete_all`", key, None).await?;
    }
    ground.lists("after `delete_all`", user, []).await?;
    same(
        "`delete_all` a second time",
        ground.delete_all(user, None, ground.now).await?,
        0,
    )?;
    same(
        "`update` after `delete_all`",
        ground.update(moved, 2, &changed, ground.now).await?,
        Gone,
    )?;
    ground
        .holds("after `delete_all` and `update`", moved, None)
        .await
}

async fn delete_all_but_one(ground: Ground) -> Verdict {
    let user = ground.user();
    let keys = ground.sessions(user, 5).await?;
    let kept = keys[2];
    same(
        "`delete_all` of five sessions but one",
        ground.delete_all(user, Some(kept), ground.now).await?,
        4,
    )?;
    ground
        .holds(
            "after `delete_all` but this one",
            kept,
            Some(&ground.record(user, 1, "of a user")),
        )
        .await?;
    ground
        .lists("after `delete_all` but one", user, [kept])
        .await?;
    // A key that is not the user's saves none.
    let (other, _) = ground.session_of(ground.user(), 1).await?;
    for except in [ground.key_of(user), other] {
        ground.session_of(user, 1).await?;
        let left = ground.list(user, ground.now).await?.len() as u64;
        let ended = ground.delete_all(user, Some(except), ground.now).await?;
        same(
            "`delete_all` but a session that the user does not have",
            ended,
            left,
        )?;
        ground
            .lists(
                "after `delete_all` but a session that the user does not have",
                user,
                [],
            )
            .await?;
    }
    Ok(())
}

async fn delete_all_of_a_user_without_sessions(ground: Ground) -> Verdict {
    let user = ground.user();
    same(
        "`delete_all` of a user without sessions",
        ground.delete_all(user, None, ground.now).await?,
        0,
    )?;
    let except = Some(ground.key_of(user));
    same(
        "`delete_all` but one, of a user without sessions",
        ground.delete_all(user, except, ground.now).await?,
        0,
    )
}

async fn delete_all_keeps_users_apart(ground: Ground) -> Verdict {
    let user = ground.user();
    let others = [
        ground.user(),
        ground.neighbour(user),
        ground.neighbour(user),
    ];
    ground.sessions(user, 3).await?;
    let mut kept = Vec::new();
    for other in others {
        let (key, record) = ground.session_of(other, 1).await?;
        kept.push((other, key, record));
    }
    same(
        "`delete_all` of three sessions",
        ground.delete_all(user, None, ground.now).await?,
        3,
    )?;
    for (other, key, record) in kept {
        ground
            .holds("of another user, after `delete_all`", key, Some(&record))
            .await?;
        ground
            .lists("of another user, after `delete_all`", other, [key])
            .await?;
    }
    Ok(())
}

async fn delete_all_leaves_out_guests(ground: Ground) -> Verdict {
    let user = ground.user();
    ground.sessions(user, 2).await?;
    let (guest, anonymous) = ground.session_of_a_guest(1).await?;
    let (near, nobodys) = (ground.key_of(user), ground.record(None, 1, "nobody's"));
    ground.made(near, &nobodys).await?;
    same(
        "`delete_all` of two sessions",
        ground.delete_all(user, None, ground.now).await?,
        2,
    )?;
    ground
        .holds(
            "of nobody, after `delete_all` of a user",
            guest,
            Some(&anonymous),
        )
        .await?;
    ground
        .holds(
            "of nobody, with a key of the user's group, after `delete_all`",
            near,
            Some(&nobodys),
        )
        .await
}

async fn delete_all_of_300_sessions(ground: Ground) -> Verdict {
    let user = ground.user();
    let keys = ground.sessions(user, 300).await?;
    let kept = keys[150];
    same(
        "`delete_all` of 300 sessions but one",
        ground.delete_all(user, Some(kept), ground.now).await?,
        299,
    )?;
    ground
        .lists("after `delete_all` of 300 sessions but one", user, [kept])
        .await
}

async fn delete_all_then_create(ground: Ground) -> Verdict {
    let user = ground.user();
    let keys = ground.sessions(user, 2).await?;
    same(
        "`delete_all`",
        ground.delete_all(user, None, ground.now).await?,
        2,
    )?;
    let again = ground.record(user, 4, "again");
    ground.made(keys[0], &again).await?;
    let (new, _) = ground.session_of(user, 1).await?;
    ground
        .holds("after `delete_all` and `create`", keys[0], Some(&again))
        .await?;
    ground
        .lists("after `delete_all` and `create`", user, [keys[0], new])
        .await
}
