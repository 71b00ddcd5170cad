//! `docs/testing.md` shows tests that run: those of `examples/testing`, word for word.

fn file(path: &str) -> String {
    let path = format!("{}/../{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A text without its layout.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_guides_whole_test_is_the_examples() {
    let guide = file("docs/testing.md");
    let blocks = guide.split("```rust\n").skip(1);
    let block = blocks
        .filter_map(|rest| rest.split_once("```"))
        .map(|(block, _)| block)
        .find(|block| block.contains("#[tokio::test]"))
        .expect("a whole test");
    let example = words(&file("examples/testing/tests/visitors.rs"));
    let functions = block.split("\n\n").skip(1);
    let mut count = 0;
    for function in functions {
        // The example has a name for what its tests return.
        let function = function.replace("Result<(), Box<dyn std::error::Error>> {", "Outcome {");
        assert!(example.contains(&words(&function)), "{function}");
        count += 1;
    }
    assert_eq!(count, 2);
}
