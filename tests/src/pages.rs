//! The pages of the repository, as far as tests look at them: tables that are made of what the tests see, and all files below a folder.

use std::fs;
use std::path::{Path, PathBuf};

/// What stands before a table that a test makes, and behind it.
const BEGIN: &str = "<!-- the table -->\n";
const END: &str = "<!-- its end -->";

/// A path in the repository.
pub fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// A page up to its table, the table, and the rest.
///
/// # Panics
///
/// If there is no such page, or no table in it.
pub fn around_the_table(page: &str) -> [String; 3] {
    let text = fs::read_to_string(in_repository(page)).expect("a page");
    let (before, rest) = text.split_once(BEGIN).expect("a table's beginning");
    let (table, after) = rest.split_once(END).expect("a table's end");
    [before, table, after].map(str::to_owned)
}

/// Checks that a page has this table. With `WRITE_TABLES` in the environment it gets it.
///
/// # Panics
///
/// If it has another one, or none.
pub fn has_table(page: &str, made: &str) {
    let [before, written, after] = around_the_table(page);
    if std::env::var_os("WRITE_TABLES").is_some() {
        let text = [&before, BEGIN, made, END, &after].concat();
        fs::write(in_repository(page), text).expect("writing");
    } else {
        assert!(
            written == made,
            "the table of {page} is not what the tests see. They make it anew with WRITE_TABLES=1 in the environment"
        );
    }
}

/// The files in a folder and in those below it; of a file, itself.
///
/// # Panics
///
/// If a folder cannot be read.
pub fn files_under(path: PathBuf) -> Vec<PathBuf> {
    if !path.is_dir() {
        return vec![path];
    }
    let entries = fs::read_dir(path).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.flat_map(files_under).collect()
}
