//! A page of Markdown, as far as the checks look at it: fenced blocks, headings, links, and words in backticks.

use std::collections::BTreeMap;
use std::fs;

use muffin_session_tests::pages::{files_under, in_repository};

/// A page, by its path in the repository.
pub(crate) struct Page {
    pub(crate) path: String,
    pub(crate) blocks: Vec<Block>,
    /// The lines outside of fenced blocks, with their numbers.
    lines: Vec<(usize, String)>,
}

/// A fenced block.
pub(crate) struct Block {
    /// The line on which it begins.
    pub(crate) line: usize,
    /// What stands behind the fence.
    pub(crate) info: String,
    pub(crate) text: String,
}

/// Something of a page, and where it stands: `docs/stores.md:12`.
pub(crate) struct Found {
    pub(crate) place: String,
    pub(crate) text: String,
}

impl Page {
    fn read(path: &str) -> Self {
        let text = fs::read_to_string(in_repository(path)).expect("a page");
        let mut page = Self {
            path: path.to_owned(),
            blocks: Vec::new(),
            lines: Vec::new(),
        };
        let mut open: Option<(Block, usize)> = None;
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            let ticks = line.trim_start().bytes().take_while(|byte| *byte == b'`');
            let fence = ticks.count();
            match &mut open {
                Some((block, width)) if fence >= *width && line.trim().len() == fence => {
                    page.blocks.push(std::mem::replace(block, Block::at(0, "")));
                    open = None;
                }
                Some((block, _)) => {
                    block.text += line;
                    block.text += "\n";
                }
                None if fence >= 3 => {
                    let info = line.trim_start().trim_start_matches('`').trim();
                    open = Some((Block::at(number, info), fence));
                }
                None => page.lines.push((number, line.to_owned())),
            }
        }
        assert!(open.is_none(), "{path}: a block has no end");
        page
    }

    fn found(&self, number: usize, text: impl Into<String>) -> Found {
        Found {
            place: format!("{}:{number}", self.path),
            text: text.into(),
        }
    }

    /// The anchors of its headings, as GitHub makes them.
    pub(crate) fn anchors(&self) -> Vec<String> {
        let mut times = BTreeMap::new();
        let headings = self.lines.iter().filter_map(|(_, line)| {
            let text = line.trim_start_matches('#');
            let level = line.len() - text.len();
            ((1..=6).contains(&level) && text.starts_with(' ')).then(|| slug(text))
        });
        headings
            .map(|slug| {
                let time: &mut usize = times.entry(slug.clone()).or_default();
                *time += 1;
                match *time {
                    1 => slug,
                    more => format!("{slug}-{}", more - 1),
                }
            })
            .collect()
    }

    /// Where its links and pictures lead: `[text](target)`.
    pub(crate) fn links(&self) -> Vec<Found> {
        let mut links = Vec::new();
        for (number, line) in &self.lines {
            let line = without_code(line);
            let mut rest = &*line;
            while let Some((_, after)) = rest.split_once("](") {
                let (target, behind) = after.split_once(')').unwrap_or((after, ""));
                links.push(self.found(*number, target));
                rest = behind;
            }
        }
        links
    }

    /// What stands in backticks, outside of blocks.
    pub(crate) fn code(&self) -> Vec<Found> {
        let mut code = Vec::new();
        for (number, line) in &self.lines {
            let spans = line.split('`').skip(1).step_by(2);
            code.extend(spans.map(|span| self.found(*number, span)));
        }
        code
    }

    /// The lines of its blocks that are typed into a terminal, and the commands in backticks.
    pub(crate) fn commands(&self) -> Vec<Found> {
        let mut commands = self.code();
        for block in &self.blocks {
            if matches!(&*block.info, "console" | "sh") {
                let lines = block.text.lines().enumerate();
                commands.extend(lines.map(|(index, line)| {
                    let line = line.strip_prefix("$ ").unwrap_or(line);
                    self.found(block.line + 1 + index, line)
                }));
            }
        }
        commands
    }
}

impl Block {
    fn at(line: usize, info: &str) -> Self {
        Self {
            line,
            info: info.to_owned(),
            text: String::new(),
        }
    }

    /// Whether it is Rust, and what else its fence says. rustdoc takes what says nothing for Rust.
    pub(crate) fn rust(&self) -> Option<Vec<&str>> {
        let mut words = self.info.split([',', ' ']).filter(|word| !word.is_empty());
        match words.next() {
            None | Some("rust") => Some(words.collect()),
            Some(_) => None,
        }
    }
}

/// A line with what stands in backticks taken out: what looks like a link there is none.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join("`")
}

/// A heading's anchor: small letters, no punctuation but `-` and `_`, dashes for spaces. Of a link, its text counts.
fn slug(heading: &str) -> String {
    let mut text = String::new();
    let mut rest = heading.trim();
    while let Some((before, after)) = rest.split_once("](") {
        text += before;
        rest = after.split_once(')').map_or("", |(_, behind)| behind);
    }
    text += rest;
    text.to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

/// All pages that are for readers: those at the top, of `docs/`, and the examples' own.
pub(crate) fn pages() -> Vec<Page> {
    let root = in_repository("");
    let at_top = fs::read_dir(&root).expect("the repository");
    let at_top = at_top.map(|entry| entry.expect("an entry").path());
    let mut paths: Vec<_> = at_top.filter(|path| path.is_file()).collect();
    paths.extend(files_under(in_repository("docs")));
    let readmes = files_under(in_repository("examples"));
    paths.extend(
        readmes
            .into_iter()
            .filter(|path| path.ends_with("README.md")),
    );
    let mut paths: Vec<_> = paths
        .iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .map(|path| {
            let path = path.strip_prefix(&root).expect("it is below");
            path.to_str().expect("paths are text").to_owned()
        })
        .collect();
    paths.sort();
    assert!(paths.len() > 15, "where are the pages? {paths:?}");
    paths.iter().map(|path| Page::read(path)).collect()
}

/// Fails with all complaints at once.
pub(crate) fn none_of(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn headings_become_the_anchors_that_github_makes() {
    for (heading, anchor) in [
        (" When can the old one go?", "when-can-the-old-one-go"),
        (
            " 1. Of two changes at once, one is lost",
            "1-of-two-changes-at-once-one-is-lost",
        ),
        (" OWASP ASVS 5.0, chapter 7", "owasp-asvs-50-chapter-7"),
        (
            " `fresh` and [stores](stores.md) - both",
            "fresh-and-stores---both",
        ),
        (
            " \"trait `Handler<_, _>`\" is_not",
            "trait-handler_-_-is_not",
        ),
    ] {
        assert_eq!(slug(heading), anchor);
    }
}
