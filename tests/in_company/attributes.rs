//! `debug_handler` and `instrument`, on all sides.

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
