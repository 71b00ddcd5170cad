//! Cookies: signed or encrypted, with a time that counts, and no trouble when they are malformed.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use muffin_session::{Builder, Error, Secret, Session, Sessions};
use muffin_session_tests::{Answer, Browser, Site, TestClock};
use reqwest::header::{COOKIE, HeaderValue};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{json_of, load_user, log_in, nothing, post_json, serve, visitor, with_users};

async fn flash(session: Session) -> Result<(), Error> {
    session.flash("kneaded")
}

async fn site(builder: Builder) -> Site {
    serve(builder, Router::new().route("/flash", post(flash))).await
}

/// Leaves something of every kind in somebody's session.
async fn fill(browser: &Browser) {
    post_json(browser, "/set", json!({ "dough": "sourdough" })).await;
    browser.post("/flash").await;
}

/// What is then there.
fn filled(user: Option<&str>) -> Value {
    json!({
        "user": user,
        "logged_in": user.is_some(),
        "flashes": [{ "category": "message", "message": "kneaded" }],
        "data": { "dough": "sourdough" },
    })
}

/// Values that a cookie could have if nobody asked for its signature.
fn unsigned(value: &str) -> Vec<String> {
    let bytes = URL_SAFE_NO_PAD.decode(value).expect("it is ours");
    let mut forged = vec![
        // As the Python plugin's: base64 of JSON; and as its JWTs', with the algorithm `none`.
        "eyJpZCI6IDF9".to_owned(),
        r#"{"id":1}"#.to_owned(),
        "eyJhbGciOiJub25lIn0.eyJpZCI6MX0.".to_owned(),
        "eyJhbGciOiJub25lIn0.eyJpZCI6MX0.AAAA".to_owned(),
    ];
    let mut add = |bytes: &[u8]| forged.push(URL_SAFE_NO_PAD.encode(bytes));
    for tag in [16, 32] {
        let (content, _) = bytes.split_at(bytes.len() - tag);
        add(content);
        add(&[content, &vec![0; tag]].concat());
        add(&[content, &vec![0xff; tag]].concat());
    }
    // The version decides how a value is read: no other one may be read unverified.
    for version in 0..=8 {
        if version != bytes[0] {
            add(&[&[version], &bytes[1..]].concat());
        }
    }
    for position in 1..bytes.len() {
        let mut changed = bytes.clone();
        changed[position] ^= 1;
        add(&changed);
    }
    forged
}

#[tokio::test]
async fn p19_cookies_are_signed_or_encrypted_and_what_is_neither_is_refused() {
    let other_secret = || {
        Sessions::builder(Secret::new("b9Wn4xTz7Qk2Ls6Vy1Hd8Rf5Gc3Jm0Pa")).user_loader(load_user)
    };
    let cases = [
        (
            with_users(),
            [with_users().encrypted(), other_secret()],
            true,
        ),
        (
            with_users().encrypted(),
            [with_users(), other_secret().encrypted()],
            false,
        ),
    ];
    for (builder, others, readable) in cases {
        let site = site(builder).await;
        for (id, user) in [(0, None), (1, Some("ann"))] {
            let browser = visitor(&site, id).await;
            fill(&browser).await;
            let cookies = browser.jar.all();
            assert_eq!(cookies.len(), if id == 0 { 2 } else { 3 });
            assert_eq!(json_of(&browser.stolen(), "/all").await, filled(user));

            let decoded: Vec<u8> = cookies
                .values()
                .flat_map(|value| URL_SAFE_NO_PAD.decode(value).unwrap())
                .collect();
            let content = String::from_utf8_lossy(&decoded);
            for word in ["sourdough", "dough", "kneaded", "message"] {
                assert_eq!(content.contains(word), readable, "{word}");
            }

            for (name, value) in &cookies {
                for forged in unsigned(value) {
                    browser.jar.restore(&cookies);
                    browser.jar.set(name, &forged);
                    let all = json_of(&browser, "/all").await;
                    match name.split('.').nth(1) {
                        Some("flash") => assert_eq!(all["flashes"], json!([]), "{name}={forged}"),
                        Some("guest") => assert_eq!(all["data"], json!({}), "{name}={forged}"),
                        _ => assert_eq!(all, nothing(), "{name}={forged}"),
                    }
                }
            }
        }

        // The site says how cookies are protected and by which secret; the cookie does not.
        for other in others {
            let other = self::site(other).await;
            let browser = visitor(&other, 1).await;
            fill(&browser).await;
            let here = Browser::new(site.url(""), browser.jar.clone());
            assert_eq!(json_of(&here, "/all").await, nothing());
            assert_eq!(json_of(&browser, "/all").await, filled(Some("ann")));
        }
    }
}

