//! The secret that an application keeps: where it comes from, and which ones are refused.

use std::fmt;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::config_error::ConfigError;

/// The fewest bytes a secret may have.
const MIN_BYTES: usize = 32;

/// The fewest different bytes a secret may have: hexadecimal text of 32 random bytes has about 15.
const MIN_DISTINCT: usize = 8;

/// Words of secrets that stand in documentation, tutorials and default configurations. A secret that contains one is refused.
const PLACEHOLDERS: &[&str] = &[
    "insecuresecret",
    "changeme",
    "change-me",
    "change_me",
    "change this",
    "changethis",
    "keyboard cat",
    "keyboardcat",
    "placeholder",
    "example",
    "secret-key",
    "secretkey",
    "secret_key",
    "supersecret",
    "super-secret",
    "super_secret",
    "password",
    "your-secret",
    "your_secret",
    "test secret",
    "never use in production",
    "not-a-secret",
    "0123456789",
    "12345678",
    "qwertyui",
    "abcdefghij",
];

/// The secret that signs every cookie: at least 32 bytes that nobody can guess.
///
/// Whoever knows it can log in as anybody, so it belongs into the environment or a file that only the
/// application reads, never into the source. Make one with `openssl rand -base64 48`.
///
/// Each copy of the bytes is overwritten when it is dropped, and `Debug` shows nothing of it. Keys are
/// derived from it with HKDF-SHA256 ([RFC 5869](https://www.rfc-editor.org/rfc/rfc5869)), one for each purpose and cookie name.
///
/// ```
/// use muffin_session::Secret;
///
/// let secret = Secret::generate()?; // logins end when the process ends
/// assert_eq!(format!("{secret:?}"), "Secret(..)");
/// # Ok::<(), muffin_session::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct Secret {
    bytes: Vec<u8>,
}

impl Secret {
    /// A secret from bytes that the application already holds.
    ///
    /// Line ends (`\r`, `\n`) at the end are dropped, so that a file with and without a last line end is one key.
    /// Whether it is strong enough is checked by [`build`](crate::Builder::build).
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        let mut bytes = bytes.into();
        while let Some(b'\n' | b'\r') = bytes.last() {
            bytes.pop();
        }
        Self { bytes }
    }

    /// The secret in an environment variable.
    ///
    /// # Errors
    ///
    /// If the variable is not set, is empty, or is not Unicode.
    pub fn from_env(variable: &str) -> Result<Self, ConfigError> {
        match std::env::var(variable) {
            Ok(text) if text.trim_ascii().is_empty() => {
                Err(ConfigError::secret_missing(variable, "is empty"))
            }
            Ok(text) => Ok(Self::new(text)),
            Err(std::env::VarError::NotPresent) => {
                Err(ConfigError::secret_missing(variable, "is not set"))
            }
            Err(std::env::VarError::NotUnicode(_)) => {
                Err(ConfigError::secret_missing(variable, "is not UTF-8 text"))
            }
        }
    }

    /// The secret in a file, such as one that a container platform mounts. The whole file is the secret but for line ends at its end.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        read(path.as_ref()).map(Self::new)
    }

    /// A new random secret, for development: it ends with the process, and every login with it.
    ///
    /// # Errors
    ///
    /// If the system's random generator fails.
    pub fn generate() -> Result<Self, ConfigError> {
        let mut bytes = [0; 32];
        SystemRandom::new()
            .fill(&mut bytes)
            .map_err(|_| ConfigError::random())?;
        let secret = Self::new(URL_SAFE_NO_PAD.encode(bytes));
        wipe(&mut bytes);
        Ok(secret)
    }

    /// Whether there is nothing in it.
    fn is_empty(&self) -> bool {
        self.bytes.trim_ascii().is_empty()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether it can be guessed: too short, too uniform, or known from documentation.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        if self.bytes.len() < MIN_BYTES {
            return Err(ConfigError::weak_secret(format_args!(
                "it has {} bytes, and fewer than {MIN_BYTES} can be guessed",
                self.bytes.len()
            )));
        }
        if let Some(word) = PLACEHOLDERS.iter().find(|word| {
            self.bytes
                .windows(word.len())
                .any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
        }) {
            return Err(ConfigError::weak_secret(format_args!(
                "it contains {word:?}, which stands in public documentation"
            )));
        }
        let half = self.bytes.len() / 2;
        if (1..=half).any(|unit| {
            self.bytes
                .iter()
                .zip(&self.bytes[unit..])
                .all(|(a, b)| a == b)
        }) {
            return Err(ConfigError::weak_secret("it repeats itself"));
        }
        let mut seen = [false; 256];
        for &byte in &self.bytes {
            seen[usize::from(byte)] = true;
        }
        let distinct = seen.iter().filter(|&&seen| seen).count();
        if distinct < MIN_DISTINCT {
            return Err(ConfigError::weak_secret(format_args!(
                "it is made of only {distinct} different bytes"
            )));
        }
        Ok(())
    }
}

