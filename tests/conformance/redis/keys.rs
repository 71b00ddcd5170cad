//! What is kept in the server: nothing longer than it has to be, and nothing under a name that somebody could choose.

use muffin_session::Outcome::{Conflict, Done, Gone};
use muffin_session::{Record, RecordKey, RedisStore, Store as _, Timestamp, UserKey};
use muffin_session_tests::redis_servers::{ask, text, texts};
use muffin_session_tests::servers;
use redis::Value;

use super::{HOUR, after, guest_key, key_of, moved, neighbour, now, prefix, record, user};

/// A store whose keys nobody else has, and a look at them.
struct Kept {
    store: RedisStore,
    url: String,
    prefix: String,
}

impl Kept {
    fn new() -> Self {
        let (url, prefix) = (servers::url("REDIS_URL", "Redis"), prefix());
        let store = RedisStore::connect_lazy(&url).unwrap();
        Self {
            store: store.prefix(&prefix).unwrap(),
            url,
            prefix,
        }
    }

    async fn ask(&self, command: &[&str]) -> Value {
        ask(&self.url, command).await.unwrap()
    }

    async fn keys(&self) -> Vec<String> {
        texts(&self.ask(&["KEYS", &format!("{}*", self.prefix)]).await)
    }

    /// Milliseconds until the server removes the only key.
    async fn ttl(&self) -> i64 {
        let keys = self.keys().await;
        assert_eq!(keys.len(), 1, "{keys:?}");
        match self.ask(&["PTTL", &keys[0]]).await {
            Value::Int(millis) => millis,
            other => panic!("{other:?}"),
        }
    }

    /// For tests that leave something.
    async fn clean(&self) {
        for key in self.keys().await {
            self.ask(&["DEL", &key]).await;
        }
    }

    async fn fields(&self) -> i64 {
        match self.ask(&["HLEN", &self.keys().await[0]]).await {
            Value::Int(count) => count,
            other => panic!("{other:?}"),
        }
    }
}

/// The server removes it within the hour, and not before the record's time: a test may take a while.
fn about(ttl: i64, millis: u64) {
    let millis = i64::try_from(millis).unwrap();
    assert!(ttl <= millis && ttl > millis - 60_000, "{ttl} of {millis}");
}

#[tokio::test]
#[ignore = "needs Redis: set REDIS_URL"]
async fn a_users_sessions_are_one_key_that_expires_with_the_longest() {
    let (kept, user, now) = (Kept::new(), user(), now());
    let keys = [key_of(user), key_of(user), key_of(user)];
    for (key, hours) in keys.into_iter().zip([2, 5, 1]) {
        let record = Record {
            expires_at: after(now, hours * HOUR),
            ..record(user, now)
        };
        assert!(kept.store.create(key, record, now).await.unwrap());
    }
    about(kept.ttl().await, 5 * HOUR);
    let name = kept.keys().await.pop().unwrap();
    let group = u64::from_be_bytes(user.group());
    assert_eq!(name, format!("{}{{{group:016x}}}", kept.prefix));

    // A renewal that moves the last one further moves the key's end.
    let longer = Record {
        expires_at: after(now, 9 * HOUR),
        version: 2,
        ..record(user, now)
    };
    assert_eq!(
        kept.store.update(keys[2], 1, longer, now).await.unwrap(),
        Done
    );
    about(kept.ttl().await, 9 * HOUR);

    assert_eq!(
        kept.store.delete(keys[2], Some(2), now).await.unwrap(),
        Done
    );
    assert_eq!(kept.store.list(user, now).await.unwrap().len(), 2);
    assert_eq!(
        kept.store
            .delete_all(user, Some(keys[0]), now)
            .await
            .unwrap(),
        1
    );
    assert_eq!(kept.store.delete_all(user, None, now).await.unwrap(), 1);
    assert!(kept.keys().await.is_empty());
}

