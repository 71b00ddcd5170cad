//! `rotate` while another request does something else.

use super::ground::{Ground, Verdict, both, cases, moves, same, together};
use crate::store::Outcome::{Conflict, Done, Gone};

cases![
    rotate_twice_at_once,
    rotate_and_update_at_once,
    rotate_and_delete_at_once,
];

/// How often what depends on luck is tried.
const ROUNDS: usize = 16;

async fn rotate_twice_at_once(ground: Ground) -> Verdict {
    for _ in 0..ROUNDS {
        let user = ground.user();
        let (old, _) = ground.session_of(user, 1).await?;
        let new = [(); 4].map(|()| ground.key_of(user));
        let rotations = new.map(|new| {
            ground.task(|ground| async move {
                let rotation = moves(old, 1, new, ground.record(user, 2, "moved"));
                ground.rotate(&rotation, ground.now).await
            })
        });
        let outcomes = together(rotations).await?;
        let done: Vec<_> = (new.into_iter().zip(&outcomes))
            .filter(|(_, outcome)| **outcome == Done)
            .collect();
        same(
            "of four `rotate` at once, the number that give Done",
            done.len(),
            1,
        )?;
        let conflicts = outcomes.contains(&Conflict);
        same(
            "`rotate` of what another one has moved away: whether it is a Conflict",
            conflicts,
            false,
        )?;
        let winner = done.first().map(|(new, _)| *new);
        ground
            .lists("after four `rotate` at once", user, winner)
            .await?;
    }
    Ok(())
}

async fn rotate_and_update_at_once(ground: Ground) -> Verdict {
    for _ in 0..ROUNDS {
        let user = ground.user();
        let (old, _) = ground.session_of(user, 1).await?;
        let new = ground.key_of(user);
        let (moved, changed) = (
            ground.record(user, 2, "moved"),
            ground.record(user, 3, "changed"),
        );
        let rotation = moves(old, 1, new, moved.clone());
        let other = changed.clone();
        let outcomes = both(
            ground.task(|ground| async move { ground.rotate(&rotation, ground.now).await }),
            ground.task(|ground| async move { ground.update(old, 1, &other, ground.now).await }),
        )
        .await?;
        let (under_old, under_new) = match outcomes {
            (Done, Gone) => (None, Some(&moved)),
            (Conflict, Done) => (Some(&changed), None),
            got => {
                return Err(format!(
                    "`rotate` and `update` of one version at once must give (Done, Gone) or (Conflict, Done), and gave {got:?}"
                ));
            }
        };
        ground
            .holds(
                "under the old key after `rotate` and `update` at once",
                old,
                under_old,
            )
            .await?;
        ground
            .holds(
                "under the new key after `rotate` and `update` at once",
                new,
                under_new,
            )
            .await?;
    }
    Ok(())
}

async fn rotate_and_delete_at_once(ground: Ground) -> Verdict {
    for _ in 0..ROUNDS {
        let user = ground.user();
        let (old, _) = ground.session_of(user, 1).await?;
        let new = ground.key_of(user);
        let moved = ground.record(user, 2, "moved");
        let rotation = moves(old, 1, new, moved.clone());
        let outcomes = both(
            ground.task(|ground| async move { ground.rotate(&rotation, ground.now).await }),
            ground.task(|ground| async move { ground.delete(old, None, ground.now).await }),
        )
        .await?;
        let under_new = match outcomes {
            (Done, Gone) => Some(&moved),
            (Gone, Done) => None,
            got => {
                return Err(format!(
                    "`rotate` and `delete` at once must give (Done, Gone) or (Gone, Done), and gave {got:?}"
                ));
            }
        };
        ground
            .holds(
                "under the old key after `rotate` and `delete` at once",
                old,
                None,
            )
            .await?;
        ground
            .holds(
                "under the new key after `rotate` and `delete` at once",
                new,
                under_new,
            )
            .await?;
    }
    Ok(())
}
