//! The names of our cookies, and the attributes that they are sent with.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::http::HeaderValue;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::clock::Millis;
use crate::keys::Purpose;
use crate::wire::Id;

/// When a cookie goes to requests that other sites start ([RFC 6265bis, section 4.1.2.7](https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SameSite {
    /// Never. A link from another site then shows somebody logged in as anonymous.
    Strict,
    /// With links that are followed, not with what other sites embed or post. The default.
    #[default]
    Lax,
    /// Always: for pages that other sites embed. Needs `Secure`.
    None,
}

/// The names of one configuration's cookies.
pub(crate) struct Names {
    /// `__Host-session.`: every name of ours starts with it.
    pub(crate) prefix: Arc<str>,
    identity: String,
    guest: String,
    out: String,
    pending: String,
}

impl Names {
    pub(crate) fn new(base: &str) -> Self {
        let whole = |purpose: Purpose| format!("{base}.{}", purpose.suffix());
        Self {
            prefix: format!("{base}.").into(),
            identity: whole(Purpose::Identity),
            guest: whole(Purpose::Guest),
            out: whole(Purpose::Out),
            pending: whole(Purpose::Pending),
        }
    }

    pub(crate) fn identity(&self) -> &str {
        &self.identity
    }

    pub(crate) fn guest(&self) -> &str {
        &self.guest
    }

    pub(crate) fn out(&self) -> &str {
        &self.out
    }

    pub(crate) fn pending(&self) -> &str {
        &self.pending
    }

    /// The name of a session's data cookie: each session has one of its own, so that a slow answer of one cannot undo another's.
    pub(crate) fn data(&self, slot: Slot) -> String {
        self.slotted(Purpose::Data, slot)
    }

    /// How many bytes [`data`](Self::data) takes.
    pub(crate) fn data_len(&self) -> usize {
        self.prefix.len() + Purpose::Data.suffix().len() + 1 + Slot::LEN
    }

    pub(crate) fn seen(&self, slot: Slot) -> String {
        self.slotted(Purpose::Seen, slot)
    }

    pub(crate) fn flash(&self, slot: Slot) -> String {
        self.slotted(Purpose::Flash, slot)
    }

    fn slotted(&self, purpose: Purpose, slot: Slot) -> String {
        [&self.prefix, purpose.suffix(), ".", slot.as_str()].concat()
    }
}

/// The last part of a name that belongs to one session or one flash: six bytes as eight characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Slot([u8; Slot::LEN]);

impl Slot {
    const BYTES: usize = 6;
    pub(crate) const LEN: usize = 8;
    /// What no name ends in.
    pub(crate) const NOBODY: Self = Self([b'.'; Self::LEN]);

    /// The slot of a session: it follows from the session's id and does not show it.
    pub(crate) fn of(sid: Id) -> Self {
        let digest = ring::digest::digest(&ring::digest::SHA256, &sid.0);
        let mut bytes = [0; Self::BYTES];
        bytes.copy_from_slice(&digest.as_ref()[..Self::BYTES]);
        Self::from(bytes)
    }

    /// A slot out of a cookie's name.
    pub(crate) fn read(text: &[u8]) -> Option<Self> {
        let characters = <[u8; Self::LEN]>::try_from(text).ok()?;
        // Six bytes take all bits of eight characters, so that any eight of base64url will do.
        let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        characters.iter().all(is_base64).then_some(Self(characters))
    }

    pub(crate) fn as_str(&self) -> &str {
        // Only base64 was written.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl From<[u8; Slot::BYTES]> for Slot {
    fn from(bytes: [u8; Slot::BYTES]) -> Self {
        let mut text = [0; Self::LEN];
        // Six bytes take exactly eight characters.
        let _ = URL_SAFE_NO_PAD.encode_slice(bytes, &mut text);
        Self(text)
    }
}

/// What follows the value in every `Set-Cookie` of ours, rendered once.
pub(crate) struct Attributes {
    keep: String,
    remove: String,
}

impl Attributes {
    pub(crate) fn render(template: &cookie::Cookie<'static>) -> Self {
        let rendered = |cookie: &cookie::Cookie<'_>| {
            let text = cookie.to_string();
            // The template has an empty value: what follows `name=` are the attributes.
            text.split_once('=')
                .map(|(_, attributes)| attributes.to_owned())
                .unwrap_or_default()
        };
        let mut removal = template.clone();
        removal.set_max_age(cookie::time::Duration::ZERO);
        removal.set_expires(cookie::time::OffsetDateTime::UNIX_EPOCH);
        Self {
            keep: rendered(template),
            remove: rendered(&removal),
        }
    }

    /// The beginning of a `Set-Cookie` value, with room for a value of so many bytes and for what follows it: it is made in one piece.
    pub(crate) fn begin(&self, name: &str, value_len: usize) -> String {
        let mut text = String::with_capacity(name.len() + 1 + value_len + self.keep.len());
        text.push_str(name);
        text.push('=');
        text
    }

    /// What follows the value of a cookie that is kept for `max_age`, or until the browser ends.
    pub(crate) fn keep(&self, text: &mut String, max_age: Option<Millis>) {
        text.push_str(&self.keep);
        if let Some(max_age) = max_age {
            // Zero would remove a cookie that still counts. Writing to a string does not fail.
            let _ = write!(text, "; Max-Age={}", max_age.as_secs().max(1));
        }
    }

    /// A `Set-Cookie` value that removes a cookie.
    pub(crate) fn remove(&self, name: &str) -> String {
        format!("{name}={}", self.remove)
    }
}

/// A header value out of text that holds names (checked by `build()`), base64 and attributes only.
pub(crate) fn header_value(text: String) -> Option<HeaderValue> {
    HeaderValue::try_from(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_follows_from_the_session_id() {
        let slot = Slot::of(Id([0; 16]));
        assert_eq!(slot.as_str().len(), Slot::LEN);
        assert!(slot == Slot::of(Id([0; 16])));
        assert!(slot != Slot::of(Id([1; 16])));
        assert!(Slot::read(slot.as_str().as_bytes()) == Some(slot));
    }

    #[test]
    fn what_is_no_slot_is_not_read() {
        for text in [
            "",
            "AAAAAAA",
            "AAAAAAAAA",
            "AAAA AAA",
            "AAAA%AAA",
            "........",
            "AAAAAA==",
        ] {
            assert!(Slot::read(text.as_bytes()).is_none(), "{text:?}");
        }
    }

    #[test]
    fn attributes_come_from_the_template() {
        let template = cookie::Cookie::build(("template", ""))
            .path("/")
            .secure(true)
            .http_only(true)
            .same_site(cookie::SameSite::Lax)
            .build();
        let attributes = Attributes::render(&template);
        let kept = |max_age| {
            let mut text = attributes.begin("a", 1);
            text.push('b');
            attributes.keep(&mut text, max_age);
            text
        };
        assert_eq!(kept(None), "a=b; HttpOnly; SameSite=Lax; Secure; Path=/");
        assert_eq!(
            kept(Some(Millis(61_999))),
            "a=b; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=61"
        );
        let removal = attributes.remove("a");
        assert!(removal.starts_with("a=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0"));
        assert!(removal.ends_with("; Expires=Thu, 01 Jan 1970 00:00:00 GMT"));
    }
}
