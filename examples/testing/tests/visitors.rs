//! With the library's own visitors: the shortest, and they say who was refused.

use std::time::Duration;

use muffin_session::testing::{ResponseExt as _, TestApp, TestClock, assert_refused};
use muffin_session::{RefusalKind, Secret};
use testing_example::{app, sessions};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn test_app() -> Result<(TestApp, TestClock), Box<dyn std::error::Error>> {
    let clock = TestClock::new();
    let sessions = sessions(Secret::generate()?).clock(clock.clone()).build()?;
    Ok((TestApp::new(app(&sessions), &sessions), clock))
}

#[tokio::test]
async fn a_note_is_saved_and_said_to_be() -> Outcome {
    let (app, _) = test_app()?;
    let ann = app.login_as(0).await?;
    let response = ann.post_form("/", [("text", "tea")]).await;
    ann.assert_flashed("success", "Saved").await;
    let page = ann.follow(&response).await.text().await;
    assert_eq!(page, "[Saved] Ann has 1: tea");
    Ok(())
}

#[tokio::test]
async fn somebody_who_has_notes_sees_them() -> Outcome {
    let (app, _) = test_app()?;
    let bob = app.login_as(1).await?;
    bob.session(async |session| session.insert("notes", ["milk"]))
        .await?;
    assert_eq!(bob.get("/").await.text().await, "Bob has 1: milk");
    Ok(())
}

#[tokio::test]
async fn the_report_is_for_editors() -> Outcome {
    let (app, _) = test_app()?;
    let (ann, bob) = (app.login_as(0).await?, app.login_as(1).await?);
    assert_eq!(ann.get("/report").await.status(), 200);
    assert_refused(&bob.get("/report").await, RefusalKind::Denied);
    let response = app.guest().get("/report").await;
    assert_refused(&response, RefusalKind::NotLoggedIn);
    assert_eq!(response.location(), Some("/login?next=%2Freport"));
    Ok(())
}

#[tokio::test]
async fn a_login_lasts_for_a_day() -> Outcome {
    let (app, clock) = test_app()?;
    let ann = app.login_as(0).await?;
    clock.advance(Duration::from_hours(23));
    assert_eq!(ann.get("/").await.status(), 200);
    clock.advance(Duration::from_hours(2));
    assert_refused(&ann.get("/").await, RefusalKind::NotLoggedIn);
    Ok(())
}
