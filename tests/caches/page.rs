//! The page about caches shows the very files that are tested here.

use crate::caches::{DEAF, Kind, LISTENING};

#[test]
fn the_page_about_caches_shows_these_files() {
    let page = include_str!("../../docs/caches.md");
    for kind in [Kind::Nginx, Kind::Varnish] {
        let file = kind.configuration();
        assert!(
            page.contains(&format!("\n{file}```\n")),
            "{kind:?}:\n{file}"
        );
    }
    for kind in LISTENING.into_iter().chain(DEAF) {
        let name = kind.file();
        assert!(page.contains(&format!("`{name}`")), "{name} is not named");
    }
}
