//! When sessions, guests, flashes and marks end: to the millisecond, at any time that a clock can say.

use std::time::Duration;

use muffin_session::{Builder, Session};
use muffin_session_tests::{Jar, TestClock, builder};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::app::{App, Cookies, Seen, cases, cookies};

/// How far a clock may be behind the one that a cookie was made by.
const SKEW: u64 = 60_000;

/// How long a flash waits, and a half-done login.
const FLASH: u64 = 600_000;
const HALF: u64 = 600_000;

const DAY: u64 = 24 * 3_600 * 1_000;

/// Milliseconds since 1970: often about now, often at the ends.
fn time() -> impl Strategy<Value = u64> {
    prop_oneof![
        2 => 1_700_000_000_000..1_900_000_000_000_u64,
        1 => 0..3 * SKEW,
        1 => u64::MAX - 3 * SKEW..=u64::MAX,
        1 => any::<u64>(),
    ]
}

/// A duration that `build()` takes.
fn span() -> impl Strategy<Value = u64> {
    prop_oneof![1_000..20_000_u64, 1_000..DAY, 1_000..=400 * DAY]
}

/// A lifetime, and perhaps an idle timeout that is no longer.
fn spans() -> impl Strategy<Value = (u64, Option<u64>)> {
    span().prop_flat_map(|lifetime| (Just(lifetime), proptest::option::of(1_000..=lifetime)))
}

fn lasting(lifetime: u64, idle: Option<u64>) -> (App, TestClock) {
    let lifetime = Duration::from_millis(lifetime);
    let builder = builder().lifetime(lifetime).remember_limit(lifetime);
    with_clock(match idle {
        Some(idle) => builder.idle_timeout(Duration::from_millis(idle)),
        None => builder,
    })
}

fn with_clock(builder: Builder) -> (App, TestClock) {
    let clock = TestClock::new();
    (App::new(builder.clock(clock.reader())), clock)
}

fn set(clock: &TestClock, millis: u64) {
    clock.set(Duration::from_millis(millis));
}

/// Times on both sides of each of these, as far as there are such times.
fn around(times: &[u64]) -> Vec<u64> {
    let mut around = vec![0, u64::MAX];
    for time in times {
        around.extend(
            [-1_000_i64, -1, 0, 1, 1_000]
                .iter()
                .filter_map(|&by| time.checked_add_signed(by)),
        );
    }
    around
}

/// Whether something from `start` to `end` counts at a time.
fn counts(time: u64, start: u64, end: u64) -> bool {
    time < end && start <= time.saturating_add(SKEW)
}

fn is_user(app: &App, cookies: &Cookies) -> bool {
    let seen = app.look(cookies);
    assert_eq!(
        seen.user.is_some(),
        seen.data.contains_key("color"),
        "an identity without its data"
    );
    seen.user.is_some()
}

