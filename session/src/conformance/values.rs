//! Values at their limits: content, keys, versions.

use std::sync::Arc;

use super::ground::{Ground, Verdict, cases, in_group, moves, random, same, same_record};
use crate::store::Outcome::{Conflict, Done};
use crate::store::{Record, RecordKey, Rotation, UserKey};

cases![
    content_empty,
    content_of_all_bytes,
    content_of_text,
    content_of_zeros,
    content_of_1_mib,
    content_of_4_mib,
    content_shrinks_and_grows,
    versions_at_the_borders,
    keys_at_the_borders,
    groups_at_the_borders,
    keys_that_differ_in_one_byte,
    pointers_to_a_store_are_that_store,
];

const MIB: usize = 1024 * 1024;

async fn content_empty(ground: Ground) -> Verdict {
    survives(&ground, Vec::new()).await
}

async fn content_of_all_bytes(ground: Ground) -> Verdict {
    survives(&ground, (0..=u8::MAX).collect()).await?;
    for byte in [
        0, b'\n', b'\r', b' ', b'"', b'\'', b'\\', b'%', 0x7F, 0x80, 0xFF,
    ] {
        survives(&ground, vec![byte]).await?;
    }
    Ok(())
}

async fn content_of_text(ground: Ground) -> Verdict {
    for text in [
        "{\"cart\":[1,2,3]}",
        "Grüße, 世界 🧁\u{200D}\u{FEFF}",
        "null",
        "'); DROP TABLE sessions; --",
        " space \t\r\n",
    ] {
        survives(&ground, text.as_bytes().to_vec()).await?;
    }
    Ok(())
}

async fn content_of_zeros(ground: Ground) -> Verdict {
    survives(&ground, vec![0; 1000]).await?;
    survives(&ground, b"before\0after\0".to_vec()).await
}

async fn content_of_1_mib(ground: Ground) -> Verdict {
    survives(&ground, noise(MIB)).await
}

async fn content_of_4_mib(ground: Ground) -> Verdict {
    survives(&ground, noise(4 * MIB)).await
}

