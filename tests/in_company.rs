//! Guards among what other crates put on handlers and around them: attributes, routers, layers, macros.
//!
//! Each handler is asked by nobody, by somebody who may not, and by somebody who may.

use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{io, mem};

use async_trait::async_trait;
use axum::error_handling::HandleErrorLayer;
use axum::extract::{FromRef, Path, Query, Request, State};
use axum::handler::Handler;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use axum::{BoxError, Extension, Json, Router, debug_handler};
use axum_extra::routing::{RouterExt, TypedPath};
use muffin_session::{
    CurrentUser, Error, GuardLayer, Login, Session, login_required, user_loader, user_pass,
};
use muffin_session_tests::{Answer, Browser, Site, builder};
use serde::{Deserialize, Serialize};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;
use tracing::instrument;
use utoipa::OpenApi;

#[derive(Clone, Debug)]
struct User {
    id: u64,
}

impl User {
    fn is_admin(&self) -> bool {
        self.id == ANN
    }
}

/// An admin, who owns book 1.
const ANN: u64 = 1;
/// Somebody, who owns book 2.
const BOB: u64 = 2;
/// Somebody whose account is closed.
const GONE: u64 = 404;

#[user_loader]
async fn load_user(id: u64) -> Option<User> {
    (id != GONE).then_some(User { id })
}

/// Where books are, asked through a trait object.
#[async_trait]
trait Books: Send + Sync {
    async fn owner(&self, book: u64) -> u64;
}

/// Book 1 is user 1's, and so on.
struct SameNumber;

#[async_trait]
impl Books for SameNumber {
    async fn owner(&self, book: u64) -> u64 {
        book
    }
}

type Shelf = Arc<dyn Books>;

#[derive(Clone, FromRef)]
struct App {
    shelf: Shelf,
    motto: &'static str,
}

/// A checker of extractors, one of which is a part of the application's state.
async fn owns(
    CurrentUser(user): CurrentUser<User>,
    Path(book): Path<u64>,
    State(shelf): State<Shelf>,
) -> bool {
    shelf.owner(book).await == user.id
}

/// Serves the routes with what they need: the state, sessions, and ways to log in.
async fn serve(routes: Router<App>) -> Site {
    let app = App {
        shelf: Arc::new(SameNumber),
        motto: "Books first",
    };
    Site::serve(with_sessions(routes.with_state(app))).await
}

fn with_sessions(routes: Router) -> Router {
    let sessions = builder()
        .login_url("/login")
        .forbid_refused()
        .user_loader(load_user)
        .build()
        .expect("a configuration");
    routes
        .route("/login/{id}", post(login))
        .route("/remembered/{id}", post(remembered))
        .layer(sessions)
}

async fn login(session: Session, Path(id): Path<u64>) -> Result<(), Error> {
    session.login(id)
}

async fn remembered(session: Session, Path(id): Path<u64>) -> Result<(), Error> {
    session.login_with(Login::new(id).remember(Duration::from_hours(24)))
}

async fn logged_in(site: &Site, path: &str) -> Browser {
    let browser = site.browser();
    assert_eq!(browser.post(path).await.status(), StatusCode::OK);
    browser
}

/// The status, and where to or what was said.
async fn told(browser: &Browser, path: &str) -> (StatusCode, String) {
    let page = browser.request(Method::GET, path);
    let response = page.header("accept", "text/html").send().await;
    let response = response.expect("an answer");
    match (response.status(), response.header("location")) {
        (status, location) if location.is_empty() => {
            let said = response.text().await.expect("a body");
            (status, said)
        }
        (status, location) => (status, location),
    }
}

/// Nobody is sent to log in, and back again afterwards.
async fn refuses_nobody(site: &Site, path: &str) {
    let (status, location) = told(&site.browser(), path).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{path}, nobody: {location}");
    assert!(location.starts_with("/login?next="), "{path}: {location}");
}

/// A page that `#[login_required]` guards lets Bob in, and refuses somebody whose account is closed.
async fn is_for_users(site: &Site, path: &str, said: &str) {
    refuses_nobody(site, path).await;
    let gone = logged_in(site, &format!("/login/{GONE}")).await;
    assert_eq!(told(&gone, path).await.0, StatusCode::SEE_OTHER, "{path}");
    let bob = logged_in(site, &format!("/login/{BOB}")).await;
    let wanted = (StatusCode::OK, said.to_owned());
    assert_eq!(told(&bob, path).await, wanted, "{path}, Bob");
}

