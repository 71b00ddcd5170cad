//! Each configuration that does not start says what is wrong, why, and what to write instead.

use std::time::Duration;

use muffin_session::{Builder, ConfigError, SameSite, Secret, Sessions, user_loader};
use muffin_session_tests::{SECRET, builder};

#[derive(Clone)]
struct User;

#[derive(Clone)]
struct Admin;

#[user_loader]
async fn load_user(id: u64) -> Option<User> {
    (id == 1).then_some(User)
}

/// A configuration that starts.
fn good() -> Builder {
    builder().without_user_loader()
}

fn error(builder: Builder) -> ConfigError {
    match builder.build() {
        Ok(_) => panic!("it started"),
        Err(error) => error,
    }
}

/// The message holds each of these words, and is made of what, why and what to write.
fn says(builder: Builder, words: &[&str]) {
    let error = error(builder);
    let message = error.to_string();
    for word in words {
        assert!(message.contains(word), "{word:?} is not in: {message}");
    }
    let (what, rest) = message.split_once(": ").expect("what, and why");
    let (why, mend) = rest.split_once(". ").expect("why, and what to write");
    assert!(
        !what.is_empty() && !why.is_empty() && mend.len() > 10,
        "{message}"
    );
    assert!(!message.contains(SECRET), "{message}");
    assert!(!message.contains('\n'), "{message}");
    // A `main` that returns it prints just this.
    assert_eq!(format!("{error:?}"), message);
    let _: &dyn std::error::Error = &error;
}

fn days(days: u64) -> Duration {
    Duration::from_secs(days * 24 * 3_600)
}

#[test]
fn names_that_are_no_token_or_bring_their_own_prefix_are_refused() {
    let long = "x".repeat(65);
    for name in [
        "", " ", "a b", "a;b", "a=b", "a,b", "ä", "a\r\nb", "a\tb", "a\0b", "\"a\"", "a/b", "a:b",
        "a@b", "(a)", "[a]", "{a}", "<a>", "a\\b", "a?b", &long,
    ] {
        let quoted = format!("{name:?}");
        says(
            good().cookie_name(name),
            &[
                "cookie_name",
                &quoted,
                "RFC 6265",
                r#"Write cookie_name("session")"#,
            ],
        );
    }
    for (name, rest) in [
        ("__Host-shop", "shop"),
        ("__Secure-shop", "shop"),
        ("__HOST-shop", "shop"),
        ("__secure-shop", "shop"),
        ("__Host-", ""),
    ] {
        let mend = if rest.is_empty() {
            "Write cookie_name(".to_owned()
        } else {
            format!("Write cookie_name({rest:?})")
        };
        says(
            good().cookie_name(name),
            &["cookie_name", name, "added for you", &mend],
        );
    }
    for name in [
        "s",
        "a!#$%&'*+-.^_`|~b",
        &"x".repeat(64),
        "Host-shop",
        "_Host-shop",
    ] {
        assert!(good().cookie_name(name).build().is_ok(), "{name}");
    }
}

