//! Sessions that are fixed, copied, stretched or brought back, and answers that arrive late.

mod late;
mod messages;
mod passwords;

use std::sync::Arc;
use std::time::Duration;

use muffin_session::Builder;
use muffin_session_tests::Answer as _;
use muffin_session_tests::map_store::MapStore;
use serde_json::json;

use crate::app::{messages, perform_in, run, state};
use crate::site::{Kept, Target, cookies, said};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);
const NONE: [&str; 0] = [];

/// The attacker's cookies, of a guest or of a login of their own, are in the victim's browser when the victim logs in.
/// Expected: the victim gets a session of their own with nothing of the attacker's in it, and the attacker's copy never becomes theirs.
#[tokio::test]
async fn a_session_is_fixed_before_the_login() {
    let planted = [
        "insert cart evil",
        "begin 1",
        "flash x",
        "login 2, insert cart evil",
    ];
    for target in Target::all().await {
        for script in planted {
            let eve = target.browser();
            run(&eve, script).await;
            let victim = eve.stolen();
            run(&victim, "login 1, insert color of1").await;
            target.is_user(1, cookies(&victim)).await;
            let (user, data) = state(&eve).await;
            assert!(
                user != Some(1) && data.get("color").is_none(),
                "{script}: {data}"
            );
        }
    }
}