/// Several secrets: the first one signs, all of them verify. A single [`Secret`] is one, too.
///
/// A change of keys is a new line at the top of a file, and a call of [`Keys::replace`](crate::Keys::replace) or a restart:
///
/// ```no_run
/// use muffin_session::{Secrets, Sessions};
///
/// let sessions = Sessions::builder(Secrets::from_file("/run/secrets/session")?)
///     .without_user_loader()
///     .build()?;
/// // when the file has changed, or a signal says so:
/// sessions.keys().replace(Secrets::from_file("/run/secrets/session")?)?;
/// # Ok::<(), muffin_session::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct Secrets(pub(crate) Vec<Secret>);

impl Secrets {
    /// The secrets in a file, one a line. Empty lines, and lines that begin with `#`, are passed over.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or there is none in it.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        let path = path.as_ref();
        let mut bytes = read(path)?;
        let lines = bytes.split(|&byte| byte == b'\n');
        let secrets = lines
            .filter(|line| !line.starts_with(b"#"))
            .map(Secret::new)
            .filter(|secret| !secret.is_empty())
            .collect::<Vec<_>>();
        wipe(&mut bytes);
        if secrets.is_empty() {
            return Err(ConfigError::secret_file(path, &"there is none in it"));
        }
        Ok(Self(secrets))
    }

    /// The secrets in an environment variable, with white space between them.
    ///
    /// # Errors
    ///
    /// If the variable is not set, is empty, or is not Unicode.
    pub fn from_env(variable: &str) -> Result<Self, ConfigError> {
        Secret::from_env(variable).map(|text| Self::from_words(text.bytes()))
    }

    /// Secrets with white space between them.
    pub(crate) fn from_words(text: &[u8]) -> Self {
        let words = text.split(u8::is_ascii_whitespace);
        let secrets = words.filter(|word| !word.is_empty()).map(Secret::new);
        Self(secrets.collect())
    }
}

impl From<Secret> for Secrets {
    fn from(secret: Secret) -> Self {
        Self(vec![secret])
    }
}

impl From<Vec<Secret>> for Secrets {
    fn from(secrets: Vec<Secret>) -> Self {
        Self(secrets)
    }
}

/// How many there are, and nothing else.
impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        wipe(&mut self.bytes);
    }
}

fn read(path: &Path) -> Result<Vec<u8>, ConfigError> {
    std::fs::read(path).map_err(|error| ConfigError::secret_file(path, &error))
}

/// Overwrites bytes in a way that the compiler has to take for an effect.
pub(crate) fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    std::hint::black_box(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(secret: &str) -> String {
        Secret::new(secret).check().unwrap_err().to_string()
    }

    #[test]
    fn guessable_secrets_are_refused_with_the_reason_and_the_mend() {
        for (secret, reason) in [
            ("", "0 bytes"),
            ("Insecuresecret", "14 bytes"),
            ("fifteen bytes..", "15 bytes"),
            ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "repeats itself"),
            ("k4Jq2vX9sLw4RtY8k4Jq2vX9sLw4RtY8", "repeats itself"),
            ("aabbaabbabababbbbbbbabababababaabba", "2 different"),
            (
                "Insecuresecret-Insecuresecret-Insecuresecret",
                "insecuresecret",
            ),
            ("changeme-please-changeme-please-ok", "changeme"),
            ("a keyboard cat sat on the keyboard x", "keyboard cat"),
        ] {
            let message = refusal(secret);
            assert!(message.contains(reason), "{secret:?}: {message}");
            assert!(message.contains("openssl rand -base64 48"), "{message}");
        }
    }

    #[test]
    fn generated_secrets_are_accepted_and_differ() {
        let (a, b) = (Secret::generate().unwrap(), Secret::generate().unwrap());
        a.check().unwrap();
        assert_ne!(a.bytes(), b.bytes());
    }

    #[test]
    fn line_ends_at_the_end_do_not_count() {
        let plain = Secret::new("k4j5h6k4j5h6");
        for text in ["k4j5h6k4j5h6\n", "k4j5h6k4j5h6\r\n"] {
            assert_eq!(Secret::new(text).bytes(), plain.bytes());
        }
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new("k4j5h6")), "Secret(..)");
    }

    #[test]
    fn a_file_has_one_secret_a_line_and_a_variable_one_a_word() {
        let path = std::env::temp_dir().join(format!("muffin-secrets-{}", std::process::id()));
        std::fs::write(&path, "# the newest first\nfirst one\r\n\nsecond\n").unwrap();
        let secrets = Secrets::from_file(&path).unwrap();
        let texts = |secrets: &Secrets| {
            let texts = secrets.0.iter().map(|secret| secret.bytes().to_vec());
            texts.collect::<Vec<_>>()
        };
        assert_eq!(texts(&secrets), [&b"first one"[..], b"second"]);
        std::fs::write(&path, "# none\n").unwrap();
        let error = Secrets::from_file(&path).unwrap_err().to_string();
        assert!(error.contains("there is none in it"), "{error}");
        std::fs::remove_file(&path).unwrap();
        assert!(Secrets::from_file(&path).is_err());
        let secrets = Secrets::from_words(b" first\n second ");
        assert_eq!(texts(&secrets), [b"first".to_vec(), b"second".to_vec()]);
        assert_eq!(format!("{secrets:?}"), "Secrets(2)");
    }

    #[test]
    fn wiping_leaves_zeros() {
        let mut bytes = *b"secret";
        wipe(&mut bytes);
        assert_eq!(bytes, [0; 6]);
    }
}
