//! Programs that must compile, and programs that must not, with what the compiler says of them.
//!
//! `TRYBUILD=overwrite cargo test -p muffin-session-tests --test compile_fail` writes the messages anew. Read each
//! as the person who made the mistake: it must point at their words and say what to write instead. Some quote lines of the
//! runtime, or are the compiler's own, so they change with the runtime and with the version of Rust that the workspace names.

#[test]
fn programs() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
    cases.compile_fail("ui/fail/*.rs");
}
