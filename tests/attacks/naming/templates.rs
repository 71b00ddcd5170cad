//! Fields with a user's cookies in them, and who is logged in by them.

use muffin_session_tests::Browser;

use crate::site::{ID, Target, cookie, cookies};

/// The texts of a list, with two spaces or a new line between them.
pub(super) fn listed(list: &str) -> Vec<&str> {
    let texts = list.lines().flat_map(|line| line.split("  "));
    texts
        .map(str::trim_ascii)
        .filter(|text| !text.is_empty())
        .collect()
}

/// The user's identity and its value in place of `{id}` and `{value}`, and the data in place of `{data}`, or in a field of its own.
pub(super) async fn sent(target: &Target, browser: &Browser, template: &[u8]) -> (u16, String) {
    let (id, data) = (cookie(browser, ".id"), cookie(browser, ".data."));
    let mut field = template.to_vec();
    for (mark, text) in [
        ("{id}", &*id),
        ("{value}", &id[ID.len() + 1..]),
        ("{data}", &data),
    ] {
        while let Some(at) = field
            .windows(mark.len())
            .position(|part| part == mark.as_bytes())
        {
            field.splice(at..at + mark.len(), text.bytes());
        }
    }
    let mut fields = vec![field];
    if !template.windows(6).any(|part| part == b"{data}") {
        fields.push(data.into_bytes());
    }
    let answer = target.get("/public", &fields).await;
    (answer.status, answer.text())
}

pub(super) async fn are_somebody<T: AsRef<[u8]>>(templates: &[T]) {
    let target = Target::new().await;
    let ann = target.user(1).await;
    for template in templates {
        let template = template.as_ref();
        let answer = sent(&target, &ann, template).await;
        assert_eq!(answer, (200, "1".to_owned()), "{}", template.escape_ascii());
    }
}

pub(super) async fn are_nobody<T: AsRef<[u8]>>(templates: &[T]) {
    let target = Target::new().await;
    let ann = target.user(1).await;
    for template in templates {
        let template = template.as_ref();
        let answer = sent(&target, &ann, template).await;
        assert_eq!(
            answer,
            (200, "nobody".to_owned()),
            "{}",
            template.escape_ascii()
        );
    }
}

/// A stranger's genuine value by each of these names, alone and beside a user's own cookies: it is nobody's, and the user is the user.
pub(super) async fn are_not_ours<T: AsRef<[u8]>>(names: &[T]) {
    are_not_ours_in(&Target::new().await, names).await;
}

pub(super) async fn are_not_ours_in<T: AsRef<[u8]>>(target: &Target, names: &[T]) {
    let (ann, eve) = (target.user(1).await, target.user(2).await);
    let (own, value) = (cookies(&ann), eve.jar.find(".id").unwrap().1);
    for name in names {
        let evil = [name.as_ref(), b"=", value.as_bytes()].concat();
        let shown = evil.escape_ascii().to_string();
        let alone = [&evil, &b"; "[..], cookie(&eve, ".data.").as_bytes()].concat();
        assert_eq!(target.who(&alone).await, "nobody", "{shown}");
        target
            .is_user(1, [&evil, &b"; "[..], own.as_bytes()].concat())
            .await;
        target
            .is_user(1, [own.as_bytes(), b";", &evil, b";"].concat())
            .await;
        let fields = [evil.as_slice(), own.as_bytes()];
        assert_eq!(target.shown_in(&fields).await.0, Some(1), "{shown}");
    }
}
