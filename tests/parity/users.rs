//! Users: loading them, logging them in and out, and who they are meanwhile.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use muffin_session::{
    Auth, CurrentUser, Error, Refusal, Session, login_required, user_loader, user_pass,
};
use muffin_session_tests::{Answer, builder};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{User, json_of, load_user, log_in, nothing, post_json, serve, visitor, with_users};

/// A table of users, and how often somebody was looked up in it.
#[derive(Clone, Default)]
struct Table(Arc<AtomicUsize>);

impl Table {
    fn lookups(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

#[user_loader]
async fn look_up(id: u64, State(table): State<Table>) -> Result<Option<User>, Infallible> {
    tokio::task::yield_now().await;
    table.0.fetch_add(1, Ordering::SeqCst);
    Ok(User::find(id))
}

#[login_required]
async fn members() -> &'static str {
    "members"
}

/// The id itself.
async fn id(session: Session) -> Result<Json<Option<Value>>, Error> {
    session.user_id().map(Json)
}

#[tokio::test]
async fn p03_a_loader_is_sync_or_async_and_without_one_the_id_is_there_to_read() {
    let pages = || {
        Router::new()
            .route("/members", get(members))
            .route("/id", get(id))
    };
    let loaders = [
        with_users(),
        builder().user_loader_with_state(look_up, Table::default()),
    ];
    for builder in loaders {
        let site = serve(builder, pages()).await;
        let browser = site.browser();
        assert_eq!(
            browser.get("/members").await.status(),
            StatusCode::SEE_OTHER
        );
        for (id, name) in [(1, "ann"), (2, "bob")] {
            log_in(&browser, json!(id)).await;
            assert_eq!(browser.text("/who").await, name);
            assert_eq!(browser.text("/members").await, "members");
            assert_eq!(json_of(&browser, "/id").await, json!(id));
        }
        // An id that belongs to nobody, or is of another type, is nobody.
        for id in [json!(3), json!("1"), json!({ "id": 1 })] {
            log_in(&browser, id).await;
            assert_eq!(browser.text("/who").await, "nobody");
            assert_eq!(
                browser.get("/members").await.status(),
                StatusCode::SEE_OTHER
            );
        }
    }

    let site = serve(builder().without_user_loader(), pages()).await;
    let browser = site.browser();
    assert_eq!(json_of(&browser, "/id").await, Value::Null);
    assert_eq!(
        browser.get("/members").await.status(),
        StatusCode::SEE_OTHER
    );
    for id in [json!(3), json!("ann"), json!({ "tenant": 1, "user": 2 })] {
        log_in(&browser, id.clone()).await;
        assert_eq!(json_of(&browser, "/id").await, id);
        assert_eq!(browser.text("/members").await, "members");
    }
}

async fn is_known(CurrentUser(user): CurrentUser<User>) -> bool {
    tokio::task::yield_now().await;
    user.id > 0
}

/// Asks for the user in every way there is.
#[login_required]
#[user_pass]
#[user_pass(|user: &User| user.id > 0)]
#[user_pass(is_known)]
async fn crowded(
    CurrentUser(user): CurrentUser<User>,
    maybe: Option<CurrentUser<User>>,
    auth: Auth,
) -> Result<String, Refusal> {
    let by_hand = auth.user::<User>().await?;
    let checked = auth.check_user(|user: &User| user.id > 0).await?;
    let again = auth.user::<User>().await?;
    let all = [
        Some(user),
        maybe.map(|CurrentUser(user)| user),
        by_hand,
        Some(checked),
        again,
    ];
    Ok(format!("{:?}", all.map(|user| user.map(|user| user.name))))
}

#[tokio::test]
async fn p07_the_user_is_loaded_once_a_request_and_nobody_is_none() {
    let table = Table::default();
    let builder = builder().user_loader_with_state(look_up, table.clone());
    let pages = Router::new()
        .route("/crowded", get(crowded))
        .route("/id", get(id));
    let site = serve(builder, pages).await;
    let browser = site.browser();
    assert_eq!(browser.text("/who").await, "nobody");
    assert_eq!(
        browser.get("/crowded").await.status(),
        StatusCode::SEE_OTHER
    );
    assert_eq!(table.lookups(), 0, "there is no id to look up");

    log_in(&browser, json!(2)).await;
    browser.text("/id").await;
    assert_eq!(table.lookups(), 0, "nothing has asked for the user");
    let all = format!("{:?}", [Some("bob"); 5]);
    for times in 1..=3 {
        assert_eq!(browser.text("/crowded").await, all);
        assert_eq!(table.lookups(), times);
    }
}

async fn logout_twice_then_login(session: Session) -> Result<(), Error> {
    session.logout();
    session.logout();
    session.login(2)
}

async fn login_then_logout(session: Session) -> Result<(), Error> {
    session.login(1)?;
    session.insert("draft", "secret plans")?;
    session.logout();
    Ok(())
}

#[tokio::test]
async fn p13_login_and_logout_are_harmless_at_any_time_and_logout_leaves_no_data_behind() {
    let pages = Router::new()
        .route("/out-out-in", post(logout_twice_then_login))
        .route("/in-out", post(login_then_logout));
    let site = serve(with_users(), pages).await;
    let browser = site.browser();
    for _ in 0..3 {
        assert_eq!(browser.post("/logout").await.status(), StatusCode::OK);
        assert_eq!(json_of(&browser, "/all").await, nothing());
    }

    // Right after that, logging in works; and so does logging in while logged in, as the same or as another.
    for (id, name) in [(1, "ann"), (1, "ann"), (2, "bob"), (1, "ann")] {
        log_in(&browser, json!(id)).await;
        assert_eq!(browser.text("/who").await, name);
    }

    // What anybody has left in the session is gone, for whoever comes next.
    for next in [0, 1, 2] {
        let browser = visitor(&site, 1).await;
        post_json(&browser, "/set", json!({ "draft": "secret plans" })).await;
        assert_eq!(browser.post("/logout").await.status(), StatusCode::OK);
        assert!(!browser.jar.has(".data."), "{:?}", browser.jar.names());
        if next > 0 {
            log_in(&browser, json!(next)).await;
        }
        assert_eq!(json_of(&browser, "/all").await["data"], json!({}), "{next}");
    }
    let guest = site.browser();
    post_json(&guest, "/set", json!({ "draft": "a guest's" })).await;
    guest.post("/logout").await;
    assert_eq!(json_of(&guest, "/all").await, nothing());

    for before in [0, 1] {
        let browser = visitor(&site, before).await;
        assert_eq!(browser.post("/out-out-in").await.status(), StatusCode::OK);
        assert_eq!(browser.text("/who").await, "bob");
        assert_eq!(browser.post("/in-out").await.status(), StatusCode::OK);
        assert_eq!(json_of(&browser, "/all").await, nothing());
    }
}

/// Who the request's user is: by asking, by checking, and by the session.
async fn seen(auth: &Auth) -> Result<Value, Refusal> {
    let user = auth.user::<User>().await?.map(|user| user.name);
    let admin = auth
        .check_user(User::is_admin)
        .await
        .ok()
        .map(|user| user.name);
    let id = auth.session().user_id::<u64>().ok().flatten();
    Ok(json!([user, admin, id, auth.session().is_logged_in()]))
}

/// Ann logs in, Bob logs in, somebody logs out: who is seen before, between and after.
async fn changing(auth: Auth) -> Result<Json<Vec<Value>>, Refusal> {
    let session = auth.session().clone();
    let mut all = vec![seen(&auth).await?];
    for id in [1, 2] {
        session.login(id).expect("a login");
        all.push(seen(&auth).await?);
    }
    session.logout();
    all.push(seen(&auth).await?);
    session.login(1).expect("a login");
    all.push(seen(&auth).await?);
    Ok(Json(all))
}

#[tokio::test]
async fn p14_after_login_and_logout_the_same_request_sees_the_new_user() {
    let table = Table::default();
    let loaders = [
        builder().user_loader(load_user),
        builder().user_loader_with_state(look_up, table),
    ];
    let nobody = json!([null, null, null, false]);
    let ann = json!(["ann", "ann", 1, true]);
    let bob = json!(["bob", null, 2, true]);
    for builder in loaders {
        let site = serve(builder, Router::new().route("/changing", post(changing))).await;
        for (before, first) in [(0, &nobody), (1, &ann), (2, &bob)] {
            let browser = visitor(&site, before).await;
            let response = browser.post("/changing").await;
            let all: Value = response.json().await.unwrap();
            assert_eq!(all, json!([first, ann, bob, nobody, ann]));
            assert_eq!(browser.text("/who").await, "ann");
        }
    }
}

#[user_loader]
fn by_number(id: u64) -> Option<User> {
    let zero = User {
        id: 0,
        name: "zero",
        admin: false,
    };
    (id == 0).then_some(zero)
}

#[user_loader]
fn by_text(id: String) -> Option<User> {
    let blank = User {
        id: 0,
        name: "blank",
        admin: false,
    };
    id.is_empty().then_some(blank)
}

#[user_pass(|user: &User| !user.admin)]
async fn not_for_admins() -> &'static str {
    "not for admins"
}

