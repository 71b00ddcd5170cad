//! Where the servers are that tests need.

/// The URL that an environment variable holds.
///
/// # Panics
///
/// If it is not set, with what to set.
pub fn url(variable: &str, server: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!("this test needs {server}: set {variable} to the URL of a server where it may make and drop what it needs")
    })
}
