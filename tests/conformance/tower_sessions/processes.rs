//! Two processes over one store: what is kept, whichever step of one the other comes in between; and each weakness that
//! `docs/tower-sessions-stores.md` admits, as it is.

use std::future::Future;
use std::sync::Arc;

use muffin_session::{
    Outcome, Record, RecordKey, Rotation, Store, Timestamp, TowerSessionsStore, UserKey,
};

use super::table::{Habit, Process, Table};

const NOW: Timestamp = Timestamp::from_millis(1_000_000);
const USER: UserKey = UserKey::from_bytes([7; 32]);

type Adapter = TowerSessionsStore<Process>;

/// One store, and two processes that use it.
struct Site {
    here: Process,
    a: Adapter,
    b: Adapter,
}

impl Site {
    fn new(habit: Habit) -> Self {
        let table: Arc<Table> = Table::new(habit);
        let here = table.process();
        Self {
            a: here.store(),
            b: table.process().store(),
            here,
        }
    }

    async fn login(&self, number: u8) {
        let created = self
            .b
            .create(key(number), record(Some(USER), 1, "login"), NOW);
        assert!(created.await.unwrap());
    }

    async fn visit(&self, number: u8) {
        let created = self
            .b
            .create(visitor(number), record(None, 1, "visit"), NOW);
        assert!(created.await.unwrap());
    }

    /// Whether a session is there, as somebody sees it who comes later.
    async fn has(&self, key: RecordKey) -> bool {
        self.b.load(key, NOW).await.unwrap().is_some()
    }

    async fn listed(&self) -> Vec<RecordKey> {
        let mut keys: Vec<_> = self
            .b
            .list(USER, NOW)
            .await
            .unwrap()
            .into_iter()
            .map(|(key, _)| key)
            .collect();
        keys.sort_unstable();
        keys
    }
}

/// A key of the user's.
fn key(number: u8) -> RecordKey {
    let mut bytes = [number; 32];
    bytes[..8].copy_from_slice(&USER.group());
    RecordKey::from_bytes(bytes)
}

/// An anonymous visitor's.
fn visitor(number: u8) -> RecordKey {
    RecordKey::from_bytes([100 + number; 32])
}

fn record(user: Option<UserKey>, version: u64, content: &str) -> Record {
    Record {
        user,
        expires_at: Timestamp::from_millis(NOW.as_millis() + 3_600_000),
        version,
        content: content.into(),
    }
}

fn to(old: RecordKey, new: RecordKey, user: Option<UserKey>) -> Rotation {
    Rotation {
        old,
        expected: 1,
        left: None,
        new,
        record: record(user, 2, "moved"),
    }
}

/// Runs `verb` in process A, and `between` before one of its calls of the store; then the same with the next call, until it has none left.
/// What both gave, and how the site is then, goes to `judge`.
async fn at_each_step<V, T, W, U, J>(
    habits: &[Habit],
    prepare: impl AsyncFn(&Site),
    verb: impl Fn(Adapter) -> V,
    between: impl Fn(Adapter) -> W,
    judge: J,
) where
    V: Future<Output = T> + Send + 'static,
    T: Send + 'static,
    W: Future<Output = U>,
    J: AsyncFn(usize, Site, T, U),
{
    for &habit in habits {
        let mut steps = 0;
        loop {
            let site = Site::new(habit);
            prepare(&site).await;
            let mut stop = site.here.stop_before(steps);
            let task = tokio::spawn({
                let (verb, here) = (verb(site.a.clone()), site.here.clone());
                async move {
                    let answer = verb.await;
                    here.is_at_its_end();
                    answer
                }
            });
            if !stop.arrived().await {
                assert!(steps > 1, "{habit:?}: it has been stopped");
                break;
            }
            let other = between(site.b.clone()).await;
            stop.go();
            judge(steps, site, task.await.unwrap(), other).await;
            steps += 1;
        }
    }
}

#[tokio::test]
async fn a_session_that_is_ended_while_it_is_changed_does_not_come_back() {
    at_each_step(
        &Habit::ALL,
        async |site| site.login(1).await,
        |a| async move {
            a.update(key(1), 1, record(Some(USER), 2, "changed"), NOW)
                .await
                .unwrap()
        },
        |b| async move { b.delete(key(1), None, NOW).await.unwrap() },
        async |step, site, updated, deleted| {
            assert_eq!((updated, deleted), (Outcome::Gone, Outcome::Done), "{step}");
            assert!(!site.has(key(1)).await, "{step}");
            assert!(site.listed().await.is_empty(), "{step}");
        },
    )
    .await;
}

