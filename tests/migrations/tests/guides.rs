//! The guides in `docs/migrating`, and the comparison, say what is there: their Rust is that of the shops which the other test runs, and what
//! they name exists.

use std::fs;
use std::path::{Path, PathBuf};

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = package().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn guides() -> Vec<(String, String)> {
    let folder = fs::read_dir(package().join("../../docs/migrating")).expect("the guides");
    let mut guides: Vec<_> = folder
        .map(|entry| entry.expect("a file").path())
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy();
            (name.into_owned(), read(&path))
        })
        .collect();
    guides.sort();
    guides
}

/// The blocks of a guide in this language.
fn blocks<'g>(guide: &'g str, language: &str) -> Vec<&'g str> {
    let begin = format!("```{language}\n");
    let rest = guide.split(&*begin).skip(1);
    rest.map(|rest| rest.split_once("```\n").expect("an end").0)
        .collect()
}

#[test]
fn every_block_of_rust_is_a_part_of_the_shops_word_for_word() {
    let mut count = 0;
    for (name, guide) in guides() {
        let Some(library) = name
            .strip_prefix("from-")
            .and_then(|name| name.strip_suffix(".md"))
        else {
            panic!("{name}: a guide is called from-..");
        };
        let library = library.replace('-', "_");
        let folder = package().join("src").join(library);
        let mut sources = vec![read("src/ours.rs")];
        if folder.is_dir() {
            for file in ["before", "after", "meanwhile"] {
                sources.push(read(folder.join(file).with_extension("rs")));
            }
        }
        for block in blocks(&guide, "rust") {
            // Whole lines, from one that is not indented.
            let at_a_line = format!("\n{block}");
            assert!(
                sources.iter().any(|source| source.contains(&at_a_line)),
                "{name} has what the shops have not:\n{block}"
            );
            assert!(!block.starts_with([' ', '\n']), "{name}:\n{block}");
            count += 1;
        }
        let fences = guide.matches("```").count();
        let known = blocks(&guide, "rust").len() + blocks(&guide, "toml").len();
        assert_eq!(fences, 2 * known, "{name} has blocks that nothing checks");
    }
    assert!(count >= 30, "{count} blocks");
}

#[test]
fn the_versions_named_are_those_that_are_tested() {
    let manifest = read("Cargo.toml");
    for (guide, libraries) in [
        (
            "from-axum-login.md",
            &[
                "axum-login 0.18",
                "tower-sessions 0.14",
                "axum-messages 0.8",
            ][..],
        ),
        ("from-tower-sessions.md", &["tower-sessions 0.15"]),
        ("from-axum-session.md", &["axum_session 0.22"]),
        ("from-axum-extra.md", &["axum-extra 0.12"]),
        (
            "../comparison.md",
            &["axum-login 0.18", "tower-sessions 0.15"],
        ),
        (
            "../comparison.md",
            &["axum_session 0.22", "axum-extra 0.12"],
        ),
    ] {
        let text = read(PathBuf::from("../../docs/migrating").join(guide)).replace('`', "");
        for library in libraries {
            assert!(text.contains(library), "{guide}: {library}");
            let (name, version) = library.split_once(' ').expect("a version");
            let is_tested = manifest.lines().any(|line| {
                let names_it = line.starts_with(&format!("{name} = "))
                    || line.contains(&format!("package = \"{name}\""));
                names_it && line.contains(&format!("version = \"{version}"))
            });
            assert!(is_tested, "{library}");
        }
    }
}

#[test]
fn what_the_tables_call_exists() {
    let session = package().join("../../session/src");
    let mut library = String::new();
    let mut folders = vec![session];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the library") {
            let path = entry.expect("a file").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                library += &read(path);
            }
        }
    }
    let mut count = 0;
    for (name, guide) in guides() {
        let rows = guide.lines().filter(|line| line.starts_with("| "));
        for row in rows {
            // The column of what is written here. Tables of what differs have theirs last, and call little.
            let row = row.replace("\\|", "/");
            let Some(cell) = row.split('|').nth(2) else {
                continue;
            };
            for code in cell.split('`').skip(1).step_by(2) {
                for call in calls(code) {
                    let [plain, generic] = [format!("fn {call}("), format!("fn {call}<")];
                    let is_there = library.contains(&plain) || library.contains(&generic);
                    assert!(
                        is_there || OF_AXUM.contains(&call),
                        "{name}: no `{call}`: {row}"
                    );
                    count += 1;
                }
            }
        }
    }
    assert!(count >= 100, "{count} calls");
}

/// What the tables call that is not this library's.
const OF_AXUM: [&str; 1] = ["route_layer"];

/// The methods that a piece of code calls: of the session, the builder and a login.
fn calls(code: &str) -> Vec<&str> {
    let is_of_a_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut calls = Vec::new();
    for (at, _) in code.match_indices('(') {
        let before = &code[..at];
        let begin = before
            .rfind(|letter| !is_of_a_name(letter))
            .map_or(0, |at| at + 1);
        let name = &before[begin..];
        let is_a_method = before[..begin].ends_with('.') || begin == 0;
        if is_a_method && !name.is_empty() && name.starts_with(|letter: char| letter.is_lowercase())
        {
            calls.push(name);
        }
    }
    calls
}
