//! The nginx of `docs/proxies.md`, word for word but for its ports and files, in front of an application: a login over https, by curl,
//! which keeps cookies by the rules that browsers have for `Secure` and `__Host-`.

use std::fs;

use axum::response::Redirect;
use axum::routing::{get, post};
use axum::{Form, Router};
use muffin_session::{CurrentUser, Error, NextUrl, Session, login_required, user_loader};
use muffin_session_tests::pages::in_repository;
use muffin_session_tests::servers::{Folder, free_port};
use muffin_session_tests::{Site, bare_builder};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde::Deserialize;
use tokio::process::{Child, Command};

use crate::caches::{nginx, start};

/// What visitors may send, and no proxy of the page takes out. All of it is the visitor's own word.
const SPOOFED: [&str; 5] = [
    "X-Forwarded-For: 127.0.0.1",
    "X-Forwarded-Host: evil.example",
    "X-Forwarded-Proto: http",
    "Forwarded: for=127.0.0.1;host=evil.example;proto=http",
    "X-Real-IP: 127.0.0.1",
];

#[derive(Clone)]
struct User(String);

#[user_loader]
async fn load_user(name: String) -> Option<User> {
    Some(User(name))
}

#[derive(Deserialize)]
struct Credentials {
    name: String,
}

async fn login(
    session: Session,
    next: NextUrl,
    Form(form): Form<Credentials>,
) -> Result<Redirect, Error> {
    session.login(form.name)?;
    session.insert("theme", "dark")?;
    Ok(next.redirect_or("/"))
}

#[login_required]
async fn notes(CurrentUser(User(name)): CurrentUser<User>) -> String {
    format!("The notes of {name}")
}

/// As much as fits into cookies.
async fn fill(session: Session) -> Result<&'static str, Error> {
    session.insert("notes", "x".repeat(2_500))?;
    session.flash("y".repeat(1_000))?;
    Ok("filled")
}

async fn logout(session: Session) -> Redirect {
    session.logout();
    Redirect::to("/login")
}

fn application() -> Router {
    let sessions = bare_builder().user_loader(load_user).build().unwrap();
    Router::new()
        .route("/notes", get(notes))
        .route("/login", get(|| async { "A form" }).post(login))
        .route("/fill", post(fill))
        .route("/logout", post(logout))
        .layer(sessions)
}

/// The block of the page that has TLS.
fn block() -> String {
    let page = fs::read_to_string(in_repository("docs/proxies.md")).unwrap();
    let blocks = page.split("```nginx\n").skip(1);
    let mut with_tls = blocks
        .map(|rest| rest.split("```").next().unwrap())
        .filter(|block| block.contains("ssl_certificate"));
    let block = with_tls.next().expect("a block with TLS");
    assert!(with_tls.next().is_none(), "which one is it?");
    block.to_owned()
}

/// The same without the lines that have this text.
fn block_without(text: &str) -> String {
    let block = block();
    let (left_out, others): (Vec<_>, Vec<_>) = block.lines().partition(|line| line.contains(text));
    assert!(!left_out.is_empty(), "{text}");
    others.join("\n") + "\n"
}

/// nginx in front of an application, and somebody who looks at it.
struct Proxied {
    https: u16,
    http: u16,
    folder: Folder,
    _nginx: Child,
    _site: Site,
}

/// What came back.
struct Answer {
    status: String,
    fields: Vec<(String, String)>,
    body: String,
}

impl Proxied {
    async fn new(block: &str) -> Self {
        let site = Site::serve(application()).await;
        let folder = Folder::new("proxy");
        let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let names = vec!["shop.example".to_owned()];
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
        fs::write(file("certificate"), cert.pem()).unwrap();
        fs::write(file("key"), signing_key.serialize_pem()).unwrap();

        let (https, http) = (free_port(), free_port());
        let mut configuration = block.to_owned();
        for (word, ours) in [
            ("listen 443 ssl;", format!("listen 127.0.0.1:{https} ssl;")),
            ("listen 80;", format!("listen 127.0.0.1:{http};")),
            ("/etc/ssl/shop.example.pem", file("certificate")),
            ("/etc/ssl/shop.example.key", file("key")),
            ("http://127.0.0.1:3000;", format!("http://{};", site.addr())),
        ] {
            assert!(configuration.contains(word), "{word}");
            configuration = configuration.replace(word, &ours);
        }
        let nginx = start(nginx(&folder, &configuration), &folder, https).await;
        Self {
            https,
            http,
            folder,
            _nginx: nginx,
            _site: site,
        }
    }

    /// Asks for what is at a URL of `shop.example`, with the cookies that are in the jar of this name.
    async fn ask(&self, jar: &str, url: &str, headers: &[&str], form: Option<&str>) -> Answer {
        let jar = self.folder.path().join(jar);
        let certificate = self.folder.path().join("certificate");
        let mut curl = Command::new("curl");
        curl.args(["-sS", "-i", "--http1.1", "--noproxy", "*"])
            .args(["--max-time", "20", "--cacert"])
            .arg(certificate)
            .args([
                "--connect-to",
                &format!("shop.example:443:127.0.0.1:{}", self.https),
            ])
            .args([
                "--connect-to",
                &format!("shop.example:80:127.0.0.1:{}", self.http),
            ])
            .arg("-b")
            .arg(&jar)
            .arg("-c")
            .arg(&jar);
        for header in headers {
            curl.args(["-H", header]);
        }
        if let Some(form) = form {
            curl.args(["--data", form]);
        }
        let output = curl.arg(url).output().await.expect("curl");
        let said = String::from_utf8(output.stdout).unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{url}: {error}");
        let (head, body) = said.split_once("\r\n\r\n").expect("an answer");
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1));
        Answer {
            status: status.expect("a status").to_owned(),
            fields: lines
                .map(|line| line.split_once(": ").expect("a field"))
                .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
                .collect(),
            body: body.to_owned(),
        }
    }
}

