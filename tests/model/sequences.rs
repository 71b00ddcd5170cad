//! The kinds of applications that are compared with the model.

use std::sync::Arc;
use std::time::Duration;

use muffin_session::Builder;
use muffin_session_tests::bare_builder;
use muffin_session_tests::map_store::MapStore;
use proptest::prelude::*;
use proptest::test_runner::Config;

use crate::site::{Site, Time, block_on};
use crate::state::Terms;
use crate::steps::{CARRIED, Step, steps};
use crate::twins::Twins;

const TERMS: Terms = Terms {
    in_store: false,
    lifetime: 24 * 3_600,
    guest_lifetime: 2 * 3_600,
    idle_timeout: None,
    carried: CARRIED,
};
const IDLE_TIMEOUT: Time = 1_800;

/// Unless the environment says how many: a sequence is some hundred requests.
const SEQUENCES: u32 = 128;

/// Failures are printed with the smallest case, not kept in files.
fn cases() -> Config {
    let mut config = Config {
        failure_persistence: None,
        ..Config::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = SEQUENCES;
    }
    config
}

fn run(terms: Terms, options: impl Fn(Builder) -> Builder, steps: Vec<Step>) {
    let builder = || {
        let builder = options(bare_builder())
            .lifetime(Duration::from_secs(terms.lifetime))
            .guest_lifetime(Duration::from_secs(terms.guest_lifetime))
            .carry_on_login([terms.carried]);
        match terms.idle_timeout {
            Some(idle_timeout) => builder.idle_timeout(Duration::from_secs(idle_timeout)),
            None => builder,
        }
    };
    block_on(async {
        let site = Site::new([builder(), builder()]);
        Twins::new(site, terms).run(steps).await;
    });
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn sessions_in_signed_cookies_are_what_the_model_says(steps in steps()) {
        run(TERMS, |builder| builder, steps);
    }

    #[test]
    fn sessions_in_encrypted_cookies_that_end_when_idle_are_what_the_model_says(steps in steps()) {
        let terms = Terms { idle_timeout: Some(IDLE_TIMEOUT), ..TERMS };
        run(terms, Builder::encrypted, steps);
    }

    #[test]
    fn sessions_in_a_store_are_what_the_model_says(steps in steps()) {
        let store = Arc::new(MapStore::default());
        run(Terms { in_store: true, ..TERMS }, |builder| builder.store(store.clone()), steps);
    }

    #[test]
    fn sessions_in_a_store_that_end_when_idle_are_what_the_model_says(steps in steps()) {
        let store = Arc::new(MapStore::default());
        let terms = Terms { in_store: true, idle_timeout: Some(IDLE_TIMEOUT), ..TERMS };
        run(terms, |builder| builder.store(store.clone()).encrypted(), steps);
    }
}
