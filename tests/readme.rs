//! The README says what is there: its program is `examples/minimal`, its handlers are those below, its options are the builder's.

use axum::Form;
use axum::response::Redirect;
use axum::routing::{get, post};
use muffin_session::{Error, InSession, Session, SessionValue};
use muffin_session_tests::pages::{files_under, in_repository};
use muffin_session_tests::{Site, builder};
use serde::{Deserialize, Serialize};

// The README's handlers, word for word.
#[allow(clippy::format_push_string, reason = "shorter to read than `write!`")]
#[rustfmt::skip]
mod handlers {
    use super::{Deserialize, Error, Form, InSession, Redirect, Serialize, Session, SessionValue};

// begin
#[derive(Default, Serialize, Deserialize, SessionValue)]
pub(super) struct Cart {
    items: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct Item {
    name: String,
}

pub(super) async fn add(mut cart: InSession<Cart>, session: Session, Form(item): Form<Item>) -> Result<Redirect, Error> {
    cart.update(move |cart| cart.items.push(item.name.clone()))?;
    session.flash_with("success", "It is in the cart")?;
    Ok(Redirect::to("/cart"))
}

pub(super) async fn cart(cart: InSession<Cart>, session: Session) -> String {
    let mut page = String::new();
    for flash in session.get_flashed_messages() {
        page += &format!("[{}] {}\n", flash.category, flash.message);
    }
    page += &format!("{} items", cart.items.len());
    page
}
// end
}

// The README's way into a store, word for word.
#[rustfmt::skip]
mod stores {
    use muffin_session::{Builder, ConfigError, MemoryStore, Sessions};

// store
pub(super) fn in_memory(builder: Builder) -> Result<Sessions, ConfigError> {
    builder.store(MemoryStore::new()).build()
}
// end of the store
}

fn file(path: &str) -> String {
    let path = format!("{}/../{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn has_block(code: &str) -> bool {
    file("README.md").contains(&format!("```rust\n{code}```\n"))
}

#[test]
fn the_program_is_the_one_that_compiles_and_has_fewer_than_60_lines() {
    let program = file("examples/minimal/src/main.rs");
    assert!(program.lines().count() < 60);
    assert!(has_block(&program));
}

#[test]
fn no_file_of_the_small_examples_has_60_lines() {
    let mut count = 0;
    for folder in [
        "examples/minimal",
        "examples/templates/src",
        "examples/testing",
    ] {
        for path in files_under(in_repository(folder)) {
            if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("a file");
                let lines = text.lines().count();
                assert!(lines < 60, "{} has {lines} lines", path.display());
                count += 1;
            }
        }
    }
    assert!(count > 10, "{count} files");
}

#[tokio::test]
async fn the_handlers_are_those_that_compile_and_do_what_they_say() {
    let this = file("tests/readme.rs");
    let (_, rest) = this.split_once("// begin\n").expect("a beginning");
    let (handlers, _) = rest.split_once("// end\n").expect("an end");
    assert!(has_block(&handlers.replace("pub(super) ", "")));

    let sessions = builder()
        .without_user_loader()
        .build()
        .expect("sound options");
    let router = axum::Router::new()
        .route("/add", post(handlers::add))
        .route("/cart", get(handlers::cart))
        .layer(sessions);
    let site = Site::serve(router).await;
    let browser = site.browser();
    for name in ["oats", "honey"] {
        let request = browser.request(reqwest::Method::POST, "/add");
        let added = request
            .form(&[("name", name)])
            .send()
            .await
            .expect("an answer");
        assert_eq!(added.status(), 303);
    }
    let page = "[success] It is in the cart\n".repeat(2) + "2 items";
    assert_eq!(browser.text("/cart").await, page);
    assert_eq!(browser.text("/cart").await, "2 items");
}

#[test]
fn the_line_for_a_store_is_one_that_compiles() {
    let this = file("tests/readme.rs");
    let (_, rest) = this.split_once("// store\n").expect("a beginning");
    let (line, _) = rest.split_once("// end of the store\n").expect("an end");
    assert!(has_block(&line.replace("pub(super) ", "")));
    let builder = muffin_session_tests::bare_builder().without_user_loader();
    stores::in_memory(builder).expect("sound options");
}

#[test]
fn every_option_stands_in_the_table() {
    let readme = file("README.md");
    let rooms = ["builder", "builder_stores", "builder_hooks"];
    let builder: String = rooms
        .map(|room| file(&format!("session/src/{room}.rs")))
        .concat();
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

#[test]
fn every_feature_stands_in_the_tables() {
    let manifest = file("session/Cargo.toml");
    let (_, rest) = manifest.split_once("[features]\n").expect("features");
    let (features, _) = rest.split_once("\n[").expect("an end");
    let names = features
        .lines()
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, _)| name)
        .filter(|name| *name != "default");
    let mut count = 0;
    for name in names {
        let row = format!("| `{name}` |");
        assert!(file("README.md").contains(&row), "{name}");
        assert!(file("session/src/lib.rs").contains(&row), "{name}");
        count += 1;
    }
    assert!(count >= 7, "{count} features");
}
