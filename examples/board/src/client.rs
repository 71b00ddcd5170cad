//! Where a request comes from: the address that wrong passwords and registrations are counted by.
//!
//! Behind a proxy every request comes from the proxy, which writes down in `X-Forwarded-For` who has asked it. Anybody else can send that
//! header too, and a proxy often keeps what it was sent and adds to it, on the right. So it is read from the right, for as long as whoever
//! has written an entry is known to be a proxy of ours: the first address that is not one of them is the client's. Those further left are
//! its own words.

use std::net::{IpAddr, SocketAddr};
use std::str::{self, FromStr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};

use crate::app::Board;
use crate::settings::SettingsError;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The proxies whose word is taken for who has asked them: none, unless they are named.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct TrustedProxies(Arc<[IpAddr]>);

/// Addresses with commas between them.
impl FromStr for TrustedProxies {
    type Err = SettingsError;

    fn from_str(text: &str) -> Result<Self, SettingsError> {
        let addresses = text.split(',').map(|address| {
            let address: IpAddr = address.trim().parse().ok()?;
            Some(address.to_canonical())
        });
        let addresses: Option<_> = addresses.collect();
        addresses.map(Self).ok_or(SettingsError::NoProxies)
    }
}

impl TrustedProxies {
    /// Whose request it is that came from `peer`. What is no address ends the reading: the one before it is the last that somebody whom
    /// we trust has vouched for.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        // Several lines of a header are one list (RFC 9110, section 5.3).
        let lines = headers.get_all(X_FORWARDED_FOR).iter().rev();
        for entry in lines.flat_map(|line| line.as_bytes().rsplit(|&byte| byte == b',')) {
            if !self.0.contains(&client) {
                break;
            }
            let Some(address) = address(entry) else {
                break;
            };
            client = address;
        }
        client
    }
}

fn address(entry: &[u8]) -> Option<IpAddr> {
    let address: IpAddr = str::from_utf8(entry).ok()?.trim().parse().ok()?;
    Some(address.to_canonical())
}

/// The address of whoever makes a request.
pub(crate) struct Client(pub(crate) IpAddr);

impl FromRequestParts<Board> for Client {
    type Rejection = <ConnectInfo<SocketAddr> as FromRequestParts<Board>>::Rejection;

    async fn from_request_parts(parts: &mut Parts, board: &Board) -> Result<Self, Self::Rejection> {
        let ConnectInfo(peer) = ConnectInfo::<SocketAddr>::from_request_parts(parts, board).await?;
        Ok(Self(board.proxies.client(peer.ip(), &parts.headers)))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const PROXY: &str = "10.0.0.1";
    const VISITOR: &str = "192.0.2.7";

    /// Whose request it is, with these lines of the header, in front of two proxies.
    fn client(peer: &str, lines: &[&str]) -> String {
        let proxies: TrustedProxies = "10.0.0.1, 10.0.0.2,fd00::1".parse().unwrap();
        let mut headers = HeaderMap::new();
        for line in lines {
            let line = HeaderValue::from_bytes(line.as_bytes()).unwrap();
            headers.append(X_FORWARDED_FOR, line);
        }
        proxies.client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn a_proxy_says_who_has_asked_it() {
        assert_eq!(client(PROXY, &[VISITOR]), VISITOR);
        assert_eq!(client(PROXY, &["192.0.2.7,10.0.0.2"]), VISITOR);
        assert_eq!(client(PROXY, &["192.0.2.7", "10.0.0.2"]), VISITOR);
        assert_eq!(client("fd00::1", &["2001:db8::7"]), "2001:db8::7");
        // As a socket for both kinds of addresses reports them.
        assert_eq!(client("::ffff:10.0.0.1", &["::ffff:192.0.2.7"]), VISITOR);
        assert_eq!(client(PROXY, &[]), PROXY);
        // A proxy's own request, through another one.
        assert_eq!(client(PROXY, &["10.0.0.2"]), "10.0.0.2");
    }

    #[test]
    fn what_a_client_says_of_itself_counts_for_nothing() {
        for said in ["203.0.113.9", "10.0.0.2", "127.0.0.1", "nonsense", ""] {
            assert_eq!(client(VISITOR, &[said]), VISITOR, "{said}");
            let kept = format!("{said}, {VISITOR}");
            assert_eq!(client(PROXY, &[&kept]), VISITOR, "{said}");
            assert_eq!(client(PROXY, &[said, VISITOR]), VISITOR, "{said}");
        }
    }

    #[test]
    fn junk_ends_the_reading() {
        for junk in [
            "unknown",
            "",
            "192.0.2.300",
            "192.0.2.7:80",
            "é",
            "10.0.0.2 10.0.0.2",
        ] {
            assert_eq!(client(PROXY, &[junk]), PROXY, "{junk}");
            let line = format!("{VISITOR}, {junk}, 10.0.0.2");
            assert_eq!(client(PROXY, &[&line]), "10.0.0.2", "{junk}");
        }
    }

    #[test]
    fn without_proxies_the_header_is_not_read() {
        let mut headers = HeaderMap::new();
        headers.insert(X_FORWARDED_FOR, HeaderValue::from_static(VISITOR));
        let peer = PROXY.parse().unwrap();
        let proxies = TrustedProxies::default();
        assert_eq!(proxies.client(peer, &headers), peer);
    }

    #[test]
    fn proxies_are_named_by_their_addresses() {
        for text in ["localhost", "10.0.0.0/8", "10.0.0.1,", "10.0.0.1 10.0.0.2"] {
            assert!(text.parse::<TrustedProxies>().is_err(), "{text}");
        }
    }
}
