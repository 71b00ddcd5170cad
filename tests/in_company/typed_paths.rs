//! `typed_get` and the like want the path to be the type of the first parameter, which the guard shares: a guarded handler does not
//! compile there. It is routed by the path's own `PATH`, which is what `typed_get` does; or the guard is a layer, of the handler or of
//! the routes.

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