#[tokio::test]
async fn a_session_that_is_changed_while_it_is_ended_does_not_come_back() {
    at_each_step(
        &Habit::ALL,
        async |site| site.login(1).await,
        |a| async move { a.delete(key(1), None, NOW).await.unwrap() },
        |b| async move {
            b.update(key(1), 1, record(Some(USER), 2, "changed"), NOW)
                .await
                .unwrap()
        },
        async |step, site, _, _| {
            assert!(!site.has(key(1)).await, "{step}");
            assert!(site.listed().await.is_empty(), "{step}");
        },
    )
    .await;
}

#[tokio::test]
async fn a_session_that_moves_while_it_is_changed_does_not_come_back() {
    for left in [false, true] {
        at_each_step(
            &Habit::ALL,
            async |site| site.login(1).await,
            |a| async move {
                a.update(key(1), 1, record(Some(USER), 2, "changed"), NOW)
                    .await
                    .unwrap()
            },
            |b| async move {
                let left = left.then(|| record(Some(USER), 9, "left"));
                let rotation = Rotation {
                    left,
                    ..to(key(1), key(2), Some(USER))
                };
                b.rotate(rotation, NOW).await.unwrap()
            },
            async |step, site, updated, rotated| {
                if (updated, rotated) == (Outcome::Done, Outcome::Conflict) {
                    assert_eq!(step, 2, "the change has been written");
                    return;
                }
                // Before its first look, the change meets what the move has left.
                let unmoved = if left && step == 0 {
                    Outcome::Conflict
                } else {
                    Outcome::Gone
                };
                assert_eq!((updated, rotated), (unmoved, Outcome::Done), "{step}");
                let old = site.b.load(key(1), NOW).await.unwrap();
                assert!(old.is_none_or(|old| old.content == b"left"), "{step}");
                assert!(site.has(key(2)).await, "{step}");
            },
        )
        .await;
    }
}

#[tokio::test]
async fn a_login_moves_once_where_create_tells() {
    at_each_step(
        &Habit::THAT_TELL,
        async |site| site.login(1).await,
        |a| async move { a.rotate(to(key(1), key(2), Some(USER)), NOW).await.unwrap() },
        |b| async move { b.rotate(to(key(1), key(3), Some(USER)), NOW).await.unwrap() },
        async |step, site, first, second| {
            let done = [first, second]
                .iter()
                .filter(|&&outcome| outcome == Outcome::Done)
                .count();
            assert_eq!(done, 1, "{step}: {first:?} {second:?}");
            assert!(!site.has(key(1)).await, "{step}");
            let alive = [site.has(key(2)).await, site.has(key(3)).await];
            assert_eq!(
                alive,
                [first == Outcome::Done, second == Outcome::Done],
                "{step}"
            );
        },
    )
    .await;
}

#[tokio::test]
async fn a_visitor_logs_in_once_where_create_tells() {
    at_each_step(
        &Habit::THAT_TELL,
        async |site| site.visit(1).await,
        |a| async move {
            a.rotate(to(visitor(1), key(2), Some(USER)), NOW)
                .await
                .unwrap()
        },
        |b| async move {
            b.rotate(to(visitor(1), key(3), Some(USER)), NOW)
                .await
                .unwrap()
        },
        async |step, site, first, second| {
            assert_ne!(first == Outcome::Done, second == Outcome::Done, "{step}");
            assert!(!site.has(visitor(1)).await, "{step}");
            let alive = [site.has(key(2)).await, site.has(key(3)).await];
            assert_eq!(
                alive,
                [first == Outcome::Done, second == Outcome::Done],
                "{step}"
            );
        },
    )
    .await;
}

#[tokio::test]
async fn a_session_does_not_slip_through_delete_all_by_moving() {
    // The move stands still while all are ended.
    at_each_step(
        &Habit::ALL,
        async |site| site.login(1).await,
        |a| async move { a.rotate(to(key(1), key(2), Some(USER)), NOW).await.unwrap() },
        |b| async move { b.delete_all(USER, None, NOW).await.unwrap() },
        async |step, site, rotated, _| {
            // Its last call takes the old session off the list: by then it has moved, and has been ended where it moved to.
            assert!(rotated == Outcome::Gone || step >= 9, "{step}");
            assert!(site.listed().await.is_empty(), "{step}");
            assert!(!site.has(key(1)).await && !site.has(key(2)).await, "{step}");
        },
    )
    .await;
    // The ending stands still while the session moves.
    at_each_step(
        &Habit::ALL,
        async |site| site.login(1).await,
        |a| async move { a.delete_all(USER, None, NOW).await.unwrap() },
        |b| async move { b.rotate(to(key(1), key(2), Some(USER)), NOW).await.unwrap() },
        async |step, site, _, _| {
            assert!(!site.has(key(1)).await && !site.has(key(2)).await, "{step}");
        },
    )
    .await;
}

