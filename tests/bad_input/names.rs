//! What is not exactly our name is not our cookie.

use muffin_session_tests::builder;

use crate::site::{BASE, Shown, World};

/// None of these names, each in front of `=` and somebody's genuine identity, makes anybody that somebody, or anybody else a nobody.
async fn are_not_ours(names: &[&[u8]]) {
    let world = World::new().await;
    let (ann, eve) = (world.user(1).await, world.user(2).await);
    for name in names {
        let evil = [*name, b"=", eve.id_value().as_bytes()].concat();
        are_not_ours_in(
            &world,
            &evil,
            &ann.cookies(),
            &ann.shown(),
            &eve.data_cookie(),
        )
        .await;
    }
}

async fn are_not_ours_in(world: &World, evil: &[u8], ours: &str, shown: &Shown, data: &str) {
    let alone = [evil, b"; ", data.as_bytes()].concat();
    let answer = world.get("/", &[&alone]).await;
    assert_eq!(answer.status, 200);
    let sent = String::from_utf8_lossy(evil);
    assert_eq!(answer.json::<Shown>(), Shown::default(), "{sent}");
    for beside in [
        [evil, b"; ", ours.as_bytes()].concat(),
        [ours.as_bytes(), b"; ", evil].concat(),
        [ours.as_bytes(), b";", evil, b";"].concat(),
    ] {
        assert_eq!(world.shown(&[&beside]).await, *shown, "{sent}");
    }
    assert_eq!(
        world.shown(&[evil, ours.as_bytes()]).await,
        *shown,
        "{sent}"
    );
}

#[tokio::test]
async fn s030_names_are_not_decoded() {
    are_not_ours(&[
        b"%5F%5FHost-session.id",
        b"__Host%2Dsession.id",
        b"__Host-session%2Eid",
        b"__Host-session.%69d",
        b"__Host-session.id%00",
        b"&#95;_Host-session.id",
        b"\\x5f_Host-session.id",
        b"=?utf-8?Q?=5F=5FHost-session.id?=",
    ])
    .await;
}

#[tokio::test]
async fn s031_s032_only_space_and_tab_are_space() {
    let spaces: [&[u8]; 12] = [
        b"\xe2\x80\x80",
        b"\xe2\x80\x83",
        b"\xe2\x80\xa8",
        b"\xe2\x80\x8b",
        b"\xe2\x81\xa0",
        b"\xc2\xa0",
        b"\xc2\x85",
        b"\xe3\x80\x80",
        b"\xef\xbb\xbf",
        b"\xa0",
        b"\x85",
        b"\xad",
    ];
    let name = b"__Host-session.id".as_slice();
    let before = spaces.map(|space| [space, name].concat());
    let after = spaces.map(|space| [name, space].concat());
    let both: Vec<&[u8]> = before.iter().chain(&after).map(Vec::as_slice).collect();
    are_not_ours(&both).await;
}

#[tokio::test]
async fn s033_a_foreign_byte_takes_nobody_elses_cookie_away() {
    let world = World::new().await;
    let ann = world.user(1).await;
    for foreign in [
        &b"x=\xff"[..],
        b"\xff=x",
        b"\xc3\x28",
        b"x=\xed\xa0\x80",
        b"x=\x80\x81\xfe\xff",
        b"\xf0\x9f",
    ] {
        for fields in [
            [foreign, b"; ", ann.cookies().as_bytes()].concat(),
            [ann.cookies().as_bytes(), b"; ", foreign].concat(),
            [
                ann.id_cookie().as_bytes(),
                b"; ",
                foreign,
                b"; ",
                ann.data_cookie().as_bytes(),
            ]
            .concat(),
        ] {
            assert_eq!(world.shown(&[&fields]).await, ann.shown(), "{foreign:?}");
        }
        assert_eq!(
            world.shown(&[foreign, ann.cookies().as_bytes()]).await,
            ann.shown()
        );
    }
}

#[tokio::test]
async fn s034_a_cookie_without_a_name_is_none_of_ours() {
    are_not_ours(&[
        b"",
        b"=__Host-session.id",
        b" =__Host-session.id",
        b"==__Host-session.id",
    ])
    .await;
    let world = World::new().await;
    let (ann, eve) = (world.user(1).await, world.user(2).await);
    // The name alone, and a name that is somebody's value.
    for part in [
        format!("{BASE}.id"),
        eve.id_value(),
        format!("{BASE}.id {}", eve.id_value()),
    ] {
        let beside = format!("{part}; {}; {part}", ann.cookies());
        assert_eq!(
            world.shown(&[beside.as_bytes()]).await,
            ann.shown(),
            "{part}"
        );
        assert_eq!(
            world.shown(&[part.as_bytes()]).await,
            Shown::default(),
            "{part}"
        );
    }
}

#[tokio::test]
async fn s035_the_case_of_a_name_counts() {
    are_not_ours(&[
        b"__host-session.id",
        b"__HOST-session.id",
        b"__Host-Session.id",
        b"__Host-session.ID",
        b"__Host-session.Id",
        b"__Host-\xc5\xbfession.id",
        b"__Host-session.\xc4\xb1d",
    ])
    .await;
}

