//! Links and paths lead to what is there, and every page can be found.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path};

use muffin_session_tests::pages::in_repository;

use crate::page::{Page, none_of, pages};

/// The folders whose files pages name in backticks.
const FOLDERS: &[&str] = &[
    "docs/",
    "examples/",
    "fuzz/",
    "session-macros/",
    "session/",
    "tests/",
    ".ci/",
];

/// The path in the repository of a link's target, seen from a page.
fn target(page: &str, link: &str) -> Option<String> {
    let folder = Path::new(page).parent().unwrap_or(Path::new(""));
    let mut parts = Vec::new();
    for part in folder.join(link).components() {
        match part {
            Component::Normal(name) => parts.push(name.to_str()?.to_owned()),
            Component::ParentDir => drop(parts.pop()?),
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.join("/"))
}

/// A link's path and anchor, the page itself if it names none.
fn split<'a>(page: &'a str, link: &'a str) -> (Option<String>, Option<&'a str>) {
    let (path, anchor) = match link.split_once('#') {
        Some((path, anchor)) => (path, Some(anchor)),
        None => (link, None),
    };
    let path = match path {
        "" => Some(page.to_owned()),
        path => target(page, path),
    };
    (path, anchor)
}

fn is_elsewhere(link: &str) -> bool {
    link.contains("://") || link.starts_with("mailto:")
}

#[test]
fn every_link_leads_to_a_file_and_to_a_heading_of_it() {
    let pages = pages();
    let anchors: BTreeMap<_, _> = pages
        .iter()
        .map(|page| (page.path.clone(), page.anchors()))
        .collect();
    let mut complaints = Vec::new();
    let mut count = 0;
    for page in &pages {
        for link in page.links() {
            if is_elsewhere(&link.text) {
                if !link.text.starts_with("https://") || link.text.contains(' ') {
                    complaints.push(format!(
                        "{}: {:?} is no https:// link",
                        link.place, link.text
                    ));
                }
                continue;
            }
            count += 1;
            let (path, anchor) = split(&page.path, &link.text);
            let path = path.filter(|path| in_repository(path).exists());
            let Some(path) = path else {
                complaints.push(format!("{}: {:?} leads to no file", link.place, link.text));
                continue;
            };
            let has = |anchor: &str| {
                let headings = anchors.get(&path);
                headings.is_some_and(|headings| headings.iter().any(|heading| heading == anchor))
            };
            if anchor.is_some_and(|anchor| !has(anchor)) {
                complaints.push(format!(
                    "{}: {:?} leads to no heading",
                    link.place, link.text
                ));
            }
        }
    }
    none_of(&complaints);
    assert!(count > 100, "{count} links");
}

#[test]
fn every_path_in_backticks_is_there() {
    let mut complaints = Vec::new();
    let mut count = 0;
    for page in pages() {
        // An example's own page may name its files as they are called there.
        let folder = Path::new(&page.path).parent().unwrap_or(Path::new(""));
        for code in page.code() {
            let is_path = FOLDERS.iter().any(|folder| code.text.starts_with(folder));
            let is_one = |c: char| c.is_alphanumeric() || "/._-".contains(c);
            if !is_path || !code.text.chars().all(is_one) {
                continue;
            }
            count += 1;
            // A folder of tests is named like its target, a file without its ending.
            let is_there = |path: &str| {
                let beside = folder.join(path);
                in_repository(path).exists()
                    || beside
                        .to_str()
                        .is_some_and(|path| in_repository(path).exists())
            };
            if !is_there(&code.text) && !is_there(&format!("{}.rs", code.text)) {
                complaints.push(format!("{}: there is no {:?}", code.place, code.text));
            }
        }
    }
    none_of(&complaints);
    assert!(count > 20, "{count} paths");
}

/// The pages that the page links to.
fn linked(page: &Page) -> impl Iterator<Item = String> + '_ {
    let links = page.links().into_iter();
    links
        .filter(|link| !is_elsewhere(&link.text))
        .filter_map(|link| split(&page.path, &link.text).0)
}

#[test]
fn every_page_of_docs_is_linked_from_the_readme_or_the_index() {
    let pages = pages();
    let entrances = ["README.md", "docs/README.md"];
    let linked: BTreeSet<_> = pages
        .iter()
        .filter(|page| entrances.contains(&&*page.path))
        .flat_map(linked)
        .collect();
    let lost = pages
        .iter()
        .filter(|page| page.path.starts_with("docs/") && !linked.contains(&page.path));
    let complaints: Vec<_> = lost
        .map(|page| {
            format!(
                "{}: neither README.md nor docs/README.md links to it",
                page.path
            )
        })
        .collect();
    none_of(&complaints);
}

#[test]
fn the_index_leads_to_each_place_once() {
    let pages = pages();
    let index = pages.iter().find(|page| page.path == "docs/README.md");
    let mut seen = BTreeMap::new();
    let mut complaints = Vec::new();
    for link in index.expect("the index").links() {
        if let Some(before) = seen.insert(link.text.clone(), link.place.clone()) {
            complaints.push(format!(
                "{}: {:?} answers a question on {before} already",
                link.place, link.text
            ));
        }
    }
    none_of(&complaints);
    assert!(seen.len() > 25, "{} links", seen.len());
}
