//! Redirects: `next` after a login, and the way to the login page, that would lead somewhere else.

mod door;

use axum::http::request::Parts;
use muffin_session_tests::raw;

use self::door::{after_login, lead_nowhere, location, next, refused, send, site, site_with};

/// `next=//evil.example`, with two slashes or more, with a port and a user. Expected: the default page.
#[tokio::test]
async fn two_slashes() {
    lead_nowhere(&[
        "//evil.example",
        "///evil.example",
        "////evil.example",
        "//",
        "//app.example:443@evil.example",
        "//evil.example/..",
    ])
    .await;
}

/// `next=/\evil.example` and other places for backslashes, which browsers take for slashes. Expected: the default page.
#[tokio::test]
async fn backslashes() {
    lead_nowhere(&[
        "/\\evil.example",
        "\\\\evil.example",
        "\\/evil.example",
        "/\\/evil.example",
        "/./\\evil.example",
        "/a\\..\\b",
    ])
    .await;
}

/// A backslash that is encoded twice, for servers that decode a path again. Expected: the default page.
#[tokio::test]
async fn encoded_backslash() {
    lead_nowhere(&[
        "/%5cevil.example",
        "/%5Cevil.example",
        "/a/..%5c%5Cevil.example",
    ])
    .await;
}

/// A tab, a line feed or a carriage return between two slashes, which browsers leave out. Expected: the default page.
#[tokio::test]
async fn tab_or_line_end_between_slashes() {
    lead_nowhere(&[
        "/\t/evil.example",
        "/\n/evil.example",
        "/\r/evil.example",
        "/\r\n/evil.example",
        "\t//evil.example",
    ])
    .await;
}

/// Space or a control character before the slashes or the scheme. Expected: the default page.
#[tokio::test]
async fn space_before_the_slashes() {
    lead_nowhere(&[
        " //evil.example",
        "\u{1}//evil.example",
        "\njavascript:alert(1)",
        " /a",
        "\u{b}/a",
        "+/a",
    ])
    .await;
}

/// Dots that leave two slashes once they are resolved: `/.//evil.example`, `/a/..//evil.example`. Expected: the default page.
#[tokio::test]
async fn dots_before_two_slashes() {
    lead_nowhere(&[
        "/.//evil.example",
        "/..//evil.example",
        "/a/..//evil.example",
        "/%2e//evil.example",
        "/%2e%2e//evil.example",
        "/a//",
    ])
    .await;
}

/// `javascript:`, `data:` and other schemes, also without slashes and in capitals. Expected: the default page.
#[tokio::test]
async fn other_schemes() {
    lead_nowhere(&[
        "javascript:alert(1)",
        "java\tscript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "blob:x",
        "HTTPS://evil",
        "https:evil.example",
        "https:/evil.example",
        "http:///evil.example",
        "https:\\\\evil.example",
        "mailto:a@b",
    ])
    .await;
}

/// Our own host as the user of another one. Expected: the default page.
#[tokio::test]
async fn our_host_as_a_user() {
    lead_nowhere(&[
        "https://app.example@evil.example",
        "https://app.example%5c@evil.example",
        "//app.example@evil.example",
        "https://app.example/",
    ])
    .await;
}

/// Slashes that are encoded once more than the query is. Expected: it is a path of this site, sent as it stands and not decoded again.
#[tokio::test]
async fn slashes_encoded_twice() {
    let site = site().await;
    for path in [
        "/%2f%2fevil.example",
        "/%252f%252fevil.example",
        "/%2fevil.example",
        "/@evil.example",
        "/.%2f/",
    ] {
        assert_eq!(after_login(&site, &next(path)).await, path);
    }
}

/// Characters that look like slashes or dots, or that nobody sees, after the first slash. Expected: the default page.
#[tokio::test]
async fn characters_like_slashes() {
    let characters = [
        '\u{ff0f}', '\u{2215}', '\u{2044}', '\u{29f8}', '\u{ff3c}', '\u{3002}', '\u{feff}',
        '\u{a0}', '\u{200b}', '\u{202e}', '\u{2028}',
    ];
    lead_nowhere(&characters.map(|character| format!("/{character}evil.example"))).await;
}

