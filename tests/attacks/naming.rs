//! Names that look like ours, fields that parsers read in different ways, and cookies that others have planted.

mod crumbs;
mod templates;

use muffin_session_tests::Answer as _;
use muffin_session_tests::forge::Kind;
use serde_json::json;

use self::templates::{are_nobody, are_not_ours, are_not_ours_in, are_somebody, listed, sent};
use crate::app::{messages, perform_in, run, state};
use crate::site::{BASE, ID, Kept, Target, cookie, cookies};

/// A stranger's identity comes by our name in percent-encoding, character references, escapes of programs and of mail.
/// Expected: it is nobody's; names are not decoded.
#[tokio::test]
async fn a_percent_encoded_name_is_not_ours() {
    let names = r"
        %5F%5FHost-session.id  __Host%2Dsession.id  __Host-session%2Eid  __Host-session.%69d  __Host-session.id%00
        %255F%255FHost-session.id  &#95;_Host-session.id  \x5f_Host-session.id  \137_Host-session.id  \u005f_Host-session.id
        =?utf-8?Q?=5F=5FHost-session.id?=  +AF8AXw-Host-session.id";
    are_not_ours(&listed(names)).await;
}

/// A space of Unicode or Latin-1, a zero-width character or a byte order mark stands before or behind our name.
/// Expected: it is nobody's; only space and tab are space.
#[tokio::test]
async fn another_space_round_the_name() {
    let unicode =
        "\u{2000} \u{2003} \u{2028} \u{200b} \u{2060} \u{a0} \u{85} \u{3000} \u{feff} \u{1680}";
    let latin = [&b"\xa0"[..], b"\x85", b"\xad"];
    let mut names = Vec::new();
    for space in unicode.split(' ').map(str::as_bytes).chain(latin) {
        names.push([space, ID.as_bytes()].concat());
        names.push([ID.as_bytes(), space].concat());
    }
    are_not_ours(&names).await;
}

/// A cookie without a name has our name and an equals sign at the beginning of its value.
/// Expected: it is nobody's; the nameless cookie that browsers send as if it were ours is none.
#[tokio::test]
async fn a_cookie_without_a_name() {
    let names = [
        "",
        "=__Host-session.id",
        " =__Host-session.id",
        "==__Host-session.id",
    ];
    are_not_ours(&names).await;
    are_nobody(&listed(
        "{value}  __Host-session.id {value}  __Host-session.id:{value}  __Host-session.id",
    ))
    .await;
    are_somebody(&listed(
        "__Host-session.id; {id}  {value}; {id}  =; {id}; =",
    ))
    .await;
}

/// Our name in other letters: lower and upper case, the long s, the dotless i.
/// Expected: it is nobody's; the case of a name counts.
#[tokio::test]
async fn another_case_of_our_name() {
    let names = "__host-session.id  __HOST-session.id  __Host-Session.id  __Host-session.ID  __Host-\u{17f}ession.id
        __Host-session.\u{131}d  __Host\u{2010}session.id  \u{ff3f}\u{ff3f}Host-session.id";
    are_not_ours(&listed(names)).await;
}