#[tokio::test]
async fn p21_a_cookie_of_1970_is_refused() {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    const LONGEST: Duration = Duration::from_secs(400 * 24 * 3600);
    let builders: [(fn() -> Builder, Duration); 3] = [
        (with_users, DAY),
        (|| with_users().encrypted(), DAY),
        (
            || {
                with_users()
                    .lifetime(LONGEST)
                    .guest_lifetime(LONGEST)
                    .max_age(LONGEST)
            },
            LONGEST,
        ),
    ];
    for (builder, lifetime) in builders {
        let clock = TestClock::new();
        let site = site(builder().clock(clock.reader())).await;
        for (id, user) in [(0, None), (1, Some("ann"))] {
            clock.set(Duration::ZERO);
            let browser = visitor(&site, id).await;
            fill(&browser).await;
            let cookies = browser.jar.all();
            let at = async |time: Duration| {
                clock.set(time);
                browser.jar.restore(&cookies);
                let all = json_of(&browser, "/all").await;
                clock.set(Duration::ZERO);
                all
            };
            assert_eq!(at(Duration::ZERO).await, filled(user), "in 1970");
            let mut unflashed = filled(user);
            unflashed["flashes"] = json!([]);
            let last = lifetime.saturating_sub(Duration::from_millis(1));
            assert_eq!(at(last).await, unflashed, "in its last moment");
            for time in [lifetime, lifetime * 2, TestClock::START] {
                assert_eq!(at(time).await, nothing(), "after {time:?}");
            }

            // The client keeps what it likes; a new login works beside it.
            clock.set(TestClock::START);
            browser.jar.restore(&cookies);
            log_in(&browser, json!(2)).await;
            assert_eq!(browser.text("/who").await, "bob");
        }
    }
}

/// Cookie values that are no values of ours.
fn malformed() -> Vec<Vec<u8>> {
    let texts = [
        "",
        " ",
        "\t",
        "=",
        "====",
        ".",
        "...",
        "-",
        "_",
        "0",
        "A",
        "AA",
        "AAAA",
        "AQ",
        "Ag",
        "null",
        "undefined",
        "None",
        "nan",
        "true",
        "{",
        "{}",
        "[]",
        "\"",
        "\"\"",
        "\"AAAA\"",
        "{\"id\":1}",
        "%7B%22id%22%3A1%7D",
        "%",
        "%00",
        "%ff%fe",
        "eyJpZCI6MX0",
        "eyJpZCI6MX0=",
        "eyJpZCI6MX0|1|0",
        "eyJ.eyJ.x",
        "a b c",
        "a,b",
        "a=b=c",
        "$Version=1",
        "\\x00",
        "../../etc/passwd",
        "' OR 1=1 --",
        "<script>",
    ];
    let mut values: Vec<_> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    for byte in [b'A', b'.', b'{', b'[', 0xff] {
        values.extend([57, 116, 1024, 4097, 8000].map(|length| vec![byte; length]));
    }
    values.push("größe".into());
    values.push(vec![0x80, 0xc0, 0xfe, 0xff]);
    values
}

async fn sent(browser: &Browser, cookies: &[u8]) -> (StatusCode, Vec<String>, Value) {
    let header = HeaderValue::from_bytes(cookies).expect("no control characters");
    let request = browser.request(Method::GET, "/all").header(COOKIE, header);
    let response = request.send().await.expect("an answer");
    let (status, cookies) = (response.status(), response.set_cookies());
    (status, cookies, response.json().await.unwrap_or_default())
}

#[tokio::test]
async fn p22_malformed_cookies_are_an_empty_session() {
    let site = site(with_users()).await;
    let browser = site.browser();
    let empty = (StatusCode::OK, Vec::new(), nothing());
    let slot = "AAAAAAAA";
    let names = [
        "", ".id", ".guest", ".out", ".data.", ".seen.", ".flash.", ".data", ".flash", ".", ".id.",
    ]
    .map(|kind| {
        let slot = if kind.ends_with('.') { slot } else { "" };
        format!("__Host-session{kind}{slot}")
    });
    for value in malformed() {
        for name in &names {
            let cookie = [name.as_bytes(), b"=", &value].concat();
            let shown = String::from_utf8_lossy(&cookie).into_owned();
            assert_eq!(sent(&browser, &cookie).await, empty, "{shown}");
        }
        // All of them at once.
        let all = names
            .iter()
            .map(|name| [name.as_bytes(), b"=", &value[..value.len().min(1024)]].concat());
        assert_eq!(
            sent(&browser, &all.collect::<Vec<_>>().join(&b"; "[..])).await,
            empty
        );
    }
    let many = format!("{}=A; ", names[1]).repeat(500);
    for header in [
        "",
        ";",
        ";;;",
        "=",
        "; =; ==",
        names[1].as_str(),
        "__Host-session.id;=x",
        "=__Host-session.id",
        "\u{ff}; a",
        &many,
    ] {
        assert_eq!(sent(&browser, header.as_bytes()).await, empty, "{header}");
    }

    // Our own, cut or lengthened.
    let ann = visitor(&site, 1).await;
    fill(&ann).await;
    let cookies = ann.jar.all();
    for (name, value) in &cookies {
        let mut wrong: Vec<String> = (0..value.len())
            .step_by(7)
            .map(|end| value[..end].to_owned())
            .collect();
        wrong.extend([
            format!("{value}A"),
            format!("{value}="),
            format!("A{value}"),
            format!("\"{value}\""),
            value.repeat(2),
        ]);
        for wrong in wrong {
            let alone = format!("{name}={wrong}");
            assert_eq!(sent(&browser, alone.as_bytes()).await, empty, "{alone}");
        }
    }

    // Beside a good session they do no harm.
    let good: Vec<_> = cookies
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    for value in malformed() {
        let junk: BTreeMap<_, _> = names
            .iter()
            .map(|name| (name.clone(), value.clone()))
            .collect();
        let junk = junk
            .iter()
            .map(|(name, value)| [name.as_bytes(), b"=", &value[..value.len().min(1024)]].concat());
        let both = [
            junk.collect::<Vec<_>>().join(&b"; "[..]),
            good.join("; ").into_bytes(),
        ]
        .join(&b"; "[..]);
        let (status, _, all) = sent(&browser, &both).await;
        assert_eq!((status, all), (StatusCode::OK, filled(Some("ann"))));
    }
}
