//! What a request does beside the loading of its user.

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::routing::{get, post};
use muffin_session::{CurrentUser, Error, Session, user_loader};
use muffin_session_tests::{Site, builder};
use tokio::sync::Notify;

use crate::post as do_post;

#[derive(Clone)]
struct User {
    id: u64,
}

/// User 1 is found to be gone, once somebody else is logged in.
#[user_loader]
async fn load_user(id: u64, State(logged_in): State<Arc<Notify>>) -> Option<User> {
    if id == 1 {
        logged_in.notified().await;
        return None;
    }
    Some(User { id })
}

#[tokio::test]
async fn a_user_who_is_gone_takes_nobody_away_who_logged_in_meanwhile() {
    async fn log_in(session: Session) -> Result<(), Error> {
        session.login(1)
    }
    async fn switch(
        session: Session,
        State(logged_in): State<Arc<Notify>>,
        request: Request,
    ) -> Result<String, Error> {
        let (mut parts, _) = request.into_parts();
        let (gone, done) = tokio::join!(
            async {
                let user = Option::<CurrentUser<User>>::from_request_parts(&mut parts, &()).await;
                user.is_ok_and(|user| user.is_none())
            },
            async {
                let done = session.login(2);
                logged_in.notify_one();
                done
            }
        );
        done?;
        Ok(gone.to_string())
    }
    async fn who(user: Option<CurrentUser<User>>) -> String {
        user.map_or_else(
            || "nobody".to_owned(),
            |CurrentUser(user)| user.id.to_string(),
        )
    }
    let logged_in = Arc::<Notify>::default();
    let sessions = builder()
        .user_loader_with_state(load_user, logged_in.clone())
        .build()
        .unwrap();
    let app = Router::new()
        .route("/login", post(log_in))
        .route("/switch", post(switch))
        .route("/who", get(who))
        .with_state(logged_in)
        .layer(sessions);
    let site = Site::serve(app).await;
    let browser = site.browser();
    do_post(&browser, "/login").await;
    let answer = browser.post("/switch").await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.text().await.unwrap(), "true", "user 1 is gone");
    assert_eq!(browser.text("/who").await, "2");
}
