//! Which orders are tried, and how many that are.

use std::sync::Arc;
use std::time::Duration;

use muffin_session_tests::bare_builder;
use muffin_session_tests::map_store::MapStore;

use crate::orders::{ALL, FEW, Kind, choices, orders};
use crate::promises;
use crate::runs::{CARRIED, Setting, run};
use crate::site::{Site, block_on};

/// Sessions end after ten minutes without activity, which is written down after one.
const IDLE_TIMEOUT: Duration = Duration::from_secs(600);
/// The whole of an order takes less than ten minutes, and some of its requests come a minute after the last activity.
const LONG_PAUSE: u64 = 30;

fn site(setting: Setting) -> Site {
    let store = Arc::new(MapStore::default());
    let builder = || {
        let builder = bare_builder().carry_on_login([CARRIED]);
        let builder = if setting.pause == LONG_PAUSE {
            builder.idle_timeout(IDLE_TIMEOUT)
        } else {
            builder
        };
        if setting.in_store {
            builder.store(store.clone())
        } else {
            builder
        }
    };
    Site::new([builder(), builder()])
}

/// Tries all orders of so many requests with all choices of kinds. How many that were.
fn try_all(setting: Setting, kinds: &[Kind], requests: usize) -> usize {
    let mut tried = 0;
    for order in orders(requests) {
        block_on(async {
            // Another one each time: the list of what has ended is one of the things that could fill up.
            let site = site(setting);
            for kinds in choices(kinds, requests) {
                promises::hold(&run(&site, setting, &kinds, &order).await);
                tried += 1;
            }
        });
    }
    tried
}

const PAIRS: usize = 10 * 6 * 6;
/// With each choice of three kinds.
const TRIPLES: usize = 280;

fn try_pairs_and_triples(setting: Setting) {
    let pairs: usize = [false, true]
        .map(|is_read_late| {
            let setting = Setting {
                is_read_late,
                ..setting
            };
            try_all(setting, &ALL, 2)
        })
        .iter()
        .sum();
    assert_eq!(pairs, 2 * PAIRS);
    let kinds = match std::env::var("INTERLEAVINGS") {
        Ok(all) if all == "all" => &ALL[..],
        _ if setting.is_logged_in => &FEW[..],
        _ => &FEW[..2],
    };
    let triples = try_all(setting, kinds, 3);
    assert_eq!(triples, TRIPLES * kinds.len().pow(3));
    println!("{setting:?}: {pairs} orders of two requests, {triples} of three");
}

fn setting(in_store: bool, is_logged_in: bool) -> Setting {
    Setting {
        in_store,
        is_logged_in,
        is_read_late: false,
        pause: 1,
    }
}

#[test]
fn a_guests_requests_whose_data_is_in_cookies_keep_the_promises_in_every_order() {
    try_pairs_and_triples(setting(false, false));
}

#[test]
fn requests_of_somebody_logged_in_by_cookies_keep_the_promises_in_every_order() {
    try_pairs_and_triples(setting(false, true));
}

#[test]
fn a_guests_requests_whose_data_is_in_a_store_keep_the_promises_in_every_order() {
    try_pairs_and_triples(setting(true, false));
}

#[test]
fn requests_of_somebody_whose_session_is_in_a_store_keep_the_promises_in_every_order() {
    try_pairs_and_triples(setting(true, true));
}

#[test]
fn requests_keep_the_promises_in_every_order_where_sessions_end_when_idle() {
    let mut tried = 0;
    for in_store in [false, true] {
        for is_logged_in in [false, true] {
            let setting = Setting {
                pause: LONG_PAUSE,
                ..setting(in_store, is_logged_in)
            };
            tried += try_all(setting, &ALL, 2);
        }
    }
    assert_eq!(tried, 4 * PAIRS);
    println!("with an idle timeout: {tried} orders of two requests");
}
