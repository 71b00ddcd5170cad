//! What the attributes promise, asked of whole applications: who passes, who is refused, how, and in which order.

use axum::Json;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use muffin_session::{
    CurrentUser, Error, Secret, Session, Sessions, login_required, user_loader, user_pass,
};
use tower::ServiceExt;

#[derive(Clone, Debug, PartialEq)]
struct User {
    id: u64,
    admin: bool,
}

impl User {
    fn is_admin(&self) -> bool {
        self.admin
    }

    fn is_even(&self) -> bool {
        self.id.is_multiple_of(2)
    }
}

/// The ids of the admins.
#[derive(Clone)]
struct Admins(Vec<u64>);

#[user_loader]
async fn load_user(
    id: u64,
    State(Admins(admins)): State<Admins>,
    headers: HeaderMap,
) -> Result<Option<User>, std::io::Error> {
    if headers.contains_key("x-broken") {
        return Err(std::io::Error::other("the database is away"));
    }
    let admin = admins.contains(&id);
    Ok((id != 404).then_some(User { id, admin }))
}

#[login_required]
async fn page(CurrentUser(user): CurrentUser<User>) -> String {
    user.id.to_string()
}

#[login_required]
async fn json(Json(number): Json<u64>) -> String {
    number.to_string()
}

#[axum::debug_handler(state = ())]
#[login_required(reject = StatusCode::IM_A_TEAPOT)]
#[user_pass(User::is_admin, reject = StatusCode::GONE)]
async fn debug_above(Json(number): Json<u64>) -> String {
    number.to_string()
}

#[login_required(reject = StatusCode::IM_A_TEAPOT)]
#[axum::debug_handler]
#[user_pass(User::is_admin, reject = StatusCode::GONE)]
async fn debug_between(Json(number): Json<u64>) -> String {
    number.to_string()
}

#[login_required(reject = StatusCode::IM_A_TEAPOT)]
#[user_pass(User::is_admin, reject = StatusCode::GONE)]
#[axum::debug_handler]
async fn debug_below(Json(number): Json<u64>) -> String {
    number.to_string()
}

#[user_pass(User::is_even, reject = StatusCode::IM_A_TEAPOT)]
#[user_pass(User::is_admin, reject = StatusCode::GONE)]
async fn even_admin() {}

#[user_pass(User::is_admin, reject = StatusCode::GONE)]
#[user_pass(User::is_even, reject = StatusCode::IM_A_TEAPOT)]
async fn admin_even() {}

#[user_pass(|user| user.admin, location = "/elsewhere")]
async fn completed(user: Option<CurrentUser<User>>) -> String {
    user.map(|CurrentUser(user)| user.id.to_string())
        .unwrap_or_default()
}

#[login_required(location = |request| format!("{}/login", request.uri.path()))]
async fn computed() {}

#[user_pass(|user: &User| match user.id {
    1 => Err((StatusCode::PAYMENT_REQUIRED, "Pay first")),
    _ => Ok(user.id > 1),
})]
async fn answering() {}

async fn owns(CurrentUser(user): CurrentUser<User>, Path(id): Path<u64>) -> bool {
    tokio::task::yield_now().await;
    user.id == id
}

#[user_pass(owns, reject = StatusCode::NOT_FOUND)]
async fn owned(Path(id): Path<u64>) -> String {
    id.to_string()
}

#[user_pass]
async fn by_default() {}