#[tokio::test]
#[ignore = "needs Redis: set REDIS_URL"]
async fn a_login_leaves_nothing_of_the_guest() {
    let (kept, user, now) = (Kept::new(), user(), now());
    let (guest, key) = (guest_key(), key_of(user));
    assert!(
        kept.store
            .create(guest, record(None, now), now)
            .await
            .unwrap()
    );
    about(kept.ttl().await, HOUR);
    let login = moved(guest, key, record(user, now));
    assert_eq!(kept.store.rotate(login, now).await.unwrap(), Done);
    about(kept.ttl().await, HOUR);
    assert_eq!(kept.store.load(guest, now).await.unwrap(), None);
    // And what is left for a moment expires in a moment.
    let mut logout = moved(key, guest_key(), record(None, now));
    logout.left = Some(Record {
        expires_at: after(now, 30_000),
        version: 2,
        ..record(user, now)
    });
    assert_eq!(kept.store.rotate(logout, now).await.unwrap(), Done);
    let mut ttls = Vec::new();
    for key in kept.keys().await {
        let Value::Int(ttl) = kept.ask(&["PTTL", &key]).await else {
            panic!("no time to live");
        };
        ttls.push(ttl);
    }
    ttls.sort_unstable();
    assert!(ttls[0] > 0 && ttls[0] <= 30_000, "{ttls:?}");
    about(ttls[1], HOUR);
    kept.clean().await;
}

/// The server removes by its own clock what the caller's clock has said the length of: here the caller lives in 1970, and in 2242.
#[tokio::test]
#[ignore = "needs Redis: set REDIS_URL"]
async fn the_servers_clock_does_not_matter() {
    for now in [0, 8_600_000_000_000].map(Timestamp::from_millis) {
        let (kept, key) = (Kept::new(), guest_key());
        let record = record(None, now);
        assert!(kept.store.create(key, record.clone(), now).await.unwrap());
        about(kept.ttl().await, HOUR);
        assert_eq!(
            kept.store.load(key, now).await.unwrap(),
            Some(record.clone())
        );
        let last = after(now, HOUR - 1);
        assert_eq!(
            kept.store.load(key, last).await.unwrap(),
            Some(record.clone())
        );
        // What the server has not removed yet is gone for whoever comes later, and can be made anew.
        let late = record.expires_at;
        assert_eq!(kept.store.load(key, late).await.unwrap(), None);
        assert_eq!(
            kept.store
                .update(key, 1, record.clone(), late)
                .await
                .unwrap(),
            Gone
        );
        assert_eq!(kept.store.delete(key, None, late).await.unwrap(), Gone);
        assert!(
            kept.store
                .create(key, super::record(None, late), late)
                .await
                .unwrap()
        );
        kept.clean().await;
    }
}

/// The greatest numbers: neither a Lua number nor the server's clock holds them.
#[tokio::test]
#[ignore = "needs Redis: set REDIS_URL"]
async fn numbers_are_compared_to_the_last_bit() {
    let (kept, key, now) = (
        Kept::new(),
        guest_key(),
        Timestamp::from_millis(u64::MAX - 2),
    );
    let eternal = Record {
        expires_at: Timestamp::from_millis(u64::MAX - 1),
        version: u64::MAX,
        ..record(None, Timestamp::from_millis(0))
    };
    let start = Timestamp::from_millis(0);
    assert!(
        kept.store
            .create(key, eternal.clone(), start)
            .await
            .unwrap()
    );
    assert!(kept.ttl().await > 0);
    for wrong in [u64::MAX - 1, 0, 1 << 63] {
        let outcome = kept.store.update(key, wrong, eternal.clone(), now).await;
        assert_eq!(outcome.unwrap(), Conflict, "{wrong}");
    }
    assert_eq!(
        kept.store.load(key, now).await.unwrap(),
        Some(eternal.clone())
    );
    let end = eternal.expires_at;
    assert_eq!(
        kept.store
            .update(key, u64::MAX, eternal.clone(), end)
            .await
            .unwrap(),
        Gone
    );
    // From here its time is long: what is written a millisecond before its end, the server removes a millisecond later.
    assert_eq!(
        kept.store
            .update(key, u64::MAX, eternal, start)
            .await
            .unwrap(),
        Done
    );
    assert_eq!(
        kept.store.delete(key, Some(u64::MAX), now).await.unwrap(),
        Done
    );
    assert!(kept.keys().await.is_empty());
}

