//! Where other parsers differ: quotes, commas, versions, space, many fields.

use axum::body::{Body, to_bytes};
use axum::http::header::COOKIE;
use axum::http::{Request, Version};
use muffin_session_tests::builder;
use tower::ServiceExt as _;

use crate::site::{Person, Shown, World, app};

/// Sends a header in which `{id}`, `{value}` and `{data}` stand for a person's cookies. Where `{data}` does not occur, it is sent in a
/// field of its own.
async fn shown(world: &World, person: &Person, template: &str) -> Shown {
    let header = template
        .replace("{id}", &person.id_cookie())
        .replace("{value}", &person.id_value())
        .replace("{data}", &person.data_cookie());
    let data = person.data_cookie();
    let mut fields = vec![header.as_bytes()];
    if !template.contains("{data}") {
        fields.push(data.as_bytes());
    }
    let answer = world.get("/", &fields).await;
    assert_eq!(answer.status, 200, "{template}");
    // Data that its identity has left behind may be removed, and nothing else.
    for cookie in answer.fields("set-cookie") {
        let (name, _) = data.split_once('=').expect("a cookie");
        assert!(
            cookie.starts_with(&format!("{name}=;")),
            "{template}: {cookie}"
        );
    }
    answer.json()
}

async fn is_logged_in(templates: &[&str]) {
    let world = World::new().await;
    let ann = world.user(1).await;
    for template in templates {
        assert_eq!(
            shown(&world, &ann, template).await,
            ann.shown(),
            "{template:?}"
        );
    }
}

async fn is_nobody(templates: &[&str]) {
    let world = World::new().await;
    let ann = world.user(1).await;
    for template in templates {
        assert_eq!(
            shown(&world, &ann, template).await,
            Shown::default(),
            "{template:?}"
        );
    }
}

#[tokio::test]
async fn s054_a_version_is_a_cookie_like_others() {
    is_logged_in(&[
        "$Version=1; {id}; $Path=/",
        "$Version=\"1\"; {id}; $Path=\"/\"; $Domain=\"localhost\"; {data}",
        "$Version=1;{id};{data}",
    ])
    .await;
    is_nobody(&["$Version=1, {id}", "$Version=1; ${id}"]).await;
}

#[tokio::test]
async fn s055_quotes_mean_nothing() {
    is_logged_in(&[
        "$Version=1; a=\"x; {id}; b=y\"",
        "a=\"x; {id}; {data}; b=y\"",
        "a=\"; {id}; b=\"",
        "a=\"\\\"; {id}; b=\\\"\"",
        "a='; {id}; b='",
        "\"; {id}; \"",
    ])
    .await;
    is_nobody(&["a=\"{id}\"", "a=\"x {id}\"; b"]).await;
}

#[tokio::test]
async fn s056_s061_a_value_is_taken_as_it_stands() {
    is_nobody(&[
        "__Host-session.id=\"{value}\"",
        "__Host-session.id='{value}'",
        "__Host-session.id=\"{value}",
        "__Host-session.id={value}\"",
        "__Host-session.id={value}=",
        "__Host-session.id=={value}",
        "__Host-session.id==",
        "__Host-session.id=",
        "__Host-session.id=\"\"",
        "__Host-session.id={value}%20",
        "__Host-session.id=%7B{value}",
        "__Host-session.id={value}{value}",
        "__Host-session.id={value} {value}",
        "__Host-session.id={value}\u{a0}",
        "__Host-session.id={value}.sig",
        "__Host-session.id=s:{value}",
        "__Host-session.id=j:{value}",
    ])
    .await;
}

#[tokio::test]
async fn s057_commas_separate_nothing() {
    is_nobody(&[
        "a=1, {id}",
        "a=1,{id}",
        "{id}, b=2",
        "{id},{data}",
        "a=1&{id}",
        "a=1 {id}",
        "a=1\t{id}",
        "a=1|{id}",
    ])
    .await;
}

#[tokio::test]
async fn s058_s059_space_and_empty_parts_between_cookies_mean_nothing() {
    is_logged_in(&[
        "a=1;{id}",
        "a=1;   {id}",
        "a=1;\t{id}",
        "a=1; \t \t{id}",
        "   {id}   ",
        "\t{id}\t",
        "{id} ;{data}\t;b=2",
        ";;; ;{id};;",
        "; ; ;{id}",
        ";=;{id};=",
        "=;{id}",
        "a;{id};b",
        "{id};",
        "{id}; ;\t;{data};;;",
    ])
    .await;
}

#[tokio::test]
async fn s060_space_round_the_equals_sign_belongs_to_name_and_value() {
    is_nobody(&[
        "__Host-session.id ={value}",
        "__Host-session.id= {value}",
        "__Host-session.id = {value}",
        "__Host-session.id\t={value}",
        "__Host-session.id=\t{value}",
    ])
    .await;
    // The same rule when it is removed: nothing is, and the genuine one beside it counts.
    is_logged_in(&[
        "__Host-session.id = {value}; {id}",
        "__Host-session.id =x; {id}",
    ])
    .await;
}