/// A page that `#[user_pass(..)]` guards lets Ann in, and refuses Bob.
async fn is_for_ann(site: &Site, path: &str, said: &str) {
    refuses_nobody(site, path).await;
    let bob = logged_in(site, &format!("/login/{BOB}")).await;
    assert_eq!(told(&bob, path).await.0, StatusCode::FORBIDDEN, "{path}");
    let ann = logged_in(site, &format!("/login/{ANN}")).await;
    let wanted = (StatusCode::OK, said.to_owned());
    assert_eq!(told(&ann, path).await, wanted, "{path}, Ann");
}

/// A page with `fresh` lets in who has just given a password, and refuses a login that is remembered.
async fn is_for_the_fresh(site: &Site, path: &str, said: &str) {
    let ann = logged_in(site, &format!("/remembered/{ANN}")).await;
    let (status, location) = told(&ann, path).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{path}: {location}");
    is_for_ann(site, path, said).await;
}

/// What is logged while a test runs, with the spans around it.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// All lines since the last time, and a subscriber for this thread until the guard is dropped.
    fn collect() -> (Self, tracing::subscriber::DefaultGuard) {
        let lines = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::DEBUG)
            .without_time()
            .with_writer({
                let lines = lines.clone();
                move || lines.clone()
            })
            .finish();
        let guard = tracing::subscriber::set_default(subscriber);
        (lines, guard)
    }

    fn take(&self) -> String {
        let bytes = mem::take(&mut *self.0.lock().expect("nobody panics with the log"));
        String::from_utf8(bytes).expect("UTF-8")
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut lines = self.0.lock().expect("nobody panics with the log");
        lines.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// `debug_handler` and `instrument`, on all sides.
mod attributes {
    use super::*;

    /// Says the motto inside of the handler's span.
    fn say(motto: &str, book: u64) -> String {
        tracing::info!("inside");
        format!("{motto}: {book}")
    }

    #[debug_handler(state = App)]
    #[login_required]
    async fn debug_above(State(motto): State<&'static str>, Path(book): Path<u64>) -> String {
        say(motto, book)
    }

    #[login_required]
    #[debug_handler(state = App)]
    async fn debug_below(State(motto): State<&'static str>, Path(book): Path<u64>) -> String {
        say(motto, book)
    }

    #[debug_handler(state = App)]
    #[user_pass(all(User::is_admin, owns), state = Shelf)]
    async fn owned_debug_above(State(motto): State<&'static str>, Path(book): Path<u64>) -> String {
        say(motto, book)
    }

    #[user_pass(all(User::is_admin, owns), state = Shelf)]
    #[debug_handler(state = App)]
    async fn owned_debug_below(State(motto): State<&'static str>, Path(book): Path<u64>) -> String {
        say(motto, book)
    }

    #[instrument(skip(motto), fields(kind = "book"))]
    #[login_required]
    async fn span_above(State(motto): State<&'static str>, Path(book): Path<u64>) -> String {
        say(motto, book)
    }

    #[login_required]
    #[instrument(skip(motto), fields(kind = "book"))]
    async fn span_below(State(motto): State<&'static str>, Path(book): Path<u64>) -> String {
        say(motto, book)
    }

    #[instrument]
    #[user_pass(all(User::is_admin, owns), state = Shelf, fresh = "10m")]
    async fn owned_span_above(Path(book): Path<u64>) -> String {
        say("Yours", book)
    }

    #[user_pass(all(User::is_admin, owns), state = Shelf, fresh = "10m")]
    #[instrument]
    async fn owned_span_below(Path(book): Path<u64>) -> String {
        say("Yours", book)
    }

    #[debug_handler(state = App)]
    #[instrument(skip_all, fields(%book))]
    #[login_required]
    #[user_pass(owns)]
    async fn both_above(State(shelf): State<Shelf>, Path(book): Path<u64>) -> String {
        say("Owner", shelf.owner(book).await)
    }

    #[login_required]
    #[user_pass(owns)]
    #[instrument(skip_all, fields(%book))]
    #[debug_handler(state = App)]
    async fn both_below(State(shelf): State<Shelf>, Path(book): Path<u64>) -> String {
        say("Owner", shelf.owner(book).await)
    }

    #[instrument(skip_all, fields(%book))]
    #[user_pass(owns)]
    #[debug_handler(state = App)]
    async fn both_around(State(shelf): State<Shelf>, Path(book): Path<u64>) -> String {
        say("Owner", shelf.owner(book).await)
    }

    #[debug_handler(state = App)]
    #[user_pass(owns)]
    #[instrument(skip_all, fields(%book))]
    async fn both_around_turned(State(shelf): State<Shelf>, Path(book): Path<u64>) -> String {
        say("Owner", shelf.owner(book).await)
    }

    async fn site() -> Site {
        let routes = Router::new()
            .route("/debug-above/{book}", get(debug_above))
            .route("/debug-below/{book}", get(debug_below))
            .route("/owned-debug-above/{book}", get(owned_debug_above))
            .route("/owned-debug-below/{book}", get(owned_debug_below))
            .route("/span-above/{book}", get(span_above))
            .route("/span-below/{book}", get(span_below))
            .route("/owned-span-above/{book}", get(owned_span_above))
            .route("/owned-span-below/{book}", get(owned_span_below))
            .route("/both-above/{book}", get(both_above))
            .route("/both-below/{book}", get(both_below))
            .route("/both-around/{book}", get(both_around))
            .route("/both-around-turned/{book}", get(both_around_turned));
        serve(routes).await
    }

    #[tokio::test]
    async fn debug_handler_stands_above_or_below() {
        let site = site().await;
        is_for_users(&site, "/debug-above/3", "Books first: 3").await;
        is_for_users(&site, "/debug-below/3", "Books first: 3").await;
        for path in ["/owned-debug-above", "/owned-debug-below"] {
            is_for_ann(&site, &format!("{path}/1"), "Books first: 1").await;
        }
    }

    #[tokio::test]
    async fn a_span_has_the_name_and_the_fields_of_its_handler() {
        let (lines, _subscriber) = Lines::collect();
        let site = site().await;
        for name in ["span_above", "span_below"] {
            let path = format!("/{}/3", name.replace('_', "-"));
            is_for_users(&site, &path, "Books first: 3").await;
            let said = lines.take();
            // Whoever is refused never comes as far as the span.
            assert_eq!(said.matches("inside").count(), 1, "{said}");
            assert!(
                said.contains(&format!("{name}{{book=3 kind=\"book\"}}")),
                "{said}"
            );
        }
        for name in ["owned_span_above", "owned_span_below"] {
            let path = format!("/{}/1", name.replace('_', "-"));
            is_for_the_fresh(&site, &path, "Yours: 1").await;
            let said = lines.take();
            assert_eq!(said.matches("inside").count(), 1, "{said}");
            assert!(said.contains(&format!("{name}{{book=1}}")), "{said}");
        }
    }

    #[tokio::test]
    async fn both_stand_together() {
        let (lines, _subscriber) = Lines::collect();
        let site = site().await;
        for name in [
            "both_above",
            "both_below",
            "both_around",
            "both_around_turned",
        ] {
            let path = format!("/{}/1", name.replace('_', "-"));
            is_for_ann(&site, &path, "Owner: 1").await;
            let said = lines.take();
            assert!(said.contains(&format!("{name}{{book=1}}")), "{said}");
        }
    }
}

/// `utoipa::path` goes above the guard, where it reads the parameters as they are written. Below it finds those that the guard has
/// changed: with utoipa's feature `axum_extras` that does not compile unless the handler has no parameter, without the feature it
/// does, since only `params(..)` counts then.
mod described {
    use super::*;

    #[derive(Serialize, Deserialize, utoipa::ToSchema)]
    struct Book {
        title: String,
    }

    #[derive(Deserialize, utoipa::IntoParams)]
    struct Shown {
        pages: u32,
    }

    /// Shows a book.
    #[utoipa::path(
        get,
        path = "/books/{book}",
        params(("book", description = "Its number"), Shown),
        responses((status = 200, body = Book), (status = 303, description = "Nobody is logged in")),
    )]
    #[login_required]
    async fn show(Path(book): Path<u64>, Query(shown): Query<Shown>) -> Json<Book> {
        let title = format!("{} pages of {book}", shown.pages);
        Json(Book { title })
    }

    /// Replaces a book.
    #[utoipa::path(
        post,
        path = "/books/{book}",
        params(("book", description = "Its number")),
        responses((status = 200, body = str), (status = 403, description = "It is another's")),
    )]
    #[instrument(skip_all)]
    #[user_pass(all(User::is_admin, owns))]
    async fn replace(
        State(shelf): State<Shelf>,
        Path(book): Path<u64>,
        Json(with): Json<Book>,
    ) -> String {
        format!("{} of {}", with.title, shelf.owner(book).await)
    }

    #[login_required]
    #[utoipa::path(get, path = "/below", responses((status = 200)))]
    async fn below() -> &'static str {
        "below"
    }

    #[derive(OpenApi)]
    #[openapi(paths(show, replace, below))]
    struct Api;

    #[tokio::test]
    async fn a_guarded_handler_is_described_by_its_own_parameters() {
        let api = serde_json::to_value(Api::openapi()).expect("JSON");
        let book = &api["paths"]["/books/{book}"];
        let (shown, replaced) = (&book["get"], &book["post"]);
        assert_eq!(shown["summary"], "Shows a book.");
        let names = |operation: &serde_json::Value| {
            let parameters = operation["parameters"].as_array().cloned();
            let names = parameters.unwrap_or_default().into_iter();
            let names = names.map(|parameter| parameter["name"].as_str().map(str::to_owned));
            names.collect::<Option<Vec<_>>>().expect("names")
        };
        assert_eq!(names(shown), ["book", "pages"]);
        assert_eq!(names(replaced), ["book"]);
        // These are in the types of the parameters alone.
        for operation in [shown, replaced] {
            assert_eq!(operation["parameters"][0]["in"], "path");
            assert_eq!(operation["parameters"][0]["schema"]["type"], "integer");
        }
        assert_eq!(shown["parameters"][1]["in"], "query");
        let json = |content: &serde_json::Value| {
            content["content"]["application/json"]["schema"]["$ref"].clone()
        };
        assert_eq!(
            json(&shown["responses"]["200"]),
            "#/components/schemas/Book"
        );
        assert_eq!(json(&replaced["requestBody"]), "#/components/schemas/Book");
        assert_eq!(
            replaced["responses"]["403"]["description"],
            "It is another's"
        );
        assert_eq!(api["paths"]["/below"]["get"]["operationId"], "below");

        let routes = Router::new()
            .route("/books/{book}", get(show).post(replace))
            .route("/below", get(below));
        let site = serve(routes).await;
        is_for_users(&site, "/books/3?pages=7", r#"{"title":"7 pages of 3"}"#).await;
        is_for_users(&site, "/below", "below").await;
        for (id, status) in [
            (None, StatusCode::UNAUTHORIZED),
            (Some(BOB), StatusCode::FORBIDDEN),
            (Some(ANN), StatusCode::OK),
        ] {
            let browser = match id {
                Some(id) => logged_in(&site, &format!("/login/{id}")).await,
                None => site.browser(),
            };
            let request = browser.request(Method::POST, "/books/1");
            let request = request.header("accept", "application/json");
            let request = request.json(&Book { title: "A".into() });
            assert_eq!(request.send().await.expect("an answer").status(), status);
        }
    }
}