/// A record whose time is over when it is written does not take its neighbours along.
#[tokio::test]
#[ignore = "needs Redis: set REDIS_URL"]
async fn what_is_over_at_once_is_not_kept() {
    let (kept, user, now) = (Kept::new(), user(), now());
    let (stays, ends) = (key_of(user), key_of(user));
    for key in [stays, ends] {
        assert!(
            kept.store
                .create(key, record(user, now), now)
                .await
                .unwrap()
        );
    }
    let over = Record {
        expires_at: now,
        ..record(user, now)
    };
    assert_eq!(
        kept.store.update(ends, 1, over.clone(), now).await.unwrap(),
        Done
    );
    assert_eq!(kept.store.list(user, now).await.unwrap().len(), 1);
    assert_eq!(kept.store.update(stays, 1, over, now).await.unwrap(), Done);
    assert!(kept.keys().await.is_empty());
}

#[tokio::test]
#[ignore = "needs Redis: set REDIS_URL"]
async fn an_account_that_logs_in_all_the_time_does_not_grow() {
    let (kept, user, mut now) = (Kept::new(), user(), now());
    // A hundred logins an hour, each for an hour, for five hours.
    for login in 0..500 {
        now = after(now, HOUR / 100);
        let key = key_of(user);
        assert!(
            kept.store
                .create(key, record(user, now), now)
                .await
                .unwrap(),
            "{login}"
        );
    }
    let alive = kept.store.list(user, now).await.unwrap().len();
    assert_eq!(alive, 100);
    // Twice as many at most, and a note.
    let fields = kept.fields().await;
    assert!(fields <= 201, "{fields}");
    assert_eq!(kept.store.delete_all(user, None, now).await.unwrap(), 100);
    assert!(kept.keys().await.is_empty());
}

#[tokio::test]
#[ignore = "needs Redis: set REDIS_URL"]
async fn two_users_of_one_group_do_not_meet() {
    let (kept, ann, now) = (Kept::new(), user(), now());
    let ben = neighbour(ann);
    let (anns, bens) = (key_of(ann), key_of(ben));
    assert!(
        kept.store
            .create(anns, record(ann, now), now)
            .await
            .unwrap()
    );
    assert!(
        kept.store
            .create(bens, record(ben, now), now)
            .await
            .unwrap()
    );
    // Without a user, in the same group.
    let nobodys = key_of(ann);
    assert!(
        kept.store
            .create(nobodys, record(None, now), now)
            .await
            .unwrap()
    );
    assert_eq!(kept.keys().await.len(), 1);
    let listed: Vec<RecordKey> = (kept.store.list(ann, now).await.unwrap().into_iter())
        .map(|(key, _)| key)
        .collect();
    assert_eq!(listed, [anns]);
    assert_eq!(kept.store.delete_all(ann, None, now).await.unwrap(), 1);
    assert_eq!(kept.store.load(anns, now).await.unwrap(), None);
    assert!(kept.store.load(bens, now).await.unwrap().is_some());
    assert!(kept.store.load(nobodys, now).await.unwrap().is_some());
    assert_eq!(kept.store.delete_all(ben, None, now).await.unwrap(), 1);
    kept.store.delete(nobodys, None, now).await.unwrap();
    assert!(kept.keys().await.is_empty());
}

