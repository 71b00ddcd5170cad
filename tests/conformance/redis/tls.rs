//! TLS: whom the store believes.

use muffin_session::{RedisStore, Store as _};
use muffin_session_tests::redis_servers::{RedisServer, free_port};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use super::{guest_key, now, record};

/// An authority, and a server with a certificate of it for this host.
async fn server_with_a_certificate_for(host: &str) -> (String, RedisServer, u16) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();

    let folder = std::env::temp_dir().join(format!("muffin-session-tls-{:016x}", super::random()));
    std::fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, pem: String| {
        let path = folder.join(name);
        std::fs::write(&path, pem).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (certificate, key) = (
        write("crt", certificate.pem()),
        write("key", key.serialize_pem()),
    );
    let port = free_port();
    let server = RedisServer::start_with(&[
        "--tls-port",
        &port.to_string(),
        "--tls-cert-file",
        &certificate,
        "--tls-key-file",
        &key,
        "--tls-auth-clients",
        "no",
    ])
    .await;
    std::fs::remove_dir_all(folder).unwrap();
    (authority.pem(), server, port)
}

#[tokio::test]
#[ignore = "needs the redis-server program"]
async fn an_authority_of_ones_own_is_believed() {
    let (authority, _server, port) = server_with_a_certificate_for("localhost").await;
    let (key, now) = (guest_key(), now());
    let url = format!("rediss://localhost:{port}");
    let store = RedisStore::connect_lazy(&url)
        .unwrap()
        .trusting(&authority)
        .unwrap();
    assert!(store.create(key, record(None, now), now).await.unwrap());
    assert_eq!(store.load(key, now).await.unwrap(), Some(record(None, now)));

    // Nobody else is: neither this authority by the system, nor the certificate for another host.
    let error = RedisStore::connect_lazy(&url)
        .unwrap()
        .load(key, now)
        .await
        .unwrap_err();
    assert!(error.to_string().starts_with("TLS failed: "), "{error}");
    let elsewhere = format!("rediss://127.0.0.1:{port}");
    let store = RedisStore::connect_lazy(elsewhere)
        .unwrap()
        .trusting(&authority)
        .unwrap();
    let error = store.load(key, now).await.unwrap_err();
    assert!(error.to_string().starts_with("TLS failed: "), "{error}");
    let (another, ..) = server_with_a_certificate_for("localhost").await;
    let store = RedisStore::connect_lazy(url)
        .unwrap()
        .trusting(another)
        .unwrap();
    let error = store.load(key, now).await.unwrap_err();
    assert!(error.to_string().starts_with("TLS failed: "), "{error}");
}

/// A server without TLS is not spoken to without TLS if TLS was asked for.
#[tokio::test]
#[ignore = "needs the redis-server program"]
async fn there_is_no_way_back_to_plain_text() {
    let server = RedisServer::start_with(&["--requirepass", "hunter2"]).await;
    let url = format!("rediss://:hunter2@127.0.0.1:{}", server.port());
    let error = RedisStore::connect_lazy(url)
        .unwrap()
        .load(guest_key(), now())
        .await
        .unwrap_err();
    assert!(!error.to_string().contains("hunter2"), "{error}");
}
