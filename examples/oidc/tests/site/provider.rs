//! An OpenID Connect provider: it issues real ID tokens, signed with ES256, honest ones or not.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use tokio::net::TcpListener;

type Fields = HashMap<String, String>;

/// The provider, and what it is to say.
#[derive(Clone)]
pub(crate) struct Provider {
    pub(crate) origin: String,
    inner: Arc<Mutex<Inner>>,
}

struct Inner {
    key: EcdsaKeyPair,
    /// How often the key has changed.
    key_id: u32,
    /// What each code is for: the request that it answers.
    codes: HashMap<String, Fields>,
    issued: u32,
    mood: Mood,
}

/// How it answers.
#[derive(Clone, Default)]
pub(crate) struct Mood {
    /// Claims that are put in place of the honest ones.
    pub(crate) claims: Value,
    /// Answers by a form that posts itself.
    pub(crate) form_post: bool,
    /// Says that the user does not want to.
    pub(crate) denies: bool,
    /// Signs with a key that it does not publish.
    pub(crate) forges: bool,
}

impl Provider {
    /// Starts it. On `127.0.0.1`, which to browsers is another site than `localhost`.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let provider = Self {
            origin: format!("http://{}", listener.local_addr().unwrap()),
            inner: Arc::new(Mutex::new(Inner {
                key: new_key(),
                key_id: 0,
                codes: HashMap::new(),
                issued: 0,
                mood: Mood::default(),
            })),
        };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(describe))
            .route("/keys", get(keys))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .route("/end", get(end))
            .with_state(provider.clone());
        tokio::spawn(axum::serve(listener, router).into_future());
        provider
    }

    pub(crate) fn is_in(&self, mood: Mood) {
        self.inner().mood = mood;
    }

    pub(crate) fn changes_its_key(&self) {
        let mut inner = self.inner();
        inner.key = new_key();
        inner.key_id += 1;
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }
}

fn new_key() -> EcdsaKeyPair {
    let (random, algorithm) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap()
}

async fn describe(State(Provider { origin, .. }): State<Provider>) -> Json<Value> {
    Json(json!({
        "issuer": origin,
        "authorization_endpoint": format!("{origin}/authorize"),
        "token_endpoint": format!("{origin}/token"),
        "jwks_uri": format!("{origin}/keys"),
        "end_session_endpoint": format!("{origin}/end"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    }))
}

async fn keys(State(provider): State<Provider>) -> Json<Value> {
    let inner = provider.inner();
    let (x, y) = inner.key.public_key().as_ref()[1..].split_at(32);
    Json(json!({ "keys": [{
        "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256",
        "kid": inner.key_id.to_string(),
        "x": encode(x), "y": encode(y),
    }] }))
}

/// Sends the browser back at once: whoever comes is logged in here.
async fn authorize(State(provider): State<Provider>, Query(asked): Query<Fields>) -> Response {
    assert_eq!(asked["response_type"], "code");
    assert_eq!(asked["code_challenge_method"], "S256");
    assert!(asked["scope"].starts_with("openid"));
    let mut inner = provider.inner();
    inner.issued += 1;
    let code = format!("code-{}", inner.issued);
    let mut answer = vec![
        ("state", asked["state"].clone()),
        ("iss", provider.origin.clone()),
    ];
    if inner.mood.denies {
        answer.push(("error", "access_denied".to_owned()));
        answer.push(("error_description", "Call us at 555".to_owned()));
    } else {
        answer.push(("code", code.clone()));
    }
    let back = asked["redirect_uri"].clone();
    inner.codes.insert(code, asked);
    if inner.mood.form_post {
        let field = |(name, value)| format!("<input name={name} value='{value}'>");
        let fields: String = answer.into_iter().map(field).collect();
        let page = format!(
            "<form method=post action='{back}'>{fields}</form><script>document.forms[0].submit()</script>"
        );
        return Html(page).into_response();
    }
    let query = serde_urlencoded::to_string(answer).unwrap();
    Redirect::to(&format!("{back}?{query}")).into_response()
}

/// Gives a token for a code: once, and to whom it was made for.
async fn token(State(provider): State<Provider>, Form(asked): Form<Fields>) -> Response {
    let mut inner = provider.inner();
    let made_for = inner.codes.remove(&asked["code"]);
    let challenge = encode(digest(&SHA256, asked["code_verifier"].as_bytes()).as_ref());
    let Some(made_for) = made_for.filter(|made_for| {
        made_for["code_challenge"] == challenge && made_for["redirect_uri"] == asked["redirect_uri"]
    }) else {
        let error = Json(json!({ "error": "invalid_grant" }));
        return (StatusCode::BAD_REQUEST, error).into_response();
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let mut claims = json!({
        "iss": provider.origin,
        "aud": made_for["client_id"],
        "sub": "248289761001",
        "nonce": made_for["nonce"],
        "iat": now.as_secs(),
        "exp": now.as_secs() + 300,
        "name": "Ann",
        "email": "ann@example.com",
        "email_verified": true,
    });
    if let Some(others) = inner.mood.claims.as_object() {
        claims.as_object_mut().unwrap().extend(others.clone());
    }
    Json(json!({
        "access_token": "nobody-asks-for-it",
        "token_type": "Bearer",
        "id_token": inner.sign(&claims),
    }))
    .into_response()
}

impl Inner {
    fn sign(&self, claims: &Value) -> String {
        let header = json!({ "alg": "ES256", "kid": self.key_id.to_string() });
        let signed = [&header, claims].map(|part| encode(part.to_string().as_bytes()));
        let signed = signed.join(".");
        let unpublished = new_key();
        let key = if self.mood.forges {
            &unpublished
        } else {
            &self.key
        };
        let signature = key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", encode(signature.as_ref()))
    }
}

/// Its logout, which sends the browser back at once.
async fn end(Query(asked): Query<Fields>) -> Redirect {
    assert_eq!(asked["client_id"], "muffin");
    Redirect::to(&asked["post_logout_redirect_uri"])
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