#[tokio::test]
async fn p25_the_ids_0_and_empty_text_are_somebody() {
    let cases = [
        (builder().user_loader(by_number), json!(0), "zero"),
        (builder().user_loader(by_text), json!(""), "blank"),
    ];
    for (builder, id, name) in cases {
        let pages = Router::new()
            .route("/members", get(members))
            .route("/not-for-admins", get(not_for_admins));
        let site = serve(builder, pages).await;
        let browser = site.browser();
        log_in(&browser, id).await;
        let all = json!({ "user": name, "logged_in": true, "flashes": [], "data": {} });
        assert_eq!(json_of(&browser, "/all").await, all);
        assert_eq!(browser.text("/members").await, "members");
        assert_eq!(browser.text("/not-for-admins").await, "not for admins");
        browser.post("/logout").await;
        assert_eq!(json_of(&browser, "/all").await, nothing());
    }

    let pages = Router::new()
        .route("/members", get(members))
        .route("/id", get(id));
    let site = serve(builder().without_user_loader(), pages).await;
    for id in [
        json!(0),
        json!(""),
        json!(false),
        json!(0.0),
        json!([]),
        json!({}),
    ] {
        let browser = site.browser();
        log_in(&browser, id.clone()).await;
        assert_eq!(json_of(&browser, "/id").await, id);
        assert_eq!(browser.text("/members").await, "members");
    }
    // `null` is nobody's id, and is not taken for one.
    let browser = site.browser();
    let request = browser
        .request(reqwest::Method::POST, "/login")
        .json(&Value::Null);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(response.set_cookies(), [""; 0]);
    assert_eq!(
        browser.get("/members").await.status(),
        StatusCode::SEE_OTHER
    );
}