/// Bytes that mean something to a shell, to the protocol, to patterns and to Lua.
#[tokio::test]
#[ignore = "needs Redis: set REDIS_URL"]
async fn keys_and_content_are_only_ever_data() {
    let (kept, now) = (Kept::new(), now());
    let odd: [&[u8; 32]; 4] = [
        b"\r\nFLUSHALL\r\n*1\r\n$8\r\nFLUSHALL\r\n\0\0",
        b"{a}:*?[a-z]'); return redis.call",
        &[0; 32],
        &[0xff; 32],
    ];
    for bytes in odd {
        let (key, user) = (RecordKey::from_bytes(*bytes), UserKey::from_bytes(*bytes));
        let record = Record {
            content: bytes.to_vec(),
            ..record(user, now)
        };
        assert!(kept.store.create(key, record.clone(), now).await.unwrap());
        assert_eq!(
            kept.store.load(key, now).await.unwrap(),
            Some(record.clone())
        );
        let listed = kept.store.list(user, now).await.unwrap();
        assert_eq!(listed, [(key, record)]);
    }
    let keys = kept.keys().await;
    assert_eq!(keys.len(), odd.len());
    for key in keys {
        let group = key.strip_prefix(&kept.prefix).unwrap();
        let digits = group
            .strip_prefix('{')
            .and_then(|group| group.strip_suffix('}'))
            .unwrap();
        assert!(
            digits.len() == 16 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()),
            "{key}"
        );
    }
    for bytes in odd {
        assert_eq!(
            kept.store
                .delete_all(UserKey::from_bytes(*bytes), None, now)
                .await
                .unwrap(),
            1
        );
    }
}

/// Whatever else stands there is an error, never a session and never a panic; and it can be removed.
#[tokio::test]
#[ignore = "needs Redis: set REDIS_URL"]
async fn what_cannot_be_read_is_an_error() {
    let (kept, user, now) = (Kept::new(), user(), now());
    let key = key_of(user);
    assert!(
        kept.store
            .create(key, record(user, now), now)
            .await
            .unwrap()
    );
    let name = kept.keys().await.pop().unwrap();
    for garbage in [
        &b""[..],
        b"\x01",
        b"\x02aaaaaaaabbbbbbbb\0",
        b"\x01aaaaaaaabbbbbbbb\x01short",
        b"\x01aaaaaaaabbbbbbbb\x05",
    ] {
        let field = &key.as_bytes()[8..];
        ask(&kept.url, &[b"HSET", name.as_bytes(), field, garbage])
            .await
            .unwrap();
        let next = record(user, now);
        let said = [
            kept.store.load(key, now).await.unwrap_err(),
            kept.store
                .update(key, 1, next.clone(), now)
                .await
                .unwrap_err(),
            kept.store.create(key, next.clone(), now).await.unwrap_err(),
            kept.store
                .rotate(moved(key, key_of(user), next.clone()), now)
                .await
                .unwrap_err(),
            kept.store.delete(key, Some(1), now).await.unwrap_err(),
            kept.store.list(user, now).await.unwrap_err(),
            kept.store.delete_all(user, None, now).await.unwrap_err(),
        ];
        for error in said {
            assert_eq!(error.to_string(), "there is a record that cannot be read");
        }
    }
    assert_eq!(kept.store.delete(key, None, now).await.unwrap(), Done);
    // A key of another type, where a group would be.
    kept.ask(&["SET", &name, "something else"]).await;
    let error = kept.store.load(key, now).await.unwrap_err();
    assert_eq!(error.to_string(), "the server answered WRONGTYPE");
    let error = kept
        .store
        .create(key, record(user, now), now)
        .await
        .unwrap_err();
    assert!(
        error.to_string().starts_with("the server answered "),
        "{error}"
    );
    assert_eq!(text(&kept.ask(&["GET", &name]).await), "something else");
    kept.ask(&["DEL", &name]).await;
}
