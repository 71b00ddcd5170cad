//! What the library costs a request: the same application with and without it, in one run, as ratios and as allocations.
//!
//! `cargo bench -p muffin-session-tests --bench cost`. Requests go straight into the router, without a socket.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a program for a terminal"
)]

use std::hint::black_box;
use std::path::PathBuf;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderValue, Request, Response, StatusCode};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use criterion::Criterion;
use muffin_session::{CurrentUser, Session, login_required, user_loader};
use muffin_session_tests::{Jar, builder};
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

#[derive(Clone)]
struct User;

#[user_loader]
async fn load_user(id: u64) -> Option<User> {
    (id == 1).then_some(User)
}

async fn untouched() -> &'static str {
    "ok"
}

async fn read(session: Session) -> &'static str {
    let value: Option<u64> = session.get("visits").unwrap();
    black_box(value);
    "ok"
}

async fn write(session: Session) -> &'static str {
    session
        .update("visits", |visits: Option<u64>| visits.unwrap_or(0) + 1)
        .unwrap();
    "ok"
}

#[login_required]
async fn guarded(CurrentUser(user): CurrentUser<User>) -> &'static str {
    black_box(user);
    "ok"
}

/// About 200 bytes of data.
async fn fill(session: Session) {
    session.insert("visits", 41).unwrap();
    session.insert("theme", "dark").unwrap();
    session
        .insert("cart", vec!["a book about bees", "a jar of honey", "a hat"])
        .unwrap();
    session
        .insert(
            "address",
            "12 Long Street, Somewhere upon Water, a county, a country",
        )
        .unwrap();
    session.insert("newsletter", false).unwrap();
}

async fn log_in(session: Session) {
    fill(session.clone()).await;
    session.login(1).unwrap();
}

fn routes() -> Router {
    Router::new().route("/untouched", get(untouched))
}

fn with_sessions() -> Router {
    let sessions = builder()
        .user_loader(load_user)
        .carry_on_login(["visits", "theme", "cart", "address", "newsletter"])
        .build()
        .unwrap();
    routes()
        .route("/read", get(read))
        .route("/write", get(write))
        .route("/guarded", get(guarded))
        .route("/fill", get(fill))
        .route("/log-in", get(log_in))
        .layer(sessions)
}

struct Bench {
    runtime: Runtime,
    plain: Router,
    /// With a layer that does nothing: what `axum` itself takes for any layer.
    empty_layer: Router,
    sessions: Router,
}

impl Bench {
    fn get(&self, app: &Router, path: &str, cookie: Option<&HeaderValue>) -> Response<Body> {
        let mut request = Request::get(path).body(Body::empty()).unwrap();
        if let Some(cookie) = cookie {
            request.headers_mut().insert(COOKIE, cookie.clone());
        }
        self.runtime.block_on(app.clone().oneshot(request)).unwrap()
    }

    fn send(&self, workload: &Workload<'_>) -> Response<Body> {
        self.get(workload.app, workload.path, workload.cookie.as_ref())
    }

    /// The cookies that a page sets.
    fn cookies(&self, path: &str) -> Jar {
        let jar = Jar::default();
        let response = self.get(&self.sessions, path, None);
        for cookie in response.headers().get_all(SET_COOKIE) {
            jar.apply(cookie.to_str().unwrap());
        }
        jar
    }
}

/// What a guest's read cannot do without: one verification, one decoding, one parse.
struct Floor {
    key: ring::hmac::Key,
    text: String,
}

impl Floor {
    fn new(json: &[u8]) -> Self {
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &[7; 32]);
        let tag = ring::hmac::sign(&key, json);
        let text = URL_SAFE_NO_PAD.encode([json, tag.as_ref()].concat());
        Self { key, text }
    }

    fn run(&self) -> serde_json::Value {
        let bytes = URL_SAFE_NO_PAD.decode(&self.text).unwrap();
        let (json, tag) = bytes.split_at(bytes.len() - 32);
        ring::hmac::verify(&self.key, json, tag).unwrap();
        serde_json::from_slice(json).unwrap()
    }
}

/// One kind of request, and the status that shows that it did what it is named after.
struct Workload<'b> {
    name: &'static str,
    app: &'b Router,
    path: &'static str,
    cookie: Option<HeaderValue>,
    status: StatusCode,
}

