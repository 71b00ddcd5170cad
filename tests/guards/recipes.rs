//! What `docs/guard-recipes.md` and `docs/roles.md` say besides: claims that restrict, teams in the path, ids and stamps of several parts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::{get, post};
use muffin_session::{
    CurrentUser, Error, GuardLayer, Login, Session, login_required, user_loader, user_pass,
};
use muffin_session_tests::{Site, builder};
use serde::{Deserialize, Serialize};

use crate::{answer, log_in, post as do_post, status};

#[derive(Clone)]
struct User {
    id: u64,
}

#[user_loader]
async fn load_user(id: u64) -> Option<User> {
    (id < 10).then_some(User { id })
}

#[derive(Default, Serialize, Deserialize)]
struct Claims {
    #[serde(default)]
    read_only: bool,
}

#[allow(clippy::unused_async, reason = "as the page has it")]
async fn may_write(session: Session) -> Result<bool, Error> {
    let claims: Claims = session.claims()?.unwrap_or_default();
    Ok(!claims.read_only)
}

#[user_pass(may_write)]
async fn write() -> &'static str {
    "written"
}

#[login_required]
async fn read() -> &'static str {
    "read"
}

async fn log_in_to_read(session: Session) -> Result<(), Error> {
    session.login_with(Login::new(1).claims(&Claims { read_only: true })?)
}

async fn lift(session: Session) -> Result<(), Error> {
    session.renew_with_claims(Claims::default())
}

#[tokio::test]
async fn claims_restrict_one_login_and_are_lifted_at_once() {
    let sessions = builder().user_loader(load_user).build().unwrap();
    let router = Router::new()
        .route("/write", get(write))
        .route("/read", get(read))
        .route("/login/{id}", post(log_in))
        .route("/login-to-read", post(log_in_to_read))
        .route("/lift", post(lift))
        .layer(sessions);
    let site = Site::serve(router).await;
    let [nobody, gone, whole, restricted] = std::array::from_fn(|_| site.browser());
    assert_eq!(
        answer(&nobody, "/write").await,
        (303, "/login?next=%2Fwrite".to_owned()),
        "the checker is not asked"
    );
    do_post(&gone, "/login/10").await;
    assert_eq!(
        answer(&gone, "/write").await,
        (303, "/login?next=%2Fwrite".to_owned()),
        "whose user is gone is nobody, though there are claims"
    );
    do_post(&whole, "/login/1").await;
    assert_eq!(whole.text("/write").await, "written", "no claims");
    do_post(&restricted, "/login-to-read").await;
    assert_eq!(restricted.text("/read").await, "read");
    assert_eq!(
        answer(&restricted, "/write").await,
        (303, "/login".to_owned())
    );
    let copy = restricted.stolen();
    do_post(&restricted, "/lift").await;
    assert_eq!(restricted.text("/write").await, "written");
    assert_eq!(answer(&copy, "/write").await.0, 303);
    assert_eq!(answer(&copy, "/read").await.0, 303);
}

fn pays(user: &User) -> Result<(), (StatusCode, Html<&'static str>)> {
    if user.id == 1 {
        return Ok(());
    }
    Err((StatusCode::PAYMENT_REQUIRED, Html("<h1>Not yet</h1>")))
}

#[user_pass(pays)]
async fn reports() {}

#[tokio::test]
async fn a_checker_answers_whoever_is_refused_and_nobody_is_sent_to_the_login() {
    let sessions = builder().user_loader(load_user).build().unwrap();
    let router = Router::new()
        .route("/reports", get(reports))
        .route("/login/{id}", post(log_in))
        .layer(sessions);
    let site = Site::serve(router).await;
    let browser = site.browser();
    assert_eq!(answer(&browser, "/reports").await.0, 303);
    do_post(&browser, "/login/2").await;
    let refused = browser.get("/reports").await;
    assert_eq!(refused.status(), StatusCode::PAYMENT_REQUIRED);
    assert_eq!(refused.text().await.unwrap(), "<h1>Not yet</h1>");
    do_post(&browser, "/login/1").await;
    assert_eq!(status(&browser, "/reports").await, 200);
}

