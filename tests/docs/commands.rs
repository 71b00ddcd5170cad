//! Cargo commands on pages name packages, targets, features and tests that exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use muffin_session_tests::pages::{files_under, in_repository};
use serde_json::Value;

use crate::page::{none_of, pages};

/// What builds something of this repository. The others ask for tools or crates of elsewhere.
const VERBS: &[&str] = &["bench", "build", "check", "clippy", "doc", "run", "test"];

/// Options with a value of their own that is no name of ours.
const WITH_VALUE: &[&str] = &["--profile", "--target", "--target-dir", "--jobs", "-j"];

/// A command, read.
#[derive(Default)]
struct Cargo {
    verb: String,
    packages: Vec<String>,
    /// Kind and name: `("test", "promises")`.
    targets: Vec<(&'static str, String)>,
    features: Vec<String>,
    all_features: bool,
    filters: Vec<String>,
}

impl Cargo {
    /// Reads a line such as `A=1 cargo test -p demo --test site -- login # a comment`.
    fn read(line: &str) -> Option<Self> {
        let line = line.split(" #").next().unwrap_or(line);
        let words = line.split_whitespace().map(|word| word.trim_matches('"'));
        let mut words = words.skip_while(|word| word.contains('='));
        if words.next() != Some("cargo") {
            return None;
        }
        let mut words = words.skip_while(|word| word.starts_with('+'));
        let verb = words.next()?.to_owned();
        if !VERBS.contains(&&*verb) {
            return None;
        }
        let mut cargo = Self {
            verb,
            ..Self::default()
        };
        while let Some(word) = words.next() {
            let mut value = || words.next().unwrap_or_default().to_owned();
            match word {
                "-p" | "--package" => cargo.packages.push(value()),
                "--test" => cargo.targets.push(("test", value())),
                "--example" => cargo.targets.push(("example", value())),
                "--bench" => cargo.targets.push(("bench", value())),
                "--bin" => cargo.targets.push(("bin", value())),
                "--features" | "-F" => {
                    let features = value();
                    cargo
                        .features
                        .extend(features.split(',').map(str::to_owned));
                }
                "--all-features" => cargo.all_features = true,
                "--" if cargo.verb == "test" => {
                    let names = words.by_ref().filter(|word| !word.starts_with('-'));
                    cargo.filters.extend(names.map(str::to_owned));
                }
                // What a program gets is its own business.
                "--" => return Some(cargo),
                word if WITH_VALUE.contains(&word) => drop(value()),
                word if word.starts_with('-') => {}
                // More of a shell's line.
                "&" | "&&" | "|" | ">" | ";" => return Some(cargo),
                word => cargo.filters.push(word.to_owned()),
            }
        }
        Some(cargo)
    }

    /// What it names that is not there.
    fn complaints(&self, packages: &[Value]) -> Vec<String> {
        let mut complaints = Vec::new();
        let known = |name: &str| packages.iter().find(|package| package["name"] == name);
        for name in &self.packages {
            if known(name).is_none() {
                complaints.push(format!("there is no package {name:?}"));
            }
        }
        let meant: Vec<_> = match &*self.packages {
            [] => packages.iter().collect(),
            names => names.iter().filter_map(|name| known(name)).collect(),
        };
        for feature in &self.features {
            let (package, feature) = feature.split_once('/').unwrap_or(("", feature));
            let has = |of: &Value| of["features"].get(feature).is_some();
            let is_there = match package {
                "" => meant.iter().copied().any(has),
                name => known(name).is_some_and(has),
            };
            if !is_there {
                complaints.push(format!(
                    "no package that is meant has a feature {feature:?}"
                ));
            }
        }
        let mut sources = Vec::new();
        for (kind, name) in &self.targets {
            let found = meant
                .iter()
                .find_map(|package| Some((package, target(package, kind, name)?)));
            let Some((package, found)) = found else {
                complaints.push(format!("no package that is meant has a {kind} {name:?}"));
                continue;
            };
            let missing = self.missing_feature(package, found);
            complaints.extend(
                missing.map(|missing| format!("{kind} {name:?} needs --features {missing}")),
            );
            sources.extend(sources_of(found));
        }
        if self.verb == "test" && !self.targets.is_empty() {
            let names = names_in(&sources);
            let lost = self
                .filters
                .iter()
                .filter(|filter| !names.iter().any(|name| name.contains(&***filter)));
            complaints.extend(lost.map(|filter| format!("no test's name has {filter:?}")));
        }
        complaints
    }

