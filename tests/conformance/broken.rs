//! Stores with one flaw each: the suite has to find it, and nothing else.
//!
//! They run on one thread, where what is raced takes turns, so that the same cases fail each time.

mod store;

use std::collections::BTreeMap;
use std::sync::Arc;

use muffin_session::{Record, RecordKey, Timestamp, UserKey, conformance};

use self::store::{Broken, Flaw};
use crate::own_store::MapStore;

/// The cases that a flaw makes fail, in the order of the suite.
async fn failed(flaw: Flaw) -> Vec<&'static str> {
    let report = conformance::run(Broken::new(flaw)).await;
    for failure in &report.failed {
        assert!(!failure.reason.is_empty(), "{}", failure.case);
    }
    report.failed.iter().map(|failure| failure.case).collect()
}

/// These cases must fail, and no others.
macro_rules! finds {
    ($($test:ident: $flaw:ident => $($case:ident)+;)+) => {$(
        #[tokio::test]
        async fn $test() {
            assert_eq!(failed(Flaw::$flaw).await, [$(stringify!($case)),+]);
        }
    )+};
}

finds! {
    update_recreates: UpdateRecreates =>
        update_of_a_missing_record update_of_an_expired_record update_after_delete update_at_the_border rotate_moves_a_session
        delete_all_ends_every_session rotate_and_update_at_once delete_all_against_updates;
    update_ignores_version: UpdateIgnoresVersion =>
        update_with_a_wrong_version versions_at_the_borders update_twice_at_once;
    update_is_two_steps: UpdateIsTwoSteps =>
        update_twice_at_once update_64_times_at_once two_requests_put_different_values update_and_delete_at_once
        update_and_delete_of_a_version_at_once delete_all_against_updates;
    update_keeps_expiry: UpdateKeepsExpiry =>
        update_with_the_right_version update_at_the_border update_moves_the_border records_that_are_over_from_the_start
        clocks_a_minute_apart list_follows_changes records_are_read_whole update_dropped;
    create_overwrites: CreateOverwrites =>
        create_twice create_at_the_border a_caller_years_ahead a_caller_years_behind create_twice_at_once;
    create_minds_the_expired: CreateMindsTheExpired =>
        create_over_an_expired_record create_at_the_border;
    delete_ignores_version: DeleteIgnoresVersion =>
        delete_with_a_version delete_at_the_border versions_at_the_borders update_and_delete_of_a_version_at_once;
    rotate_leaves_the_old: RotateLeavesTheOld =>
        rotate_at_the_border a_caller_years_ahead a_caller_years_behind rotate_moves_a_session rotate_again_and_again
        rotate_from_a_guest_to_a_user rotate_from_a_user_to_a_guest rotate_from_one_user_to_another delete_all_ends_every_session
        rotate_twice_at_once rotate_and_update_at_once rotate_and_delete_at_once list_never_sees_half_a_rotation loads_never_see_half_a_rotation rotate_dropped
        rotate_across_groups_dropped;
    rotate_forgets_what_is_left: RotateForgetsWhatIsLeft =>
        expiry_in_the_year_9999 content_empty content_of_all_bytes content_of_text content_of_zeros content_of_1_mib
        content_of_4_mib rotate_leaves_a_record_that_expires delete_all_ends_what_a_rotation_left
        rotate_across_groups_leaves_a_record;
    rotate_overwrites: RotateOverwrites =>
        rotate_onto_a_key_that_is_taken;
    rotate_is_two_steps: RotateIsTwoSteps =>
        rotate_onto_a_key_that_is_taken list_never_sees_half_a_rotation loads_never_see_half_a_rotation delete_all_against_rotations rotate_dropped
        rotate_across_groups_dropped;
    list_gives_the_expired: ListGivesTheExpired =>
        list_at_the_border update_moves_the_border records_that_are_over_from_the_start list_follows_changes;
    groups_are_users: GroupsAreUsers =>
        rotate_from_one_user_to_another list_keeps_users_apart delete_all_keeps_users_apart;
    list_has_pages: ListHasPages =>
        list_of_300_sessions;
    delete_all_forgets_one: DeleteAllForgetsOne =>
        delete_all_at_the_border records_that_are_over_from_the_start a_caller_years_ahead a_caller_years_behind content_empty
        content_of_all_bytes content_of_text content_of_zeros content_of_1_mib content_of_4_mib delete_all_ends_what_a_rotation_left
        delete_all_ends_every_session delete_all_keeps_users_apart delete_all_leaves_out_guests delete_all_then_create
        list_never_sees_half_a_delete_all loads_never_see_half_a_delete_all delete_all_against_creates delete_all_against_rotations delete_all_against_updates
        delete_all_twice_at_once delete_all_dropped;
    delete_all_spares_none: DeleteAllSparesNone =>
        keys_at_the_borders groups_at_the_borders delete_all_but_one delete_all_of_300_sessions delete_all_dropped;
    delete_all_is_many_steps: DeleteAllIsManySteps =>
        list_never_sees_half_a_delete_all loads_never_see_half_a_delete_all delete_all_against_rotations delete_all_dropped;
    delete_all_counts_the_expired: DeleteAllCountsTheExpired =>
        delete_all_at_the_border a_caller_years_ahead a_caller_years_behind;
    expires_late: ExpiresLate =>
        create_over_an_expired_record update_of_an_expired_record load_at_the_border create_at_the_border update_at_the_border
        rotate_at_the_border delete_at_the_border list_at_the_border delete_all_at_the_border update_moves_the_border
        records_that_are_over_from_the_start a_caller_years_ahead a_caller_years_behind expiry_in_the_year_9999
        delete_expired_removes_what_is_over rotate_leaves_a_record_that_expires rotate_of_an_expired_record
        rotate_across_groups_leaves_a_record rotate_onto_an_expired_record;
    expires_by_the_wall: ExpiresByTheWall =>
        create_over_an_expired_record update_of_an_expired_record load_at_the_border create_at_the_border update_at_the_border
        rotate_at_the_border delete_at_the_border list_at_the_border delete_all_at_the_border update_moves_the_border
        a_caller_years_ahead a_caller_years_behind expiry_in_the_year_9999 rotate_leaves_a_record_that_expires
        rotate_of_an_expired_record rotate_across_groups_leaves_a_record rotate_onto_an_expired_record list_follows_changes;
    sweeps_too_early: SweepsTooEarly =>
        delete_expired_removes_what_is_over;
    loses_a_last_byte: LosesALastByte =>
        content_of_1_mib content_of_4_mib content_shrinks_and_grows;
    content_is_text: ContentIsText =>
        content_of_all_bytes content_of_1_mib content_of_4_mib content_shrinks_and_grows;
    versions_are_floats: VersionsAreFloats =>
        versions_at_the_borders;
    panics: Panics =>
        content_of_1_mib content_of_4_mib content_shrinks_and_grows records_are_read_whole;
}

