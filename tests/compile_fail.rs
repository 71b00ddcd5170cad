//! Programs that must compile, and programs that must not, with what the compiler says of them.
//!
//! `TRYBUILD=overwrite cargo test -p muffin-session-tests --test compile_fail` writes the messages anew. Read each
//! as the person who made the mistake: it must point at their words and say what to write instead. Some quote lines of the
//! runtime, or are the compiler's own, so they change with the runtime and with the version of Rust that the workspace names.
//!
//! None of them needs a store: with those all dependencies would be built again, for the same programs.

#![cfg(not(feature = "servers"))]

#[test]
fn programs_that_compile() {
    trybuild::TestCases::new().pass("ui/pass/*.rs");
}

/// Word for word, so that it holds for one compiler only: the one of the workspace's `rust-version`. Which types have a trait, as the compiler
/// lists them, depends on the features that are on: the stores' are not. A type's path is written out where any crate in sight has another
/// of its name, so the programs whose messages name one call it what no dependency does.
#[test]
#[ignore = "compares messages of Rust 1.95: run with --include-ignored"]
fn mistakes_and_what_the_compiler_says_of_them() {
    trybuild::TestCases::new().compile_fail("ui/fail/*.rs");
}