    /// A feature that the target requires and the command does not turn on.
    fn missing_feature(&self, package: &Value, target: &Value) -> Option<String> {
        let mut on: BTreeSet<_> = self.features.iter().cloned().collect();
        let mut todo: Vec<_> = self.features.clone();
        while let Some(feature) = todo.pop() {
            let implied = package["features"][&feature]
                .as_array()
                .into_iter()
                .flatten();
            for name in implied.filter_map(Value::as_str) {
                if on.insert(name.to_owned()) {
                    todo.push(name.to_owned());
                }
            }
        }
        let required = target["required-features"].as_array().into_iter().flatten();
        let mut required = required.filter_map(Value::as_str);
        required
            .find(|name| !self.all_features && !on.contains(*name))
            .map(str::to_owned)
    }
}

fn target<'a>(package: &'a Value, kind: &str, name: &str) -> Option<&'a Value> {
    let mut targets = package["targets"].as_array()?.iter();
    targets.find(|target| target["name"] == name && target["kind"][0] == kind)
}

/// The files of a target: all of its folder, if it has one of its own.
fn sources_of(target: &Value) -> Vec<PathBuf> {
    let path = Path::new(target["src_path"].as_str().unwrap_or_default());
    match path.parent() {
        Some(folder) if path.ends_with("main.rs") => files_under(folder.to_owned()),
        _ => vec![path.to_owned()],
    }
}

/// The names that a filter is looked for in: of modules and functions.
fn names_in(files: &[PathBuf]) -> Vec<String> {
    let mut names = Vec::new();
    for file in files {
        let text = fs::read_to_string(file).unwrap_or_default();
        let module = file
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default();
        let functions = text.split("fn ").skip(1);
        names.extend(functions.map(|rest| {
            let name: String = rest
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            format!("{module}::{name}")
        }));
    }
    names
}

/// The packages of the workspace, as cargo describes them.
fn packages() -> Vec<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(in_repository(""))
        .output()
        .expect("cargo runs");
    let mut metadata: Value = serde_json::from_slice(&output.stdout).expect("metadata");
    match metadata["packages"].take() {
        Value::Array(packages) => packages,
        other => panic!("no packages: {other}"),
    }
}

#[test]
fn every_cargo_command_names_what_is_there() {
    let packages = packages();
    let mut complaints = Vec::new();
    let mut count = 0;
    for page in pages() {
        for command in page.commands() {
            let Some(cargo) = Cargo::read(&command.text) else {
                continue;
            };
            count += 1;
            let wrong = cargo.complaints(&packages);
            complaints.extend(
                wrong
                    .iter()
                    .map(|wrong| format!("{}: {}: {wrong}", command.place, command.text)),
            );
        }
    }
    none_of(&complaints);
    assert!(count > 15, "{count} commands");
}

#[test]
fn what_a_command_names_wrongly_is_noticed() {
    let packages = packages();
    for (line, expected) in [
        (
            "cargo test -p muffin-session-tests --test promises p06",
            None,
        ),
        (
            "cargo test -p muffin-session-tests --test promises -- p06 --nocapture",
            None,
        ),
        ("A=1 cargo run -p demo --features sqlite # a comment", None),
        ("cargo deny check", None),
        ("cargo run -p dema", Some("no package")),
        ("cargo run -p demo --features sqlight", Some("a feature")),
        (
            "cargo test -p muffin-session-tests --test promise",
            Some("a test"),
        ),
        (
            "cargo test -p muffin-session-tests --test promises -- p99",
            Some("has \"p99\""),
        ),
        (
            "cargo test -p muffin-session-tests --test outages",
            Some("needs --features servers"),
        ),
    ] {
        let complaints = Cargo::read(line).map(|cargo| cargo.complaints(&packages));
        let complaints = complaints.unwrap_or_default().join(", ");
        match expected {
            None => assert_eq!(complaints, "", "{line}"),
            Some(expected) => assert!(complaints.contains(expected), "{line}: {complaints}"),
        }
    }
}