/// Functions and handlers that are generic over handlers, as crates that describe an API have.
mod generic_over_handlers {
    use super::*;

    struct Operation {
        summary: String,
    }

    impl Operation {
        fn summary(mut self, summary: &str) -> Self {
            summary.clone_into(&mut self.summary);
            self
        }
    }

    struct Described<S> {
        route: MethodRouter<S>,
        operation: Operation,
    }

    fn get_with<H, T, S>(handler: H, describe: impl FnOnce(Operation) -> Operation) -> Described<S>
    where
        H: Handler<T, S>,
        T: 'static,
        S: Clone + Send + Sync + 'static,
    {
        let summary = String::new();
        Described {
            route: get(handler),
            operation: describe(Operation { summary }),
        }
    }

    struct ApiRouter<S> {
        routes: Router<S>,
        paths: Vec<(&'static str, Operation)>,
    }

    impl<S: Clone + Send + Sync + 'static> ApiRouter<S> {
        fn new() -> Self {
            let (routes, paths) = (Router::new(), Vec::new());
            Self { routes, paths }
        }

        fn api_route(mut self, path: &'static str, described: Described<S>) -> Self {
            self.routes = self.routes.route(path, described.route);
            self.paths.push((path, described.operation));
            self
        }
    }

    /// A handler around another one.
    #[derive(Clone)]
    struct Counted<H>(H, &'static str);

    impl<H, T, S> Handler<T, S> for Counted<H>
    where
        H: Handler<T, S>,
        T: 'static,
        S: Send + 'static,
    {
        type Future = std::pin::Pin<Box<dyn Future<Output = Response> + Send>>;

        fn call(self, request: Request, state: S) -> Self::Future {
            Box::pin(async move {
                let mut response = self.0.call(request, state).await;
                let name = HeaderValue::from_static(self.1);
                response.headers_mut().insert("x-counted-as", name);
                response
            })
        }
    }

    #[login_required]
    async fn without_parameters() -> &'static str {
        "no parameter"
    }

