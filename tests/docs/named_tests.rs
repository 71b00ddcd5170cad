//! Tests that pages name are there: `promises::p06_login_mints_a_new_session_each_time`.

use std::fs;
use std::path::PathBuf;

use muffin_session_tests::pages::{files_under, in_repository};

use crate::page::{none_of, pages};

/// The files of a target of this package.
fn sources(target: &str) -> Vec<PathBuf> {
    let file = in_repository(&format!("tests/{target}.rs"));
    if file.is_file() {
        return vec![file];
    }
    let folder = in_repository(&format!("tests/{target}"));
    if folder.is_dir() {
        files_under(folder)
    } else {
        Vec::new()
    }
}

#[test]
fn every_test_that_a_page_names_is_there() {
    let is_name = |text: &str| text.chars().all(|c| c.is_alphanumeric() || c == '_');
    // The table of attacks says groups in place of targets, and has a test of its own.
    let pages = pages()
        .into_iter()
        .filter(|page| page.path != "SECURITY.md");
    let mut complaints = Vec::new();
    let mut count = 0;
    for page in pages {
        for code in page.code() {
            let Some((target, test)) = code.text.split_once("::") else {
                continue;
            };
            let sources = sources(target);
            // Names of tests are sentences; `conformance::run` is a function of the library.
            let is_test = is_name(target) && is_name(test) && test.contains('_');
            if sources.is_empty() || !is_test {
                continue;
            }
            count += 1;
            let function = format!("fn {test}(");
            let is_in = |source: &PathBuf| {
                fs::read_to_string(source).is_ok_and(|text| text.contains(&function))
            };
            if !sources.iter().any(is_in) {
                complaints.push(format!("{}: there is no test {}", code.place, code.text));
            }
        }
    }
    none_of(&complaints);
    assert!(count > 30, "{count} tests are named");
}
