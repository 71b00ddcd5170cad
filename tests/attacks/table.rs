//! The table of attacks in `SECURITY.md` is the one that the tests say, no more and no less.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use muffin_session_tests::pages::{around_the_table, files_under, has_table, in_repository};

const PAGE: &str = "SECURITY.md";

/// The groups, in the order of the table: the name of the file without its ending, and the heading.
const GROUPS: &[(&str, &str)] = &[
    ("integrity", "Integrity and format of cookies"),
    ("naming", "Names, prefixes and tossed cookies"),
    ("keys", "Keys and purposes"),
    ("life", "The life of a session"),
    ("redirects", "Redirects"),
    ("cross_site", "Requests of other sites"),
    ("caching", "Caches"),
    ("resources", "Resources"),
    ("stores", "Stores"),
    ("leaks", "Leaks"),
    ("guards", "Guards"),
];

struct Attack {
    name: String,
    sent: String,
    expected: String,
}

/// The attacks of one file, in its order.
fn attacks_in(group: &str) -> Vec<Attack> {
    let path = in_repository(&format!("tests/attacks/{group}.rs"));
    let source =
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut docs = Vec::new();
    let mut is_test = false;
    let mut found = Vec::new();
    for line in source.lines() {
        // Helpers inside of functions and modules are not tests of the file.
        if line.starts_with("///") {
            docs.push(line.trim_start_matches('/').trim().to_owned());
        } else if line.starts_with("#[") {
            is_test |= line.contains("test]") || line.contains("test(");
            assert!(
                !line.contains("ignore"),
                "{group}: an attack that is not done shows nothing"
            );
        } else if let Some(name) = line
            .strip_prefix("async fn ")
            .or_else(|| line.strip_prefix("fn "))
        {
            if std::mem::take(&mut is_test) {
                let name = name.split('(').next().unwrap_or_default().to_owned();
                found.push(attack(group, name, &docs));
            }
            docs.clear();
        } else {
            is_test = false;
            docs.clear();
        }
    }
    found
}

fn attack(group: &str, name: String, docs: &[String]) -> Attack {
    let text = docs.join(" ");
    let Some((sent, expected)) = text.split_once("Expected:") else {
        panic!(
            "{group}::{name}: its documentation must say what is sent, and what is \"Expected:\""
        );
    };
    let (sent, expected) = (sent.trim().to_owned(), expected.trim().to_owned());
    assert!(
        !sent.is_empty() && !expected.is_empty() && !text.contains('|'),
        "{group}::{name}: {text}"
    );
    Attack {
        name,
        sent,
        expected,
    }
}

fn table() -> (String, usize) {
    let mut text = String::new();
    let mut names = BTreeMap::new();
    for (group, heading) in GROUPS {
        let attacks = attacks_in(group);
        assert!(!attacks.is_empty(), "{group} has no attack");
        let _ = write!(
            text,
            "\n### {heading}\n\n| attack | what is sent | what has to come of it |\n|---|---|---|\n"
        );
        for attack in attacks {
            let _ = writeln!(
                text,
                "| `{group}::{}` | {} | {} |",
                attack.name, attack.sent, attack.expected
            );
            let other = names.insert(attack.name.clone(), *group);
            assert!(other.is_none(), "{} is there twice", attack.name);
        }
    }
    text.push('\n');
    (text, names.len())
}

#[test]
fn security_md_lists_exactly_these_attacks() {
    let (table, count) = table();
    assert!(count >= 100, "{count} attacks");
    has_table(PAGE, &table);
}

/// Every file of attacks is one of the groups, so that none is left out of the table.
#[test]
fn every_file_is_a_group() {
    let mut files: Vec<_> = fs::read_dir(in_repository("tests/attacks"))
        .expect("the directory")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .filter(|name| !["main", "table", "site"].contains(&name.as_str()))
        .collect();
    files.sort();
    let mut groups: Vec<_> = GROUPS
        .iter()
        .map(|(group, _)| (*group).to_owned())
        .collect();
    groups.sort();
    assert_eq!(files, groups);
}

/// What the page names as a test is one.
#[test]
fn every_test_that_security_md_names_is_there() {
    let [page, ..] = around_the_table(PAGE);
    let mut named = 0;
    for name in page.split('`').skip(1).step_by(2) {
        let Some((target, test)) = name.split_once("::") else {
            continue;
        };
        if target.starts_with(char::is_uppercase) {
            continue; // a type
        }
        named += 1;
        let function = format!("fn {test}(");
        let sources = files_under(in_repository(&format!("tests/{target}")));
        let is_in = |source: &PathBuf| {
            fs::read_to_string(source).is_ok_and(|source| source.contains(&function))
        };
        assert!(sources.iter().any(is_in), "there is no test {name}");
    }
    assert!(named >= 40, "{named} tests are named");
}
