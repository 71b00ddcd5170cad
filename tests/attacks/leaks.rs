//! What gets out beside what was to be shown: by logs, errors, `Debug`, cookies, and by differences between answers.

mod canary;
mod log;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Request, StatusCode};
use axum::routing::{any, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use demo::people::People;
use muffin_session::{Error, Secret, Session, Sessions, login_required, user_loader};
use muffin_session_tests::watched::{Mood, Watched};
use muffin_session_tests::{SECRET, Site, bare_builder, builder, raw};
use ring::digest::{SHA256, digest};
use tower::{Layer as _, ServiceExt as _};

use self::canary::{app, guarded, hides, load_in_vain, load_user, values};
use self::log::Log;
use crate::app::{App, perform_in, run, state};
use crate::site::{ID, Kept};

/// `Debug` of whatever the library gives to handlers and to `main`, in a handler's answer. Expected: no secret, no cookie, no user and nothing of a
/// session.
#[tokio::test]
async fn debug_of_everything() {
    let sessions = builder()
        .user_loader(load_user)
        .build()
        .expect("good options");
    let errors = [
        Sessions::builder(Secret::new("canary-key"))
            .build()
            .expect_err("it is short"),
        builder()
            .verify_with(Secret::new("canary-key"))
            .build()
            .expect_err("it is short"),
    ];
    let shown = format!(
        "{sessions:?} {:?} {:?} {:?} {errors:?} {}",
        sessions.layer(()),
        builder(),
        Secret::new(SECRET),
        errors[0]
    );
    hides(&shown, &[], &[]);
    let site = Site::serve(app(sessions)).await;
    let browser = site.browser();
    let shown = browser.post("/log-in").await.text().await.expect("a body");
    let cookies = values(&browser);
    assert!(shown.contains("Login(..)") && cookies.len() >= 2);
    hides(&shown, &cookies, &[]);
    let shown = browser.text("/show?next=/a").await;
    // The user is the application's, and so is a flash once it was taken.
    hides(
        &shown,
        &cookies,
        &["canary-name", "canary-hash", "canary-flash"],
    );
}

/// A login, a renewal and a logout, with forged, cut and foreign cookies between them, and all of it logged at every level; in cookies, encrypted and in a
/// store that fails. Expected: the log has no cookie's value, no id, no key, no secret and nothing of the session.
#[tokio::test]
async fn log_of_a_whole_login() {
    for kept in Kept::ALL {
        let watched = Watched::default();
        let begin = || match kept {
            Kept::Store => bare_builder().store(watched.clone()),
            _ => kept.builder(),
        };
        let site = Site::serve(app(begin()
            .user_loader(load_user)
            .build()
            .expect("good options")))
        .await;
        let log = Log::begin();
        let browser = site.browser();
        let mut cookies = Vec::new();
        for path in ["/log-in", "/renew"] {
            browser.post(path).await;
            cookies.extend(values(&browser));
        }
        let (_, id) = browser.jar.find(".id").expect("an id");
        for wrong in [&id[1..], &id[..id.len() - 2], &format!("{id}A")] {
            let thief = browser.stolen();
            thief.jar.set(ID, wrong);
            for path in ["/guarded", "/show", "/forbidden"] {
                thief.get(path).await;
            }
            cookies.push(wrong.to_owned());
        }
        for path in ["/guarded", "/forbidden"] {
            browser.get(path).await;
        }
        watched.set(Mood::Down);
        browser.get("/guarded").await;
        watched.set(Mood::Well);
        let stolen = browser.stolen();
        browser.post("/log-out").await;
        stolen.get("/guarded").await;
        let lines = log.lines();
        assert!(
            lines.iter().any(|line| line.contains("session begun")),
            "{lines:?}"
        );
        for line in &lines {
            hides(line, &cookies, &[]);
            // Parts of values say enough, too.
            for value in &cookies {
                let part = &value[value.len() / 2..value.len() / 2 + 16];
                assert!(!line.contains(part), "{line}");
            }
        }
    }
}

/// Requests that end in 401, 403, 500 and 503: a loader and a store that fail, values of another type, and what does not fit. Expected: no body says anything
/// of a session, a user, a host, a file or a type.
#[tokio::test]
async fn bodies_of_errors() {
    let store = Watched::default();
    let sessions = bare_builder().user_loader(load_user).store(store.clone());
    let site = Site::serve(app(sessions.build().expect("good options"))).await;
    let ann = site.browser();
    ann.post("/log-in").await;
    let mut answers = Vec::new();
    for how in ["type", "large", "null", "stamp", "flash"] {
        answers.push((500, ann.post(&format!("/fail/{how}")).await));
    }
    answers.push((
        403,
        ann.send(
            reqwest::Method::GET,
            "/forbidden",
            &[("accept", "application/json")],
        )
        .await,
    ));
    answers.push((
        401,
        site.browser()
            .send(
                reqwest::Method::GET,
                "/guarded",
                &[("accept", "application/json")],
            )
            .await,
    ));
    answers.push((
        403,
        ann.send(
            reqwest::Method::POST,
            "/guarded",
            &[("origin", "https://evil.example")],
        )
        .await,
    ));
    store.set(Mood::Down);
    answers.push((503, ann.get("/guarded").await));
    for (status, answer) in answers {
        assert_eq!(answer.status(), status);
        assert!(
            answer.headers()[CONTENT_TYPE]
                .to_str()
                .is_ok_and(|kind| kind.contains("problem"))
        );
        let head = format!("{:?}", answer.headers());
        let text = answer.text().await.expect("a body") + head.as_str();
        // A development build names the key that was asked for.
        hides(&text, &values(&ann), &["canary-key"]);
        for inside in [
            "connection refused",
            "watched",
            "SELECT",
            "db-7",
            ".rs",
            "muffin_session",
            "core::",
            "std::",
        ] {
            assert!(!text.contains(inside), "{inside}: {text}");
        }
    }
}

/// The loader fails with a text about the inside. Expected: a 500 that has none of it.
#[tokio::test]
async fn error_of_the_loader() {
    async fn log_in(session: Session) -> Result<(), Error> {
        session.login(7)
    }
    let sessions = builder()
        .user_loader(load_in_vain)
        .build()
        .expect("good options");
    let app = Router::new()
        .route("/", post(log_in).get(guarded))
        .layer(sessions);
    let site = Site::serve(app).await;
    let ann = site.browser();
    ann.post("/").await;
    for accept in ["text/html", "application/json"] {
        let answer = ann
            .send(reqwest::Method::GET, "/", &[("accept", accept)])
            .await;
        assert_eq!(answer.status(), 500);
        let text = answer.text().await.expect("a body");
        hides(&text, &values(&ann), &[]);
        assert!(!text.contains("SELECT") && !text.contains("db-7"), "{text}");
    }
}

/// Line ends, escape sequences and what terminals take for them, in paths, in `next`, in names of cookies and in keys of a session. Expected: each event stays
/// one line without a control character.
#[tokio::test]
async fn control_characters_in_the_log() {
    async fn large(session: Session) -> Result<(), Error> {
        session.insert("k\r\nERROR forged \u{1b}[31m\u{9b}31m", "x".repeat(5_000))
    }
    #[login_required(location = |parts: &axum::http::request::Parts| parts.uri.path().to_owned())]
    async fn circle() {}
    let sessions = builder()
        .user_loader(load_user)
        .build()
        .expect("good options");
    let app = Router::new()
        .route("/large", post(large))
        .nest("/circle", Router::new().fallback(circle))
        .fallback(guarded)
        .layer(sessions);
    let site = Site::serve(app).await;
    let log = Log::begin();
    site.browser().post("/large").await;
    for path in [
        "/%0d%0aERROR%20forged",
        "/%1b[31m",
        "/\u{9b}31m",
        "/\u{85}ERROR",
        "/\u{2028}ERROR",
        "/\u{202e}x",
        "/circle/\u{9b}31m",
        "/login?next=%0d%0aERROR",
        "/\u{7f}",
        "/x?next=/\u{9b}",
        "/circle//\u{85}",
    ] {
        for fields in [
            "",
            "Cookie: __Host-session.\u{9b}31m=x; __Host-session.id=\u{85}ERROR\r\n",
            "Accept: \u{85}text/html\r\n",
        ] {
            let request = format!(
                "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{fields}\r\n"
            );
            let answer = raw::send(site.addr(), request.as_bytes()).await;
            assert!(answer.status < 600);
        }
    }
    let lines = log.lines();
    assert!(
        lines.iter().any(|line| line.contains("ERROR forged")),
        "{lines:?}"
    );
    assert!(
        lines
            .iter()
            .any(|line| line.contains("refused") && line.contains("31m")),
        "{lines:?}"
    );
    for line in lines {
        let is_control = |character: char| {
            character.is_control() || "\u{2028}\u{2029}\u{202e}".contains(character)
        };
        assert!(!line.contains(is_control), "{line:?}");
    }
}

/// TRACE, which servers answer with the request itself, cookies and all. Expected: it is refused or 405, and no cookie comes back.
#[tokio::test]
async fn trace_method() {
    let app = App::new().await;
    let ann = app.browser();
    run(&ann, "login 1").await;
    let cookies = ann.jar.header().expect("cookies");
    for path in ["/show", "/dashboard", "/nowhere", "*"] {
        let request = format!(
            "TRACE {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: {cookies}\r\n\r\n"
        );
        let answer = raw::send(app.site.addr(), request.as_bytes()).await;
        assert!(
            [400, 404, 405].contains(&answer.status),
            "{path}: {}",
            answer.head
        );
        let text = answer.head + &*String::from_utf8_lossy(&answer.body);
        assert!(!text.contains("__Host-"), "{path}: {text}");
    }
}

/// The cookie of a login that ends with the password is decoded. Expected: the password's hash is not in it, nor a hash of that, and two users with one
/// password have nothing in common.
#[tokio::test]
async fn password_hash_in_the_cookie() {
    #[derive(Clone)]
    struct Account(&'static str);
    const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA";
    #[user_loader(stamp = |account: &Account| account.0)]
    async fn load(_: u64) -> Option<Account> {
        Some(Account(HASH))
    }
    async fn log_in(session: Session, Path(id): Path<u64>) -> Result<(), Error> {
        session.login_user(id, &Account(HASH))
    }
    let sessions = bare_builder()
        .user_loader(load)
        .build()
        .expect("good options");
    let site = Site::serve(Router::new().route("/{id}", post(log_in)).layer(sessions)).await;
    let mut decoded = Vec::new();
    for id in [1, 2] {
        let browser = site.browser();
        browser.post(&format!("/{id}")).await;
        let (_, value) = browser.jar.find(".id").expect("an id");
        decoded.push(URL_SAFE_NO_PAD.decode(value).expect("base64url"));
    }
    let of_hash = [HASH.to_owned(), format!("{HASH:?}")];
    for bytes in &decoded {
        for text in &of_hash {
            for part in [text.as_bytes(), digest(&SHA256, text.as_bytes()).as_ref()] {
                let is_in = |part: &[u8]| bytes.windows(part.len()).any(|found| found == part);
                assert!(!part.windows(8).any(is_in));
            }
        }
    }
    // Version, hint, time, sid and three times come before it; the flags say that it is there.
    let stamp = |bytes: &[u8]| (bytes[10 + 41] & 2, bytes[10 + 42..10 + 58].to_vec());
    let (one, other) = (stamp(&decoded[0]), stamp(&decoded[1]));
    assert_eq!((one.0, other.0), (2, 2));
    assert_ne!(one.1, other.1);
}

/// Encrypted cookies of a login with data, claims and a flash are decoded. Expected: nothing of them can be read, and the same content never looks the
/// same.
#[tokio::test]
async fn reading_of_encrypted_cookies() {
    let sessions = bare_builder().encrypted().user_loader(load_user);
    let site = Site::serve(app(sessions.build().expect("good options"))).await;
    let mut seen = Vec::new();
    for _ in 0..2 {
        let browser = site.browser();
        browser.post("/log-in").await;
        assert_eq!(browser.jar.names().len(), 3);
        for value in values(&browser) {
            let bytes = URL_SAFE_NO_PAD.decode(&value).expect("base64url");
            hides(&String::from_utf8_lossy(&bytes), &[], &[]);
            assert!(!String::from_utf8_lossy(&bytes).contains("canary"));
            // After the version, the hint and the time nothing repeats.
            seen.extend(bytes[10..].windows(8).map(<[u8]>::to_vec));
        }
    }
    let count = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), count);
}