#[test]
fn scopes_that_browsers_would_drop_are_refused() {
    let long = format!("/{}", "x".repeat(1_024));
    for path in [
        "",
        "app",
        "./app",
        "https://example.com/",
        "/a;b",
        "/ä",
        "/a\nb",
        "/a\tb",
        "/\0",
        &long,
    ] {
        says(
            good().path(path),
            &["path(", "starts with a slash", r#"Write path("/")"#],
        );
    }
    let long = "x".repeat(254);
    for domain in [
        "",
        "https://example.com",
        "example.com:443",
        "example.com/",
        "exa mple.com",
        "example.com;",
        "*.example.com",
        "exämple.com",
        "example.com\r\n",
        "example,com",
        "[::1]",
        "user@example.com",
        &long,
    ] {
        says(
            good().domain(domain),
            &[
                "domain(",
                "host name",
                r#"Write domain("example.com")"#,
                "safer",
            ],
        );
    }
    says(
        good().same_site(SameSite::None).allow_plain_http(),
        &[
            "same_site(SameSite::None)",
            "allow_plain_http()",
            "browsers drop",
            "same_site(SameSite::Lax)",
        ],
    );
    says(
        good().partitioned().allow_plain_http(),
        &[
            "partitioned()",
            "allow_plain_http()",
            "browsers drop",
            "Leave one of the two out",
        ],
    );
    assert!(good().path("/app").build().is_ok());
    assert!(good().domain("example.com").build().is_ok());
    assert!(
        good()
            .same_site(SameSite::None)
            .partitioned()
            .build()
            .is_ok()
    );
    assert!(
        good()
            .same_site(SameSite::Strict)
            .allow_plain_http()
            .build()
            .is_ok()
    );
}

#[test]
fn a_domain_that_is_no_host_name_is_refused() {
    for domain in [".", "..", "example..com", "-", "-.-"] {
        says(
            good().domain(domain),
            &["domain(", "host name", r#"Write domain("example.com")"#],
        );
    }
}

type SetDuration = fn(Builder, Duration) -> Builder;

const DURATIONS: [(&str, SetDuration); 4] = [
    ("max_age", |builder, duration| builder.max_age(duration)),
    ("lifetime", |builder, duration| builder.lifetime(duration)),
    ("idle_timeout", |builder, duration| {
        builder.lifetime(days(400)).idle_timeout(duration)
    }),
    ("guest_lifetime", |builder, duration| {
        builder.guest_lifetime(duration)
    }),
];

#[test]
fn s186_durations_of_nothing_and_of_ages_are_refused() {
    for (option, set) in DURATIONS {
        let what = format!("{option}(");
        let mend = format!("{option}(Duration::from_secs(");
        for short in [
            Duration::ZERO,
            Duration::from_nanos(1),
            Duration::from_millis(999),
        ] {
            says(
                set(good(), short),
                &[
                    &what,
                    "less than a second",
                    "Write at least a second",
                    &mend,
                ],
            );
        }
        let second = Duration::from_secs(1);
        for long in [
            days(400) + Duration::from_nanos(1),
            days(400) + second,
            days(401),
            Duration::from_secs(1_000_000_000_000),
            Duration::MAX,
        ] {
            says(set(good(), long), &[&what, "400 days", "or less", &mend]);
        }
        assert!(set(good(), second).build().is_ok(), "{option}");
        assert!(set(good(), days(400)).build().is_ok(), "{option}");
    }
    let longer = good()
        .lifetime(days(1))
        .idle_timeout(days(1) + Duration::from_secs(1));
    says(
        longer,
        &[
            "idle_timeout(86401s)",
            "longer than the lifetime of 86400s",
            "never ends a session",
            "lifetime(..)",
        ],
    );
    assert!(
        good()
            .lifetime(days(1))
            .idle_timeout(days(1))
            .build()
            .is_ok()
    );
}

#[test]
fn s089_who_is_logged_in_must_be_looked_up_by_one_loader_or_none_in_so_many_words() {
    says(
        builder(),
        &[
            "no user loader",
            "deleted user",
            ".user_loader(load_user)",
            "#[user_loader]",
            ".without_user_loader()",
        ],
    );
    for twice in [
        builder().user_loader(load_user).user_loader(load_user),
        builder().user_loader(load_user).without_user_loader(),
        builder().without_user_loader().without_user_loader(),
        builder()
            .user_loader(load_user)
            .without_user_loader()
            .user_loader(load_user),
    ] {
        says(
            twice,
            &["more than one user loader", "one kind of user", "Leave one"],
        );
    }
    let checked = builder()
        .without_user_loader()
        .default_user_checker(|_: &User| true);
    says(
        checked,
        &[
            "default_user_checker(..)",
            "without_user_loader()",
            "no user to check",
            ".user_loader(load_user)",
        ],
    );
    let other = builder()
        .user_loader(load_user)
        .default_user_checker(|_: &Admin| true);
    says(
        other,
        &[
            "default_user_checker(..)",
            "Admin`",
            "User`",
            "the loader's type",
        ],
    );
    let same = builder()
        .user_loader(load_user)
        .default_user_checker(|_: &User| true);
    assert!(same.build().is_ok());
}

#[test]
fn login_urls_that_lead_nowhere_or_elsewhere_are_refused() {
    let long = format!("/{}", "x".repeat(2_048));
    for url in [
        "",
        " ",
        "login",
        "./login",
        "?login",
        "#login",
        "//evil.example",
        "/\\evil.example",
        "\\login",
        "/.//evil.example",
        "/log in",
        "/login\r\n",
        "/login\0",
        "/lögin",
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://example.com",
        "https:",
        "https://",
        "http:/login",
        "HTTP://x",
        &long,
    ] {
        let quoted = format!("{url:?}");
        let refused = good().login_url(url.to_owned());
        says(
            refused,
            &[
                "login_url(",
                &quoted,
                "http(s) URL",
                "starts with one slash",
                r#"login_url("/login")"#,
            ],
        );
    }
    for url in [
        "/",
        "/login",
        "/login?lang=en#form",
        "https://login.example.com/?app=shop",
        "http://localhost:8000/login",
    ] {
        assert!(good().login_url(url).build().is_ok(), "{url}");
    }
}

type SetOrigin = fn(Builder, &str) -> Builder;

const ORIGINS: [SetOrigin; 2] = [
    |builder, origin| builder.trusted_origin(origin),
    |builder, origin| builder.public_origin(origin),
];

#[test]
fn origins_that_are_none_are_refused() {
    for set in ORIGINS {
        for origin in [
            "",
            "*",
            "null",
            "example.com",
            "example.com:443",
            "//example.com",
            "https://",
            "https:",
            "ftp://example.com",
            "https://example.com/",
            "https://example.com/path",
            "https://example.com?x",
            "https://example.com#x",
            "https://exämple.com",
            "https://exam ple.com",
        ] {
            let quoted = format!("{origin:?}");
            says(
                set(good(), origin),
                &[
                    "the origin",
                    &quoted,
                    "Write scheme and host",
                    r#""https://example.com""#,
                ],
            );
        }
        for origin in [
            "https://example.com",
            "https://example.com:8443",
            "http://localhost:8000",
            "http://[::1]:8000",
        ] {
            assert!(set(good(), origin).build().is_ok(), "{origin}");
        }
    }
    // Of several, the bad one is named.
    let several = good()
        .trusted_origin("https://a.example")
        .trusted_origin("b.example");
    says(several, &[r#""b.example""#]);
}

#[test]
fn origins_that_no_browser_sends_are_refused() {
    for set in ORIGINS {
        for origin in [
            "https://Example.com",
            "HTTPS://example.com",
            "https://example.com:443",
            "http://example.com:80",
            "https://user@example.com",
        ] {
            let quoted = format!("{origin:?}");
            says(
                set(good(), origin),
                &["the origin", &quoted, r#""https://example.com""#],
            );
        }
    }
}

#[test]
fn names_of_applications_may_be_anything_short() {
    says(
        good().app_name("x".repeat(256)),
        &[
            "app_name(..)",
            "more than 255 bytes",
            "Write a short name",
            "shop-staging",
        ],
    );
    says(
        good().app_name("ä".repeat(128)),
        &["app_name(..)", "255 bytes"],
    );
    for name in [
        "",
        "x",
        "shop staging",
        "größe",
        "a\0b\r\n",
        &"x".repeat(255),
    ] {
        assert!(good().app_name(name).build().is_ok(), "{name:?}");
    }
}

#[test]
fn what_is_wrong_first_does_not_hide_that_the_rest_is_checked() {
    let all = Sessions::builder(Secret::new("short"))
        .cookie_name("")
        .path("")
        .max_age(Duration::ZERO);
    says(all, &["secret"]);
    let rest = builder().cookie_name("").path("").max_age(Duration::ZERO);
    says(rest, &["cookie_name"]);
    let rest = builder().path("").max_age(Duration::ZERO);
    says(rest, &["path"]);
    says(builder().max_age(Duration::ZERO), &["max_age"]);
    says(builder(), &["no user loader"]);
}
