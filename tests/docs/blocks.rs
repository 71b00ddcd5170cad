//! Each block of Rust is compiled by a test, and run where it can be.

use std::fs;

use muffin_session_tests::pages::in_repository;

use crate::page::{Page, none_of, pages};

/// Pages whose blocks are pieces of programs that are compiled and tested elsewhere, word for word: the page, and the files that the
/// pieces stand in.
const PIECES: &[(&str, &[&str])] = &[
    (
        "README.md",
        &["examples/minimal/src/main.rs", "tests/readme.rs"],
    ),
    (
        "docs/start.md",
        &[
            "tests/start/first.rs",
            "tests/start/last.rs",
            "tests/start/database.rs",
        ],
    ),
];

/// Pages whose blocks have tests of their own that compare and run them: the page or folder, and the test.
const TESTED_THERE: &[(&str, &str)] = &[
    ("docs/migrating/", "tests/migrations/tests/guides.rs"),
    ("docs/oauth-and-passkeys.md", "examples/oidc/tests/guide.rs"),
];

/// What a block may need that a test does not have: a server, a port, or settings.
const REACHES_OUT: &[&str] = &[
    "axum::serve(",
    "connect",
    "from_env(",
    "from_file(",
    "Store::open(",
];

/// The pages that are documentation tests, by `tests/src/docs.rs`.
fn doctests() -> Vec<String> {
    let source = fs::read_to_string(in_repository("tests/src/docs.rs")).expect("a file");
    let pages = source.split("include_str!(\"../../").skip(1);
    pages
        .map(|rest| rest.split('"').next().expect("a path").to_owned())
        .collect()
}

/// Whether the file has this text, whatever its indentation, and whatever else than the page it lets see its items.
fn has_piece(file: &str, piece: &str) -> bool {
    let text = fs::read_to_string(in_repository(file)).unwrap_or_default();
    plain(&text).contains(&plain(piece))
}

fn plain(text: &str) -> String {
    let text = text.replace("pub(super) ", "").replace("pub(crate) ", "");
    let lines = text.lines().map(str::trim_start);
    lines.fold(String::new(), |text, line| text + line + "\n")
}

fn is_proved(page: &Page, piece: &str, doctests: &[String]) -> bool {
    let pieces = PIECES.iter().find(|(path, _)| *path == page.path);
    if let Some((_, files)) = pieces {
        return files.iter().any(|file| has_piece(file, piece));
    }
    let tested = TESTED_THERE
        .iter()
        .find(|(path, _)| page.path.starts_with(path));
    match tested {
        Some((_, test)) => in_repository(test).is_file(),
        None => doctests.contains(&page.path),
    }
}

#[test]
fn every_block_of_rust_is_compiled_by_a_test() {
    let doctests = doctests();
    let mut complaints = Vec::new();
    let mut count = 0;
    for page in pages() {
        for block in &page.blocks {
            if block.rust().is_none() {
                continue;
            }
            count += 1;
            if !is_proved(&page, &block.text, &doctests) {
                complaints.push(format!(
                    "{}:{}: no test compiles this block: name the page in tests/src/docs.rs, or in tests/docs/blocks.rs with what proves it",
                    page.path, block.line
                ));
            }
        }
    }
    none_of(&complaints);
    assert!(count > 20, "{count} blocks");
}

#[test]
fn every_page_that_is_a_documentation_test_is_there_and_has_rust() {
    let pages = pages();
    let mut complaints = Vec::new();
    for path in doctests() {
        let page = pages.iter().find(|page| page.path == path);
        let has_rust =
            page.is_some_and(|page| page.blocks.iter().any(|block| block.rust().is_some()));
        if !has_rust {
            complaints.push(format!("tests/src/docs.rs: {path} is no page with Rust"));
        }
    }
    none_of(&complaints);
}

#[test]
fn nothing_is_left_out_of_compiling_and_running_without_a_reason() {
    let mut complaints = Vec::new();
    for page in pages() {
        for block in &page.blocks {
            let place = format!("{}:{}", page.path, block.line);
            let Some(words) = block.rust() else { continue };
            if block.info.is_empty() {
                complaints.push(format!("{place}: the block does not say its language"));
            }
            if words.iter().any(|word| word.starts_with("ignore")) {
                complaints.push(format!("{place}: let it compile, or make it ```text"));
            }
            let reaches_out = || REACHES_OUT.iter().any(|way| block.text.contains(way));
            if words.contains(&"no_run") && !reaches_out() {
                complaints.push(format!(
                    "{place}: it needs no server, so let it run: without no_run"
                ));
            }
        }
    }
    none_of(&complaints);
}
