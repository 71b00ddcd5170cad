//! Many cookies, long ones, and long headers: what is ours is found, or nobody is there.

use muffin_session_tests::forge::{Forge, Kind};

use crate::site::{BASE, Person, Shown, World};

/// So many bytes of `Cookie` fields are looked at.
const LOOKED_AT: usize = 256 * 1024;

/// A header with a person's cookies before, within and after a crowd of others.
fn around(person: &Person, crowd: &[String]) -> [String; 4] {
    let (id, data) = (person.id_cookie(), person.data_cookie());
    let (first, second) = crowd.split_at(crowd.len() / 2);
    let (first, second) = (first.join("; "), second.join("; "));
    [
        format!("{id}; {data}; {first}; {second}"),
        format!("{first}; {id}; {data}; {second}"),
        format!("{id}; {first}; {second}; {data}"),
        format!("{first}; {second}; {data}; {id}"),
    ]
}

async fn is_found_among(world: &World, person: &Person, crowd: &[String]) {
    for header in around(person, crowd) {
        assert!(header.len() < LOOKED_AT);
        assert_eq!(
            world.shown(&[header.as_bytes()]).await,
            person.shown(),
            "{header:.100}"
        );
    }
}

#[tokio::test]
async fn s047_s173_ours_are_found_among_thousands_of_others() {
    let world = World::new().await;
    let ann = world.user(1).await;
    for count in [200, 10_000] {
        let foreign: Vec<_> = (0..count).map(|number| format!("c{number}=x")).collect();
        is_found_among(&world, &ann, &foreign).await;
        // Names that begin like ours.
        let close: Vec<_> = (0..count)
            .map(|number| format!("{BASE}.x{number}=y"))
            .collect();
        is_found_among(&world, &ann, &close[..count.min(5_000)]).await;
        let nothing: Vec<_> = (0..count).map(|_| String::new()).collect();
        is_found_among(&world, &ann, &nothing).await;
    }
}

#[tokio::test]
async fn s173_work_is_bounded_by_the_bytes_that_are_looked_at() {
    let world = World::new().await;
    let ann = world.user(1).await;
    let crowd = "a=b; ".repeat(70_000);
    assert!(crowd.len() > LOOKED_AT);
    // A field that would pass the bound is not looked at, nor is any after it.
    for fields in [
        &[&*format!("{crowd}{}", ann.cookies())][..],
        &[&format!("{}; {crowd}", ann.cookies())],
        &[&crowd, &ann.cookies()],
    ] {
        let fields: Vec<_> = fields.iter().map(|field| field.as_bytes()).collect();
        assert_eq!(world.shown(&fields).await, Shown::default());
    }
    // Those before it count.
    let fields = [ann.cookies(), crowd];
    let fields = fields.each_ref().map(String::as_bytes);
    assert_eq!(world.shown(&fields).await, ann.shown());
}

#[tokio::test]
async fn s175_values_of_any_length_are_answered_under_every_name() {
    let world = World::new().await;
    let ann = world.user(1).await;
    let data = ann.browser.jar.find(".data.").expect("data").0;
    let slot = data.rsplit('.').next().expect("a slot");
    for length in [0, 1, 77, 1_025, 4_068, 4_069, 4_096, 64 * 1024, 200 * 1024] {
        for kind in Kind::ALL {
            let name = Forge::SIGNED.name(kind, slot);
            for value in ["A".repeat(length), "\"".repeat(length), "=".repeat(length)] {
                let alone = format!("{name}={value}");
                assert_eq!(
                    world.shown(&[alone.as_bytes()]).await,
                    Shown::default(),
                    "{kind:?}, {length}"
                );
                let before = format!("{alone}; {}", ann.cookies());
                let after = format!("{}; {alone}", ann.cookies());
                for header in [before, after] {
                    assert_eq!(
                        world.shown(&[header.as_bytes()]).await,
                        ann.shown(),
                        "{kind:?}, {length}"
                    );
                }
            }
        }
        let long_name = "n".repeat(length.min(LOOKED_AT / 3));
        let header = format!("{long_name}=x; {}; {BASE}.{long_name}=x", ann.cookies());
        assert_eq!(
            world.shown(&[header.as_bytes()]).await,
            ann.shown(),
            "{length}"
        );
    }
}

#[tokio::test]
async fn s177_the_first_eight_flashes_are_looked_at() {
    let world = World::new().await;
    let now = u64::try_from(world.clock.since_epoch().as_millis()).expect("a time of this age");
    let forge = Forge::SIGNED;
    let name = |number: usize| forge.name(Kind::Flash, &format!("{number:08}"));
    let genuine = |number: usize| {
        let body = [&[0; 19][..], number.to_string().as_bytes()].concat();
        format!(
            "{}={}",
            name(number),
            forge.seal(Kind::Flash, &name(number), now, &body)
        )
    };
    let junk = |number: usize| format!("{}={}", name(number), "A".repeat(100));
    for before in [0, 7, 8, 200] {
        let mut cookies: Vec<_> = (0..before).map(junk).collect();
        cookies.push(genuine(before));
        cookies.extend((before + 1..before + 20).map(junk));
        let answer = world.get("/", &[cookies.join("; ").as_bytes()]).await;
        let shown: Shown = answer.json();
        let is_looked_at = before < 8;
        assert_eq!(
            shown.flashes.len(),
            usize::from(is_looked_at),
            "{before} before it"
        );
        // It is removed once it was shown, and nothing else is.
        assert_eq!(answer.fields("set-cookie").len(), usize::from(is_looked_at));
    }
    let many: Vec<_> = (0..200).map(genuine).collect();
    let answer = world.get("/", &[many.join("; ").as_bytes()]).await;
    let first: Vec<_> = (0..8).map(|number| number.to_string()).collect();
    assert_eq!(answer.json::<Shown>().flashes, first);
    assert_eq!(answer.fields("set-cookie").len(), 8);
}

#[tokio::test]
async fn a_header_that_a_server_does_not_take_is_not_an_error_of_ours() {
    let world = World::new().await;
    let ann = world.user(1).await;
    let too_long = format!("{}; a={}", ann.cookies(), "x".repeat(2 * 1024 * 1024));
    let answer = world.get("/", &[too_long.as_bytes()]).await;
    assert_eq!(answer.status, 431);
    let fields = vec![&b"a=b"[..]; 200];
    assert_eq!(world.get("/", &fields).await.status, 431);
    assert_eq!(world.shown(&[ann.cookies().as_bytes()]).await, ann.shown());
}
