//! Restarts with other secrets.

use std::time::SystemTime;

use crate::running::{Running, SECRET, redirect};

const NEW_SECRET: &str = "Nb6Vc2Xz9Lk4Jh7Gf1Ds8Ap3Qo5Wi0Eu";

#[tokio::test]
async fn a_login_goes_on_for_as_long_as_its_secret_counts() {
    let program = env!("CARGO_BIN_EXE_old_secrets");
    let site = Running::start(program, &[("SESSION_SECRET", SECRET)]);
    let browser = site.browser();
    browser.done("/login").await;
    assert_eq!(browser.text("/").await, "Logged in\n");
    drop(site);

    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let (by_now, before) = (now.to_string(), (now - 3_600).to_string());
    let new = ("SESSION_SECRET", NEW_SECRET);
    let old = ("OLD_SECRET", SECRET);
    for (settings, counts) in [
        (&[new, old][..], true),
        (&[new, old, ("OLD_SECRET_UNTIL", &by_now)], true),
        // It was made later than that, and so by somebody who has found the secret.
        (&[new, old, ("OLD_SECRET_UNTIL", &before)], false),
        (&[new], false),
    ] {
        let site = Running::start(program, settings);
        let answer = browser.at(&site).get("/").await;
        if counts {
            assert_eq!(answer.text().await.unwrap(), "Logged in\n");
        } else {
            assert_eq!(redirect(&answer), "/login?next=%2F");
        }
    }
}