#[tokio::test]
async fn a_change_does_not_undo_delete_all() {
    at_each_step(
        &Habit::ALL,
        async |site| site.login(1).await,
        |a| async move {
            a.update(key(1), 1, record(Some(USER), 2, "changed"), NOW)
                .await
                .unwrap()
        },
        |b| async move { b.delete_all(USER, None, NOW).await.unwrap() },
        async |step, site, updated, ended| {
            assert_eq!((updated, ended), (Outcome::Gone, 1), "{step}");
            assert!(!site.has(key(1)).await, "{step}");
        },
    )
    .await;
}

#[tokio::test]
async fn a_login_while_all_are_ended_is_listed_if_it_lives() {
    at_each_step(
        &Habit::ALL,
        async |site| site.login(1).await,
        |a| async move {
            a.create(key(2), record(Some(USER), 1, "login"), NOW)
                .await
                .unwrap()
        },
        |b| async move { b.delete_all(USER, None, NOW).await.unwrap() },
        async |step, site, created, ended| {
            assert_eq!((created, ended >= 1), (true, true), "{step}");
            assert!(!site.has(key(1)).await, "{step}");
            let alive: Vec<_> = site
                .has(key(2))
                .await
                .then_some(key(2))
                .into_iter()
                .collect();
            assert_eq!(site.listed().await, alive, "{step}");
        },
    )
    .await;
}

#[tokio::test]
async fn the_first_two_logins_of_a_user_are_listed_where_create_tells() {
    at_each_step(
        &Habit::THAT_TELL,
        async |_| {},
        |a| async move {
            a.create(key(1), record(Some(USER), 1, "login"), NOW)
                .await
                .unwrap()
        },
        |b| async move {
            b.create(key(2), record(Some(USER), 1, "login"), NOW)
                .await
                .unwrap()
        },
        async |step, site, _, _| {
            assert_eq!(site.listed().await, [key(1), key(2)], "{step}");
        },
    )
    .await;
}

/// Weakness: a process that stalls between reading and writing a user's list, for as long as a whole login takes in another one, takes
/// that login off the list. At all other steps, both are on it.
#[tokio::test]
async fn weakness_a_login_may_be_missing_from_its_users_sessions() {
    at_each_step(
        &Habit::ALL,
        async |site| site.login(1).await,
        |a| async move {
            a.create(key(2), record(Some(USER), 1, "login"), NOW)
                .await
                .unwrap()
        },
        |b| async move {
            b.create(key(3), record(Some(USER), 1, "login"), NOW)
                .await
                .unwrap()
        },
        async |step, site, _, _| {
            assert!(site.has(key(2)).await && site.has(key(3)).await);
            let mut expected = vec![key(1), key(2), key(3)];
            // Calls: load the key, load the list, write the list ..
            if step == 2 {
                expected.pop();
            }
            assert_eq!(site.listed().await, expected, "{step}");
            if step == 2 {
                site.b.delete_all(USER, None, NOW).await.unwrap();
                assert!(site.has(key(3)).await, "it outlives `delete_all`");
                // It comes back to the list once it is kept for longer than it was listed for.
                let mut longer = record(Some(USER), 2, "renewed");
                longer.expires_at = Timestamp::from_millis(NOW.as_millis() + 30 * 86_400_000);
                site.b.update(key(3), 1, longer, NOW).await.unwrap();
                assert_eq!(site.listed().await, [key(3)]);
            }
        },
    )
    .await;
}

