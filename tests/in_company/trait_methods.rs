//! Guards are for free functions: on a method the attributes are refused, which `ui/fail/guard_on_method.rs` shows. A method that is to
//! answer requests calls a guarded free function as a handler, with the request; a guarded function calls methods of what its state
//! holds, trait objects included.

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
