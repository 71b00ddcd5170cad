//! Functions and handlers that are generic over handlers, as crates that describe an API have.

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
