//! What holds of all recipes: they are short, say how they are run, stand on `docs/recipes.md`, and are tested.

use std::fs;

use crate::running::{Running, SECRET};

const HERE: &str = env!("CARGO_MANIFEST_DIR");

/// Names and texts of all recipes.
fn recipes() -> Vec<(String, String)> {
    let files = fs::read_dir(format!("{HERE}/src/bin")).unwrap();
    let recipes = files.map(|file| {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(&path).unwrap())
    });
    recipes.collect()
}

#[test]
fn each_has_under_60_lines_and_says_how_it_is_run() {
    for (name, text) in recipes() {
        let lines = text.lines().count();
        assert!(lines < 60, "{name} has {lines} lines");
        assert!(text.starts_with("//! "), "{name}");
        assert!(text.contains(&format!("--bin {name}`")), "{name}");
    }
}

#[test]
fn each_is_on_the_page_and_the_page_names_no_other() {
    let page = fs::read_to_string(format!("{HERE}/../../docs/recipes.md")).unwrap();
    let mut on_page: Vec<_> = page
        .split("](../examples/recipes/src/bin/")
        .skip(1)
        .map(|rest| rest.split(".rs)").next().unwrap())
        .collect();
    on_page.sort_unstable();
    let mut there: Vec<_> = recipes().into_iter().map(|(name, _)| name).collect();
    there.sort_unstable();
    assert_eq!(on_page, there);
}

#[test]
fn each_is_run_by_a_test_of_its_name() {
    let table = fs::read_to_string(format!("{HERE}/tests/recipes/main.rs")).unwrap();
    for (name, _) in recipes() {
        assert!(table.contains(&format!("\nmod {name};\n")), "{name}");
        let test = fs::read_to_string(format!("{HERE}/tests/recipes/{name}.rs"));
        let runs = format!("env!(\"CARGO_BIN_EXE_{name}\")");
        assert!(test.is_ok_and(|test| test.contains(&runs)), "{name}");
    }
}

#[test]
fn without_a_secret_one_is_made_up_and_that_is_said() {
    let program = env!("CARGO_BIN_EXE_shopping_cart");
    let made_up = Running::start(program, &[]);
    assert!(made_up.greeting.contains("WARN"), "{}", made_up.greeting);
    assert!(made_up.greeting.contains("for development"));
    assert!(made_up.greeting.contains("SESSION_SECRET"));
    let given = Running::start(program, &[("SESSION_SECRET", SECRET)]);
    assert!(!given.greeting.contains("WARN"), "{}", given.greeting);
}