#[login_required]
async fn vanishing(#[cfg(not(test))] gone: Session, #[cfg(test)] _there: HeaderMap) {}

#[login_required]
async fn untouched(request: Request) -> impl IntoResponse {
    request.uri().path().to_owned()
}

async fn login(session: Session, Path(id): Path<u64>) -> Result<(), Error> {
    session.login(id)
}

fn app() -> Router {
    let sessions = Sessions::builder(Secret::generate().expect("a secret"))
        .login_url("/login")
        .default_user_checker(User::is_admin)
        .user_loader_with_state(load_user, Admins(vec![1, 2]))
        .build()
        .expect("a configuration");
    Router::new()
        .route("/login/{id}", post(login))
        .route("/page", get(page))
        .route("/json", post(json))
        .route("/debug-above", post(debug_above))
        .route("/debug-between", post(debug_between))
        .route("/debug-below", post(debug_below))
        .route("/even-admin", get(even_admin))
        .route("/admin-even", get(admin_even))
        .route("/completed", get(completed))
        .route("/computed", get(computed))
        .route("/answering", get(answering))
        .route("/owned/{id}", get(owned))
        .route("/by-default", get(by_default))
        .route("/vanishing", get(vanishing))
        .route("/untouched", get(untouched))
        .layer(sessions)
}

/// An application and the cookies of somebody.
struct Visitor {
    app: Router,
    cookies: String,
}

impl Visitor {
    fn anonymous() -> Self {
        let (app, cookies) = (app(), String::new());
        Self { app, cookies }
    }

    async fn logged_in(id: u64) -> Self {
        let mut visitor = Self::anonymous();
        let response = visitor.send("POST", &format!("/login/{id}"), "", &[]).await;
        assert_eq!(response.status(), StatusCode::OK);
        let set = response.headers().get_all(header::SET_COOKIE).iter();
        let pairs = set.map(|value| {
            value
                .to_str()
                .expect("ASCII")
                .split(';')
                .next()
                .expect("a pair")
        });
        visitor.cookies = pairs.collect::<Vec<_>>().join("; ");
        visitor
    }

    async fn send(
        &self,
        method: &str,
        uri: &str,
        body: &'static str,
        more: &[(&str, &str)],
    ) -> Response {
        let mut request = Request::builder()
            .method(method)
            .uri(uri)
            .header("accept", "text/html");
        for (name, value) in more.iter().copied().chain([("cookie", &*self.cookies)]) {
            if !value.is_empty() {
                request = request.header(name, value);
            }
        }
        let request = request.body(Body::from(body)).expect("a request");
        self.app.clone().oneshot(request).await.expect("infallible")
    }

    async fn get(&self, uri: &str) -> (StatusCode, String) {
        told(self.send("GET", uri, "", &[]).await).await
    }

    async fn post(&self, uri: &str, body: &'static str) -> (StatusCode, String) {
        let json = [("content-type", "application/json")];
        told(self.send("POST", uri, body, &json).await).await
    }
}

/// The status and what was said: the location of a redirect, else the body.
async fn told(response: Response) -> (StatusCode, String) {
    let status = response.status();
    if let Some(location) = response.headers().get(header::LOCATION) {
        return (status, location.to_str().expect("ASCII").to_owned());
    }
    let body = to_bytes(response.into_body(), 1000).await.expect("a body");
    (status, String::from_utf8(body.to_vec()).expect("UTF-8"))
}

fn ok(body: &str) -> (StatusCode, String) {
    (StatusCode::OK, body.to_owned())
}

fn sent_to(location: &str) -> (StatusCode, String) {
    (StatusCode::SEE_OTHER, location.to_owned())
}

#[tokio::test]
async fn a_login_opens_what_it_guards() {
    assert_eq!(
        Visitor::anonymous().get("/page").await,
        sent_to("/login?next=%2Fpage")
    );
    assert_eq!(Visitor::logged_in(7).await.get("/page").await, ok("7"));
    assert_eq!(
        Visitor::logged_in(7).await.get("/untouched").await,
        ok("/untouched")
    );
    assert_eq!(
        Visitor::logged_in(404).await.get("/page").await.0,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn a_guard_runs_before_the_body_is_read() {
    let (status, _) = Visitor::logged_in(7).await.post("/json", "no JSON").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, _) = Visitor::anonymous().post("/json", "no JSON").await;
    assert_eq!(
        status,
        StatusCode::UNAUTHORIZED,
        "who sends JSON is a program"
    );
}

#[tokio::test]
async fn a_guard_stays_when_the_first_parameter_vanishes() {
    let (status, _) = Visitor::anonymous().get("/vanishing").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert_eq!(Visitor::logged_in(7).await.get("/vanishing").await, ok(""));
}

#[tokio::test]
async fn guards_run_from_top_to_bottom_wherever_debug_handler_stands() {
    for uri in ["/debug-above", "/debug-between", "/debug-below"] {
        let answers = [
            Visitor::anonymous().post(uri, "no JSON").await.0,
            Visitor::logged_in(7).await.post(uri, "no JSON").await.0,
            Visitor::logged_in(1).await.post(uri, "no JSON").await.0,
            Visitor::logged_in(1).await.post(uri, "5").await.0,
        ];
        let wanted = [
            StatusCode::IM_A_TEAPOT,
            StatusCode::GONE,
            StatusCode::BAD_REQUEST,
            StatusCode::OK,
        ];
        assert_eq!(answers, wanted, "{uri}");
    }
    let nobody = Visitor::logged_in(7).await;
    assert_eq!(nobody.get("/even-admin").await.0, StatusCode::IM_A_TEAPOT);
    assert_eq!(nobody.get("/admin-even").await.0, StatusCode::GONE);
    let odd_admin = Visitor::logged_in(1).await;
    assert_eq!(
        odd_admin.get("/even-admin").await.0,
        StatusCode::IM_A_TEAPOT
    );
    assert_eq!(
        odd_admin.get("/admin-even").await.0,
        StatusCode::IM_A_TEAPOT
    );
    assert_eq!(
        Visitor::logged_in(2).await.get("/even-admin").await.0,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_checker_decides() {
    assert_eq!(Visitor::logged_in(1).await.get("/completed").await, ok("1"));
    assert_eq!(
        Visitor::logged_in(7).await.get("/completed").await,
        sent_to("/elsewhere")
    );
    assert_eq!(Visitor::logged_in(1).await.get("/by-default").await, ok(""));
    assert_eq!(
        Visitor::logged_in(7).await.get("/by-default").await,
        sent_to("/login")
    );
    let (status, said) = Visitor::logged_in(1).await.get("/answering").await;
    assert_eq!(
        (status, &*said),
        (StatusCode::PAYMENT_REQUIRED, "Pay first")
    );
    assert_eq!(Visitor::logged_in(7).await.get("/answering").await, ok(""));
    assert_eq!(
        Visitor::logged_in(0).await.get("/answering").await,
        sent_to("/login")
    );
}

#[tokio::test]
async fn a_checker_of_extractors_sees_the_request() {
    assert_eq!(Visitor::logged_in(7).await.get("/owned/7").await, ok("7"));
    assert_eq!(
        Visitor::logged_in(7).await.get("/owned/8").await.0,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_location_may_depend_on_the_request() {
    let (status, location) = Visitor::anonymous().get("/computed").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert!(location.starts_with("/computed/login"), "{location}");
}

#[tokio::test]
async fn a_loader_that_fails_is_not_nobody() {
    let visitor = Visitor::logged_in(1).await;
    let response = visitor.send("GET", "/page", "", &[("x-broken", "1")]).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
}

#[test]
fn a_loader_is_a_unit_struct_of_its_name() {
    assert_eq!(format!("{:?}", { load_user }), "load_user");
}