    #[user_pass(all(User::is_admin, owns), fresh = "10m")]
    async fn with_parameters(
        State(shelf): State<Shelf>,
        Path(book): Path<u64>,
        body: String,
    ) -> String {
        format!("{}{body}", shelf.owner(book).await)
    }

    #[tokio::test]
    async fn guarded_handlers_are_handlers_like_others() {
        let api = ApiRouter::new()
            .api_route("/a", get_with(without_parameters, |it| it.summary("A")))
            .api_route("/b/{book}", get_with(with_parameters, |it| it.summary("B")))
            .api_route(
                "/c/{book}",
                get_with(Counted(with_parameters, "c"), |it| it.summary("C")),
            )
            .api_route(
                "/d",
                get_with(
                    without_parameters.layer(TimeoutLayer::with_status_code(
                        StatusCode::GATEWAY_TIMEOUT,
                        Duration::from_secs(20),
                    )),
                    |it| it.summary("D"),
                ),
            );
        let summaries = api.paths.iter();
        let summaries = summaries.map(|(path, operation)| (*path, &*operation.summary));
        assert_eq!(
            summaries.collect::<Vec<_>>(),
            [
                ("/a", "A"),
                ("/b/{book}", "B"),
                ("/c/{book}", "C"),
                ("/d", "D")
            ]
        );

        let site = serve(api.routes).await;
        is_for_users(&site, "/a", "no parameter").await;
        is_for_the_fresh(&site, "/b/1", "1").await;
        is_for_the_fresh(&site, "/c/1", "1").await;
        is_for_users(&site, "/d", "no parameter").await;
        let ann = logged_in(&site, &format!("/login/{ANN}")).await;
        assert_eq!(ann.get("/c/1").await.header("x-counted-as"), "c");
        assert_eq!(ann.get("/b/1").await.header("x-counted-as"), "");
    }
}