/// Our name with the characters that other languages turn into one another: dots, brackets, spaces and underscores, or in quotes.
/// Expected: it is nobody's; no character is folded.
#[tokio::test]
async fn a_name_that_is_folded_into_ours() {
    let names = r#"
        ..Host-session.id  _.Host-session.id  __Host-session_id  __Host session.id  _[Host-session.id  __Host-session[id]
        __Host_session.id  __Host.session.id  _ Host-session.id  +_Host-session.id  "__Host-session.id"  '__Host-session.id'
        __Host-session .id  __Host-session. id  $__Host-session.id  HTTP___Host-session.id  HTTP_COOKIE___Host-session.id"#;
    are_not_ours(&listed(names)).await;
}

/// A name that is part of ours or of which ours is a part, and ours under another prefix or none.
/// Expected: it is nobody's.
#[tokio::test]
async fn a_name_that_begins_or_ends_like_ours() {
    let names = "
        __Host-session.i  __Host-session.id2  __Host-session.id.  __Host-session.id.x  __Host-session..id  __Host-session.
        __Host-session  Host-session.id  _Host-session.id  session.id  __Secure-session.id  __Http-session.id
        __Host-Http-session.id  __Host-__Host-session.id  __Secure-__Host-session.id  x__Host-session.id  __Host-sessio.id
        __Host-session.identity  __Host-session.id[]  __Host-session.id[0]  __Host-session.id;x";
    are_not_ours(&listed(names)).await;
}

/// The data of a session comes under a slot that is shorter, longer or in other letters.
/// Expected: nobody without the own data, and the own data beside it.
#[tokio::test]
async fn the_slot_of_the_data_is_misspelled() {
    let target = Target::new().await;
    let ann = target.user(1).await;
    let (name, value) = ann.jar.find(".data.").unwrap();
    let (stem, slot) = name.split_at(name.len() - 8);
    let longer = format!("{slot}A  {slot}.  ........  %%%%%%%%  .{slot}  {slot}\u{e9}  {slot}%00");
    for slot in listed(&longer)
        .into_iter()
        .chain(["", &slot[..7], &slot[1..]])
    {
        let other = format!("{stem}{slot}={value}");
        target
            .is_nobody(format!("{}; {other}", cookie(&ann, ".id")))
            .await;
        target
            .is_user(1, format!("{other}; {}", cookies(&ann)))
            .await;
    }
}

/// The cookies are for a whole domain, and a sibling plants its own login beside the user's, or one by the name of another scope.
/// Expected: two genuine logins are nobody's whatever stands first; names of another scope are nobody's.
#[tokio::test]
async fn a_sibling_host_plants_its_login() {
    let target = Target::with(Kept::Signed, |builder| builder.domain("example.com")).await;
    let (ann, eve) = (target.user(1).await, target.user(2).await);
    assert!(ann.jar.has("__Secure-session.id"));
    for both in [
        format!("{}; {}", cookies(&ann), cookies(&eve)),
        format!("{}; {}", cookies(&eve), cookies(&ann)),
    ] {
        target.is_nobody(both).await;
    }
    are_not_ours_in(
        &target,
        &[
            "__Host-session.id",
            "session.id",
            "Secure-session.id",
            "__secure-session.id",
        ],
    )
    .await;
}

/// Flashes come by names with paths, quotes, line ends and thousands of characters behind the dot, with junk or a genuine value.
/// Expected: none is shown or removed, and no name comes back in a header.
#[tokio::test]
async fn a_flash_by_a_name_that_breaks_out() {
    let target = Target::new().await;
    let ann = target.user(1).await;
    let own = cookies(&ann);
    run(&ann, "flash hello").await;
    let (_, genuine) = ann.jar.find(".flash.").unwrap();
    let long = "A".repeat(4_096);
    let suffixes = r#"..  ../../x  %0d%0aSet-Cookie:x  "  "AAAAAA"  AAAAAAA  AAAAAAAAA  AAAAAAA=  AAAA AAA  AAAAAAAé  AAAAAAAA"#;
    for suffix in listed(suffixes)
        .into_iter()
        .chain(["", "AAAAAAA\u{e9}", &long])
    {
        for value in ["", "junk", &genuine] {
            let sent = format!("{BASE}.flash.{suffix}={value}; {own}");
            let (seen, answer) = target.seen(sent).await;
            assert_eq!(seen, "1 \"of1\" nobody", "{suffix:.40}");
            assert!(!answer.has("set-cookie"), "{suffix:.40}: {}", answer.head);
        }
    }
}

/// A byte that is no text stands beside our cookies, in a name, a value or a field of its own.
/// Expected: the user stays logged in; a sibling host cannot have a whole field dropped.
#[tokio::test]
async fn a_foreign_byte_drops_the_jar() {
    let foreign = [
        &b"x=\xff"[..],
        b"\xff=x",
        b"\xc3\x28",
        b"x=\xed\xa0\x80",
        b"x=\x80\xfe",
        b"\xf0\x9f",
    ];
    let mut templates = Vec::new();
    for foreign in foreign {
        templates.push([foreign, b"; {id}"].concat());
        templates.push([b"{id}; ", foreign].concat());
        templates.push([b"{id}; ", foreign, b"; {data}"].concat());
    }
    are_somebody(&templates).await;
}

/// A phantom `$Version` asks for the cookies of RFC 2109, with `$Path`, `$Domain` and quotes.
/// Expected: the user is logged in; what begins with a dollar is a cookie like others, and a comma still separates nothing.
#[tokio::test]
async fn a_phantom_version() {
    are_somebody(&listed(
        r#"$Version=1; {id}; $Path=/  $Version=1;{id};{data}  $Version=0; $Version=1; {id}
        $Version="1"; {id}; $Path="/"; $Domain="localhost"; {data}  $Version=1; {id}; $Port="80""#,
    ))
    .await;
    are_nobody(&listed(
        "$Version=1, {id}  $Version=1; ${id}  $Version=1 {id}",
    ))
    .await;
}

/// A cookie sandwich: quotes are opened before our cookie and closed behind it.
/// Expected: the user is logged in; quotes mean nothing, and our value is never part of another one.
#[tokio::test]
async fn a_cookie_sandwich() {
    are_somebody(&listed(
        r#"$Version=1; a="x; {id}; b=y"  a="x; {id}; {data}; b=y"  a="; {id}; b="  a="\"; {id}; b=\""
        a='; {id}; b='  "; {id}; "  a=(; {id}; b=)  a={; {id}; b=}  a="x; {id}; b=\"; {data}"#,
    ))
    .await;
    are_nobody(&listed(
        r#"a="{id}"  a="x {id}"; b  a={id}  "{id}"  a="{id}  "{id};""#,
    ))
    .await;
}

/// Our value in quotes, in octal escapes inside of quotes, with something before or behind it.
/// Expected: nobody; a value is taken as it stands.
#[tokio::test]
async fn a_quoted_value() {
    let values = r#"
        "{value}"  '{value}'  "{value}  {value}"  "{value} {value}"  {value}=  ={value}  ==  ""  {value}%20  %7B{value}
        {value}{value}  {value} {value}  {value}.sig  s:{value}  j:{value}  v1.{value}  {value},  {value}|  {value}\  "\101{value}"
        {value}&a=b  {value}?x  {value}--x  base64:{value}"#;
    let named = listed(values)
        .into_iter()
        .map(|value| format!("{ID}={value}"));
    let spaced =
        ["", " {value}", "\t{value}", "{value}\u{a0}"].map(|value| format!("{ID}={value}"));
    are_nobody(&named.chain(spaced).collect::<Vec<_>>()).await;
}

/// Our cookie stands behind a comma, an ampersand, a pipe, a tab or a space in place of a semicolon.
/// Expected: nobody; it is part of another cookie's value.
#[tokio::test]
async fn another_separator() {
    let templates = "a=1, {id}  a=1,{id}  {id}, b=2  {id},{data}  a=1&{id}  a=1 {id}  a=1|{id}  a=1:{id}  a=1/{id}  a=1%3B{id}  a=1\\;{id}x";
    are_nobody(&listed(templates)).await;
    are_nobody(&["a=1\t{id}", "a=1 \t {id}"]).await;
}

/// Semicolons and equals signs of other scripts, and characters whose last byte is one of ours.
/// Expected: nobody; only the two ASCII characters separate.
#[tokio::test]
async fn a_separator_of_another_script() {
    let semicolons = "\u{ff1b} \u{37e} \u{61b} \u{13b} \u{2f3b} \u{204f} \u{2028} \u{10a} \u{c0a}";
    let equals = "\u{ff1d} \u{13d} \u{2e3d} \u{a78a} \u{fe66}";
    let mut templates = Vec::new();
    for semicolon in semicolons.split(' ') {
        templates.push(format!("a=1{semicolon}{{id}}"));
        templates.push(format!("{{id}}{semicolon} b=1"));
    }
    templates.extend(
        equals
            .split(' ')
            .map(|equals| format!("{ID}{equals}{{value}}")),
    );
    are_nobody(&templates).await;
}

/// Space, tabs and empty parts between cookies, none at all, and space round the equals sign.
/// Expected: between cookies they mean nothing; beside the equals sign they make another name or another value.
#[tokio::test]
async fn space_and_empty_parts() {
    are_somebody(&[
        "a=1;   {id}",
        "a=1;\t{id}",
        "   {id}   ",
        "\t{id}\t",
        "{id}; ;\t;{data};;;",
    ])
    .await;
    are_somebody(&listed(
        "a=1;{id}  {id} ;{data} ;b=2  ;;; ;{id};;  ;=;{id};=  a;{id};b  {id};",
    ))
    .await;
    let odd = " ={value}|= {value}| = {value}|\t={value}|=\t{value}";
    let odd: Vec<_> = odd.split('|').map(|rest| format!("{ID}{rest}")).collect();
    are_nobody(&odd).await;
    let beside: Vec<_> = odd.iter().map(|odd| format!("{odd}; {{id}}")).collect();
    are_somebody(&beside).await;
}

/// Our cookies are spread over many `Cookie` fields, in any order, with the field's name in any case, or one cookie over two fields.
/// Expected: all fields count; half a cookie in each of two fields is none.
#[tokio::test]
async fn many_cookie_fields() {
    let target = Target::new().await;
    let ann = target.user(1).await;
    let (id, data) = (cookie(&ann, ".id"), cookie(&ann, ".data."));
    let halves = ["__Host-session.i", "d=x"];
    for fields in [
        &["a=1", &id, &data][..],
        &[&data, "a=1", &id],
        &["", &id, "", &data],
        &[&id, halves[0], halves[1], &data],
    ] {
        assert_eq!(target.shown_in(fields).await.0, Some(1), "{fields:?}");
    }
    let (start, end) = id.split_at(40);
    let halves = target.get("/public", &[start, end, &data]).await;
    assert_eq!(halves.text(), "nobody");
    let ours = format!("COOKIE:{id}\r\ncookie: {data}");
    let lines = [&["cOOKIE: junk=x"; 80][..], &[&ours]].concat();
    let answer = target.request("GET", "/public", &[""; 0], &lines, "").await;
    assert_eq!(answer.text(), "1");
}

/// Over HTTP/2 each cookie comes in a field of its own, ours at any place among a hundred, and two genuine ones far apart.
/// Expected: as over HTTP/1 in one field: the user is logged in, and of two nobody is.
#[tokio::test]
async fn crumbs_of_http2() {
    crumbs::over_http2().await;
}

/// A `Cookie` field is folded over two lines, and a null or another control byte stands in front of our name or behind our value.
/// Expected: the server answers 400, or nobody is logged in.
#[tokio::test]
async fn control_bytes_and_folded_lines() {
    let target = Target::new().await;
    let ann = target.user(1).await;
    let bytes = (0..0x20_u8)
        .chain([0x7f])
        .filter(|byte| !b"\t\r\n".contains(byte));
    let around = |byte| {
        [
            [b"{id}", &[byte][..]].concat(),
            [b"a=1;", &[byte][..], b"{id}"].concat(),
        ]
    };
    let folded = ["a=1;\r\n {id}", "a=1\r\n\t{id}", "a=1\r{id}", "a=1\n{id}"];
    let folded = folded.map(|folded| folded.as_bytes().to_vec());
    for template in bytes.flat_map(around).chain(folded) {
        let (status, who) = sent(&target, &ann, &template).await;
        let is_refused = status == 400 || (status, &*who) == (200, "nobody");
        assert!(is_refused, "{}: {status} {who}", template.escape_ascii());
    }
}

/// A request says attributes beside our cookie: a path, a domain, an age of nothing.
/// Expected: the user is logged in; they are cookies like others.
#[tokio::test]
async fn attributes_in_a_request() {
    are_somebody(&listed(
        "{id}; Path=/; HttpOnly  {id}; Path=/x; {data}; Secure; Max-Age=0  Domain=evil.example; {id}
        {id}; Expires=Thu, 01 Jan 1970 00:00:00 GMT  {id}; Partitioned; SameSite=None",
    ))
    .await;
}

/// A forged value stands before or behind the genuine one of the same name, up to three of them.
/// Expected: the user is logged in, in any order.
#[tokio::test]
async fn a_forged_twin() {
    are_somebody(&[
        format!("{ID}=junk; {{id}}"),
        format!("{{id}}; {ID}=junk"),
        format!("{ID}=a; {ID}=b; {ID}=c; {{id}}"),
        format!("{{id}}; {}", format!("{ID}=x; ").repeat(500)),
        format!("{ID}={}; {{id}}; {{id}}", "A".repeat(116)),
        format!("{ID}=; {ID}; {{id}}; {ID}=\"{{value}}\""),
    ])
    .await;
}

/// Four forged values and more crowd the genuine one out, as a sibling host with longer paths could have them sent.
/// Expected: nobody, at once: the first four of a name are tried and no more, and the user is back when they are gone.
#[tokio::test]
async fn forged_twins_crowd_out_the_genuine_one() {
    let forged = |n: u32| format!("{ID}={}{n}; ", "A".repeat(150));
    let crowd = |count: u32| (0..count).map(forged).collect::<String>();
    are_nobody(&[4, 5, 1_000].map(|count| format!("{}{{id}}", crowd(count)))).await;
    are_somebody(&[
        format!("{}{{id}}", crowd(3)),
        format!("{{id}}; {}", crowd(1_000)),
    ])
    .await;
}

/// Two genuine values of one name: of two users, of two logins of one user, of a partitioned and a plain jar, of data now and before.
/// Expected: nobody, whichever stands first; never that the first one wins.
#[tokio::test]
async fn two_genuine_twins() {
    for target in Target::all().await {
        let (ann, eve, again) = (
            target.user(1).await,
            target.user(2).await,
            target.user(1).await,
        );
        let own = cookies(&ann);
        for other in [cookies(&eve), cookies(&again), cookie(&eve, ".id")] {
            target.is_nobody(format!("{own}; {other}")).await;
            assert_eq!(target.who(format!("{other}; {own}")).await, "nobody");
            assert_eq!(
                target.get("/public", &[&own, "a=b", &other]).await.text(),
                "nobody"
            );
        }
        target.is_user(1, format!("{own}; {own}")).await;
        if target.kept != Kept::Store {
            let older = cookie(&ann, ".data.");
            run(&ann, "insert color other").await;
            let now = cookies(&ann);
            target.is_nobody(format!("{older}; {now}")).await;
            target.is_nobody(format!("{now}; {older}")).await;
        }
    }
}

/// A mark of logout is planted on a user, one's own or of another browser, or two of them.
/// Expected: it ends the login in that browser and gives none; whoever logs in afterwards is logged in.
#[tokio::test]
async fn a_planted_mark_of_logout() {
    for target in Target::all().await {
        let (ann, eve) = (target.user(1).await, target.browser());
        run(&eve, "logout").await;
        let (name, mark) = eve.jar.find(".out").unwrap();
        target.is_nobody(format!("{name}={mark}")).await;
        ann.jar.set(&name, &mark);
        assert_eq!(state(&ann).await, (None, json!({})), "{:?}", target.kept);
        run(&ann, "login 1, insert color of1").await;
        target.is_user(1, cookies(&ann)).await;
        run(&eve, "logout").await;
        target
            .is_nobody(format!("{}; {}", cookies(&ann), cookie(&eve, ".out")))
            .await;
    }
}

/// An identity of before the application moved to another path is sent along by the browser after the logout, with its data.
/// Expected: nobody; the logout has ended that session itself, not its cookie alone.
#[tokio::test]
async fn a_zombie_of_another_path() {
    for target in Target::all().await {
        let ann = target.user(1).await;
        let zombie = cookies(&ann);
        run(&ann, "logout").await;
        target.is_nobody(&zombie).await;
        target
            .is_nobody(format!("{}; {zombie}", cookies(&ann)))
            .await;
        run(&ann, "login 2").await;
        let both = format!("{zombie}; {}", cookies(&ann));
        assert_ne!(target.who(both).await, "1", "{:?}", target.kept);
    }
}

/// A value or a message that holds line ends, semicolons and whole headers is kept in the session.
/// Expected: headers hold nothing but base64url of it, and it comes back as it was.
#[tokio::test]
async fn what_is_kept_breaks_out_of_its_header() {
    let nasty = "x\r\nSet-Cookie:evil=1;Domain=evil.example\r\n\r\n<p>;\"\\\0\u{7f}\u{e9}\u{2028}";
    for target in Target::all().await {
        let browser = target.browser();
        let answer = perform_in(
            &browser,
            &format!("login 1, insert {nasty} {nasty}, flash {nasty}"),
        )
        .await;
        assert_eq!(answer.status(), 200);
        for written in answer.set_cookies() {
            let value = written.split(['=', ';']).nth(1).unwrap();
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
            assert!(
                written.starts_with(BASE) && value.bytes().all(is_plain),
                "{written}"
            );
        }
        assert_eq!(state(&browser).await.1, json!({ nasty: nasty }));
        assert_eq!(messages(&browser).await, [nasty]);
    }
}

/// A guest's cookie, a half-done login and a message are planted on a user who is logged in, each genuine.
/// Expected: the user's page shows nothing of them, and their own data is what it was.
#[tokio::test]
async fn planted_cookies_of_a_guest() {
    for target in Target::all().await {
        let (ann, eve) = (target.user(1).await, target.browser());
        run(&eve, "insert color black, insert address evil, flash Pay").await;
        let planted = format!("{}; {}", cookies(&eve), cookies(&ann));
        let (seen, _) = target.seen(&planted).await;
        assert_eq!(seen, "1 \"of1\" nobody", "{:?}", target.kept);
    }
    // A message that is addressed to nobody in particular is one for nobody who is logged in, though its tag is right.
    let target = Target::new().await;
    let ann = target.user(1).await;
    let body = [&[0; 19][..], b"Pay"].concat();
    let flash = target.forged(Kind::Flash, "AAAAAAAA", target.now(), &body);
    assert_eq!(target.messages(&flash).await, ["Pay"]);
    let beside = format!("{flash}; {}", cookies(&ann));
    assert_eq!(target.messages(beside).await, [""; 0]);
}
