//! A small application that is watched: who logs in and who is refused goes into an audit trail, what happens into JSON log lines, and how
//! often into metrics for Prometheus.

pub mod app;
pub mod audit;
pub mod metrics;
