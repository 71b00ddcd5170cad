//! Secrets: which ones start, which do not, and which are the same.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use muffin_session::{Builder, ConfigError, Secret, Sessions};
use muffin_session_tests::pages::{files_under, in_repository};
use muffin_session_tests::{Browser, SECRET, Site, builder};
use ring::digest;

use crate::attributes::app;

fn with(secret: impl Into<Vec<u8>>) -> Result<Sessions, ConfigError> {
    Sessions::builder(Secret::new(secret))
        .without_user_loader()
        .build()
}

fn is_refused(secret: impl Into<Vec<u8>>, words: &[&str]) {
    let secret = secret.into();
    for build in [
        with(secret.clone()),
        // An old one is as good as the new one: whoever guesses it makes cookies that count.
        builder()
            .without_user_loader()
            .verify_with(Secret::new(secret.clone()))
            .build(),
    ] {
        let Err(error) = build else {
            panic!("{:?} started", String::from_utf8_lossy(&secret))
        };
        let message = error.to_string();
        for word in [
            "the secret is not safe",
            "Make one with: openssl rand -base64 48",
        ]
        .iter()
        .chain(words)
        {
            assert!(message.contains(word), "{word:?} is not in: {message}");
        }
        // A placeholder is named, since it is public. The rest of the secret is not.
        if let Ok(text) = std::str::from_utf8(&secret) {
            assert!(text.len() < 32 || !message.contains(text), "{message}");
        }
    }
}

#[test]
fn s069_short_and_uniform_secrets_do_not_start() {
    for length in [0, 1, 15, 16, 31] {
        let secret = &SECRET[..length];
        is_refused(secret, &[&format!("{length} bytes"), "fewer than 32"]);
    }
    let of_few = |count: u8| -> Vec<u8> {
        random()
            .flatten()
            .take(64)
            .map(|byte| b'k' + byte % count)
            .collect()
    };
    for (secret, words) in [
        (vec![0; 32], "repeats itself"),
        (b"a".repeat(64), "repeats itself"),
        (b"ab".repeat(32), "repeats itself"),
        (b"k4Jq2vX9sLw4RtY8".repeat(4), "repeats itself"),
        (of_few(2), "2 different bytes"),
        (of_few(7), "7 different bytes"),
        (b"\n".repeat(64), "0 bytes"),
        ([b"x".repeat(31), b"\r\n\r\n".to_vec()].concat(), "31 bytes"),
    ] {
        is_refused(secret, &[words]);
    }
    // Eight are enough for a text of digits in octal.
    assert!(with(of_few(8)).is_ok());
}

#[test]
fn s069_s070_secrets_that_stand_in_documentation_do_not_start() {
    for secret in [
        "Insecuresecret-Insecuresecret-12",
        "INSECURESECRET and some more text to be long",
        "changeme-changeme-changeme-1234567",
        "please CHANGE-ME before production 42",
        "keyboard cat keyboard cat keyboard cat 7",
        "my-super-secret-key-that-is-quite-long",
        "your-secret-key-goes-here-0192837465",
        "this is an example of a secret, 64 bytes",
        "correct horse password staple 0918273645",
        "0123456789abcdef0123456789abcdef",
        "abcdefghijklmnopqrstuvwxyz012345",
        "wire-format test secret, never use in production 01",
    ] {
        is_refused(secret, &["public documentation"]);
    }
}

/// Texts that look like secrets in a page: after `SECRET=`, or handed to `Secret::new`.
fn written_secrets(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for opening in [
        "SECRET=\"",
        "SECRET='",
        "SECRET=",
        "SECRET: ",
        "Secret::new(\"",
        "Secret::new(b\"",
        "secret\": \"",
    ] {
        for (at, _) in page.match_indices(opening) {
            let rest = &page[at + opening.len()..];
            let end = rest.find(['"', '\'', '\n', '`', ')']).unwrap_or(rest.len());
            found.push(rest[..end].to_owned());
        }
    }
    found
}

/// Everything that users copy from.
fn documentation() -> Vec<PathBuf> {
    let is_page = |path: &PathBuf| {
        path.extension().is_some_and(|extension| {
            ["md", "rs", "toml", "html", "env"]
                .iter()
                .any(|known| extension == *known)
        })
    };
    [
        "README.md",
        "docs",
        "examples",
        "session/src",
        "session-macros/src",
    ]
    .into_iter()
    .flat_map(|path| files_under(in_repository(path)))
    .filter(is_page)
    .collect()
}