/// Flaws that show nearly everywhere: these cases are among those that fail.
macro_rules! finds_among_others {
    ($($test:ident: $flaw:ident => $($case:ident)+;)+) => {$(
        #[tokio::test]
        async fn $test() {
            let failed = failed(Flaw::$flaw).await;
            for case in [$(stringify!($case)),+] {
                assert!(failed.contains(&case), "{case} should be among {failed:?}");
            }
        }
    )+};
}

finds_among_others! {
    expiry_in_seconds: ExpiryInSeconds => load_at_the_border list_at_the_border clocks_a_minute_apart;
    keys_ignore_case: KeysIgnoreCase => keys_that_differ_in_one_byte list_of_300_sessions;
    reads_lag: ReadsLag => create_then_load writes_are_seen_at_once delete_all_ends_every_session;
}

#[tokio::test]
async fn is_down() {
    let report = conformance::run(Broken::new(Flaw::IsDown)).await;
    assert_eq!(report.passed, [""; 0]);
    for failure in report.failed {
        assert!(
            failure.reason.ends_with(" failed: connection refused"),
            "{failure:?}"
        );
    }
}

#[tokio::test]
async fn the_report_says_what_to_mend() {
    let report = conformance::run(Broken::new(Flaw::ListHasPages)).await;
    let cases = report.passed.len() + 1;
    assert_eq!(
        report.to_string(),
        format!(
            "the store \"broken\" fails 1 of {cases} cases:\n- list_of_300_sessions: of 300 sessions: `list` must give 300 sessions, \
             and gave 100: 200 are missing, 0 do not belong there"
        )
    );
}

#[tokio::test]
#[should_panic(expected = "fails 1 of")]
async fn a_check_panics() {
    conformance::check(Broken::new(Flaw::ListHasPages)).await;
}

/// What a flaw is found by on one thread is found on several, too: races are only more of a race there.
#[tokio::test(flavor = "multi_thread")]
async fn races_are_found_on_several_threads() {
    for (flaw, case) in [
        (Flaw::UpdateIsTwoSteps, "update_64_times_at_once"),
        (Flaw::RotateIsTwoSteps, "rotate_dropped"),
        (Flaw::DeleteAllIsManySteps, "delete_all_dropped"),
    ] {
        let failed = failed(flaw).await;
        assert!(failed.contains(&case), "{flaw:?}: {failed:?}");
    }
}

/// A store that is in use, with nothing in it that the suite would touch, and several runs at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_in_use_is_left_as_it_is() {
    let store = Arc::new(MapStore::default());
    let user = UserKey::from_bytes([7; 32]);
    let [key, expired, guest] = [7, 8, 9].map(|byte| RecordKey::from_bytes([byte; 32]));
    let record = |user, expires_at| Record {
        user,
        expires_at: Timestamp::from_millis(expires_at),
        version: 3,
        content: b"in use".to_vec(),
    };
    // One of them expired in 2001, and nobody has removed it yet.
    let before = BTreeMap::from([
        (key, record(Some(user), u64::MAX >> 1)),
        (expired, record(Some(user), 1_000_000_000_000)),
        (guest, record(None, u64::MAX >> 1)),
    ]);
    store.records().clone_from(&before);
    let runs = [(); 3].map(|()| tokio::spawn(conformance::check(store.clone())));
    for run in runs {
        run.await.unwrap();
    }
    assert_eq!(*store.records(), before);
}