/// Nobody asks for orders that are there, that are not, and whose numbers are none. Expected: one and the same refusal but for `next`, and the database is not
/// asked.
#[tokio::test]
async fn existence_by_status() {
    #[login_required]
    async fn order(State(asked): State<Arc<AtomicUsize>>, Path(number): Path<u64>) -> StatusCode {
        asked.fetch_add(1, Ordering::SeqCst);
        if number == 7 {
            StatusCode::OK
        } else {
            StatusCode::NOT_FOUND
        }
    }
    let asked = Arc::<AtomicUsize>::default();
    let sessions = builder()
        .user_loader(load_user)
        .build()
        .expect("good options");
    let app = Router::new()
        .route("/orders/{number}", any(order))
        .layer(sessions)
        .with_state(asked.clone());
    let site = Site::serve(app).await;
    let nobody = site.browser();
    for (method, headers) in [
        ("GET", ("accept", "application/json")),
        ("POST", ("accept", "text/html")),
    ] {
        let mut answers = Vec::new();
        for number in ["7", "8", "x", "-1", "%00", "99999999999999999999999"] {
            let method = method.parse().expect("a method");
            let answer = nobody
                .send(method, &format!("/orders/{number}"), &[headers])
                .await;
            let mut head = answer.headers().clone();
            head.remove("date");
            answers.push((answer.status(), head, answer.text().await.expect("a body")));
        }
        assert!(
            answers.iter().all(|answer| *answer == answers[0]),
            "{answers:?}"
        );
    }
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

/// Names that nobody has, at the login page of the demo, beside names that somebody has with a wrong password. Expected: the same page, and as many
/// passwords are hashed: counted, by the threads that are begun for them.
#[test]
fn names_that_nobody_has() {
    let (begun, ended) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    let (begins, ends) = (begun.clone(), ended.clone());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .thread_keep_alive(std::time::Duration::ZERO)
        .on_thread_start(move || {
            begins.fetch_add(1, Ordering::SeqCst);
        })
        .on_thread_stop(move || {
            ends.fetch_add(1, Ordering::SeqCst);
        })
        .build()
        .expect("a runtime");
    let people = People::demo().expect("randomness");
    let app = demo::app::app(&Secret::new(SECRET), people, None).expect("a good secret");
    let mut answers = Vec::new();
    for name in ["ann", "bob", "nobody", "", "ann%00", "sam"] {
        let before = begun.load(Ordering::SeqCst);
        let form = format!("name={name}&password=wrong");
        let request =
            Request::post("/login").header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = request.body(Body::from(form)).expect("a request");
        let page = runtime.block_on(async {
            let answer = app
                .router
                .clone()
                .oneshot(request)
                .await
                .expect("an answer");
            let status = answer.status();
            let body = axum::body::to_bytes(answer.into_body(), usize::MAX)
                .await
                .expect("a body");
            (status, body.len() - name.replace("%00", "\0").len())
        });
        // The thread of one is over before the next begins.
        while ended.load(Ordering::SeqCst) < begun.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        answers.push((page, begun.load(Ordering::SeqCst) - before));
    }
    assert_eq!(answers[0].0.0, StatusCode::UNAUTHORIZED);
    assert_eq!(answers[0].1, 1);
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:?}"
    );
}

/// The id that a session has in the list of a user's devices, which pages show. Expected: it is no part of the cookie, and opens nothing.
#[tokio::test]
async fn id_in_the_list_of_devices() {
    let app = App::on(bare_builder().store(Watched::default())).await;
    let ann = app.browser();
    run(&ann, "login 1").await;
    let listed = perform_in(&ann, "sessions")
        .await
        .text()
        .await
        .expect("a list");
    let id = listed.split('=').nth(1).expect("an id");
    let (name, value) = ann.jar.find(".id").expect("an id");
    assert!(!value.contains(id) && !id.contains(&value[..16]));
    let bytes = URL_SAFE_NO_PAD.decode(&value).expect("base64url");
    let shown = URL_SAFE_NO_PAD.decode(id).unwrap_or_default();
    let random = &bytes[18..34];
    assert!(
        !shown
            .windows(4)
            .any(|part| random.windows(4).any(|known| known == part))
    );
    let thief = app.browser();
    thief.jar.set(&name, id);
    assert_eq!(state(&thief).await.0, None);
}
