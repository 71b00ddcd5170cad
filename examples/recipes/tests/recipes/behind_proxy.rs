//! A browser, a proxy where TLS ends, and the program behind it.

use std::net::Ipv4Addr;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use reqwest::header::{COOKIE, HOST, ORIGIN};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, StatusCode};
use tokio::net::TcpListener;

use crate::running::{Running, cookies, redirect, set_cookies};

const SITE: &str = "https://shop.example";

/// What a proxy does with the `Host` header.
#[derive(Clone, Copy)]
enum Host {
    Passed,
    Replaced,
}

/// A proxy that passes requests on over plain HTTP. Gives where it listens.
async fn proxy(program: &Running, host: Host) -> String {
    let client = client();
    let to = program.origin().to_owned();
    let app =
        Router::new().fallback(move |request| forward(client.clone(), to.clone(), host, request));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, app).into_future());
    origin
}

async fn forward(client: Client, to: String, host: Host, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    if let Host::Replaced = host {
        // The client then names the program's own address.
        parts.headers.remove(HOST);
    }
    let forwarded = client
        .request(parts.method, format!("{to}{}", parts.uri))
        .headers(parts.headers)
        .body(to_bytes(body, 1024).await.unwrap());
    let answer = forwarded.send().await.unwrap();
    let mut response = Response::builder().status(answer.status());
    *response.headers_mut().unwrap() = answer.headers().clone();
    let body = answer.bytes().await.unwrap();
    response.body(Body::from(body)).unwrap()
}

fn client() -> Client {
    let client = Client::builder().redirect(Policy::none());
    client.build().unwrap()
}

/// Sends what a browser sends to `https://shop.example`, from a page of `origin`.
async fn send(
    proxy: &str,
    method: Method,
    path: &str,
    origin: &str,
    cookies: &str,
) -> reqwest::Response {
    let request = client()
        .request(method, format!("{proxy}{path}"))
        .header(HOST, "shop.example")
        .header(ORIGIN, origin)
        .header(COOKIE, cookies);
    request.send().await.unwrap()
}

#[tokio::test]
async fn logins_work_and_cookies_are_secure_whatever_the_proxy_does_with_the_host() {
    let settings = [("PUBLIC_ORIGIN", SITE)];
    let program = Running::start(env!("CARGO_BIN_EXE_behind_proxy"), &settings);
    for host in [Host::Passed, Host::Replaced] {
        let proxy = proxy(&program, host).await;
        for origin in [SITE, "https://admin.shop.example"] {
            let login = send(&proxy, Method::POST, "/login", origin, "").await;
            assert_eq!(redirect(&login), "/");
            assert!(!set_cookies(&login).is_empty());
            for cookie in set_cookies(&login) {
                assert!(cookie.starts_with("__Host-"));
                assert!(cookie.contains("; Secure"));
            }
            let cookies = cookies(&login);
            let home = send(&proxy, Method::GET, "/", origin, &cookies).await;
            assert_eq!(home.text().await.unwrap(), "Logged in\n");
        }
        for origin in ["https://elsewhere.example", "http://shop.example"] {
            let refused = send(&proxy, Method::POST, "/login", origin, "").await;
            assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{origin}");
            assert!(set_cookies(&refused).is_empty());
        }
    }
}
