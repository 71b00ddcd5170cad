//! Notes: data in the session.

use reqwest::StatusCode;

use crate::browser::{Browser, redirect};

#[tokio::test]
async fn notes_are_kept_until_they_are_deleted() {
    let browser = Browser::start_as("bob").await;
    browser.keep_note("Buy oats\r\nand cinnamon").await;
    let page = browser.page("/notes").await;
    assert!(page.contains("The note is kept."));
    assert!(page.contains("Buy oats\nand cinnamon"));
    browser.keep_note("<script>alert(1)</script>").await;
    let page = browser.page("/notes").await;
    assert!(page.contains("Buy oats"));
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(!page.contains("<script"));

    assert_eq!(
        redirect(&browser.post("/notes/1/delete", &[]).await),
        "/notes"
    );
    let page = browser.page("/notes").await;
    assert!(page.contains("The note is deleted."));
    assert!(!page.contains("Buy oats"));
    assert!(page.contains("One note"));
    browser.post("/notes/2/delete", &[]).await;
    assert!(browser.page("/notes").await.contains("No notes yet"));
    // Numbers are not given again, so an old page cannot delete a newer note.
    browser.keep_note("Third").await;
    for old in ["/notes/1/delete", "/notes/2/delete"] {
        browser.post(old, &[]).await;
        let page = browser.page("/notes").await;
        assert!(page.contains("That note was gone already."), "{old}");
        assert!(page.contains("Third"), "{old}");
    }
}

#[tokio::test]
async fn notes_of_a_guest_come_along_at_login() {
    let browser = Browser::start().await;
    browser.keep_note("Written as a guest").await;
    browser.log_in("ann").await;
    assert!(browser.page("/notes").await.contains("Written as a guest"));
}

#[tokio::test]
async fn a_note_without_room_is_not_lost_and_loses_no_other() {
    let browser = Browser::start_as("bob").await;
    let mut kept: usize = 0;
    let (status, page) = loop {
        let text = format!("Note number {} {}", kept + 1, "y".repeat(500));
        let response = browser.post("/notes", &[("text", &text)]).await;
        if response.status() != StatusCode::SEE_OTHER {
            assert!(kept > 3, "only {kept} notes fit");
            break (response.status(), response.text().await.unwrap());
        }
        browser.page("/notes").await;
        kept += 1;
        assert!(kept < 20, "the limit was never met");
    };
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(page.contains("There is no room for this note"));
    assert!(
        page.contains(&format!("Note number {} y", kept + 1)),
        "the text is lost"
    );
    let reloaded = browser.page("/notes").await;
    for number in 1..=kept {
        let note = format!("Note number {number} y");
        assert!(page.contains(&note) && reloaded.contains(&note), "{note}");
    }
    assert!(!reloaded.contains(&format!("Note number {} y", kept + 1)));
    assert!(browser.page("/").await.contains("Hello, bob"));

    browser.post("/notes/1/delete", &[]).await;
    browser.page("/notes").await;
    browser
        .keep_note(&format!("At last {}", "y".repeat(500)))
        .await;
}

#[tokio::test]
async fn a_guest_whose_notes_fill_the_session_can_log_in_and_keeps_them() {
    let browser = Browser::start().await;
    let mut kept = 0;
    for size in [1000, 100, 10, 1] {
        loop {
            let note = format!("{kept}-{}", "y".repeat(size));
            let response = browser.post("/notes", &[("text", &note)]).await;
            browser.page("/notes").await;
            if response.status() != StatusCode::SEE_OTHER {
                break;
            }
            kept += 1;
        }
    }
    browser.log_in("bob").await;
    let page = browser.page("/notes").await;
    assert!(page.contains(&format!("{kept} notes")), "{page}");
    assert!(page.contains("0-yyy"));
}

#[tokio::test]
async fn an_empty_note_is_refused() {
    let browser = Browser::start().await;
    for text in ["", " \r\n\t"] {
        let (status, page) = browser.refused_note(text).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.contains("Write something first."));
        assert!(page.contains("No notes yet"));
    }
}
