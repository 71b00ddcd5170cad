//! Metrics for Prometheus, on an address of their own.
//!
//! They say how many people log in, are refused and come with forged cookies, and how the store is doing. That is nobody's business but the
//! operators': they listen where only the machine itself, or the network of the servers, gets to, and not among the application's routes.

use std::time::Duration;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// Up to the two seconds that a request waits for a store.
const SECONDS: [f64; 9] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0, 2.0];

/// Collects the process's metrics from now on. Call it before the sessions are built: they say then what their metrics are, and have
/// counters begin at zero.
///
/// # Errors
///
/// If the process has a recorder already.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(
            Matcher::Full("muffin_session_store_seconds".to_owned()),
            &SECONDS,
        )?
        .install_recorder()
}

/// `/metrics`.
pub fn router(handle: PrometheusHandle) -> Router {
    let metrics = async move || {
        let text = "text/plain; version=0.0.4; charset=utf-8";
        ([(CONTENT_TYPE, text)], handle.render())
    };
    Router::new().route("/metrics", get(metrics))
}

/// Sorts what was recorded into its buckets now and then, so that it takes no more room if nobody asks.
pub async fn keep_up(handle: PrometheusHandle) {
    loop {
        tokio::time::sleep(Duration::from_secs(5)).await;
        handle.run_upkeep();
    }
}
