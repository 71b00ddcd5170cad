//! What is wrong with a configuration: what, why, and what to write instead.

use std::fmt;
use std::path::Path;

/// A configuration that is not started: its message says what is wrong, why, and what to write instead.
///
/// ```
/// use muffin_session::{Secret, Sessions};
///
/// let error = Sessions::builder(Secret::new("Insecuresecret")).without_user_loader().build().unwrap_err();
/// assert!(error.to_string().contains("openssl rand -base64 48"));
/// ```
pub struct ConfigError {
    message: String,
}

impl ConfigError {
    /// An error of three parts: what is wrong, why that matters, what to write instead.
    pub(crate) fn new(
        what: impl fmt::Display,
        why: impl fmt::Display,
        mend: impl fmt::Display,
    ) -> Self {
        Self {
            message: format!("{what}: {why}. {mend}"),
        }
    }

    pub(crate) fn secret_missing(variable: &str, how: &str) -> Self {
        Self::new(
            format_args!("the environment variable {variable} {how}"),
            "it must hold the secret that signs the cookies",
            format_args!("Make one with: export {variable}=\"$(openssl rand -base64 48)\""),
        )
    }

    pub(crate) fn secret_file(path: &Path, error: &dyn fmt::Display) -> Self {
        Self::new(
            format_args!("the secret's file {} cannot be used", path.display()),
            error,
            format_args!(
                "Make one with: openssl rand -base64 48 > {}",
                path.display()
            ),
        )
    }

    pub(crate) fn weak_secret(why: impl fmt::Display) -> Self {
        Self::new(
            "the secret is not safe",
            why,
            "Make one with: openssl rand -base64 48",
        )
    }

    pub(crate) fn random() -> Self {
        Self::new(
            "the system's random generator failed",
            "without it no secret or session id can be made",
            "Start again once the system has a working one",
        )
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The message as it stands, so that a `main` that returns the error prints it readably.
impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ConfigError {}