#[tokio::test]
async fn s062_all_cookie_fields_count_and_order_does_not() {
    let world = World::new().await;
    let ann = world.user(1).await;
    let (id, data) = (ann.id_cookie(), ann.data_cookie());
    for fields in [
        &["a=1", &id, &data][..],
        &[&data, "a=1", &id],
        &["", &id, "", &data, ""],
        &[&id, &data, &id, &data],
        &[";", &id, ";", &data],
        // Half a cookie in each field is no cookie.
        &[&id, &data, "__Host-session.i", "d=x"],
    ] {
        let fields: Vec<_> = fields.iter().map(|field| field.as_bytes()).collect();
        assert_eq!(world.shown(&fields).await, ann.shown(), "{fields:?}");
    }
    // The name of the field in any case, and as many as the server takes.
    let mut lines = vec!["GET / HTTP/1.1".to_owned()];
    lines.extend(
        (0..80).map(|number| format!("cOOKIE: junk{number}=x; __Host-session.x{number}=y")),
    );
    lines.extend([format!("cookie: {id}"), format!("COOKIE:{data}")]);
    assert_eq!(world.send(&lines, b"").await.json::<Shown>(), ann.shown());
}

#[tokio::test]
async fn s063_http2_may_send_each_cookie_in_a_field_of_its_own() {
    let world = World::new().await;
    let ann = world.user(1).await;
    let (router, _) = app(builder());
    for position in [0, 50, 99] {
        let mut crumbs: Vec<String> = (0..98).map(|number| format!("crumb{number}=x")).collect();
        crumbs.insert(position.min(crumbs.len()), ann.id_cookie());
        crumbs.insert(crumbs.len() - position.min(crumbs.len()), ann.data_cookie());
        let mut request = Request::get("/").version(Version::HTTP_2);
        for crumb in &crumbs {
            request = request.header(COOKIE, crumb);
        }
        let request = request.body(Body::empty()).expect("a request");
        let response = router.clone().oneshot(request).await.expect("an answer");
        assert!(!response.headers().contains_key("set-cookie"));
        let body = to_bytes(response.into_body(), usize::MAX)
            .await
            .expect("a body");
        let shown: Shown = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(shown, ann.shown());
        // And just so in one field.
        assert_eq!(
            world.shown(&[crumbs.join("; ").as_bytes()]).await,
            ann.shown()
        );
    }
}

#[tokio::test]
async fn s064_attributes_in_a_request_are_cookies_like_others() {
    is_logged_in(&[
        "{id}; Path=/; HttpOnly",
        "{id}; Path=/; {data}; Secure; SameSite=None; Max-Age=0",
        "{id}; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "Domain=evil.example; {id}",
    ])
    .await;
}

#[tokio::test]
async fn s065_control_bytes_come_no_further_than_the_server_or_mean_nobody() {
    let world = World::new().await;
    let ann = world.user(1).await;
    for byte in (0..0x20_u8)
        .chain([0x7f])
        .filter(|byte| !b"\t\r\n".contains(byte))
    {
        for header in [
            [ann.id_cookie().as_bytes(), &[byte]].concat(),
            [&b"a=1;"[..], &[byte], ann.id_cookie().as_bytes()].concat(),
        ] {
            let answer = world
                .get("/", &[&header, ann.data_cookie().as_bytes()])
                .await;
            match answer.status {
                400 => {}
                200 => assert_eq!(answer.json::<Shown>().user, None, "{byte:#x}"),
                status => panic!("{byte:#x}: {status}"),
            }
        }
    }
}

#[tokio::test]
async fn s068_no_byte_of_what_is_kept_stands_in_a_header() {
    let world = World::new().await;
    let browser = world.site.browser();
    let nasty = "x\r\nSet-Cookie: evil=1; Domain=evil.example\r\n\r\n<p>;,\"\\\0\u{7f}é\u{2028}";
    let entry = serde_json::json!({ "key": nasty, "value": nasty });
    let answers = [
        browser
            .request(reqwest::Method::POST, "/insert")
            .json(&entry)
            .send()
            .await
            .expect("an answer"),
        browser
            .request(reqwest::Method::POST, "/flash")
            .body(nasty)
            .send()
            .await
            .expect("an answer"),
    ];
    for answer in answers {
        assert_eq!(answer.status(), 200);
        let cookies: Vec<_> = answer.headers().get_all("set-cookie").iter().collect();
        assert!(!cookies.is_empty());
        for cookie in cookies {
            let cookie = cookie.to_str().expect("ASCII");
            assert!(cookie.starts_with("__Host-session."), "{cookie}");
            let value = cookie.split(['=', ';']).nth(1).expect("a value");
            let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
            assert!(value.bytes().all(is_base64), "{cookie}");
        }
    }
    let header = browser.jar.header().expect("cookies");
    let shown: Shown = world.get("/", &[header.as_bytes()]).await.json();
    assert_eq!(shown.data[nasty], nasty);
    assert_eq!(shown.flashes, [nasty]);
}
