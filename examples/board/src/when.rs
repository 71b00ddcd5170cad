//! Times: as the database keeps them, and as people read them.

use std::time::{SystemTime, UNIX_EPOCH};

use maud::{Markup, html};

/// A day, in seconds.
pub(crate) const DAY: i64 = 86_400;

/// Now, in seconds since 1970.
pub(crate) fn now() -> i64 {
    seconds(SystemTime::now())
}

/// A time in seconds since 1970.
pub(crate) fn seconds(time: SystemTime) -> i64 {
    let passed = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    passed.as_secs().try_into().unwrap_or(i64::MAX)
}

/// How long ago it was, with the time itself for programs.
pub(crate) fn ago(then: i64) -> Markup {
    html! {
        time datetime=(iso(then)) { (passed(now() - then)) }
    }
}

/// The day that it is on, in UTC: for what is still to come.
pub(crate) fn day(then: i64) -> Markup {
    let time = iso(then);
    let (day, _) = time.split_once('T').unwrap_or((&time, ""));
    html! {
        time datetime=(time) { (day) }
    }
}

fn passed(seconds: i64) -> String {
    let (count, unit) = match seconds {
        ..60 => return "just now".to_owned(),
        60..3_600 => (seconds / 60, "minute"),
        3_600..86_400 => (seconds / 3_600, "hour"),
        86_400.. => (seconds / 86_400, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural} ago")
}

/// As RFC 3339 has it, in UTC. Years begin in March here, so that the odd day of leap years is their last.
fn iso(time: i64) -> String {
    let (days, second) = (time.div_euclid(86_400), time.rem_euclid(86_400));
    // Days since the 1st of March of the year 0, and the cycle of 400 years that they lie in.
    let days = days + 719_468;
    let (cycle, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = cycle * 400 + year + i64::from(month <= 2);
    let (hour, minute) = (second / 3_600, second / 60 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_the_largest_unit_that_fits() {
        for (seconds, told) in [
            (-5, "just now"),
            (59, "just now"),
            (60, "1 minute ago"),
            (7_199, "1 hour ago"),
            (86_399, "23 hours ago"),
            (86_400, "1 day ago"),
            (200 * 86_400, "200 days ago"),
        ] {
            assert_eq!(passed(seconds), told);
        }
    }

    #[test]
    fn what_is_to_come_has_a_date() {
        let markup = day(1_709_251_199).into_string();
        let expected = "<time datetime=\"2024-02-29T23:59Z\">2024-02-29</time>";
        assert_eq!(markup, expected);
    }

    #[test]
    fn programs_get_the_date() {
        for (time, text) in [
            (0, "1970-01-01T00:00Z"),
            (951_782_399, "2000-02-28T23:59Z"),
            (951_782_400, "2000-02-29T00:00Z"),
            (1_709_251_199, "2024-02-29T23:59Z"),
            (1_709_251_200, "2024-03-01T00:00Z"),
            (4_107_542_400, "2100-03-01T00:00Z"),
        ] {
            assert_eq!(iso(time), text);
        }
    }
}
