//! What needs no request: a checker, and what a guarded handler does.

use crate::list;
use crate::users::{User, is_editor};

#[test]
fn editors_are_those_whose_role_says_so() {
    let user = |role| User { name: "Ann", role };
    assert!(is_editor(&user("editor")));
    assert!(!is_editor(&user("reader")));
}

#[test]
fn notes_are_counted_and_listed() {
    let notes = ["tea".to_owned(), "milk".to_owned()];
    assert_eq!(list("Ann", &notes), "Ann has 2: tea, milk");
}
