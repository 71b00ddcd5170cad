//! Which URLs name a store, and what is said of the others.

use super::{KINDS, store_from_url};
use crate::store::Store as _;

fn refusal(url: &str) -> String {
    let error = store_from_url(url).map(|store| store.name()).unwrap_err();
    let message = error.to_string();
    assert!(!message.contains("hunter2"), "{url}: {message}");
    assert!(!message.contains('\n'), "{url}: {message}");
    message
}

/// Whether a feature is built in, by its name.
fn is_built_in(feature: &str) -> bool {
    match feature {
        "memory" => cfg!(feature = "memory"),
        "sqlite" => cfg!(feature = "sqlite"),
        "postgres" => cfg!(feature = "postgres"),
        "mysql" => cfg!(feature = "mysql"),
        "redis" => cfg!(feature = "redis"),
        other => panic!("a feature without a test: {other}"),
    }
}

#[tokio::test]
async fn each_kind_is_there_or_says_which_feature_is_missing() {
    for kind in KINDS {
        for scheme in kind.schemes {
            let (_, rest) = kind.example.split_once(':').unwrap();
            let rest = match scheme.split_once('+') {
                Some((_, "sentinel")) => "//ann:hunter2@host:26379,host2/mymaster/2",
                Some((_, "cluster")) => "//ann:hunter2@host:7000,[::1]:7001",
                Some(_) => "///run/redis.sock?pass=hunter2",
                None => rest,
            };
            for url in [
                format!("{scheme}:{rest}"),
                format!(" {}:{rest}\n", scheme.to_ascii_uppercase()),
            ] {
                if is_built_in(kind.feature) {
                    let store =
                        store_from_url(&url).unwrap_or_else(|error| panic!("{url}: {error}"));
                    assert_eq!(store.name(), kind.feature, "{url}");
                    assert_eq!(
                        format!("{store:?}"),
                        format!("AnyStore({:?})", kind.feature)
                    );
                } else {
                    let message = refusal(&url);
                    let command = format!("cargo add muffin-session --features {}", kind.feature);
                    assert!(message.ends_with(&command), "{message}");
                    assert!(message.contains(&format!("{scheme:?}")), "{message}");
                }
            }
        }
    }
}

#[test]
fn what_is_no_store_lists_those_there_are_and_quotes_nothing() {
    for url in [
        "",
        ":",
        "hunter2",
        "hunter2:",
        "ann:hunter2@host:6379",
        "http://ann:hunter2@host",
        "redis+tls://ann:hunter2@host",
        "sqlx://hunter2",
        "/var/lib/sessions.db",
        "C:\\sessions.db",
    ] {
        let message = refusal(url);
        for kind in KINDS {
            assert!(message.contains(kind.example), "{url}: {message}");
            for scheme in kind.schemes {
                assert!(message.contains(scheme), "{url}: {message}");
            }
        }
    }
}