/// Guards are for free functions: on a method the attributes are refused, which `ui/fail/guard_on_method.rs` shows. A method that is to
/// answer requests calls a guarded free function as a handler, with the request; a guarded function calls methods of what its state
/// holds, trait objects included.
mod trait_methods {
    use super::*;

    #[async_trait]
    trait Pages: Send + Sync {
        async fn front(&self, request: Request) -> Response;
        async fn book(&self, request: Request) -> Response;
    }

    struct Shop {
        app: App,
    }

    #[async_trait]
    impl Pages for Shop {
        async fn front(&self, request: Request) -> Response {
            Handler::call(front, request, self.app.clone()).await
        }

        async fn book(&self, request: Request) -> Response {
            Handler::call(book, request, self.app.clone()).await
        }
    }

    #[login_required]
    async fn front(State(motto): State<&'static str>) -> &'static str {
        motto
    }

    #[user_pass(all(User::is_admin, owns), fresh = "10m")]
    async fn book(State(shelf): State<Shelf>, Path(book): Path<u64>) -> String {
        shelf.owner(book).await.to_string()
    }

    #[tokio::test]
    async fn a_method_answers_with_a_guarded_handler() {
        let app = App {
            shelf: Arc::new(SameNumber),
            motto: "By a method",
        };
        let pages: Arc<dyn Pages> = Arc::new(Shop { app });
        let (front, book) = (pages.clone(), pages);
        let routes = Router::new()
            .route(
                "/",
                get(async move |request: Request| front.front(request).await),
            )
            .route(
                "/{book}",
                get(async move |request: Request| book.book(request).await),
            );
        let site = serve(routes).await;
        is_for_users(&site, "/", "By a method").await;
        is_for_the_fresh(&site, "/1", "1").await;
    }
}

/// `typed_get` and the like want the path to be the type of the first parameter, which the guard shares: a guarded handler does not
/// compile there. It is routed by the path's own `PATH`, which is what `typed_get` does; or the guard is a layer, of the handler or of
/// the routes.
mod typed_paths {
    use super::*;

