//! The application is driven, and looked at from outside: its metrics, and its audit trail. What the dashboard and the alerts ask for is there.

use std::collections::BTreeSet;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use muffin_session::Secret;
use observed::audit::Trail;
use observed::{app, metrics};
use reqwest::redirect::Policy;
use serde_json::{Value, json};

/// Takes what the trail writes.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic").extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

async fn serve(
    app: Router,
    stop: tokio::sync::oneshot::Receiver<()>,
) -> (String, tokio::task::JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    let server = tokio::spawn(async move {
        let served = axum::serve(listener, service).with_graceful_shutdown(async {
            let _ = stop.await;
        });
        served.await.expect("serving");
    });
    (base, server)
}

/// A client without a jar: `Secure` cookies do not come back over plain http, so that they are sent by hand.
fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(Policy::none())
        .build()
        .expect("a client")
}

fn file(name: &str) -> String {
    let path = format!("{}/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[tokio::test]
async fn metrics_and_trail_say_what_has_happened() {
    let handle = metrics::install().expect("the first recorder");
    let lines = Lines::default();
    let (trail, written) = Trail::begin(lines.clone());
    let sessions = app::sessions(Secret::generate().expect("randomness"), trail).expect("options");
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let (base, server) = serve(app::router(sessions), stopped).await;
    let (_stop_metrics, stopped) = tokio::sync::oneshot::channel();
    let (watched, _) = serve(metrics::router(handle), stopped).await;

    let client = client();
    let get = async |path: &str, cookie: &str| {
        let request = client.get(format!("{base}{path}")).header("cookie", cookie);
        request
            .header("accept", "text/html")
            .send()
            .await
            .expect("an answer")
    };
    assert_eq!(get("/", "").await.status(), 303);
    let login = client.post(format!("{base}/login")).form(&[("id", "1")]);
    let login = login.send().await.expect("an answer");
    assert_eq!(login.status(), 303);
    let cookie = login.headers()["set-cookie"].to_str().expect("ASCII");
    let cookie = cookie.split(';').next().expect("a pair").to_owned();
    assert_eq!(get("/", &cookie).await.status(), 200);
    assert_eq!(get("/admin", &cookie).await.status(), 403);
    let (name, _) = cookie.split_once('=').expect("a pair");
    assert_eq!(get("/", &format!("{name}=forged")).await.status(), 303);
    let logout = client
        .post(format!("{base}/logout"))
        .header("cookie", &cookie);
    assert_eq!(logout.send().await.expect("an answer").status(), 303);

    let page = client
        .get(format!("{watched}/metrics"))
        .send()
        .await
        .expect("an answer");
    let page = page.text().await.expect("a body");
    for line in [
        "muffin_session_logins_total 1",
        "muffin_session_logouts_total 1",
        "muffin_session_refused_total{reason=\"not_logged_in\"} 2",
        "muffin_session_refused_total{reason=\"denied\"} 1",
        "muffin_session_cookies_rejected_total{reason=\"forged\"} 1",
        "muffin_session_cookies_rejected_total{reason=\"stamp_changed\"} 0",
        "# TYPE muffin_session_store_seconds histogram",
        "# HELP muffin_session_logins_total Logins",
    ] {
        assert!(page.lines().any(|found| found == line), "{line}\n{page}");
    }
    assert_eq!(
        client
            .get(format!("{base}/metrics"))
            .send()
            .await
            .expect("an answer")
            .status(),
        404
    );
    what_is_asked_for_is_there(&page);

    drop(client);
    stop.send(()).expect("it still serves");
    server.await.expect("an end");
    written.await.expect("the trail ends with the application");
    let trail = lines.0.lock().expect("no panic").clone();
    the_trail_is_whole(trail);
}

fn the_trail_is_whole(lines: Vec<u8>) {
    let lines: Vec<Value> = String::from_utf8(lines)
        .expect("text")
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let told: Vec<_> = lines
        .iter()
        .map(|line| {
            json!([
                line["event"],
                line["reason"],
                line["user"],
                line["method"],
                line["path"],
                line["peer"]
            ])
        })
        .collect();
    let expected = json!([
        ["session.login", null, 1, "POST", "/login", "127.0.0.1"],
        ["session.refused", "denied", 1, "GET", "/admin", "127.0.0.1"],
        ["session.logout", null, 1, "POST", "/logout", "127.0.0.1"],
    ]);
    assert_eq!(json!(told), expected);
    assert!(lines.iter().all(|line| line["at_ms"].is_u64()));
}

/// Every metric, and every reason of one, that the dashboard and the alerts name.
fn what_is_asked_for_is_there(page: &str) {
    let dashboard: Value = serde_json::from_str(&file("grafana-dashboard.json")).expect("JSON");
    let mut asked = file("alerts.yml");
    for panel in dashboard["panels"].as_array().expect("panels") {
        for target in panel["targets"].as_array().expect("targets") {
            asked.push_str(target["expr"].as_str().expect("an expression"));
            asked.push('\n');
        }
    }
    let mut names = BTreeSet::new();
    for found in asked.split("muffin_session_").skip(1) {
        let end = found.find(|letter: char| letter != '_' && !letter.is_ascii_lowercase());
        let (name, rest) = found.split_at(end.expect("more than a name"));
        let name = format!("muffin_session_{name}");
        let series = |line: &str| {
            line.starts_with(&format!("{name}{{")) || line.starts_with(&format!("{name} "))
        };
        assert!(page.lines().any(series), "{name}\n{page}");
        if let Some(selector) = rest.strip_prefix("{reason=") {
            let (reason, _) = selector.split_once('}').expect("an end");
            let series = format!("{name}{{reason={reason}}}");
            assert!(page.contains(&series), "{series}");
        }
        names.insert(name);
    }
    assert!(names.len() >= 10, "{names:?}");
}
