//! Layers of others, inside and outside of the sessions.

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
async fn note_user(user: Option<CurrentUser<User>>, mut request: Request, next: Next) -> Response {
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