fn log_in(session: &Session) {
    session.login(7).expect("a login");
    session.insert("color", "red").expect("it fits");
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn s022_s023_s096_s100_a_login_counts_until_its_time_is_over(start in time(), (lifetime, idle) in spans()) {
        let (app, clock) = lasting(lifetime, idle);
        set(&clock, start);
        let jar = Jar::default();
        app.visit(&jar, log_in);
        let cookies = cookies(&jar);
        let end = start.saturating_add(lifetime.min(idle.unwrap_or(lifetime)));
        for time in around(&[start.saturating_sub(SKEW), start, end, end.saturating_add(SKEW)]) {
            set(&clock, time);
            prop_assert_eq!(is_user(&app, &cookies), counts(time, start, end), "at {}", time);
        }
    }

    #[test]
    fn s093_s024_a_guest_counts_until_its_time_is_over(start in time(), lifetime in span()) {
        let (app, clock) = with_clock(builder().guest_lifetime(Duration::from_millis(lifetime)));
        set(&clock, start);
        let jar = Jar::default();
        app.visit(&jar, |session| session.insert("cart", 3).expect("it fits"));
        let cookies = cookies(&jar);
        let end = start.saturating_add(lifetime);
        for time in around(&[start.saturating_sub(SKEW), start, end, end.saturating_add(SKEW)]) {
            set(&clock, time);
            let is_guest = !app.look(&cookies).data.is_empty();
            prop_assert_eq!(is_guest, counts(time, start, end), "at {}", time);
        }
    }

    #[test]
    fn a_flash_waits_for_ten_minutes_and_no_longer_than_whom_it_is_for(start in time(), lifetime in span(), logged_in: bool) {
        // In the last second of all time a browser is told to keep it for no second.
        let start = start.min(u64::MAX - 1_000);
        let (app, clock) = lasting(lifetime, None);
        set(&clock, start);
        let jar = Jar::default();
        app.visit(&jar, move |session| {
            if logged_in {
                log_in(session);
            }
            session.flash("hello").expect("it fits");
        });
        let cookies = cookies(&jar);
        let end = start.saturating_add(if logged_in { FLASH.min(lifetime) } else { FLASH });
        for time in around(&[start.saturating_sub(SKEW), start, end]) {
            set(&clock, time);
            let is_shown = !app.look(&cookies).flashes.is_empty();
            prop_assert_eq!(is_shown, counts(time, start, end), "at {}", time);
        }
    }

    #[test]
    fn s096_s098_each_activity_counts_once_a_tenth_has_passed_and_nothing_passes_the_lifetime(
        start in time(),
        (lifetime, idle) in (1_000..400 * DAY).prop_flat_map(|lifetime| (Just(lifetime), 1_000..=lifetime)),
        visits in vec((0..1_100_u64, any::<bool>()), 1..12),
    ) {
        let (app, clock) = lasting(lifetime, Some(idle));
        set(&clock, start);
        let jar = Jar::default();
        app.visit(&jar, log_in);
        let (mut now, mut last_activity) = (start, start);
        for (thousandths, renews) in visits {
            now = now.saturating_add(idle / 1_000 * thousandths + idle % 1_000 * thousandths / 1_000);
            set(&clock, now);
            let is_alive =
                now < start.saturating_add(lifetime) && now < last_activity.saturating_add(idle);
            // Without the cookie that says the last activity, a session is never longer.
            let mut without = cookies(&jar);
            without.retain(|name, _| !name.contains(".seen."));
            let is_alive_without = is_user(&app, &without);
            prop_assert!(is_alive || !is_alive_without);
            prop_assert_eq!(is_user(&app, &cookies(&jar)), is_alive);

            let renews = renews && is_alive;
            let visit = app.visit(&jar, move |session| if renews { session.renew().expect("a login") });
            let wrote_seen = visit.set_cookies.iter().any(|cookie| {
                cookie.contains(".seen.") && !cookie.contains("Max-Age=0")
            });
            let is_due = is_alive && now - last_activity >= idle / 10;
            prop_assert_eq!(wrote_seen, is_due && !renews);
            prop_assert!(renews || visit.set_cookies.len() == usize::from(wrote_seen));
            if is_due || renews {
                last_activity = now;
            }
        }
    }

    #[test]
    fn s097_a_last_activity_that_lies_ahead_counts_for_nothing(
        start in time(),
        (lifetime, idle) in (10_000..400 * DAY).prop_flat_map(|lifetime| (Just(lifetime), 10_000..=lifetime)),
        active_after in 100..1_000_u64,
    ) {
        let start = start.min(u64::MAX - idle);
        let (app, clock) = lasting(lifetime, Some(idle));
        set(&clock, start);
        let jar = Jar::default();
        app.visit(&jar, log_in);
        let active = start.saturating_add(idle / 1_000 * active_after);
        set(&clock, active);
        app.visit(&jar, Session::is_logged_in);
        let with = cookies(&jar);
        let end = start.saturating_add(lifetime);
        let counts_until = |activity: u64| end.min(activity.saturating_add(idle));
        let has_seen = jar.has(".seen.");
        for time in around(&[
            start,
            active.saturating_sub(SKEW),
            active,
            counts_until(start),
            counts_until(active),
        ]) {
            set(&clock, time);
            let is_believed = has_seen && active <= time.saturating_add(SKEW);
            let until = counts_until(if is_believed { active } else { start });
            prop_assert_eq!(is_user(&app, &with), counts(time, start, until), "at {}", time);
        }
    }

    #[test]
    fn s092_a_half_done_login_waits_for_ten_minutes_and_no_longer_than_a_logout(
        start in time(),
        logout_after in 0..2 * HALF,
    ) {
        let start = start.min(u64::MAX - 3 * HALF);
        let (app, clock) = with_clock(builder());
        set(&clock, start);
        let jar = Jar::default();
        app.visit(&jar, |session| session.begin_login(7).expect("a half"));
        let cookies = cookies(&jar);
        let end = start + HALF;
        for time in around(&[start.saturating_sub(SKEW), start, end]) {
            set(&clock, time);
            let is_half = app.look(&cookies).half.is_some();
            prop_assert_eq!(is_half, counts(time, start, end), "at {}", time);
        }
        // A copy beside the mark of a logout counts for nothing.
        set(&clock, start + logout_after);
        let marked = Jar::default();
        app.visit(&marked, Session::logout);
        for (name, value) in &cookies {
            marked.set(name, std::str::from_utf8(value).expect("base64url"));
        }
        prop_assert_eq!(app.visit(&marked, Seen::of).found, Seen::default());
    }

    #[test]
    fn s231_s237_a_mark_of_logout_ends_others_logins_for_a_lifetime(
        start in time(),
        lifetime in span(),
        later in span(),
        at in any::<Index>(),
    ) {
        let (app, clock) = lasting(lifetime, None);
        set(&clock, start);
        let marked = Jar::default();
        app.visit(&marked, Session::logout);
        let login = start.saturating_add(later);
        set(&clock, login);
        let jar = Jar::default();
        app.visit(&jar, log_in);
        let mut both = cookies(&jar);
        both.extend(cookies(&marked));
        let (mark_end, end) = (start.saturating_add(lifetime), login.saturating_add(lifetime));
        let times = around(&[start, login, mark_end, end]);
        let time = *at.get(&times);
        set(&clock, time);
        // A mark counts however far ahead it lies: it can only end logins.
        let is_user_here = counts(time, login, end) && time >= mark_end;
        prop_assert_eq!(is_user(&app, &both), is_user_here, "at {}", time);
    }

    #[test]
    fn s186_a_cookie_is_kept_no_longer_than_it_counts(
        start in time(),
        lifetime in span(),
        max_age in span(),
        later in span(),
    ) {
        let millis = Duration::from_millis;
        let builder = builder().lifetime(millis(lifetime)).guest_lifetime(millis(lifetime));
        let (app, clock) = with_clock(builder.max_age(millis(max_age)));
        set(&clock, start);
        let jar = Jar::default();
        let begun = app.visit(&jar, log_in);
        let now = start.saturating_add(later);
        set(&clock, now);
        let changed = app.visit(&jar, |session| {
            session.insert("color", "blue").expect("it fits");
            session.flash("hello").expect("it fits");
        });
        let end = start.saturating_add(lifetime);
        for (time, set_cookies) in [(start, begun.set_cookies), (now, changed.set_cookies)] {
            for cookie in set_cookies {
                let seconds = cookie.split("; Max-Age=").nth(1).expect("each has one");
                let seconds: u64 = seconds.parse().expect("it is the last attribute");
                let counts_for = if cookie.contains(".flash.") {
                    FLASH
                } else if cookie.contains(".guest") {
                    lifetime.min(max_age)
                } else {
                    (end - time).min(max_age)
                };
                // A second at least: zero would remove a cookie that still counts.
                let most = (counts_for / 1_000).max(1);
                prop_assert!((1..=most).contains(&seconds), "{}: {}", counts_for, cookie);
            }
        }
    }

    #[test]
    fn whatever_a_clock_does_between_requests_they_are_answered(
        (lifetime, idle) in spans(),
        visits in vec((time(), 0..7_u8), 1..10),
    ) {
        let (app, clock) = lasting(lifetime, idle);
        let jar = Jar::default();
        for (time, what) in visits {
            set(&clock, time);
            app.visit(&jar, move |session| {
                match what {
                    0 => log_in(session),
                    1 => session.logout(),
                    // It may have ended, and there may be nobody to renew.
                    2 => drop(session.renew()),
                    3 => drop(session.insert("color", "blue")),
                    4 => drop(session.flash("hello")),
                    5 => drop(session.begin_login(8)),
                    _ => {}
                }
                Seen::of(session)
            });
        }
    }
}
