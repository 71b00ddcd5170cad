//! Whose cards and comments are whose, and what staff may do with them.

use reqwest::StatusCode;

use crate::client::{Browser, Site, redirect};

const EDITED: [(&str, &str); 2] = [("title", "Edited"), ("details", "")];
const DONE: [(&str, &str); 2] = [("status", "done"), ("place", "card")];

/// A site with an admin, a moderator and two members.
struct People {
    ann: Browser,
    mia: Browser,
    bob: Browser,
    cat: Browser,
}

impl People {
    async fn on(site: &Site) -> Self {
        let ann = site.register("ann").await;
        let mia = site.register("mia").await;
        let response = ann
            .post("/staff/users/2/role", &[("role", "moderator")])
            .await;
        assert_eq!(redirect(&response), "/staff/users");
        Self {
            ann,
            mia,
            bob: site.register("bob").await,
            cat: site.register("cat").await,
        }
    }
}

#[tokio::test]
async fn a_card_is_edited_by_its_author_alone() {
    let site = Site::start().await;
    let People { ann, mia, bob, cat } = People::on(&site).await;
    let card = bob.add_card("Fix the door").await;
    let edit = format!("{card}/edit");
    for other in [&ann, &mia, &cat] {
        let response = other.get(&edit).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        let page = response.text().await.unwrap();
        assert!(page.contains("This is not yours"), "{page}");
        assert_eq!(other.status_of(&card, &EDITED).await, StatusCode::FORBIDDEN);
        assert!(!other.page(&card).await.contains(&edit));
    }
    let anybody = site.browser();
    let response = anybody.get(&edit).await;
    let login = "/login?next=%2Fcards%2F1%2Fedit";
    assert_eq!(redirect(&response), login);
    assert_eq!(redirect(&anybody.post(&card, &EDITED).await), "/login");
    assert!(anybody.page(&card).await.contains("Fix the door"));

    assert!(bob.page(&card).await.contains(&edit));
    assert!(bob.page(&edit).await.contains("value=\"Fix the door\""));
    let response = bob.post(&card, &[("title", " "), ("details", "")]).await;
    assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(redirect(&bob.post(&card, &EDITED).await), card);
    let page = bob.page(&card).await;
    assert!(page.contains("Edited") && page.contains("The card is saved."));
}

#[tokio::test]
async fn a_card_is_moved_and_deleted_by_its_author_and_by_staff() {
    let site = Site::start().await;
    let People { ann, mia, bob, cat } = People::on(&site).await;
    for mover in [&bob, &mia, &ann] {
        let card = bob.add_card("Water the plants").await;
        let status = format!("{card}/status");
        let delete = format!("{card}/delete");
        assert_eq!(cat.status_of(&status, &DONE).await, StatusCode::FORBIDDEN);
        assert_eq!(cat.status_of(&delete, &[]).await, StatusCode::FORBIDDEN);
        assert!(
            cat.page(&card)
                .await
                .contains("<span class=\"badge\">Open</span>")
        );

        assert_eq!(redirect(&mover.post(&status, &DONE).await), card);
        assert!(
            cat.page(&card)
                .await
                .contains("<span class=\"badge\">Done</span>")
        );
        let from_board = [("status", "doing"), ("place", "board")];
        assert_eq!(redirect(&mover.post(&status, &from_board).await), "/");
        assert_eq!(redirect(&mover.post(&delete, &[]).await), "/");
        assert_eq!(cat.get(&card).await.status(), StatusCode::NOT_FOUND);
        assert_eq!(mover.status_of(&delete, &[]).await, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn staff_close_the_discussions_of_others() {
    let site = Site::start().await;
    let People { mia, bob, cat, ann } = People::on(&site).await;
    let card = bob.add_card("Paint it green").await;
    let closed = format!("{card}/closed");
    let comments = format!("{card}/comments");
    let close = [("closed", "true")];
    for other in [&bob, &cat] {
        assert_eq!(
            other.status_of(&closed, &close).await,
            StatusCode::FORBIDDEN
        );
    }
    assert_eq!(redirect(&mia.post(&closed, &close).await), card);
    let response = cat.post(&comments, &[("text", "No, blue!")]).await;
    assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!cat.page(&card).await.contains("No, blue!"));
    assert!(ann.page("/staff").await.contains("Paint it green"));
    assert_eq!(
        redirect(&ann.post(&closed, &[("closed", "false")]).await),
        card
    );
    let response = cat.post(&comments, &[("text", "No, blue!")]).await;
    assert_eq!(redirect(&response), format!("{card}#discussion"));
    assert!(bob.page(&card).await.contains("No, blue!"));

    // Not that of a card of their own.
    let own = mia.add_card("Promote me").await;
    let status = mia.status_of(&format!("{own}/closed"), &close).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_comment_is_deleted_by_its_author_and_by_staff() {
    let site = Site::start().await;
    let People { mia, bob, cat, .. } = People::on(&site).await;
    let card = bob.add_card("Buy oats").await;
    let comments = format!("{card}/comments");
    for (id, deleter) in [(1, &cat), (2, &mia)] {
        let delete = format!("/comments/{id}/delete");
        cat.post(&comments, &[("text", "Five pounds?")]).await;
        assert_eq!(bob.status_of(&delete, &[]).await, StatusCode::FORBIDDEN);
        assert!(bob.page(&card).await.contains("Five pounds?"));
        let response = deleter.post(&delete, &[]).await;
        assert_eq!(redirect(&response), format!("{card}#discussion"));
        assert!(!bob.page(&card).await.contains("Five pounds?"));
    }
}

#[tokio::test]
async fn what_people_write_is_text() {
    let site = Site::start().await;
    let ann = site.register("ann").await;
    let evil = "<script>alert(1)</script>";
    let card = ann.add_card(evil).await;
    ann.post(&format!("{card}/comments"), &[("text", evil)])
        .await;
    for path in ["/", &card] {
        let page = ann.page(path).await;
        assert!(page.contains("&lt;script&gt;alert(1)"), "{path}");
        assert!(!page.contains(evil), "{path}");
    }
}
