//! What is attacked: the application that does what a request tells it to, with its sessions in signed cookies, in encrypted ones or in a
//! store, and a client that sends any bytes.

use std::ops::Deref;
use std::sync::Arc;

use muffin_session::Builder;
use muffin_session_tests::forge::{Forge, IdentityBody, Kind, slot};
use muffin_session_tests::map_store::MapStore;
use muffin_session_tests::raw::{self, Raw};
use muffin_session_tests::{Browser, bare_builder};
use serde_json::{Value, json};

use crate::app::{App, perform_in, run, state};

/// What begins all names of ours.
pub(crate) const BASE: &str = "__Host-session";

/// The name that says who is logged in.
pub(crate) const ID: &str = "__Host-session.id";

/// Where sessions are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kept {
    Signed,
    Encrypted,
    Store,
}

impl Kept {
    pub(crate) const ALL: [Self; 3] = [Self::Signed, Self::Encrypted, Self::Store];

    /// Sessions with the defaults that are kept so.
    pub(crate) fn builder(self) -> Builder {
        match self {
            Self::Signed => bare_builder(),
            Self::Encrypted => bare_builder().encrypted(),
            Self::Store => bare_builder().store(Arc::new(MapStore::default())),
        }
    }

    /// Somebody who knows the secret, and makes cookies for it.
    pub(crate) fn forge(self) -> Forge {
        match self {
            Self::Encrypted => Forge::ENCRYPTED,
            Self::Signed | Self::Store => Forge::SIGNED,
        }
    }
}

/// The application on the network. What it does is in `app.rs`: `run(&browser, "login 1, insert k v")`.
pub(crate) struct Target {
    app: App,
    pub(crate) kept: Kept,
}

impl Deref for Target {
    type Target = App;

    fn deref(&self) -> &App {
        &self.app
    }
}

impl Target {
    /// With sessions in signed cookies.
    pub(crate) async fn new() -> Self {
        Self::kept(Kept::Signed).await
    }

    pub(crate) async fn kept(kept: Kept) -> Self {
        Self::with(kept, |builder| builder).await
    }

    /// With more options.
    pub(crate) async fn with(kept: Kept, options: impl FnOnce(Builder) -> Builder) -> Self {
        let app = App::on(options(kept.builder())).await;
        Self { app, kept }
    }

    /// One for each place where sessions can be.
    pub(crate) async fn all() -> Vec<Self> {
        Self::all_with(|builder| builder).await
    }

    /// One for each place, with more options.
    pub(crate) async fn all_with(options: fn(Builder) -> Builder) -> Vec<Self> {
        let mut targets = Vec::new();
        for kept in Kept::ALL {
            targets.push(Self::with(kept, options).await);
        }
        targets
    }

    /// One for each way in which sessions can be in cookies.
    pub(crate) async fn in_cookies() -> [Self; 2] {
        [
            Self::kept(Kept::Signed).await,
            Self::kept(Kept::Encrypted).await,
        ]
    }

    /// A browser in which this user is logged in, with `color` in the data. User 1 is an admin.
    pub(crate) async fn user(&self, id: u64) -> Browser {
        let browser = self.browser();
        run(&browser, &format!("login {id}, insert color of{id}")).await;
        browser
    }

    /// A browser with the jar of another one, looking at this process.
    pub(crate) fn at(&self, browser: &Browser) -> Browser {
        Browser::new(self.site.url(""), browser.jar.clone())
    }

    /// A page of this browser shows who is logged in, and the data: `1 {"color":"red"}`.
    pub(crate) async fn shows(&self, browser: &Browser, expected: &str) {
        let (user, data) = state(browser).await;
        let user = user.map_or("nobody".to_owned(), |user| user.to_string());
        assert_eq!(format!("{user} {data}"), expected, "{:?}", self.kept);
    }

