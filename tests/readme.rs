//! The README says what is there: its program is `examples/minimal`, and its options are the builder's.

fn file(path: &str) -> String {
    let path = format!("{}/../{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn the_program_is_the_one_that_compiles_and_has_at_most_60_lines() {
    let program = file("examples/minimal/src/main.rs");
    assert!(program.lines().count() <= 60);
    assert!(file("README.md").contains(&format!("```rust\n{program}```\n")));
}

#[test]
fn every_option_stands_in_the_table() {
    let readme = file("README.md");
    let builder = file("session/src/builder.rs");
    let options = builder.split("    pub fn ").skip(1);
    let mut count = 0;
    for option in options {
        let name = option.split(['(', '<']).next().expect("a name");
        if !["builder", "build"].contains(&name) {
            assert!(readme.contains(&format!("`{name}(")), "{name}");
            count += 1;
        }
    }
    assert!(count >= 20, "{count} options");
}