    #[derive(TypedPath, Deserialize)]
    #[typed_path("/books/{book}")]
    struct BookPath {
        book: u64,
    }

    #[derive(TypedPath, Deserialize)]
    #[typed_path("/rooms/{number}")]
    struct RoomPath(u64);

    #[derive(TypedPath)]
    #[typed_path("/all")]
    struct All;

    async fn owns_typed(
        CurrentUser(user): CurrentUser<User>,
        BookPath { book }: BookPath,
        State(shelf): State<Shelf>,
    ) -> bool {
        shelf.owner(book).await == user.id
    }

    #[user_pass(all(User::is_admin, owns_typed), state = Shelf, fresh = "10m")]
    async fn show(BookPath { book }: BookPath) -> String {
        book.to_string()
    }

    #[login_required]
    #[debug_handler]
    async fn all(path: All) -> String {
        path.to_string()
    }

    async fn unguarded(path: RoomPath) -> String {
        path.0.to_string()
    }

    async fn replace(_: RoomPath, body: String) -> String {
        body
    }

    #[tokio::test]
    async fn a_guarded_handler_is_routed_by_the_path_of_its_type() {
        let routes = Router::new()
            .route(BookPath::PATH, get(show))
            .route(All::PATH, get(all));
        let site = serve(routes).await;
        is_for_the_fresh(&site, &BookPath { book: 1 }.to_string(), "1").await;
        is_for_users(&site, &All.to_string(), "/all").await;
        // Whether the path fits its type is asked of those whom the guard lets pass.
        let ann = logged_in(&site, &format!("/login/{ANN}")).await;
        assert_eq!(
            ann.get("/books/none").await.status(),
            StatusCode::BAD_REQUEST
        );
    }

    #[tokio::test]
    async fn a_layer_guards_typed_handlers_and_routes() {
        // One handler.
        let guard = GuardLayer::user_pass(User::is_admin).fresh(Duration::from_mins(10));
        let one = Router::new().typed_get(unguarded.layer(guard));
        let site = serve(one.typed_post(replace)).await;
        is_for_the_fresh(&site, &RoomPath(7).to_string(), "7").await;
        let nobody = site.browser();
        assert_eq!(nobody.post("/rooms/7").await.status(), StatusCode::OK);

        // All routes so far.
        let for_ann = Router::new()
            .typed_get(unguarded)
            .typed_post(replace)
            .route_layer(GuardLayer::user_pass(User::is_admin));
        let for_users = Router::new()
            .typed_get(async |path: All| path.to_string())
            .route_layer(GuardLayer::login_required());
        let site = serve(for_ann.merge(for_users)).await;
        is_for_ann(&site, &RoomPath(7).to_string(), "7").await;
        is_for_users(&site, &All.to_string(), "/all").await;
        let bob = logged_in(&site, &format!("/login/{BOB}")).await;
        assert_eq!(bob.post("/rooms/7").await.status(), StatusCode::FORBIDDEN);
    }
}

/// Layers of others, inside and outside of the sessions.
mod layers {
    use super::*;

    #[login_required]
    async fn page(Extension(Seen(user)): Extension<Seen>) -> String {
        format!("{user:?}")
    }

    #[user_pass(all(User::is_admin, owns))]
    async fn book(State(_): State<Shelf>, Path(book): Path<u64>) -> String {
        book.to_string()
    }