/// Bytes with no pattern that a missing or doubled piece could hide in.
fn noise(length: usize) -> Vec<u8> {
    let mut state = u64::from_le_bytes([7; 8]);
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

/// Content goes through every verb that takes or gives one.
async fn survives(ground: &Ground, content: Vec<u8>) -> Verdict {
    let user = ground.user();
    let with = |version| Record {
        content: content.clone(),
        ..ground.record(user, version, "")
    };
    let (old, new) = (ground.key_of(user), ground.key_of(user));
    ground.made(old, &with(1)).await?;
    ground.holds("after `create`", old, Some(&with(1))).await?;
    same(
        "`update`",
        ground.update(old, 1, &with(2), ground.now).await?,
        Done,
    )?;
    ground.holds("after `update`", old, Some(&with(2))).await?;
    let rotation = Rotation {
        old,
        expected: 2,
        left: Some(with(3)),
        new,
        record: with(4),
    };
    same(
        "`rotate`",
        ground.rotate(&rotation, ground.now).await?,
        Done,
    )?;
    ground
        .holds(
            "under the old key after `rotate` with `left`",
            old,
            Some(&with(3)),
        )
        .await?;
    ground
        .holds("under the new key after `rotate`", new, Some(&with(4)))
        .await?;
    let listed = ground.list(user, ground.now).await?;
    for (key, version) in [(old, 3), (new, 4)] {
        let found = listed.iter().find(|(listed, _)| *listed == key);
        same_record(
            "`list`",
            found.map(|(_, record)| record),
            Some(&with(version)),
        )?;
    }
    same(
        "`delete_all`",
        ground.delete_all(user, None, ground.now).await?,
        2,
    )
}

async fn content_shrinks_and_grows(ground: Ground) -> Verdict {
    let user = ground.user();
    let (key, _) = ground.session_of(user, 0).await?;
    for (version, length) in (1..).zip([100_000, 1, 70_000, 0, 17, MIB, 3]) {
        let record = Record {
            content: noise(length),
            ..ground.record(user, version, "")
        };
        same(
            "`update`",
            ground.update(key, version - 1, &record, ground.now).await?,
            Done,
        )?;
        ground
            .holds(
                "after an `update` with content of another length",
                key,
                Some(&record),
            )
            .await?;
    }
    Ok(())
}

/// Numbers that a floating point number cannot tell apart are among them.
async fn versions_at_the_borders(ground: Ground) -> Verdict {
    let max = u64::MAX >> 1;
    let float = 1 << 53;
    for version in [
        0,
        1,
        u64::from(u32::MAX),
        1 << 32,
        float,
        float + 1,
        max - 1,
        max,
    ] {
        let user = ground.user();
        let (key, record) = ground.session_of(user, version).await?;
        ground
            .holds("with a version at a border", key, Some(&record))
            .await?;
        let next = ground.record(user, version ^ 1, "changed");
        let wrong = ground.update(key, version ^ 1, &next, ground.now).await?;
        same(
            &format!(
                "`update` of version {version} with {} expected",
                version ^ 1
            ),
            wrong,
            Conflict,
        )?;
        let wrong = ground.delete(key, Some(version ^ 1), ground.now).await?;
        same(
            &format!(
                "`delete` of version {version} with {} expected",
                version ^ 1
            ),
            wrong,
            Conflict,
        )?;
        let right = ground.update(key, version, &next, ground.now).await?;
        same(
            &format!("`update` of version {version} with {version} expected"),
            right,
            Done,
        )?;
        ground
            .holds("with a version at a border", key, Some(&next))
            .await?;
        let (new, moved) = (ground.key_of(user), ground.record(user, version, "moved"));
        let rotation = moves(key, version ^ 1, new, moved.clone());
        let wrong = Rotation {
            expected: version,
            ..rotation.clone()
        };
        same(
            "`rotate` with a version at a border, and another expected",
            ground.rotate(&wrong, ground.now).await?,
            Conflict,
        )?;
        same(
            "`rotate` with a version at a border",
            ground.rotate(&rotation, ground.now).await?,
            Done,
        )?;
        ground
            .holds(
                "with a version at a border, after `rotate`",
                new,
                Some(&moved),
            )
            .await?;
        same(
            "`delete` with a version at a border",
            ground.delete(new, Some(version), ground.now).await?,
            Done,
        )?;
    }
    Ok(())
}

async fn keys_at_the_borders(ground: Ground) -> Verdict {
    let user = ground.user();
    whose_keys(&ground, user, [[0; 32], [0xFF; 32], *user.as_bytes()]).await?;
    let group = ground.user().group();
    for rest in [[0; 32], [0xFF; 32]] {
        let user = UserKey::from_bytes(in_group(group, rest));
        whose_keys(&ground, user, [[0; 32], [0xFF; 32], random()]).await?;
    }
    Ok(())
}

async fn groups_at_the_borders(ground: Ground) -> Verdict {
    for group in [
        [0; 8],
        [0xFF; 8],
        [0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
        [0x80, 0, 0, 0, 0, 0, 0, 0],
    ] {
        let user = UserKey::from_bytes(in_group(group, random()));
        whose_keys(&ground, user, [random(), random(), random()]).await?;
    }
    Ok(())
}

/// A user's three sessions under keys with these bytes after the group.
async fn whose_keys(ground: &Ground, user: UserKey, rests: [[u8; 32]; 3]) -> Verdict {
    let keys = rests.map(|rest| ground.key(in_group(user.group(), rest)));
    let record = ground.record(user, 1, "of a user");
    for key in keys {
        ground.made(key, &record).await?;
    }
    for key in keys {
        ground
            .holds("under a key at a border", key, Some(&record))
            .await?;
    }
    ground.lists("of keys at the borders", user, keys).await?;
    same(
        "`delete_all` of keys at the borders",
        ground.delete_all(user, Some(keys[0]), ground.now).await?,
        2,
    )?;
    ground
        .lists(
            "of keys at the borders, after `delete_all` but one",
            user,
            [keys[0]],
        )
        .await?;
    same(
        "`delete` of a key at a border",
        ground.delete(keys[0], Some(1), ground.now).await?,
        Done,
    )
}

async fn keys_that_differ_in_one_byte(ground: Ground) -> Verdict {
    let user = ground.user();
    let first = *ground.key_of(user).as_bytes();
    let mut keys: Vec<RecordKey> = Vec::new();
    for at in 8..RecordKey::LEN {
        let mut bytes = first;
        // Case alone, for letters: a text column might not tell them apart.
        bytes[at] ^= 0x20;
        keys.push(ground.key(bytes));
    }
    for (version, key) in (0..).zip(&keys) {
        ground
            .made(*key, &ground.record(user, version, "near"))
            .await?;
    }
    for (version, key) in (0..).zip(&keys) {
        let near = ground.record(user, version, "near");
        ground
            .holds(
                "under one of many keys that differ in one byte",
                *key,
                Some(&near),
            )
            .await?;
    }
    ground
        .holds(
            "under the key next to those of records",
            RecordKey::from_bytes(first),
            None,
        )
        .await?;
    ground
        .lists("of keys that differ in one byte", user, keys)
        .await
}

async fn pointers_to_a_store_are_that_store(ground: Ground) -> Verdict {
    let (key, record) = ground.session_of(ground.user(), 1).await?;
    let boxed = ground.through(Arc::new(Box::new(ground.store.clone())));
    same(
        "`name` behind pointers",
        boxed.store.name(),
        ground.store.name(),
    )?;
    boxed
        .holds("through a Box of the store", key, Some(&record))
        .await?;
    same(
        "`delete` through a Box of the store",
        boxed.delete(key, Some(1), ground.now).await?,
        Done,
    )?;
    ground
        .holds("after `delete` through a Box of the store", key, None)
        .await
}