    /// The time in milliseconds, as cookies say it.
    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.clock.since_epoch().as_millis()).expect("a time of this age")
    }

    /// Sends a GET with these `Cookie` fields.
    pub(crate) async fn get<F: AsRef<[u8]>>(&self, path: &str, fields: &[F]) -> Raw {
        self.request("GET", path, fields, &[], "").await
    }

    /// Has the application perform a script, with this `Cookie` field.
    pub(crate) async fn perform(&self, cookies: &str, script: &str) -> Raw {
        let path = format!("/do?script={}", script.replace(' ', "+"));
        self.request("POST", &path, &[cookies], &[], "").await
    }

    /// Sends a request with these `Cookie` fields, other lines, and a body.
    pub(crate) async fn request<F: AsRef<[u8]>>(
        &self,
        method: &str,
        path: &str,
        fields: &[F],
        lines: &[&str],
        body: &str,
    ) -> Raw {
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n").into_bytes();
        for field in fields {
            request.extend(b"Cookie: ");
            request.extend(field.as_ref());
            request.extend(b"\r\n");
        }
        for line in lines {
            request.extend(line.as_bytes());
            request.extend(b"\r\n");
        }
        if !body.is_empty() {
            request.extend(format!("Content-Length: {}\r\n", body.len()).into_bytes());
        }
        request.extend(b"Connection: close\r\n\r\n");
        request.extend(body.as_bytes());
        raw::send(self.site.addr(), &request).await
    }

    /// Who is logged in and the data, for a page that is asked for with these `Cookie` fields. Nothing may come back in `Set-Cookie`.
    pub(crate) async fn shown_in<F: AsRef<[u8]>>(&self, fields: &[F]) -> (Option<u64>, Value) {
        let sent: Vec<_> = fields.iter().map(AsRef::as_ref).collect();
        let sent = String::from_utf8_lossy(&sent.concat()).into_owned();
        let answer = self.get("/show", fields).await;
        assert_eq!(answer.status, 200, "{:?}: {sent:.500}", self.kept);
        assert!(!answer.has("set-cookie"), "{sent:.500}: {}", answer.head);
        let shown: Value = answer.json();
        (shown["user"].as_u64(), shown["data"].clone())
    }

    /// The same for one `Cookie` field.
    pub(crate) async fn shown(&self, cookies: impl AsRef<[u8]>) -> (Option<u64>, Value) {
        self.shown_in(&[cookies]).await
    }

    /// Whoever sends this is nobody with an empty session, is answered like anybody without cookies, and gets into no guarded page.
    pub(crate) async fn is_nobody(&self, cookies: impl AsRef<[u8]>) {
        let cookies = cookies.as_ref();
        let sent = String::from_utf8_lossy(cookies).into_owned();
        let shown = self.shown(cookies).await;
        assert_eq!(shown, (None, json!({})), "{:?}: {sent:.500}", self.kept);
        let guarded = self.get("/dashboard", &[cookies]).await;
        assert_ne!(guarded.status, 200, "{:?}: {sent:.500}", self.kept);
        assert!(!guarded.has("set-cookie"), "{sent:.500}: {}", guarded.head);
    }

    /// Whoever sends this is this user, and sees what [`user`](Self::user) has put there.
    pub(crate) async fn is_user(&self, id: u64, cookies: impl AsRef<[u8]>) {
        let cookies = cookies.as_ref();
        let sent = String::from_utf8_lossy(cookies).into_owned();
        let shown = self.shown(cookies).await;
        let data = json!({ "color": format!("of{id}") });
        assert_eq!(shown, (Some(id), data), "{:?}: {sent:.500}", self.kept);
        let guarded = self.get("/dashboard", &[cookies]).await;
        assert_eq!(guarded.status, 200, "{:?}: {sent:.500}", self.kept);
    }

    /// All that a page can see of its session, in one line: the user, `color`, who has begun to log in, and messages.
    pub(crate) async fn seen(&self, cookies: impl AsRef<[u8]>) -> (String, Raw) {
        let path = "/do?script=user,+get+color,+half,+flashes";
        let answer = self.get(path, &[cookies]).await;
        assert_eq!(answer.status, 200, "{:?}", self.kept);
        (answer.text(), answer)
    }

    /// The user of a page: their id, or nobody.
    pub(crate) async fn who(&self, cookies: impl AsRef<[u8]>) -> String {
        let answer = self.get("/public", &[cookies]).await;
        assert_eq!(answer.status, 200, "{:?}", self.kept);
        answer.text()
    }

    /// Messages that are shown to whoever sends this.
    pub(crate) async fn messages(&self, cookies: impl AsRef<[u8]>) -> Vec<String> {
        let answer = self.get("/flashes", &[cookies]).await;
        assert_eq!(answer.status, 200, "{:?}", self.kept);
        answer.json()
    }

    /// `name=value` of a cookie that says `body` with a tag that is right.
    pub(crate) fn forged(&self, kind: Kind, slot: &str, issued_at: u64, body: &[u8]) -> String {
        let forge = self.kept.forge();
        let name = forge.name(kind, slot);
        format!("{name}={}", forge.seal(kind, &name, issued_at, body))
    }

    /// The `Cookie` field of a login that says this, with data, and tags that are right.
    pub(crate) fn login(&self, identity: &IdentityBody<'_>, data: &str) -> String {
        let id = self.forged(Kind::Identity, "", self.now(), &identity.encode());
        format!("{id}; {}", self.data_of(identity.sid, data.as_bytes()))
    }

    /// `name=value` of the data of a session, with a tag that is right.
    pub(crate) fn data_of(&self, sid: [u8; 16], data: &[u8]) -> String {
        let body = [&sid, data].concat();
        self.forged(Kind::Data, &slot(sid), self.now(), &body)
    }
}

/// `name=value` of a cookie in a browser whose name contains `part`.
pub(crate) fn cookie(browser: &Browser, part: &str) -> String {
    let (name, value) = browser.jar.find(part).expect("a cookie of this kind");
    format!("{name}={value}")
}

/// The `Cookie` field of a browser.
pub(crate) fn cookies(browser: &Browser) -> String {
    browser.jar.header().expect("cookies")
}

/// What a script says.
pub(crate) async fn said(browser: &Browser, script: &str) -> String {
    perform_in(browser, script).await.text().await.unwrap()
}