fn header(jar: &Jar) -> HeaderValue {
    HeaderValue::try_from(jar.header().unwrap()).unwrap()
}

fn workloads(bench: &Bench) -> Vec<Workload<'_>> {
    let guest = Some(header(&bench.cookies("/fill")));
    let user_jar = bench.cookies("/log-in");
    let user = Some(header(&user_jar));
    let forged = {
        let jar = Jar::default();
        let (name, value) = user_jar.find(".id").unwrap();
        jar.set(&name, &value.chars().rev().collect::<String>());
        Some(header(&jar))
    };
    let of = |app, name, path, cookie: &Option<HeaderValue>, status| Workload {
        name,
        app,
        path,
        cookie: cookie.clone(),
        status,
    };
    let ok = StatusCode::OK;
    let ours = &bench.sessions;
    vec![
        of(&bench.plain, "plain", "/untouched", &guest, ok),
        of(&bench.empty_layer, "empty layer", "/untouched", &guest, ok),
        of(ours, "untouched", "/untouched", &guest, ok),
        of(ours, "read, guest", "/read", &guest, ok),
        of(ours, "read, logged in", "/read", &user, ok),
        of(ours, "write, guest", "/write", &guest, ok),
        of(ours, "write, logged in", "/write", &user, ok),
        of(ours, "guarded", "/guarded", &user, ok),
        of(ours, "refused", "/guarded", &None, StatusCode::SEE_OTHER),
        of(ours, "forged", "/read", &forged, ok),
    ]
}

fn main() {
    let bench = Bench {
        runtime: tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap(),
        plain: routes(),
        empty_layer: routes().layer(tower::layer::util::Identity::new()),
        sessions: with_sessions(),
    };
    let workloads = workloads(&bench);
    for workload in &workloads {
        let status = bench.send(workload).status();
        assert_eq!(status, workload.status, "{}", workload.name);
    }
    let guest = bench.cookies("/fill").find(".guest").unwrap().1;
    let bytes = URL_SAFE_NO_PAD.decode(guest).unwrap();
    // The format's header, the guest's id, and the tag are no part of the data.
    let json = &bytes[10 + 16..bytes.len() - 32];
    let floor = Floor::new(json);

    let mut criterion = Criterion::default()
        .configure_from_args()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    for workload in &workloads {
        criterion.bench_function(workload.name, |bencher| {
            bencher.iter(|| bench.send(workload));
        });
    }
    criterion.bench_function("floor of a read", |bencher| bencher.iter(|| floor.run()));
    criterion.final_summary();
    report(&bench, &workloads, json.len());
}

/// Prints what was measured, beside the plain application and the floor.
fn report(bench: &Bench, workloads: &[Workload<'_>], session: usize) {
    let (Some(plain), Some(floor)) = (median("plain"), median("floor of a read")) else {
        println!("no estimates were written: nothing to compare");
        return;
    };
    let base = allocations(bench, &workloads[0]);
    println!(
        "\nA session of {session} bytes. One verification, decoding and parse of it: {floor:.0} ns."
    );
    println!(
        "| workload | ns | over plain, ns | ratio to plain | overhead / floor | allocations over plain | bytes over plain |"
    );
    println!("|---|---|---|---|---|---|---|");
    for workload in workloads {
        let Some(time) = median(workload.name) else {
            continue;
        };
        let (count, bytes) = allocations(bench, workload);
        println!(
            "| {} | {time:.0} | {:+.0} | {:.2} | {:.2} | {:+} | {:+} |",
            workload.name,
            time - plain,
            time / plain,
            (time - plain) / floor,
            count - base.0,
            bytes - base.1,
        );
    }
}

/// The median that criterion has just written down, in nanoseconds.
fn median(name: &str) -> Option<f64> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target")),
        PathBuf::from,
    );
    let path = target
        .join("criterion")
        .join(name)
        .join("new/estimates.json");
    let estimates: serde_json::Value = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
    estimates["median"]["point_estimate"].as_f64()
}

/// Allocations of one request, and their bytes.
fn allocations(bench: &Bench, workload: &Workload<'_>) -> (i64, i64) {
    let info = allocation_counter::measure(|| drop(bench.send(workload)));
    let number = |count: u64| i64::try_from(count).unwrap();
    (number(info.count_total), number(info.bytes_total))
}
