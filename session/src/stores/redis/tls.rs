//! TLS: whose certificates are trusted.

use std::sync::{Arc, OnceLock};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::failure::Failure;
use crate::config_error::ConfigError;

/// How connections are encrypted. Made at the first one, so that whoever uses none needs no certificates.
#[derive(Default)]
pub(super) struct Tls {
    own_roots: Option<RootCertStore>,
    config: OnceLock<Arc<ClientConfig>>,
}

impl Tls {
    /// Trusts the authorities in this PEM text, and no others.
    pub(super) fn trusting(pem: &[u8]) -> Result<Self, ConfigError> {
        let bad = |why: &str| {
            ConfigError::new(
                "the authorities for the connection to Redis cannot be used",
                why,
                "Give one or more certificates in PEM, as they are in ca.crt",
            )
        };
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|_| bad("the text is no PEM"))?;
            (roots.add(certificate)).map_err(|_| bad("a certificate in it is none"))?;
        }
        if roots.is_empty() {
            return Err(bad("there is no certificate in it"));
        }
        Ok(Self {
            own_roots: Some(roots),
            config: OnceLock::new(),
        })
    }

    pub(super) async fn connect(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, Failure> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| Failure::unreachable("no certificate can have the server's name"))?;
        let connector = TlsConnector::from(self.config().await?);
        (connector.connect(name, stream).await)
            // What goes wrong here says why a certificate was not accepted, and quotes nothing but names and times in it.
            .map_err(|error| Failure::unreachable(format_args!("TLS failed: {error}")))
    }

    async fn config(&self) -> Result<Arc<ClientConfig>, Failure> {
        if let Some(config) = self.config.get() {
            return Ok(Arc::clone(config));
        }
        let roots = match &self.own_roots {
            Some(roots) => roots.clone(),
            None => system_roots().await?,
        };
        // Named here, so that it does not depend on what else the application uses rustls for.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Failure::unreachable(format_args!("TLS failed: {error}")))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Arc::clone(self.config.get_or_init(|| Arc::new(config))))
    }
}

/// The authorities that the operating system trusts. They are read from files, which takes a while.
async fn system_roots() -> Result<RootCertStore, Failure> {
    let none = || Failure::unreachable("TLS failed: the system trusts no authority");
    let found = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs)
        .await
        .map_err(|_| none())?;
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err(none());
    }
    Ok(roots)
}
