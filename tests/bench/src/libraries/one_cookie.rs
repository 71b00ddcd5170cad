//! A session that is one cookie, a JSON text: what is written by hand where a library knows cookies only.

use std::collections::BTreeMap;

use cookie::{Cookie, SameSite};

use crate::filling::Filling;

#[derive(Default, serde::Deserialize, serde::Serialize)]
pub(crate) struct Session {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<u64>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    texts: BTreeMap<String, String>,
}

pub(crate) const NAME: &str = "session";

impl Session {
    pub(crate) fn read(cookie: Option<Cookie<'_>>) -> Self {
        let session = cookie.and_then(|cookie| serde_json::from_str(cookie.value()).ok());
        session.unwrap_or_default()
    }

    pub(crate) fn of_value(value: u64) -> Self {
        Self {
            value: Some(value),
            ..Self::default()
        }
    }

    pub(crate) fn of_user(user: u64) -> Self {
        Self {
            user: Some(user),
            ..Self::default()
        }
    }

    pub(crate) fn counted(self) -> Self {
        Self {
            value: Some(self.value.unwrap_or(0) + 1),
            ..self
        }
    }

    pub(crate) fn filled(mut self, filling: Filling) -> Self {
        self.texts.extend(filling.entries());
        self
    }

    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.texts.get(key).map(String::as_str)
    }

    pub(crate) fn cookie(&self) -> Cookie<'static> {
        let text = serde_json::to_string(self).expect("numbers");
        Cookie::build((NAME, text))
            .path("/")
            .http_only(true)
            .secure(true)
            .same_site(SameSite::Lax)
            .build()
    }
}