/// A NUL, and each other byte that is no printable ASCII. Expected: the default page, and no 500.
#[tokio::test]
async fn bytes_that_no_header_holds() {
    let bytes = (0..=0x20).chain(0x7f..=0xff);
    let values: Vec<_> = bytes
        .map(|byte: u8| [b"/a", &[byte][..], b"b"].concat())
        .collect();
    lead_nowhere(&values).await;
}

/// Bytes that are no UTF-8. Expected: the default page.
#[tokio::test]
async fn next_that_is_no_text() {
    lead_nowhere(&[
        &b"/\xff"[..],
        b"/\xc0\xaf/evil.example",
        b"/\xed\xa0\x80",
        b"\xff",
    ])
    .await;
}

/// A line end and a header of the attacker's. Expected: the default page, and no such header.
#[tokio::test]
async fn header_in_next() {
    let site = site().await;
    for value in [
        "/a\r\nSet-Cookie: x=1",
        "/a\nSet-Cookie: x=1",
        "/a\r\n\r\n<script>",
        "/\u{560a}Set-Cookie: x=1",
    ] {
        let line = format!("POST /login?{}", next(value));
        let answer = send(&site, &line, &["Host: app.example"]).await;
        assert_eq!(location(&answer), "/default");
        assert!(!answer.head.contains("x=1") && answer.body.is_empty());
    }
}

/// A `next` of 2 KiB and a byte, and of 8 KiB. Expected: the default page. 2 KiB pass, and a target that no server takes is a 414.
#[tokio::test]
async fn long_next() {
    let site = site().await;
    let path = |length: usize| format!("/{}", "a".repeat(length - 1));
    assert_eq!(
        after_login(&site, &format!("next={}", path(2_048))).await,
        path(2_048)
    );
    for length in [2_049, 8 * 1_024, 60 * 1_024] {
        assert_eq!(
            after_login(&site, &format!("next={}", path(length))).await,
            "/default"
        );
    }
    let line = format!("POST /login?next={}", path(70 * 1_024));
    assert_eq!(send(&site, &line, &["Host: app.example"]).await.status, 414);
}

/// `next` twice, in both orders, or equal. Expected: the default page.
#[tokio::test]
async fn doubled_next() {
    let site = site().await;
    for query in [
        "next=/a&next=//evil.example",
        "next=//evil.example&next=/a",
        "next=/a&next=/a",
        "next=/a&x=1&next=",
        "next&next=/a",
        "next=/a&%6eext=/b",
    ] {
        assert_eq!(after_login(&site, query).await, "/default", "{query}");
    }
}

/// Other spellings of the name: `NEXT`, `next[]`, ` next`, `return_to`. Expected: the default page.
#[tokio::test]
async fn other_names_for_next() {
    let site = site().await;
    let names = "NEXT= next[]= next%00= +next= return_to= url= xnext= ?next=";
    for name in names.split(' ') {
        let query = format!("{name}/a");

        assert_eq!(after_login(&site, &query).await, "/default", "{query}");
    }
    assert_eq!(after_login(&site, "x=1&%6eext=%2fa").await, "/a");
}

/// `next` in the body of the form, in a header or in a cookie. Expected: the default page, it is read from the query alone.
#[tokio::test]
async fn next_elsewhere_than_in_the_query() {
    let site = site().await;
    let request = "POST /login HTTP/1.1\r\nHost: app.example\r\nContent-Type: application/x-www-form-urlencoded\r\nNext: /a\r\nCookie: next=/a\r\nContent-Length: 7\r\nConnection: close\r\n\r\nnext=/a";
    assert_eq!(
        location(&raw::send(site.addr(), request.as_bytes()).await),
        "/default"
    );
}

/// `next` is the login page, the page for passwords, or a logout. Expected: the default page, nobody goes round in circles or is logged out.
#[tokio::test]
async fn next_in_circles() {
    let circles = "/login /login/ /login?next=/login /login#top /confirm /confirm?x=1 /logout /logout/ /account/logout?now";
    let circles: Vec<_> = circles.split(' ').collect();
    lead_nowhere(&circles).await;
}

