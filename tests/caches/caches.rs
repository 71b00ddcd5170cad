//! The caches and proxies: programs that belong to one test, on a port and with a folder of their own. They end when they are dropped.

use std::net::SocketAddr;
use std::process::Stdio;

use muffin_session_tests::servers::{Folder, free_port, wait_for};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// What is in front of the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Does what answers say.
    Nginx,
    /// Ignores `Vary` and `Set-Cookie`, keeps by the path alone, and keeps what does not say otherwise.
    NginxCareless,
    /// Ignores `Cache-Control` too.
    NginxDeaf,
    /// Its own rules.
    Varnish,
    /// Takes what looks like a file for one.
    VarnishSuffixes,
    /// Answers requests with cookies from the cache, and ignores `Vary`.
    VarnishCareless,
    /// Ignores `Cache-Control` too.
    VarnishDeaf,
}

/// The caches that listen to `Cache-Control`.
pub(crate) const LISTENING: [Kind; 5] = [
    Kind::Nginx,
    Kind::NginxCareless,
    Kind::Varnish,
    Kind::VarnishSuffixes,
    Kind::VarnishCareless,
];

/// Those that do not.
pub(crate) const DEAF: [Kind; 2] = [Kind::NginxDeaf, Kind::VarnishDeaf];

impl Kind {
    /// Its configuration, as it is for port 8080 and an application at port 3000.
    pub(crate) fn configuration(self) -> &'static str {
        match self {
            Self::Nginx => include_str!("nginx.conf"),
            Self::NginxCareless => include_str!("nginx-careless.conf"),
            Self::NginxDeaf => include_str!("nginx-deaf.conf"),
            Self::Varnish => include_str!("varnish.vcl"),
            Self::VarnishSuffixes => include_str!("varnish-suffixes.vcl"),
            Self::VarnishCareless => include_str!("varnish-careless.vcl"),
            Self::VarnishDeaf => include_str!("varnish-deaf.vcl"),
        }
    }

    /// What the file is called.
    pub(crate) fn file(self) -> &'static str {
        match self {
            Self::Nginx => "nginx.conf",
            Self::NginxCareless => "nginx-careless.conf",
            Self::NginxDeaf => "nginx-deaf.conf",
            Self::Varnish => "varnish.vcl",
            Self::VarnishSuffixes => "varnish-suffixes.vcl",
            Self::VarnishCareless => "varnish-careless.vcl",
            Self::VarnishDeaf => "varnish-deaf.vcl",
        }
    }

    /// Whether it keeps a page that has nothing to do with sessions also for those who have cookies.
    pub(crate) fn answers_requests_with_cookies(self) -> bool {
        !matches!(self, Self::Varnish | Self::VarnishSuffixes)
    }
}

/// A cache that runs.
pub(crate) struct Cache {
    port: u16,
    _process: Child,
    _folder: Folder,
}

impl Cache {
    /// Starts it in front of an application, and waits until it listens.
    pub(crate) async fn start(kind: Kind, application: SocketAddr) -> Self {
        let port = free_port();
        let folder = Folder::new("cache");
        let backend = application.port().to_string();
        let command = match kind {
            Kind::Nginx | Kind::NginxCareless | Kind::NginxDeaf => {
                let pages = folder.path().join("pages");
                let site = kind
                    .configuration()
                    .replace("/var/cache/nginx/pages", pages.to_str().unwrap())
                    .replace("listen 8080", &format!("listen 127.0.0.1:{port}"))
                    .replace(":3000", &format!(":{backend}"));
                nginx(&folder, &site)
            }
            Kind::Varnish | Kind::VarnishSuffixes | Kind::VarnishCareless | Kind::VarnishDeaf => {
                let rules = kind
                    .configuration()
                    .replace("\"3000\"", &format!("\"{backend}\""));
                varnish(&folder, port, &rules)
            }
        };
        let process = start(command, &folder, port).await;
        Self {
            port,
            _process: process,
            _folder: folder,
        }
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// Starts what has this folder, and waits until it listens.
pub(crate) async fn start(mut command: Command, folder: &Folder, port: u16) -> Child {
    let said = folder.path().join("said");
    let log = std::fs::File::create(&said).unwrap();
    let mut process = command
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    wait_for("program that listens", async || {
        if let Ok(Some(status)) = process.try_wait() {
            let said = std::fs::read_to_string(&said);
            panic!("{command:?} has ended with {status}: {said:?}");
        }
        TcpStream::connect(("127.0.0.1", port)).await.is_ok()
    })
    .await;
    process
}

/// nginx as a single process, so that nothing is left when it is killed.
pub(crate) fn nginx(folder: &Folder, site: &str) -> Command {
    let at = folder.path().to_str().unwrap();
    let configuration = format!(
        "daemon off; master_process off; pid {at}/pid; error_log stderr; events {{}}\n\
         http {{\n access_log off; client_body_temp_path {at}/body; proxy_temp_path {at}/proxy; fastcgi_temp_path {at}/fastcgi;\n \
         uwsgi_temp_path {at}/uwsgi; scgi_temp_path {at}/scgi;\n{site}}}\n"
    );
    let file = folder.path().join("nginx.conf");
    std::fs::write(&file, configuration).unwrap();
    let mut command = Command::new(std::env::var("NGINX").unwrap_or_else(|_| "nginx".to_owned()));
    // Told twice, since it would write to a log of its own before it has read that it should not.
    command
        .args(["-e", "stderr", "-p", at, "-c"])
        .arg(file.as_os_str());
    command
}

/// Varnish, whose second process ends when the first one is gone.
fn varnish(folder: &Folder, port: u16, rules: &str) -> Command {
    let file = folder.path().join("rules.vcl");
    std::fs::write(&file, rules).unwrap();
    let mut command =
        Command::new(std::env::var("VARNISHD").unwrap_or_else(|_| "varnishd".to_owned()));
    command
        .args(["-F", "-T", "none", "-j", "none", "-s", "malloc,64m"])
        .args(["-a", &format!("127.0.0.1:{port}")])
        .arg("-n")
        .arg(folder.path().join("varnish"))
        .arg("-f")
        .arg(file);
    command
}