impl Answer {
    fn all(&self, name: &str) -> Vec<&str> {
        let fields = self.fields.iter().filter(|(field, _)| field == name);
        fields.map(|(_, value)| &**value).collect()
    }

    /// Status, and where it leads.
    fn leads(&self) -> (&str, &str) {
        let location = self.all("location").first().copied();
        (&self.status, location.unwrap_or_default())
    }
}

/// A visit from the first page to the logout. All of its requests have these headers too.
async fn visit(site: &Proxied, jar: &str, more: &[&str]) {
    let page = "https://shop.example/notes";
    let asked = site.ask(jar, page, more, None).await;
    assert_eq!(asked.leads(), ("303", "/login?next=%2Fnotes"));
    assert_eq!(
        asked.all("strict-transport-security"),
        ["max-age=63072000"],
        "errors and redirects have it too"
    );

    let own_page = [
        "Origin: https://shop.example",
        "Sec-Fetch-Site: same-origin",
    ];
    let form = Some("name=Ann");
    let url = "https://shop.example/login?next=%2Fnotes";
    let headers = [&own_page, more].concat();
    let entered = site.ask(jar, url, &headers, form).await;
    assert_eq!(entered.leads(), ("303", "/notes"));
    let cookies = entered.all("set-cookie");
    assert!(cookies.len() >= 2, "{cookies:?}");
    for cookie in cookies {
        let attributes: Vec<_> = cookie.split("; ").skip(1).collect();
        assert!(cookie.starts_with("__Host-session."), "{cookie}");
        for attribute in ["Secure", "HttpOnly", "Path=/"] {
            assert!(attributes.contains(&attribute), "{cookie}");
        }
        let has_domain = attributes.iter().any(|one| one.starts_with("Domain"));
        assert!(!has_domain, "{cookie}");
    }

    let seen = site.ask(jar, page, more, None).await;
    assert_eq!((&*seen.status, &*seen.body), ("200", "The notes of Ann"));
    let nobody = site.ask("nobody", page, more, None).await;
    assert_eq!(nobody.leads(), ("303", "/login?next=%2Fnotes"));

    let url = "https://shop.example/logout";
    let left = site.ask(jar, url, &headers, Some("")).await;
    assert_eq!(left.leads(), ("303", "/login"));
    let again = site.ask(jar, page, more, None).await;
    assert_eq!(again.leads(), ("303", "/login?next=%2Fnotes"));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nginx and curl"]
async fn the_nginx_of_the_page_about_proxies_lets_a_visit_through() {
    let site = Proxied::new(&block()).await;
    visit(&site, "ann", &[]).await;
    let plain = "http://shop.example/notes?page=2";
    let plain = site.ask("nobody", plain, &[], None).await;
    assert_eq!(plain.leads(), ("308", "https://shop.example/notes?page=2"));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nginx and curl"]
async fn behind_the_nginx_of_the_page_spoofed_headers_change_nothing() {
    let site = Proxied::new(&block()).await;
    visit(&site, "ann", &SPOOFED).await;
}

/// The login form is sent from a page of this origin, by a browser that says these things.
async fn login_from(site: &Proxied, headers: &[&str]) -> String {
    let url = "https://shop.example/login";
    let answer = site.ask("login", url, headers, Some("name=Ann")).await;
    answer.status
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nginx and curl"]
async fn behind_the_nginx_of_the_page_other_sites_are_told_apart() {
    let site = Proxied::new(&block()).await;
    // Older browsers say no more than this, and are believed by what `Host` says.
    for ours in [
        &["Origin: https://shop.example"][..],
        &["Referer: https://shop.example/login"],
        &["Sec-Fetch-Site: same-origin"],
    ] {
        assert_eq!(login_from(&site, ours).await, "303", "{ours:?}");
    }
    for theirs in [
        &["Origin: https://evil.example"][..],
        &["Referer: https://evil.example/"],
        &["Origin: https://evil.example", "Sec-Fetch-Site: cross-site"],
        &[
            "Origin: https://www.shop.example",
            "Sec-Fetch-Site: same-site",
        ],
        &["Origin: null"],
    ] {
        assert_eq!(login_from(&site, theirs).await, "403", "{theirs:?}");
        let theirs = [theirs, &SPOOFED].concat();
        assert_eq!(login_from(&site, &theirs).await, "403", "{theirs:?}");
    }

    // It is the block that does it: without its line for `Host`, the site's own forms look like another's.
    let site = Proxied::new(&block_without("proxy_set_header Host ")).await;
    let ours = ["Origin: https://shop.example"];
    assert_eq!(login_from(&site, &ours).await, "403");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nginx and curl"]
async fn the_nginx_of_the_page_has_room_for_all_cookies_at_once() {
    let url = "https://shop.example/fill";
    for (block, answer) in [
        (block(), ("200", "filled")),
        // What nginx has by itself where a page of memory is that large.
        (
            block_without("_buffer") + "proxy_buffer_size 4k;\n",
            ("502", ""),
        ),
    ] {
        let site = Proxied::new(&block).await;
        let filled = site.ask("full", url, &[], Some("")).await;
        assert_eq!(filled.status, answer.0, "{block}");
        assert!(filled.body.contains(answer.1), "{}", filled.body);
    }
}