/// A guest's data with a state of OAuth, a pending user and a cart is planted before the login, and beside a login.
/// Expected: only the keys that the application has named come along, and only into a login of somebody who was nobody.
#[tokio::test]
async fn guest_data_is_smuggled_through_the_login() {
    for target in Target::all_with(|builder| builder.carry_on_login(["cart"])).await {
        let (eve, ann) = (target.browser(), target.browser());
        run(
            &eve,
            "insert cart evil, insert oauth_state x, insert pending_user 42",
        )
        .await;
        let victim = eve.stolen();
        run(&victim, "login 1").await;
        target.shows(&victim, r#"1 {"cart":"evil"}"#).await;
        run(&ann, "login 1, insert cart own").await;
        let (name, guest) = eve.jar.find(".guest").unwrap();
        for (script, data) in [("login 1", r#"1 {"cart":"own"}"#), ("login 2", "2 {}")] {
            ann.jar.set(&name, &guest);
            run(&ann, script).await;
            target.shows(&ann, data).await;
        }
    }
}

/// A guest's write is answered after the login, and sets the guest's cookie again; then the next person logs in.
/// Expected: the login and its data stay as they are, and nothing of the guest is in the next person's session.
#[tokio::test]
async fn a_guest_cookie_comes_back_after_the_login() {
    for target in Target::all().await {
        late::guest(&target).await;
    }
}

/// Somebody logs in over somebody else's login, and the former one's cookies are sent again.
/// Expected: nothing of the former user is in the new session, and their session has ended.
#[tokio::test]
async fn somebody_logs_in_over_a_login() {
    for target in Target::all().await {
        let browser = target.user(1).await;
        run(&browser, "insert private x, flash for-1").await;
        let former = browser.stolen();
        run(&browser, "login 2").await;
        target.shows(&browser, "2 {}").await;
        assert_eq!(messages(&browser).await, NONE);
        target.is_nobody(cookies(&former)).await;
    }
}

/// A write of the session before is answered after a new login of the same user, by this process and by another one.
/// Expected: the new session's data is what it was; the two have different places.
#[tokio::test]
async fn a_slow_write_is_answered_after_a_new_login() {
    for target in Target::all().await {
        late::write(&target).await;
    }
}

/// A login is under way while a logout is answered, of a guest or of somebody who logs in again; its answer comes last.
/// Expected: nobody is logged in after the page has said so, and the next login counts at once.
#[tokio::test]
async fn a_slow_login_is_answered_after_the_logout() {
    for target in Target::all().await {
        late::login(&target).await;
    }
}

/// A write, a message, a renewal or a second factor is under way while a logout is answered; its answer comes last.
/// Expected: nobody is logged in, and nobody is told that the change was kept.
#[tokio::test]
async fn a_slow_change_is_answered_after_the_logout() {
    for target in Target::all().await {
        late::change(&target).await;
    }
}

/// Two logins of two users are under way in one browser, and their answers come in either order.
/// Expected: one whole session: the user and the data of the same login.
#[tokio::test]
async fn two_logins_at_once() {
    for target in Target::all().await {
        late::two_logins(&target).await;
    }
}

/// Cookies are copied, and sent again after a logout, a new login, a login of somebody else, or a renewal.
/// Expected: nobody at once; after a renewal the requests that were under way may read for 30 seconds.
#[tokio::test]
async fn a_copy_is_replayed_after_the_end() {
    for target in Target::all().await {
        for script in ["logout", "login 1", "login 2", "renew"] {
            let browser = target.user(1).await;
            let copy = browser.stolen();
            run(&browser, script).await;
            if script == "renew" {
                target.clock.advance(30 * SECOND);
            }
            target.is_nobody(cookies(&copy)).await;
            target.perform(&cookies(&copy), "insert color thief").await;
            assert_ne!(state(&browser).await.1, json!({ "color": "thief" }));
            target.is_nobody(cookies(&copy)).await;
        }
    }
}

/// A copy is sent to another process than the one that saw the logout, where a store has the sessions or the ends of them.
/// Expected: nobody there, too.
#[tokio::test]
async fn a_copy_is_replayed_at_another_process() {
    let shared: [fn(Builder, Arc<MapStore>) -> Builder; 2] = [Builder::store, Builder::deny_list];
    for options in shared {
        let store = Arc::new(MapStore::default());
        let here = Target::with(Kept::Signed, |builder| options(builder, store.clone())).await;
        let there = Target::with(Kept::Signed, |builder| options(builder, store)).await;
        for script in ["logout", "login 1", "renew admin"] {
            let browser = here.user(1).await;
            let copy = cookies(&browser);
            there.is_user(1, &copy).await;
            run(&browser, script).await;
            there.is_nobody(&copy).await;
        }
    }
}

/// A copy of before a renewal writes within the 30 seconds in which requests that were under way may finish.
/// Expected: it reads and no more: the write is refused, and neither the session nor a guest's cookie is written. It may log out.
#[tokio::test]
async fn an_old_copy_writes_after_a_renewal() {
    for target in Target::all().await {
        let browser = target.user(1).await;
        let tab = browser.stolen();
        run(&browser, "renew, insert color renewed").await;
        assert_eq!(state(&tab).await.0, Some(1));
        for script in ["insert color late", "renew", "flash late"] {
            assert_eq!(
                perform_in(&tab, script).await.status(),
                401,
                "{:?}: {script}",
                target.kept
            );
            assert!(!tab.jar.has(".guest"));
        }
        target.shows(&browser, r#"1 {"color":"renewed"}"#).await;
        run(&tab, "logout").await;
        target.shows(&browser, "nobody {}").await;
    }
}

/// Cookies that were copied while a login had the right to more are sent after that right was taken away.
/// Expected: nobody, without a grace, and the login itself goes on with less.
#[tokio::test]
async fn a_right_that_was_taken_away_is_replayed() {
    for target in Target::all().await {
        let browser = target.browser();
        run(&browser, "login 1 sudo").await;
        let copy = browser.stolen();
        assert_eq!(said(&copy, "role").await, "\"sudo\"");
        run(&browser, "renew none").await;
        target.is_nobody(cookies(&copy)).await;
        assert_eq!(
            said(&browser, "role").await,
            "\"none\"",
            "{:?}",
            target.kept
        );
    }
}

/// A thief has the cookies when the user changes the password, at this process and another one.
/// Expected: the thief's copy and all other logins end at once, and the user's own goes on.
#[tokio::test]
async fn the_password_is_changed() {
    for kept in Kept::ALL {
        passwords::changed(kept).await;
    }
}

/// A login was begun with the old password, and is finished after the password was changed.
/// Expected: it cannot be finished, and nobody is logged in.
#[tokio::test]
async fn a_half_done_login_of_the_old_password() {
    for kept in Kept::ALL {
        passwords::half_done(kept).await;
    }
}

/// A login was begun, and its cookie is used as a login, after ten minutes, and after a logout, also one that crosses it.
/// Expected: it opens no page, and is over after ten minutes and at the logout.
#[tokio::test]
async fn a_half_done_login_is_replayed() {
    for target in Target::all().await {
        let browser = target.browser();
        run(&browser, "begin 1").await;
        target.is_nobody(cookies(&browser)).await;
        let copy = browser.stolen();
        assert_eq!(said(&copy, "half, user").await, "1 nobody");
        let begin = target.under_way(&browser, "wait, begin 2").await;
        run(&browser, "logout").await;
        begin.finish().await;
        assert_eq!(said(&browser, "half").await, "nobody", "{:?}", target.kept);
        target.clock.advance(600 * SECOND);
        assert_eq!(said(&copy, "half").await, "nobody", "{:?}", target.kept);
    }
}

/// A user is disabled, and their cookies are sent on.
/// Expected: nobody, in no guarded page, without a redirect that goes round in circles; and no trace in the next login.
#[tokio::test]
async fn a_disabled_user_comes_back() {
    for target in Target::all().await {
        let ann = target.user(1).await;
        target.gone.set(1);
        assert_eq!(target.who(cookies(&ann)).await, "nobody");
        let refused = ann.get("/dashboard").await;
        assert_eq!(refused.header("location"), "/login?next=%2Fdashboard");
        assert_eq!(perform_in(&ann, "user, insert k v").await.status(), 401);
        run(&ann, "user, login 2").await;
        target.shows(&ann, "2 {}").await;
    }
}

/// An idle session is used a millisecond before its time is over and when it is over, with and without the cookie of the last activity,
/// and with another session's.
/// Expected: it ends to the millisecond; leaving a cookie out or taking another's never lengthens it.
#[tokio::test]
async fn an_idle_session_is_picked_up() {
    for target in Target::all_with(|builder| builder.idle_timeout(100 * SECOND)).await {
        late::idle(&target).await;
    }
}

/// A login is renewed every minute, and the browser is told to keep its cookies for a day, to make the login last.
/// Expected: it ends when its lifetime since the login is over, whatever the browser still sends.
#[tokio::test]
async fn a_login_is_stretched_by_renewals() {
    for target in Target::all_with(|builder| builder.lifetime(HOUR).max_age(24 * HOUR)).await {
        let browser = target.user(1).await;
        for _ in 0..59 {
            target.clock.advance(60 * SECOND);
            run(&browser, "renew, insert color of1").await;
        }
        target.clock.advance(59 * SECOND);
        target.is_user(1, cookies(&browser)).await;
        target.clock.advance(SECOND);
        target.is_nobody(cookies(&browser)).await;
    }
}

/// The clock goes back behind the login, as between two servers, by a minute, by more, and to 1970.
/// Expected: a minute is let pass, more is nobody's, and no difference of times wraps around.
#[tokio::test]
async fn the_clock_is_set_back() {
    for target in Target::all().await {
        let (ann, guest) = (target.user(1).await, target.browser());
        run(&guest, "insert k v").await;
        target.clock.set_back(60 * SECOND);
        target.is_user(1, cookies(&ann)).await;
        for back in [Duration::from_millis(1), HOUR, Duration::MAX] {
            target.clock.set_back(back);
            target.is_nobody(cookies(&ann)).await;
            target.is_nobody(cookies(&guest)).await;
        }
        assert_eq!(target.now(), 0);
        run(&ann, "login 1, insert color of1").await;
        target.is_user(1, cookies(&ann)).await;
    }
}

/// A guest's cookie of last year is sent, and one of yesterday.
/// Expected: an empty session; a guest's data is no older than it may be.
#[tokio::test]
async fn a_guest_of_last_year() {
    for target in Target::all().await {
        let guest = target.browser();
        run(&guest, "insert voucher unspent").await;
        let copy = cookies(&guest);
        target.clock.advance(Duration::from_secs(24 * 3_600 - 1));
        assert_eq!(target.shown(&copy).await.1, json!({ "voucher": "unspent" }));
        for age in [SECOND, 400 * 24 * HOUR] {
            target.clock.advance(age);
            target.is_nobody(&copy).await;
        }
    }
}

/// A message is planted on somebody who is logged in, of a nobody, of another user and of a former login, and one is copied under 30 names.
/// Expected: none is shown; a message is for the login that it was made for, by its own name.
#[tokio::test]
async fn a_message_is_planted() {
    for target in Target::all().await {
        messages::planted(&target).await;
    }
}

/// Messages that nobody has seen stay in the browser when the user logs out and the next person logs in.
/// Expected: the next person sees those of the logout itself at most.
#[tokio::test]
async fn a_message_for_the_former_user() {
    for target in Target::all().await {
        messages::of_the_former_user(&target).await;
    }
}

/// A page that shows messages is asked for by HEAD and by a prefetch, and a message is sent again after it was shown.
/// Expected: only a page that is shown uses messages up; a copy is shown again to the same login for ten minutes at most.
#[tokio::test]
async fn a_message_is_eaten_or_sent_again() {
    for target in Target::all().await {
        messages::eaten_or_sent_again(&target).await;
    }
}

/// The session comes in the query, in a form, in headers of other names and in a `Set-Cookie` of the request.
/// Expected: nobody; a session comes from cookies and nowhere else.
#[tokio::test]
async fn the_session_is_sent_elsewhere() {
    for target in Target::all().await {
        let ann = target.user(1).await;
        let (own, (name, value)) = (cookies(&ann), ann.jar.find(".id").unwrap());
        let form = own.replace("; ", "&");
        let path = format!("/dashboard?{form}&session={value}&sid={value}&PHPSESSID={value}");
        let fields = "Set-Cookie Cookie2 X-Cookie X-Original-Cookie Cookies X-Forwarded-Cookie";
        let mut lines: Vec<_> = fields
            .split(' ')
            .map(|field| format!("{field}: {own}"))
            .collect();
        lines.extend(
            ["X-Session", "X-User", "X-Auth-Token", &name].map(|field| format!("{field}: {value}")),
        );
        lines.push(format!(
            "Authorization: Bearer {value}\r\nContent-Type: application/x-www-form-urlencoded"
        ));
        let lines: Vec<_> = lines.iter().map(String::as_str).collect();
        for method in ["GET", "POST"] {
            let answer = target.request(method, &path, &[""; 0], &lines, &form).await;
            assert!(
                [303, 401, 403].contains(&answer.status),
                "{:?}: {}",
                target.kept,
                answer.head
            );
            let shown = target
                .request(
                    "GET",
                    &path.replace("dashboard", "show"),
                    &[""; 0],
                    &lines,
                    "",
                )
                .await;
            assert_eq!(shown.text(), r#"{"user":null,"data":{}}"#);
        }
    }
}

/// One request writes and logs out, logs out and writes, or logs out and in again.
/// Expected: nothing of the old session is left; what is written after the logout is the guest's or the new user's.
#[tokio::test]
async fn a_logout_and_a_write_in_one_request() {
    let scripts = r#"insert k old, logout = nobody {}  insert k old, logout, insert k new = nobody {"k":"new"}
        logout, insert k new, login 2 = 2 {}  logout, login 1, insert k new = 1 {"k":"new"}
        login 2, logout = nobody {}  renew, insert k old, logout = nobody {}"#;
    for target in Target::all().await {
        for row in scripts.lines().flat_map(|line| line.trim().split("  ")) {
            let (script, expected) = row.split_once(" = ").unwrap();
            let browser = target.user(1).await;
            let copy = cookies(&browser);
            run(&browser, script).await;
            target.shows(&browser, expected).await;
            target.is_nobody(copy).await;
        }
        let browser = target.user(1).await;
        let script = "user, login 2, user, renew, user, logout, user, login 3, user";
        let users = said(&browser, script).await;
        assert_eq!(users, "1 2 2 nobody 3");
    }
}

/// A connection was opened by somebody who is logged in, and they log out, log in again or run out of time.
/// Expected: the open connection is told that the login does not count any more.
#[tokio::test]
async fn a_connection_outlives_the_logout() {
    for target in Target::all().await {
        for end in ["logout", "login 2", "renew none", "time"] {
            let browser = target.user(1).await;
            let connection = target.under_way(&browser, "valid, wait, valid").await;
            match end {
                "time" => target.clock.advance(14 * 24 * HOUR),
                script => run(&browser.stolen(), script).await,
            }
            let told = connection.finish().await.text().await.unwrap();
            assert_eq!(told, "true false", "{:?}: {end}", target.kept);
        }
    }
}

/// An older copy of a session's own data is put back: a voucher that was spent since.
/// Expected: in a store it is as it was left; in cookies the older copy counts until the next renewal, and never after it.
#[tokio::test]
async fn an_older_copy_of_the_data_is_put_back() {
    for target in Target::all().await {
        let browser = target.browser();
        run(&browser, "login 1, insert voucher unspent").await;
        let older = browser.jar.all();
        run(&browser, "insert voucher spent").await;
        let spent = r#"1 {"voucher":"spent"}"#;
        if target.kept == Kept::Store {
            browser.jar.restore(&older);
            target.shows(&browser, spent).await;
        }
        run(&browser, "renew").await;
        for (name, value) in older.iter().filter(|(name, _)| name.contains(".data.")) {
            browser.jar.set(name, value);
        }
        target.shows(&browser, spent).await;
    }
}

/// What another process answers late leaves data of a session that has ended in the browser, and the next person uses it.
/// Expected: nobody sees it, and it is removed with the next page.
#[tokio::test]
async fn data_is_left_behind_on_a_shared_machine() {
    for target in Target::in_cookies().await {
        late::data(&target).await;
    }
}

/// Forty users ask at the same time, each many times, while some log in and out.
/// Expected: each answer shows its own user and data.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_users_at_once() {
    for target in Target::all().await.into_iter().map(Arc::new) {
        let visit = async |target: Arc<Target>, id: u64| {
            let browser = target.user(id).await;
            for round in 0..10 {
                target.is_user(id, cookies(&browser)).await;
                if (id + round).is_multiple_of(7) {
                    run(
                        &browser,
                        &format!("logout, login {id}, insert color of{id}"),
                    )
                    .await;
                }
            }
        };
        let tasks: Vec<_> = (1..=40)
            .map(|id| tokio::spawn(visit(target.clone(), id)))
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    }
}
