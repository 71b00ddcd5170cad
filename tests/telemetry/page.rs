//! `docs/observing.md` names every event, its level and its fields, and every metric and its labels: no more and no less than the code.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

fn file(path: &str) -> String {
    let path = format!("{}/../{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The library's source, without its tests.
fn source() -> String {
    fn read(folder: &Path, text: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read(&path, text);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                text.push_str(&std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut text = String::new();
    read(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../session/src")
            .as_path(),
        &mut text,
    );
    text
}

/// Cells of the rows whose first cell is a name that begins so.
fn rows(prefix: &str) -> Vec<Vec<String>> {
    let page = file("docs/observing.md");
    let rows = page.lines().filter_map(|line| {
        let cells: Vec<_> = line
            .strip_prefix("| ")?
            .split(" | ")
            .map(str::to_owned)
            .collect();
        cells[0].starts_with(&format!("`{prefix}")).then_some(cells)
    });
    rows.collect()
}

/// What stands between backticks.
fn words(cell: &str) -> BTreeSet<String> {
    cell.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// Names of fields in the text of an event's macro, up to its message.
fn fields(call: &str) -> BTreeSet<String> {
    let mut fields = BTreeSet::new();
    for part in call.split(',').map(str::trim) {
        if part.starts_with('"') {
            break;
        }
        let name = part.split('=').next().unwrap_or_default();
        let name = name.trim().trim_start_matches('%');
        if !name.is_empty() && name != "target: \"muffin_session\"" {
            fields.insert(name.to_owned());
        }
    }
    fields
}

/// Each event of the code: its levels, and its fields.
fn events() -> BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)> {
    let source = source();
    let mut events: BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)> = BTreeMap::new();
    let mut note = |name: &str, level: &str, rest: &str| {
        let event = events.entry(name.to_owned()).or_default();
        event.0.insert(level.to_lowercase());
        event.1.extend(fields(rest));
    };
    for call in source.split("log!(").skip(1) {
        let (level, rest) = call.split_once(',').unwrap();
        // Not the macro's own definition.
        if ["ERROR", "WARN", "INFO", "DEBUG"].contains(&level.trim()) {
            let rest = rest.trim_start().strip_prefix('"').unwrap();
            let (name, rest) = rest.split_once("\",").unwrap();
            note(name, level.trim(), rest);
        }
    }
    for call in source.split("!(name: \"session.").skip(1) {
        let (name, rest) = call.split_once("\",").unwrap();
        note(&format!("session.{name}"), "info", rest);
    }
    events
}

#[test]
fn every_event_of_the_code_stands_on_the_page_and_no_other() {
    let events = events();
    assert!(events.len() >= 15, "{events:?}");
    let mut documented = BTreeSet::new();
    for row in rows("session.") {
        let name = row[0].trim_matches('`').to_owned();
        let (levels, fields) = events
            .get(&name)
            .unwrap_or_else(|| panic!("the code has no {name}"));
        assert_eq!(&words(&row[2]), fields, "fields of {name}");
        for level in levels {
            assert!(row[1].contains(level), "{name}: {level}");
        }
        documented.insert(name);
    }
    let known: BTreeSet<_> = events.into_keys().collect();
    assert_eq!(documented, known);
}

#[test]
fn every_name_that_hooks_see_is_one_of_the_log() {
    let events = events();
    let source = file("session/src/telemetry/event.rs");
    let (_, names) = source.split_once("pub fn name(self)").unwrap();
    let (names, _) = names.split_once("\n    }\n").unwrap();
    let names: Vec<_> = names.split('"').skip(1).step_by(2).collect();
    assert!(names.len() >= 10);
    for name in names {
        assert!(events.contains_key(name), "{name}");
    }
}

#[test]
fn every_reason_stands_on_the_page_and_no_other() {
    let source = file("session/src/telemetry/event.rs");
    let reasons: BTreeSet<_> = source
        .lines()
        .filter_map(|line| line.trim().split_once(" = \""))
        .filter_map(|(_, rest)| rest.strip_suffix("\","))
        .map(str::to_owned)
        .collect();
    assert!(reasons.len() >= 20, "{reasons:?}");
    let page = file("docs/observing.md");
    let (_, section) = page
        .split_once("### Reasons\n")
        .expect("a section of reasons");
    let (section, _) = section.split_once("\n## ").expect("an end");
    let documented: BTreeSet<_> = section
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|line| line.split('`').next())
        .map(str::to_owned)
        .collect();
    assert_eq!(documented, reasons);
}

#[test]
fn every_metric_stands_on_the_page_with_its_labels_and_no_other() {
    let source = file("session/src/telemetry/measured.rs");
    let names: BTreeMap<_, _> = source
        .lines()
        .filter_map(|line| line.trim().strip_prefix("const "))
        .filter_map(|line| line.split_once(": &str = \""))
        .map(|(constant, name)| (constant, name.trim_end_matches("\";")))
        .collect();
    let mut known = BTreeMap::new();
    for (constant, name) in names {
        let mut labels = BTreeSet::new();
        for call in source.split(&format!("!({constant}, \"")).skip(1) {
            let (call, _) = call.split_once(')').unwrap();
            let parts = format!("\"{call}");
            let parts = parts.split(',').filter_map(|part| part.split_once("=>"));
            labels.extend(parts.map(|(label, _)| label.trim().trim_matches('"').to_owned()));
        }
        known.insert(name.to_owned(), labels);
    }
    assert!(known.len() >= 10, "{known:?}");
    let documented: BTreeMap<_, _> = rows("muffin_session_")
        .into_iter()
        .map(|row| (row[0].trim_matches('`').to_owned(), words(&row[2])))
        .collect();
    assert_eq!(documented, known);
}
