//! Handlers that are not written where handlers usually are.

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
