//! Metrics: what each event counts, and that no label has a value that a client chooses.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use metrics::{
    Counter, CounterFn, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};
use muffin_session_tests::bare_builder;
use muffin_session_tests::watched::{Mood, Watched};

use crate::site::{HOUR, serve, told};

/// What has been counted, by name and labels: `name{label=value,..}`.
#[derive(Clone, Default)]
pub(crate) struct Counted(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    numbers: BTreeMap<String, Arc<Number>>,
    described: BTreeMap<String, String>,
}

#[derive(Default)]
struct Number(AtomicU64);

impl CounterFn for Number {
    fn increment(&self, value: u64) {
        self.0.fetch_add(value, Ordering::SeqCst);
    }

    fn absolute(&self, value: u64) {
        self.0.store(value, Ordering::SeqCst);
    }
}

impl HistogramFn for Number {
    fn record(&self, _: f64) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Counted {
    /// The numbers that are not zero.
    pub(crate) fn all(&self) -> BTreeMap<String, u64> {
        let inner = self.0.lock().unwrap();
        let numbers = inner.numbers.iter();
        let numbers = numbers.map(|(name, number)| (name.clone(), number.0.load(Ordering::SeqCst)));
        numbers.filter(|(_, number)| *number > 0).collect()
    }

    /// Names and labels of all that there are, used or not.
    pub(crate) fn series(&self) -> Vec<String> {
        self.0.lock().unwrap().numbers.keys().cloned().collect()
    }

    /// What each is said to be.
    pub(crate) fn described(&self) -> BTreeMap<String, String> {
        self.0.lock().unwrap().described.clone()
    }

    fn number(&self, key: &Key) -> Arc<Number> {
        let mut labels: Vec<_> = key
            .labels()
            .map(|label| format!("{}={}", label.key(), label.value()))
            .collect();
        labels.sort();
        let name = match labels.len() {
            0 => key.name().to_owned(),
            _ => format!("{}{{{}}}", key.name(), labels.join(",")),
        };
        let mut inner = self.0.lock().unwrap();
        inner.numbers.entry(name).or_default().clone()
    }

    fn describe(&self, name: &KeyName, text: &SharedString) {
        let mut inner = self.0.lock().unwrap();
        let name = name.as_str().to_owned();
        inner.described.insert(name, text.to_string());
    }
}

impl Recorder for Counted {
    fn describe_counter(&self, name: KeyName, _: Option<Unit>, text: SharedString) {
        self.describe(&name, &text);
    }

    fn describe_gauge(&self, name: KeyName, _: Option<Unit>, text: SharedString) {
        self.describe(&name, &text);
    }

    fn describe_histogram(&self, name: KeyName, _: Option<Unit>, text: SharedString) {
        self.describe(&name, &text);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.number(key))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.number(key))
    }
}

#[tokio::test]
async fn each_event_is_counted_once() {
    let counted = Counted::default();
    let _guard = metrics::set_default_local_recorder(&counted);
    let store = Watched::default();
    let (builder, _, clock) = told(bare_builder().store(store.clone()).lifetime(24 * HOUR));
    let sessions = builder.build().unwrap();
    let browser = serve(sessions.clone()).await;
    browser.get("/members/only").await;
    browser.post("/log-in/1").await;
    browser.post("/renew").await;
    browser.get("/seven").await;
    browser.get("/teapot").await;
    browser.post("/log-in/2").await;
    browser.post("/log-out").await;
    let evil = [("origin", "https://evil.example")];
    browser.send(reqwest::Method::POST, "/keep", &evil).await;
    browser.jar.set("__Host-session.id", "forged");
    browser.get("/members/only").await;
    browser.post("/log-in/3").await;
    store.set(Mood::Down);
    browser.get("/members/only").await;
    store.set(Mood::Well);
    let key = muffin_session::Secret::new("k4Jq2vX9sLw4RtY8zKb3NcM6hGd1FfAe");
    sessions.keys().rotate(key).unwrap();
    browser.get("/members/only").await;
    sessions.end_sessions_of(3_u64).await.unwrap();
    clock.advance(HOUR);

    let mut all = counted.all();
    let calls: Vec<_> = all
        .extract_if(.., |name, _| name.starts_with("muffin_session_store_"))
        .collect();
    let expected = [
        ("muffin_session_cookies_rejected_total{reason=forged}", 2),
        ("muffin_session_ended_total{by=application}", 1),
        ("muffin_session_ended_total{by=login}", 1),
        ("muffin_session_logins_total", 3),
        ("muffin_session_logouts_total", 1),
        ("muffin_session_old_key_used_total", 1),
        ("muffin_session_refused_total{reason=answered}", 1),
        ("muffin_session_refused_total{reason=cross_site}", 1),
        ("muffin_session_refused_total{reason=denied}", 1),
        ("muffin_session_refused_total{reason=not_logged_in}", 2),
        ("muffin_session_renewals_total", 1),
    ];
    let expected = expected.map(|(name, number)| (name.to_owned(), number));
    assert_eq!(all, BTreeMap::from(expected));
    for wanted in [
        "muffin_session_store_calls_total{outcome=ok,store=watched,verb=create}",
        "muffin_session_store_calls_total{outcome=failed,store=watched,verb=load}",
        "muffin_session_store_seconds{store=watched,verb=load}",
    ] {
        assert!(calls.iter().any(|(name, _)| name == wanted), "{calls:?}");
    }
}

#[tokio::test]
async fn what_is_counted_is_described_and_begins_at_zero() {
    let counted = Counted::default();
    let _guard = metrics::set_default_local_recorder(&counted);
    drop(told(bare_builder()).0.build().unwrap());
    assert_eq!(counted.all(), BTreeMap::new());
    let described = counted.described();
    assert_eq!(described.len(), 10);
    for series in counted.series() {
        let name = series.split('{').next().unwrap();
        assert!(described.contains_key(name), "{name}");
    }
    assert!(
        counted
            .series()
            .iter()
            .any(|series| series.contains("forged"))
    );
}

/// Requests with all that a client chooses. Expected: nothing of it is a label, so that nobody can make more of them.
#[tokio::test]
async fn clients_choose_no_label() {
    let counted = Counted::default();
    let _guard = metrics::set_default_local_recorder(&counted);
    let (builder, _, _) = told(bare_builder());
    let browser = serve(builder.build().unwrap()).await;
    let before = counted.series();
    browser.post("/log-in/1").await;
    for number in 0..20 {
        let value = format!("canary{number}");
        browser.get(&format!("/members/only?{value}")).await;
        browser.jar.set("__Host-session.id", &value);
        let origin = format!("https://{value}.example");
        let headers = [("origin", &*origin), ("user-agent", &*value)];
        browser
            .send(reqwest::Method::POST, &format!("/{value}"), &headers)
            .await;
    }
    assert_eq!(counted.series(), before);
}
