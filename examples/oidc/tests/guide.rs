//! The page that explains the examples says what is there: its code is theirs, and its tests are there.
//!
//! Blocks that begin with `rust` are documentation tests of this package, those that begin with `rs` are quotations.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::fs;
use std::path::Path;

/// All files below a folder of the repository, one after the other.
fn files(folder: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(folder);
    let mut text = String::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text += &files(path.to_str().unwrap());
        } else {
            text += &fs::read_to_string(path).unwrap();
        }
    }
    text
}

fn guide() -> String {
    let page = "../../docs/oauth-and-passkeys.md";
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap()
}

#[test]
fn what_is_quoted_stands_in_the_examples() {
    let sources = files("examples/oidc/src") + &files("examples/passkeys/src");
    let guide = guide();
    let mut count = 0;
    for block in guide.split("```rs\n").skip(1) {
        let (code, _) = block.split_once("```\n").unwrap();
        assert!(sources.contains(code), "nowhere in the examples:\n{code}");
        count += 1;
    }
    assert!(count >= 8, "{count} quotations");
}

#[test]
fn the_tests_that_it_names_are_there() {
    let tests = files("examples/oidc/tests") + &files("examples/passkeys/tests");
    let guide = guide();
    let (_, table) = guide.split_once("| promise | test |").unwrap();
    let names = table.split('`').filter(|name| name.contains('_'));
    let mut count = 0;
    for name in names {
        assert!(tests.contains(&format!("async fn {name}(")), "{name}");
        count += 1;
    }
    assert!(count >= 15, "{count} tests");
}
