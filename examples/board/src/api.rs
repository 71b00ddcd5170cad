//! The board for programs: JSON, with a token in place of cookies.
//!
//! `#[login_required]` and `#[user_pass(..)]` are the same as on pages, and so is the checker. A request with
//! `Authorization: Bearer board_..` comes from the token's owner; one with a session's cookie works too. Whatever goes wrong is a problem
//! document, also where there is no such path or method.

use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, LINK, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::map_request;
use axum::response::{AppendHeaders, IntoResponse};
use axum::routing::{get, put};
use axum::{Json, Router};
use muffin_session::{CurrentUser, login_required, user_pass};
use serde::{Deserialize, Serialize};

use crate::app::Board;
use crate::cards::{Card, Draft, Status, owns_card};
use crate::error::AppError;
use crate::extract::{JsonBody, Path, Query};
use crate::paging::Start;
use crate::users::{Role, User};

pub(crate) fn routes() -> Router<Board> {
    Router::new()
        .route("/me", get(me))
        .route("/cards", get(list).post(add))
        .route("/cards/{id}", get(show))
        .route("/cards/{id}/status", put(change_status))
        // After the routes that it is for.
        .method_not_allowed_fallback(async || AppError::WrongMethod)
        .fallback(async || AppError::NotFound)
        .layer(map_request(for_programs))
}

/// Nothing here is a page, whatever is said: who may not gets a status, and is not sent to the login page.
async fn for_programs(mut request: Request) -> Request {
    let headers = request.headers_mut();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.remove("sec-fetch-mode");
    request
}

#[derive(Serialize)]
struct Me {
    id: i64,
    name: String,
    role: Role,
}

#[derive(Serialize)]
struct CardJson {
    id: i64,
    title: String,
    details: String,
    status: Status,
    author: Option<String>,
    comments: i64,
}

impl From<Card> for CardJson {
    fn from(card: Card) -> Self {
        Self {
            id: card.id,
            title: card.title,
            details: card.details,
            status: card.status,
            author: card.author.map(|author| author.name),
            comments: card.comments,
        }
    }
}

#[login_required]
async fn me(CurrentUser(user): CurrentUser<User>) -> Json<Me> {
    Json(Me {
        id: user.id,
        name: user.name,
        role: user.role,
    })
}

/// The newest cards, or those before an id. `Link` leads to the others (RFC 8288).
#[login_required]
async fn list(
    State(board): State<Board>,
    Query(start): Query<Start>,
) -> Result<impl IntoResponse, AppError> {
    let page = board.db.cards(start).await?;
    let link = |start: Start, rel| (LINK, format!("<{}>; rel=\"{rel}\"", start.on("/api/cards")));
    let newer = page.newer.map(|start| AppendHeaders([link(start, "prev")]));
    let older = page.older.map(|start| AppendHeaders([link(start, "next")]));
    let cards: Vec<_> = page.items.into_iter().map(CardJson::from).collect();
    Ok((newer, older, Json(cards)))
}

#[login_required]
async fn show(State(board): State<Board>, Path(id): Path<i64>) -> Result<Json<CardJson>, AppError> {
    Ok(Json(board.db.card(id).await?.into()))
}

#[login_required]
async fn add(
    State(board): State<Board>,
    CurrentUser(user): CurrentUser<User>,
    JsonBody(draft): JsonBody<Draft>,
) -> Result<impl IntoResponse, AppError> {
    if let Some(problem) = draft.problem() {
        return Err(AppError::Invalid(problem));
    }
    let id = board.db.add_card(&user, &draft).await?;
    board.live.tell(&user, id, "added a card");
    let card = CardJson::from(board.db.card(id).await?);
    let location = [(LOCATION, format!("/api/cards/{id}"))];
    Ok((StatusCode::CREATED, location, Json(card)))
}

#[derive(Deserialize)]
struct NewStatus {
    status: Status,
}

#[user_pass(any(owns_card, User::is_staff))]
async fn change_status(
    State(board): State<Board>,
    CurrentUser(user): CurrentUser<User>,
    Path(id): Path<i64>,
    JsonBody(NewStatus { status }): JsonBody<NewStatus>,
) -> Result<Json<CardJson>, AppError> {
    board.db.move_card(id, status).await?;
    board.live.tell(&user, id, "moved a card");
    Ok(Json(board.db.card(id).await?.into()))
}