    #[user_pass(User::is_admin)]
    async fn panics() {
        panic!("on purpose");
    }

    #[user_pass(User::is_admin)]
    async fn never_ends() {
        std::future::pending::<()>().await;
    }

    #[derive(Clone)]
    struct Seen(Option<u64>);

    /// A middleware that asks who is there before the guard does.
    async fn note_user(
        user: Option<CurrentUser<User>>,
        mut request: Request,
        next: Next,
    ) -> Response {
        let id = user.map(|CurrentUser(user)| user.id);
        request.extensions_mut().insert(Seen(id));
        next.run(request).await
    }

    async fn after(request: Request, next: Next) -> Response {
        let mut response = next.run(request).await;
        let status = response.status().as_u16();
        response
            .headers_mut()
            .insert("x-inner-status", status.into());
        response
    }

    const X_NAMED: HeaderName = HeaderName::from_static("x-named");

    /// The layers that an application has, which answer for what takes too long.
    fn around<S: Clone + Send + Sync + 'static>(routes: Router<S>) -> Router<S> {
        routes
            .layer(middleware::from_fn(after))
            .layer(SetResponseHeaderLayer::overriding(
                X_NAMED,
                HeaderValue::from_static("library"),
            ))
            .layer(CatchPanicLayer::new())
            .layer(TimeoutLayer::with_status_code(
                StatusCode::GATEWAY_TIMEOUT,
                Duration::from_secs(6),
            ))
            .layer(
                ServiceBuilder::new()
                    .layer(HandleErrorLayer::new(async |_: BoxError| {
                        StatusCode::REQUEST_TIMEOUT
                    }))
                    .timeout(Duration::from_secs(3)),
            )
            .layer(TraceLayer::new_for_http())
    }

    fn routes() -> Router<App> {
        Router::new()
            .route("/page", get(page))
            .route("/books/{book}", get(book))
            .route("/panics", get(panics))
            .route("/never-ends", get(never_ends))
            .route_layer(middleware::from_fn(note_user))
    }

    async fn guards_answer(site: &Site) {
        is_for_users(site, "/page", "Some(2)").await;
        is_for_ann(site, "/books/1", "1").await;
        for (path, status) in [
            ("/panics", StatusCode::INTERNAL_SERVER_ERROR),
            ("/never-ends", StatusCode::REQUEST_TIMEOUT),
        ] {
            refuses_nobody(site, path).await;
            let bob = logged_in(site, &format!("/login/{BOB}")).await;
            assert_eq!(bob.get(path).await.status(), StatusCode::FORBIDDEN);
            let ann = logged_in(site, &format!("/login/{ANN}")).await;
            assert_eq!(ann.get(path).await.status(), status);
            // It has cost her nothing.
            assert_eq!(ann.get("/books/1").await.status(), StatusCode::OK);
        }
        let refused = site.browser().get("/page").await;
        assert_eq!(refused.header("x-named"), "library");
        assert_eq!(refused.header("x-inner-status"), refused.status().as_str());
        assert_eq!(refused.header("cache-control"), "no-store");
    }

    #[tokio::test]
    async fn inside_of_the_sessions() {
        guards_answer(&serve(around(routes())).await).await;
    }

    #[tokio::test]
    async fn outside_of_the_sessions() {
        let app = App {
            shelf: Arc::new(SameNumber),
            motto: "Books first",
        };
        let app = around(with_sessions(routes().with_state(app)));
        guards_answer(&Site::serve(app).await).await;
    }
}

/// Handlers that are not written where handlers usually are.
mod elsewhere {
    use super::*;

    #[tokio::test]
    async fn in_a_test_function() {
        fn is_first(user: &User) -> bool {
            user.id == ANN
        }

        #[login_required]
        async fn page() -> &'static str {
            "in a test"
        }

        #[user_pass(all(is_first, owns), fresh = "10m")]
        async fn book(State(_): State<Shelf>, Path(book): Path<u64>) -> String {
            book.to_string()
        }