/// `next` leads to a page of this site that redirects by itself: `/out?to=//evil.example`. Expected: it is sent as it stands; what that page does
/// is the application's, and the query is not touched.
#[tokio::test]
async fn next_to_a_page_that_redirects() {
    let site = site().await;
    let path = "/out?to=//evil.example";
    assert_eq!(after_login(&site, &next(path)).await, path);
}

/// `next` with an `&` in it, through a login of two pages. Expected: the second page has it in one piece, and nothing that leaves the site.
#[tokio::test]
async fn next_through_two_pages() {
    let site = site().await;
    let second = |query: String| {
        let site = &site;
        async move {
            location(&send(site, &format!("GET /login?{query}"), &["Host: app.example"]).await)
        }
    };
    assert_eq!(
        second(next("/a?b=1&next=//evil.example")).await,
        "/login/code?next=%2Fa%3Fb%3D1%26next%3D%2F%2Fevil.example"
    );
    for value in [
        "//evil.example",
        "/\\evil.example",
        "/a\r\nb: c",
        "/login/code\\",
    ] {
        assert_eq!(second(next(value)).await, "/login/code", "{value:?}");
    }
}

/// A guarded page is asked for as `//evil.example/x`, `/\evil.example` or `/a/..//evil.example`: a path that a redirect would lead off with.
/// Expected: the login page without `next`.
#[tokio::test]
async fn guarded_path_like_another_host() {
    let site = site().await;
    for target in [
        "//evil.example/x",
        "/\\evil.example",
        "/.//evil.example",
        "/a/..//evil.example",
        "///",
        "/%5cevil.example",
        "//evil.example@app.example",
    ] {
        assert_eq!(refused(&site, target).await, "/login", "{target}");
    }
}

/// A guarded page is asked for by an absolute target of another host. Expected: its path and query are in `next`, its host is not.
#[tokio::test]
async fn absolute_target() {
    let site = site().await;
    for target in [
        "http://evil.example/g?x=1",
        "https://user@evil.example:8443/g?x=1",
    ] {
        assert_eq!(
            refused(&site, target).await,
            "/login?next=%2Fg%3Fx%3D1",
            "{target}"
        );
    }
    assert_eq!(
        refused(&site, "http://evil.example//evil.example").await,
        "/login"
    );
}

/// `GET *`, `OPTIONS *` and `CONNECT` to a guarded fallback, which have no path. Expected: no `next`.
#[tokio::test]
async fn target_without_a_path() {
    let site = site().await;
    for line in ["GET *", "OPTIONS *", "CONNECT evil.example:443"] {
        let answer = send(&site, line, &["Host: app.example"]).await;
        match answer.status {
            303 => assert_eq!(location(&answer), "/login", "{line}"),
            status => assert!((400..500).contains(&status), "{line}: {}", answer.head),
        }
        assert!(
            !answer.head.contains("evil.example"),
            "{line}: {}",
            answer.head
        );
    }
}

/// A guarded page in a nested router, whose inside sees a shorter path. Expected: `next` is the whole path with its query, one parameter.
#[tokio::test]
async fn shortened_path_of_a_nested_page() {
    let site = site().await;
    assert_eq!(
        refused(&site, "/n/x?y=1&next=//evil.example#").await,
        "/login?next=%2Fn%2Fx%3Fy%3D1%26next%3D%2F%2Fevil.example"
    );
}

/// The page that asks for the password again is opened with a `next` of its own, good or not. Expected: it is handed on if it is good, and dropped if
/// not.
#[tokio::test]
async fn next_of_the_page_for_passwords() {
    let site = site().await;
    assert_eq!(
        refused(&site, &format!("/confirm?{}", next("/a"))).await,
        "/login?next=%2Fa"
    );
    for query in [
        next("//evil.example"),
        next("/\\evil"),
        "next=/a&next=/b".to_owned(),
        next("/confirm"),
    ] {
        assert_eq!(
            refused(&site, &format!("/confirm?{query}")).await,
            "/login",
            "{query}"
        );
    }
}