#[cfg(feature = "memory")]
#[tokio::test]
async fn memory_is_shared_by_clones_and_has_no_options() {
    let store = store_from_url("memory:").unwrap();
    store.migrate().await.unwrap();
    let key = crate::RecordKey::from_bytes([7; 32]);
    let now = crate::Timestamp::from_millis(1);
    let record = crate::Record {
        user: None,
        expires_at: crate::Timestamp::from_millis(2),
        version: 1,
        content: b"cart".to_vec(),
    };
    assert!(store.create(key, record.clone(), now).await.unwrap());
    let loaded = store.clone().load(key, now).await.unwrap();
    assert_eq!(loaded, Some(record));
    let other = store_from_url("memory://").unwrap();
    assert_eq!(other.load(key, now).await.unwrap(), None);

    for url in ["memory:64", "memory://hunter2", "memory:?size=1"] {
        assert!(refusal(url).contains("Write memory:"), "{url}");
    }
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn a_file_is_made_when_it_is_first_needed() {
    let folder = std::env::temp_dir().join(format!("muffin-session-url-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let folder_text = folder.to_str().unwrap();
    let files = || std::fs::read_dir(&folder).unwrap().count();
    for (url, file) in [
        (format!("sqlite:{folder_text}/a.db"), "a.db"),
        (format!("sqlite://{folder_text}/b.db?mode=rwc"), "b.db"),
        (
            format!("sqlite:{folder_text}/what%3F%20c.db?table=shop"),
            "what? c.db",
        ),
    ] {
        let store = store_from_url(&url).unwrap();
        assert_eq!(files(), 0, "{url}");
        store.migrate().await.unwrap();
        assert!(folder.join(file).exists(), "{url}");
        let now = crate::Timestamp::from_millis(1);
        assert_eq!(store.delete_expired(now).await.unwrap(), 0);
        drop(store);
        std::fs::remove_dir_all(&folder).unwrap();
        std::fs::create_dir_all(&folder).unwrap();
    }

    let nowhere = store_from_url(&format!("sqlite:{folder_text}/missing/a.db")).unwrap();
    let error = nowhere.migrate().await.unwrap_err().to_string();
    assert!(error.contains("NotFound"), "{error}");
    std::fs::create_dir(folder.join("missing")).unwrap();
    nowhere.migrate().await.unwrap();
    let odd = store_from_url(&format!("sqlite:{folder_text}/a.db?table=a-b")).unwrap();
    assert!(
        odd.migrate()
            .await
            .unwrap_err()
            .to_string()
            .contains("letters")
    );
    drop(nowhere);
    std::fs::remove_dir_all(&folder).unwrap();

    for url in [
        "sqlite:",
        "sqlite://",
        "sqlite::memory:",
        "sqlite://:memory:",
        "sqlite:a.db?mode=memory",
        "sqlite:a.db?key=hunter2",
        "sqlite:a%ff.db",
    ] {
        assert!(refusal(url).contains("sqlite:sessions.db"), "{url}");
    }
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
#[tokio::test]
async fn databases_take_a_table_and_never_show_the_password() {
    let databases = [
        ("postgres", cfg!(feature = "postgres")),
        ("postgresql", cfg!(feature = "postgres")),
        ("mysql", cfg!(feature = "mysql")),
        ("mariadb", cfg!(feature = "mysql")),
    ];
    for (scheme, _) in databases
        .into_iter()
        .filter(|(_, is_built_in)| *is_built_in)
    {
        for (rest, is_right) in [
            ("//ann:hunter2@host/shop", true),
            ("//ann:hunter2@host/shop?table=shop_sessions", true),
            ("//ann:hunter2@host/shop?table=hunter2-%22;", false),
            ("//ann:hunter2@host:port/shop", false),
            ("ann:hunter2@host/shop", false),
        ] {
            let url = format!("{scheme}:{rest}");
            if is_right {
                assert!(store_from_url(&url).is_ok(), "{url}");
            } else {
                assert!(refusal(&url).contains("the sessions' database"), "{url}");
            }
        }
    }
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
#[test]
fn outside_of_a_runtime_a_database_is_refused_not_a_panic() {
    let scheme = if cfg!(feature = "mysql") {
        "mysql"
    } else {
        "postgres"
    };
    let message = refusal(&format!("{scheme}://ann:hunter2@host/shop"));
    assert!(message.contains("#[tokio::main]"), "{message}");
}

#[cfg(feature = "redis")]
#[test]
fn redis_takes_a_prefix_sentinels_and_clusters_and_never_shows_the_password() {
    for rest in [
        "redis://:hunter2@host",
        "redis://host/3?prefix=shop:",
        "redis://host?protocol=resp3&prefix=shop%3A",
        "redis+sentinel://host/mymaster",
        "redis+sentinel://:hunter2@[::1],[::2]:26380,host/mymaster/3?prefix=shop:",
        "rediss+sentinel://ann:hunter2@host:26379/mymaster",
        "redis+cluster://host:7000",
        "rediss+cluster://ann:hunter2@host:7000,host2/0?prefix=shop:",
    ] {
        let store = store_from_url(rest).unwrap_or_else(|error| panic!("{rest}: {error}"));
        assert_eq!(store.name(), "redis");
    }
    for (url, said) in [
        ("redis:", "redis://user:password@host"),
        (
            "redis://ann:hunter2@host:port",
            "redis://user:password@host",
        ),
        (
            "redis://ann:hunter2@host/#insecure",
            "certificates are always verified",
        ),
        ("redis://host?prefix=hunter2%7B", "prefix"),
        ("redis+sentinel:", "names no servers"),
        ("redis+sentinel://ann:hunter2@/mymaster", "names no servers"),
        (
            "redis+sentinel://ann:hunter2@host:26379",
            "name of the master is missing",
        ),
        (
            "redis+sentinel://ann:hunter2@host//0",
            "name of the master is missing",
        ),
        (
            "redis+sentinel://ann:hunter2@host/mymaster/three",
            "cannot be",
        ),
        ("redis+cluster://", "names no servers"),
        ("redis+cluster://ann:hunter2@host:7000,,host", "cannot be"),
        (
            "redis+cluster://ann:hunter2@host:7000/1",
            "no databases but 0",
        ),
    ] {
        let message = refusal(url);
        assert!(message.contains(said), "{url}: {message}");
    }
}