#[test]
fn s070_no_secret_of_our_own_documentation_starts() {
    let mut count = 0;
    for path in documentation() {
        let mut page = std::fs::read_to_string(&path).expect("text");
        // Of the library's own files, what its pages show.
        if path.ancestors().any(|folder| folder.ends_with("src"))
            && !path.ancestors().any(|folder| folder.ends_with("examples"))
        {
            let is_doc = |line: &&str| line.trim_ascii_start().starts_with("//");
            page = page.lines().filter(is_doc).collect::<Vec<_>>().join("\n");
        }
        for secret in written_secrets(&page) {
            count += 1;
            assert!(
                with(&*secret).is_err(),
                "{}: {secret:?} starts",
                path.display()
            );
        }
    }
    assert!(count > 5, "the search has found only {count}");
}

/// Texts of 48 random bytes, the same in each run.
fn random() -> impl Iterator<Item = [u8; 48]> {
    (0..1_000_u32).map(|number| {
        let digest = digest::digest(&digest::SHA512, &number.to_be_bytes());
        digest.as_ref()[..48].try_into().expect("48 of 64 bytes")
    })
}

#[test]
fn what_generators_of_secrets_print_starts() {
    for bytes in random() {
        // As `openssl rand -base64 48` prints them, line end included.
        let text = STANDARD.encode(bytes) + "\n";
        assert!(with(&*text).is_ok(), "{text}");
    }
    for bytes in random().take(50) {
        let hex: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        // As `openssl rand -hex 32`, `head -c 32 /dev/urandom` and Python's `secrets.token_urlsafe(32)`.
        assert!(with(hex[..32].concat()).is_ok());
        assert!(with(&bytes[..32]).is_ok());
        assert!(with(URL_SAFE.encode(&bytes[..32]).trim_end_matches('=')).is_ok());
    }
    let generated = Secret::generate().expect("randomness");
    assert!(
        Sessions::builder(generated)
            .without_user_loader()
            .build()
            .is_ok()
    );
}

#[test]
fn at_most_three_old_secrets_are_verified_with() {
    let with_old = |count: usize| {
        let secrets = random()
            .take(count)
            .map(|bytes| Secret::new(STANDARD.encode(bytes)));
        secrets
            .fold(builder().without_user_loader(), Builder::verify_with)
            .build()
    };
    assert!(with_old(3).is_ok());
    for (count, all) in [(4, "5 secrets"), (10, "11 secrets")] {
        let message = with_old(count).expect_err("too many").to_string();
        for word in [
            all,
            "may cost a verification",
            "Drop the oldest",
            "at most 3",
        ] {
            assert!(message.contains(word), "{word:?} is not in: {message}");
        }
    }
}

#[test]
fn a_secret_that_is_not_there_is_said_with_the_way_to_make_one() {
    let variable = "MUFFIN_SESSION_TESTS_A_VARIABLE_THAT_IS_NOT_SET";
    let message = Secret::from_env(variable).expect_err("not set").to_string();
    for word in [
        variable,
        "is not set",
        "signs the cookies",
        "openssl rand -base64 48",
        "export",
    ] {
        assert!(message.contains(word), "{word:?} is not in: {message}");
    }
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("no/such/secret");
    let message = Secret::from_file(&path).expect_err("no file").to_string();
    for word in [
        "cannot be used",
        "no/such/secret",
        "openssl rand -base64 48 >",
    ] {
        assert!(message.contains(word), "{word:?} is not in: {message}");
    }
    let folder = Secret::from_file(env!("CARGO_TARGET_TMPDIR")).expect_err("a folder");
    assert!(folder.to_string().contains("cannot be used"), "{folder}");
}

#[tokio::test]
async fn s071_a_secret_is_the_same_with_and_without_a_line_end() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("s071");
    std::fs::create_dir_all(&folder).expect("a folder");
    let of_file = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).expect("a file");
        Secret::from_file(path).expect("a file that is there")
    };
    let secrets = [
        Secret::new(SECRET),
        Secret::new(format!("{SECRET}\n")),
        Secret::new(format!("{SECRET}\r\n\n")),
        of_file("plain", SECRET),
        of_file("unix", &format!("{SECRET}\n")),
        of_file("windows", &format!("{SECRET}\r\n")),
    ];
    let first = Site::serve(app(builder())).await;
    let browser = first.browser();
    browser.post("/login").await;
    for secret in secrets {
        let site = Site::serve(app(Sessions::builder(secret))).await;
        let same = Browser::new(site.url(""), browser.jar.clone());
        assert_eq!(same.text("/").await, "1");
    }
    // Space is part of it.
    for secret in [
        format!("{SECRET} "),
        format!(" {SECRET}"),
        format!("\n{SECRET}"),
    ] {
        let site = Site::serve(app(Sessions::builder(Secret::new(secret)))).await;
        let other = Browser::new(site.url(""), browser.jar.clone());
        assert_eq!(other.text("/").await, "nobody");
    }
}