#[tokio::test]
async fn s036_no_character_of_a_name_is_folded() {
    are_not_ours(&[
        b"..Host-session.id",
        b"__Host-session_id",
        b"__Host session.id",
        b"_[Host-session.id",
        b"__Host-session[id]",
        b"__Host_session.id",
        b"__Host.session.id",
        b" _Host-session.id",
        b"+_Host-session.id",
        b"\"__Host-session.id\"",
        b"'__Host-session.id'",
        b"__Host-session .id",
        b"__Host-session. id",
    ])
    .await;
}

#[tokio::test]
async fn s037_a_name_that_begins_or_ends_like_ours_is_another() {
    are_not_ours(&[
        b"__Host-session.i",
        b"__Host-session.id2",
        b"__Host-session.id.",
        b"__Host-session.id.x",
        b"__Host-session..id",
        b"__Host-session.",
        b"__Host-session",
        b"Host-session.id",
        b"_Host-session.id",
        b"session.id",
        b"__Secure-session.id",
        b"__Host-__Host-session.id",
        b"x__Host-session.id",
        b"__Host-sessio.id",
        b"__Host-session.identity",
    ])
    .await;
}

#[tokio::test]
async fn s037_a_name_of_ours_with_another_slot_is_another() {
    let world = World::new().await;
    let ann = world.user(1).await;
    let (name, value) = ann.browser.jar.find(".data.").expect("data");
    let (stem, slot) = name.split_at(name.len() - 8);
    for slot in [
        "",
        &slot[..7],
        &format!("{slot}A"),
        &slot.to_lowercase(),
        &slot.to_uppercase(),
        "........",
        "%%%%%%%%",
        &format!("{slot} "),
    ] {
        let other = format!("{stem}{slot}");
        if other == name || other.trim_ascii_end() == name {
            continue;
        }
        let header = format!("{}; {other}={value}", ann.id_cookie());
        assert_eq!(
            world.shown(&[header.as_bytes()]).await,
            Shown::default(),
            "{other}"
        );
        let beside = format!("{other}={value}; {}", ann.cookies());
        assert_eq!(
            world.shown(&[beside.as_bytes()]).await,
            ann.shown(),
            "{other}"
        );
    }
}

#[tokio::test]
async fn s041_names_follow_the_scope_that_is_configured() {
    let world = World::with(builder().domain("example.com")).await;
    let (ann, eve) = (world.user(1).await, world.user(2).await);
    assert!(ann.id_cookie().starts_with("__Secure-session.id="));
    assert_eq!(world.shown(&[ann.cookies().as_bytes()]).await, ann.shown());
    for name in ["__Host-session.id", "session.id", "Secure-session.id"] {
        let evil = format!("{name}={}", eve.id_value());
        let data = eve.data_cookie();
        are_not_ours_in(&world, evil.as_bytes(), &ann.cookies(), &ann.shown(), &data).await;
    }
    // A sibling's own genuine one beside it: nobody, in whatever order.
    for header in [
        format!(
            "{}; {}; {}",
            eve.id_cookie(),
            ann.cookies(),
            eve.data_cookie()
        ),
        format!(
            "{}; {}; {}",
            ann.cookies(),
            eve.id_cookie(),
            eve.data_cookie()
        ),
    ] {
        assert_eq!(world.shown(&[header.as_bytes()]).await, Shown::default());
    }
}

#[tokio::test]
async fn s052_names_of_flashes_are_not_believed_and_not_repeated() {
    let world = World::new().await;
    let ann = world.user(1).await;
    ann.browser
        .request(reqwest::Method::POST, "/flash")
        .body("hello")
        .send()
        .await
        .expect("an answer");
    let (_, genuine) = ann.browser.jar.find(".flash.").expect("a flash");
    let long = "A".repeat(4_096);
    for suffix in [
        "",
        "..",
        "../../x",
        "%0d%0aSet-Cookie:x",
        "\"",
        "\"AAAAAA\"",
        "AAAAAAA",
        "AAAAAAAAA",
        "AAAAAAA=",
        "AAAA AAA",
        "AAAAAAA\u{e9}",
        &long,
    ] {
        for value in ["", "junk", &genuine] {
            let cookies = format!("{}; {}", ann.id_cookie(), ann.data_cookie());
            let header = format!("{BASE}.flash.{suffix}={value}; {cookies}");
            let answer = world.get("/", &[header.as_bytes()]).await;
            assert_eq!(answer.json::<Shown>(), ann.shown(), "{suffix:.40}");
            assert!(!answer.has("set-cookie"), "{suffix:.40}: {}", answer.head);
        }
    }
    // Junk under a name of the right form is left alone as well.
    for value in ["", "junk", &genuine, &ann.id_value()] {
        let cookies = format!("{}; {}", ann.id_cookie(), ann.data_cookie());
        let header = format!("{BASE}.flash.AAAAAAAA={value}; {cookies}");
        assert_eq!(world.shown(&[header.as_bytes()]).await, ann.shown());
    }
}