        let routes = Router::new()
            .route("/", get(page))
            .route("/{book}", get(book));
        let site = serve(routes).await;
        is_for_users(&site, "/", "in a test").await;
        is_for_the_fresh(&site, "/1", "1").await;
    }

    /// Checkers, types and guards that a macro by example was given.
    macro_rules! pages {
        ($($name:ident($user:ty) if $checker:expr => $said:literal;)+) => {
            $(
                #[user_pass(all($checker, |user: &$user| user.id < 9), fresh = "10m")]
                async fn $name(CurrentUser(user): CurrentUser<$user>) -> String {
                    format!("{}{}", $said, user.id)
                }
            )+
        };
    }

    pages! {
        by_path(User) if User::is_admin => "path ";
        by_closure(User) if |user: &User| user.id == ANN => "closure ";
        by_untyped_closure(User) if |user| user.id == ANN => "untyped ";
        by_combination(User) if any(User::is_admin, |user| user.id == 7) => "combined ";
    }

    /// A guard and a body of which the macro knows nothing.
    macro_rules! guarded_by {
        ($(#[$guard:meta])* $vis:vis fn $name:ident($($pat:pat_param in $ty:ty),*) $body:block) => {
            $(#[$guard])*
            $vis async fn $name($($pat: $ty),*) -> String $body
        };
    }

    guarded_by! {
        #[login_required]
        fn given() { "given".to_owned() }
    }

    guarded_by! {
        #[instrument]
        #[user_pass(all(User::is_admin, owns), state = Shelf)]
        #[debug_handler(state = App)]
        pub(super) fn given_book(Path(book) in Path<u64>) { book.to_string() }
    }

    /// A whole function.
    macro_rules! for_ann {
        ($($handler:item)+) => { $(#[user_pass(|user: &User| user.id == ANN)] $handler)+ };
    }

    for_ann! {
        async fn whole(headers: HeaderMap) -> String { headers.len().min(1).to_string() }

        #[debug_handler]
        async fn whole_with_debug_handler(user: CurrentUser<User>) -> String { user.0.id.to_string() }
    }

    #[tokio::test]
    async fn in_a_macro_by_example() {
        let routes = Router::new()
            .route("/path", get(by_path))
            .route("/closure", get(by_closure))
            .route("/untyped", get(by_untyped_closure))
            .route("/combined", get(by_combination))
            .route("/given", get(given))
            .route("/given/{book}", get(given_book))
            .route("/whole", get(whole))
            .route("/whole-debug", get(whole_with_debug_handler));
        let site = serve(routes).await;
        for name in ["path", "closure", "untyped", "combined"] {
            is_for_the_fresh(&site, &format!("/{name}"), &format!("{name} 1")).await;
        }
        is_for_users(&site, "/given", "given").await;
        is_for_ann(&site, "/given/1", "1").await;
        is_for_ann(&site, "/whole", "1").await;
        is_for_ann(&site, "/whole-debug", "1").await;
    }

    /// A module whose handlers are generic over what is behind them, without a trait object.
    mod of_any_books {
        use super::*;

        #[derive(Clone)]
        struct Known<B>(B);

        #[login_required]
        async fn owner<B>(State(Known(books)): State<Known<B>>, Path(book): Path<u64>) -> String
        where
            B: Books + Clone + 'static,
        {
            books.owner(book).await.to_string()
        }

        #[user_pass(all(User::is_admin, |user: &User| user.id < 9), fresh = "10m")]
        async fn owner_for_ann<B: Books + Clone + 'static, const MORE: u64>(
            State(Known(books)): State<Known<B>>,
            Path(book): Path<u64>,
        ) -> String {
            (books.owner(book).await + MORE).to_string()
        }

        pub(super) fn routes<B: Books + Clone + 'static>(books: B) -> Router {
            Router::new()
                .route("/owner/{book}", get(owner::<B>))
                .route("/more/{book}", get(owner_for_ann::<B, 10>))
                .with_state(Known(books))
        }
    }

    #[derive(Clone)]
    struct Doubled;

    #[async_trait]
    impl Books for Doubled {
        async fn owner(&self, book: u64) -> u64 {
            book * 2
        }
    }

    #[tokio::test]
    async fn in_a_generic_module() {
        let app = with_sessions(of_any_books::routes(Doubled));
        let site = Site::serve(app).await;
        is_for_users(&site, "/owner/3", "6").await;
        is_for_the_fresh(&site, "/more/3", "16").await;
    }
}