#[derive(Clone)]
struct Memberships(&'static [(&'static str, u64)]);

impl Memberships {
    fn has(&self, team: &str, user: u64) -> bool {
        self.0.contains(&(team, user))
    }
}

#[derive(Deserialize)]
struct InTeam {
    team: String,
}

async fn is_member(
    CurrentUser(user): CurrentUser<User>,
    Path(InTeam { team }): Path<InTeam>,
    State(memberships): State<Memberships>,
) -> bool {
    memberships.has(&team, user.id)
}

#[tokio::test]
async fn a_team_in_the_path_is_for_its_members_whatever_else_the_path_has() {
    let notes = async |Path(InTeam { team }): Path<InTeam>| team;
    let memberships = Memberships(&[("bakers", 1), ("millers", 2)]);
    let teams = Router::new()
        .route("/{team}/notes", get(notes))
        .route("/{team}/notes/{id}", get(notes))
        .route_layer(GuardLayer::user_pass_with_state(is_member, memberships));
    let sessions = builder().user_loader(load_user).build().unwrap();
    let router = teams.route("/login/{id}", post(log_in)).layer(sessions);
    let site = Site::serve(router).await;
    let browser = site.browser();
    do_post(&browser, "/login/1").await;
    for path in ["/bakers/notes", "/bakers/notes/7"] {
        assert_eq!(browser.text(path).await, "bakers");
    }
    for path in ["/millers/notes", "/millers/notes/7"] {
        assert_eq!(answer(&browser, path).await, (303, "/login".to_owned()));
        assert_eq!(answer(&site.browser(), path).await.0, 303);
    }
}

/// A user of a team of their own, and how often all of their logins were ended.
#[derive(Clone)]
struct Member {
    team: String,
    id: u64,
    password_hash: &'static str,
    logins_ended: u32,
}

#[user_loader(stamp = |member: &Member| (member.password_hash, member.logins_ended))]
async fn load_member(
    (team, id): (String, u64),
    State(logins_ended): State<Arc<AtomicU32>>,
) -> Option<Member> {
    Some(member(&team, id, logins_ended.load(Ordering::SeqCst)))
}

fn member(team: &str, id: u64, logins_ended: u32) -> Member {
    Member {
        team: team.to_owned(),
        id,
        password_hash: "$argon2id$..",
        logins_ended,
    }
}

#[login_required]
async fn whoami(CurrentUser(member): CurrentUser<Member>) -> String {
    format!("{} of {}", member.id, member.team)
}

#[tokio::test]
async fn ids_and_stamps_have_several_parts() {
    let logins_ended = Arc::<AtomicU32>::default();
    let sessions = builder()
        .user_loader_with_state(load_member, logins_ended.clone())
        .build()
        .unwrap();
    let log_in = async |session: Session, Path((team, id)): Path<(String, u64)>| {
        let user = member(&team, id, 0);
        session.login_user((team, id), &user)
    };
    let router = Router::new()
        .route("/whoami", get(whoami))
        .route("/login/{team}/{id}", post(log_in))
        .layer(sessions);
    let site = Site::serve(router).await;
    let [baker, miller] = [site.browser(), site.browser()];
    do_post(&baker, "/login/bakers/1").await;
    do_post(&miller, "/login/millers/1").await;
    assert_eq!(baker.text("/whoami").await, "1 of bakers");
    assert_eq!(miller.text("/whoami").await, "1 of millers");
    logins_ended.store(1, Ordering::SeqCst);
    assert_eq!(answer(&baker, "/whoami").await.0, 303);
    assert_eq!(answer(&miller, "/whoami").await.0, 303);
}
