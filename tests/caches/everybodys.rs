//! What asks for nothing stays everybody's, though the session layer is around it.

use muffin_session_tests::bare_builder;

use crate::caches::{Cache, Kind, LISTENING};
use crate::origin::Origin;
use crate::visitors::{NAMES, Visitor};
use crate::worst::{self, PUBLIC};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nginx and varnish"]
async fn pages_that_ask_for_nothing_are_kept_for_everybody() {
    for kind in LISTENING {
        let origin = Origin::serve(worst::application(bare_builder())).await;
        let cache = Cache::start(kind, origin.site.addr()).await;
        let visitors = NAMES.map(|name| Visitor::new(name, &cache, &origin.ledger));
        for visitor in &visitors {
            visitor.get("/enter").await;
        }
        let [ann, bob, guest, nobody] = &visitors;
        for page in PUBLIC {
            let made = nobody.get(page).await;
            assert!(made.is_own, "{kind:?}, {page}");
            let kept = nobody.get(page).await;
            assert_eq!(kept.number, made.number, "{kind:?}, {page}: made again");
            for visitor in &visitors {
                let seen = visitor.get(page).await;
                assert_eq!(seen.body, "for everybody");
                assert_eq!(seen.holds_nothing_of_others(), Ok(()), "{kind:?}, {page}");
                if kind.answers_requests_with_cookies() {
                    assert_eq!(seen.number, made.number, "{kind:?}, {page}");
                }
            }
            if kind.answers_requests_with_cookies() {
                // It is the same when it was made for somebody who is logged in.
                let path = format!("{page}?again");
                let made = ann.get(&path).await;
                assert!(made.is_own, "{kind:?}, {path}");
                for visitor in [bob, guest, nobody, ann] {
                    let seen = visitor.get(&path).await;
                    assert_eq!(seen.number, made.number, "{kind:?}, {path}");
                    assert_eq!(seen.holds_nothing_of_others(), Ok(()), "{kind:?}, {path}");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nginx and varnish"]
async fn a_page_that_says_nothing_is_left_to_the_cache() {
    for (kind, is_kept) in [
        (Kind::Nginx, false),
        (Kind::NginxCareless, true),
        (Kind::Varnish, true),
        (Kind::VarnishCareless, true),
    ] {
        let origin = Origin::serve(worst::application(bare_builder())).await;
        let cache = Cache::start(kind, origin.site.addr()).await;
        let nobody = Visitor::new("nobody", &cache, &origin.ledger);
        let made = nobody.get("/says-nothing").await;
        let seen = nobody.get("/says-nothing").await;
        assert_eq!(seen.number == made.number, is_kept, "{kind:?}");
    }
}