/// A POST to a guarded page with a `Referer`, of this site or of another. Expected: 303 to the login page, nothing of the `Referer`.
#[tokio::test]
async fn referer_as_the_way_back() {
    let site = site().await;
    for referer in [
        "https://evil.example/x",
        "http://app.example//evil.example",
        "http://app.example/page",
    ] {
        let fields = ["Host: app.example", &format!("Referer: {referer}")];
        let answer = send(&site, "POST /guarded", &fields).await;
        assert_eq!(location(&answer), "/login");
    }
}

/// `Host`, `X-Forwarded-Host`, `X-Forwarded-Prefix`, `X-Original-URL` and their like name another place. Expected: `Location` is a path, and
/// nothing of theirs is in the answer.
#[tokio::test]
async fn host_that_is_not_ours() {
    let site = site().await;
    for field in [
        "X-Forwarded-Host: evil.example",
        "X-Forwarded-Server: evil.example",
        "X-Forwarded-Prefix: //evil.example",
        "X-Original-URL: //evil.example",
        "X-Rewrite-URL: //evil.example",
        "Forwarded: host=evil.example",
        "X-Host: evil.example",
        "Base-Url: https://evil.example",
    ] {
        for host in [
            "Host: evil.example",
            "Host: evil.example:443",
            "Host: a@evil.example",
        ] {
            let answer = send(&site, "GET /guarded?x", &[host, field]).await;
            assert_eq!(location(&answer), "/login?next=%2Fguarded%3Fx", "{field}");
            assert!(!answer.head.contains("evil"));
        }
    }
}

/// HTMX asks, with an `HX-Current-URL` of another site or of a script, for a path like another host. Expected: `HX-Redirect` is the login page, and
/// nothing of the client's.
#[tokio::test]
async fn htmx_with_a_current_url() {
    let site = site().await;
    for current in [
        "https://evil.example/",
        "javascript:alert(1)",
        "//evil.example",
        "/a",
    ] {
        let fields = [
            "Host: app.example",
            "HX-Request: true",
            &format!("HX-Current-URL: {current}"),
        ];
        for target in ["/guarded", "//evil.example"] {
            let answer = send(&site, &format!("GET {target}"), &fields).await;
            assert_eq!(
                (answer.status, answer.field("hx-redirect")),
                (401, Some("/login"))
            );
            assert!(!answer.has("location") && !answer.head.contains("evil"));
        }
    }
}

/// POST, PUT and DELETE to a guarded page, whose body a 307 would send on. Expected: 303 to the login page, without `next`.
#[tokio::test]
async fn redirect_that_sends_a_body_on() {
    let site = site().await;
    for method in ["POST", "PUT", "PATCH", "DELETE", "FOO"] {
        let answer = send(
            &site,
            &format!("{method} /guarded?x=1"),
            &["Host: app.example"],
        )
        .await;
        assert_eq!(location(&answer), "/login", "{method}");
    }
}

/// The login URL is made of the request by the application, and the request makes another host, a script or a header of it. Expected: 401 without a
/// redirect.
#[tokio::test]
async fn login_url_made_of_the_request() {
    let site = site_with(|builder| {
        builder.login_url(|parts: &Parts| {
            let lang = parts
                .headers
                .get("x-lang")
                .and_then(|lang| lang.to_str().ok());
            lang.unwrap_or("/en").to_owned()
        })
    })
    .await;
    let ask = async |lang: &str| {
        send(
            &site,
            "GET /guarded",
            &["Host: app.example", &format!("X-Lang: {lang}")],
        )
        .await
    };
    assert_eq!(location(&ask("/fr").await), "/fr?next=%2Fguarded");
    for lang in [
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "data:,x",
        "evil.example",
        "/.//evil.example",
        "/a b",
        "/a\tb",
    ] {
        let answer = ask(lang).await;
        assert_eq!(
            (answer.status, answer.field("location")),
            (401, None),
            "{lang}"
        );
    }
}