/// Weakness: two changes at once to what both have read. The one that is written last is all there is, and both were told that theirs
/// took place.
#[tokio::test]
async fn weakness_of_two_changes_at_once_one_may_be_lost() {
    let change = |store: Adapter, version, content| async move {
        let record = record(None, version, content);
        store.update(visitor(1), 1, record, NOW).await.unwrap()
    };
    at_each_step(
        &Habit::ALL,
        async |site| site.visit(1).await,
        |a| change(a, 2, "by A"),
        |b| change(b, 3, "by B"),
        async |step, site, by_a, by_b| {
            let content = site.b.load(visitor(1), NOW).await.unwrap().unwrap().content;
            // Calls: load, save, look whether it has ended.
            let expected = match step {
                0 => (Outcome::Conflict, b"by B"),
                1 => (Outcome::Done, b"by A"),
                _ => (Outcome::Conflict, b"by A"),
            };
            let by_whom = if step < 2 { by_a } else { by_b };
            assert_eq!(
                (by_whom, content.as_slice()),
                (expected.0, expected.1.as_slice()),
                "{step}"
            );
            if step == 1 {
                assert_eq!(by_b, Outcome::Done, "and it is lost");
            }
        },
    )
    .await;
}

/// Weakness: what a change has brought back is there until that change has looked whether the session has ended. If its process is killed
/// before that, it stays, until the next change.
#[tokio::test]
async fn weakness_a_process_that_is_killed_may_leave_a_session_that_has_ended() {
    for habit in [Habit::Draws, Habit::Overwrites] {
        let site = Site::new(habit);
        site.visit(1).await;
        let mut stop = site.here.stop_before(1);
        let (a, here) = (site.a.clone(), site.here.clone());
        let task = tokio::spawn(async move {
            let changed = record(None, 2, "changed");
            let answer = a.update(visitor(1), 1, changed, NOW).await;
            here.is_at_its_end();
            answer
        });
        assert!(stop.arrived().await);
        assert_eq!(
            site.b.delete(visitor(1), None, NOW).await.unwrap(),
            Outcome::Done
        );
        // It writes, and is stopped for good before it looks.
        let mut killed = site.here.stop_before(1);
        stop.go();
        assert!(killed.arrived().await);
        assert!(site.has(visitor(1)).await, "it has come back");
        let next = record(None, 3, "next");
        assert_eq!(
            site.b.update(visitor(1), 2, next, NOW).await.unwrap(),
            Outcome::Gone
        );
        assert!(!site.has(visitor(1)).await, "it is gone for good");
        drop(killed);
        task.abort();
    }
}

/// Weakness: `rotate` is several steps. Other processes see between them that a login is nowhere, and a visitor's session in both places;
/// and so it stays if the process is killed there.
#[tokio::test]
async fn weakness_a_move_is_seen_half_done() {
    let mut seen = Vec::new();
    for (old, steps) in [(key(1), 20), (visitor(1), 20)] {
        let mut pictures = Vec::new();
        for step in 0..steps {
            let site = Site::new(Habit::Draws);
            site.login(1).await;
            site.visit(1).await;
            let mut stop = site.here.stop_before(step);
            let (a, here) = (site.a.clone(), site.here.clone());
            let task = tokio::spawn(async move {
                a.rotate(to(old, key(2), Some(USER)), NOW).await.unwrap();
                here.is_at_its_end();
            });
            if !stop.arrived().await {
                break;
            }
            pictures.push((site.has(old).await, site.has(key(2)).await));
            stop.go();
            task.await.unwrap();
        }
        pictures.dedup();
        seen.push(pictures);
    }
    let [login, visit] = seen.try_into().unwrap();
    assert_eq!(login, [(true, false), (false, false), (false, true)]);
    // Its last step is to remove the old one from the list or from the store: nobody is stopped after that.
    assert_eq!(visit, [(true, false), (true, true), (false, true)]);
}

/// Weakness: where `create` puts a record in place of another one, two moves at once may both take place.
#[tokio::test]
async fn weakness_a_login_may_move_twice_where_create_overwrites() {
    let mut twice = 0;
    let twice_at = std::sync::Mutex::new(&mut twice);
    at_each_step(
        &[Habit::Overwrites],
        async |site| site.login(1).await,
        |a| async move { a.rotate(to(key(1), key(2), Some(USER)), NOW).await.unwrap() },
        |b| async move { b.rotate(to(key(1), key(3), Some(USER)), NOW).await.unwrap() },
        async |step, site, first, second| {
            let both = first == Outcome::Done && second == Outcome::Done;
            let alive = site.has(key(2)).await && site.has(key(3)).await;
            assert_eq!(both, alive, "{step}");
            **twice_at.lock().unwrap() += usize::from(both);
        },
    )
    .await;
    assert!(twice > 0);
}
