//! The OpenID Connect provider: where it sends browsers, and what it says of who comes back.

use std::sync::Arc;

use openidconnect::core::{CoreAuthenticationFlow, CoreClient};
use openidconnect::{
    AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl, LogoutRequest, Nonce,
    PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl, ProviderMetadataWithLogout,
    RedirectUrl, RequestTokenError, Scope, SignatureVerificationError, TokenResponse as _,
};
use tokio::sync::RwLock;

use crate::accounts::Person;
use crate::attempts::{self, Attempt};
use crate::http::Http;

/// Where the provider sends browsers back to. It has to be registered there, with the site's origin in front.
pub const CALLBACK: &str = "/login/callback";

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// What the provider knows the site by.
pub struct Settings {
    /// The site, as browsers know it: `https://app.example`.
    pub origin: String,
    /// The provider: `https://id.example`.
    pub issuer: IssuerUrl,
    /// The site's name there.
    pub client_id: ClientId,
    /// What the site proves its name with, if it was given something.
    pub client_secret: Option<ClientSecret>,
}

/// The provider, as the site knows it.
#[derive(Clone)]
pub struct Provider(Arc<Inner>);

struct Inner {
    settings: Settings,
    callback: RedirectUrl,
    home: PostLogoutRedirectUrl,
    http: Http,
    /// What it says of itself, once it was asked.
    metadata: RwLock<Option<ProviderMetadataWithLogout>>,
}

/// Why the provider logs nobody in.
pub(crate) enum Problem {
    /// It does not answer, or not as a provider does.
    Unreachable(String),
    /// It refuses the code, or what it says does not hold.
    Refused(String),
}

impl Provider {
    /// The provider of these settings. It is not asked yet: a site starts also while its provider is away.
    ///
    /// # Errors
    ///
    /// If the origin makes no URL, or there is no TLS.
    pub fn new(settings: Settings) -> Result<Self, Box<dyn std::error::Error>> {
        let origin = settings.origin.trim_end_matches('/');
        Ok(Self(Arc::new(Inner {
            callback: RedirectUrl::new(format!("{origin}{CALLBACK}"))?,
            home: PostLogoutRedirectUrl::new(format!("{origin}/"))?,
            http: Http::new()?,
            metadata: RwLock::default(),
            settings,
        })))
    }

    /// Its origin, for a content security policy.
    pub(crate) fn origin(&self) -> String {
        self.0.settings.issuer.url().origin().ascii_serialization()
    }

    /// Whether an answer that names its issuer names this one (RFC 9207).
    pub(crate) fn is(&self, issuer: &str) -> bool {
        self.0.settings.issuer.as_str() == issuer
    }

    /// A new login: where to send the browser, and what to keep until it is back.
    pub(crate) async fn begin(&self, next: Option<&str>) -> Result<(String, Attempt), Problem> {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state, nonce) = self
            .client(self.metadata().await?)
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scopes(["email", "profile"].map(|scope| Scope::new(scope.to_owned())))
            .set_pkce_challenge(challenge)
            .url();
        let attempt = Attempt {
            state: state.into_secret(),
            nonce: nonce.secret().clone(),
            verifier: verifier.into_secret(),
            next: next.map(str::to_owned),
            begun_at: attempts::now(),
        };
        Ok((url.into(), attempt))
    }

    /// Who has logged in at the provider, by the code that they came back with. Every check is made here: the signature, the issuer,
    /// for whom the token is, until when, and that it was made for this attempt.
    pub(crate) async fn finish(&self, code: String, attempt: Attempt) -> Result<Person, Problem> {
        let client = self.client(self.metadata().await?);
        let tokens = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| Problem::Unreachable(error.to_string()))?
            .set_pkce_verifier(PkceCodeVerifier::new(attempt.verifier))
            .request_async(&self.0.http)
            .await
            .map_err(|error| match error {
                RequestTokenError::Request(error) => Problem::Unreachable(error.to_string()),
                // Of an answer that cannot be read, the body is left out: there may be tokens in it.
                error => Problem::Refused(error.to_string()),
            })?;
        let id_token = tokens
            .id_token()
            .ok_or_else(|| Problem::Refused("there is no ID token".to_owned()))?;
        let nonce = Nonce::new(attempt.nonce);
        let newer;
        let claims = match id_token.claims(&client.id_token_verifier(), &nonce) {
            // Providers change their keys now and then. The new ones are fetched when the first token of one comes.
            Err(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey,
            )) => {
                newer = self.client(self.discover().await?);
                id_token.claims(&newer.id_token_verifier(), &nonce)
            }
            checked => checked,
        };
        claims
            .map(Person::of)
            .map_err(|error| Problem::Refused(error.to_string()))
    }

    /// Where to send a browser that is to be logged out at the provider too, if the provider has such a page.
    pub(crate) async fn logout_url(&self) -> Result<Option<String>, Problem> {
        let metadata = self.metadata().await?;
        let endpoint = metadata.additional_metadata().end_session_endpoint.clone();
        // Some providers ask whether it is meant, since no ID token comes along as a hint: none is kept.
        let url = endpoint.map(|endpoint| {
            LogoutRequest::from(endpoint)
                .set_client_id(self.0.settings.client_id.clone())
                .set_post_logout_redirect_uri(self.0.home.clone())
                .http_get_url()
        });
        Ok(url.map(Into::into))
    }

    fn client(&self, metadata: ProviderMetadataWithLogout) -> Client {
        let Settings {
            client_id,
            client_secret,
            ..
        } = &self.0.settings;
        CoreClient::from_provider_metadata(metadata, client_id.clone(), client_secret.clone())
            .set_redirect_uri(self.0.callback.clone())
    }

    /// What the provider says of itself, as far as it was asked.
    async fn metadata(&self) -> Result<ProviderMetadataWithLogout, Problem> {
        let known = self.0.metadata.read().await.clone();
        match known {
            Some(metadata) => Ok(metadata),
            None => self.discover().await,
        }
    }

    /// Asks it.
    async fn discover(&self) -> Result<ProviderMetadataWithLogout, Problem> {
        let issuer = self.0.settings.issuer.clone();
        let found = ProviderMetadataWithLogout::discover_async(issuer, &self.0.http).await;
        let metadata = found.map_err(|error| Problem::Unreachable(error.to_string()))?;
        *self.0.metadata.write().await = Some(metadata.clone());
        Ok(metadata)
    }
}
