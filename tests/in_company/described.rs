//! `utoipa::path` goes above the guard, where it reads the parameters as they are written. Below it finds those that the guard has
//! changed: with utoipa's feature `axum_extras` that does not compile unless the handler has no parameter, without the feature it
//! does, since only `params(..)` counts then.

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
