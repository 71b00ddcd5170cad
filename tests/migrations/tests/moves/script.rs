//! What visitors see, whichever library the shop is made with.

use axum::Router;
use muffin_session_tests::{Answer as _, Browser};

use crate::visitor::{Visitor, is_logged_in};

/// A visitor gathers a cart, is sent to the login page, mistypes, logs in, shops, and logs out; an admin comes after them.
pub(crate) async fn run(app: Router) {
    let visitor = Visitor::of(app).await;
    let browser = &visitor.browser;

    // A cart, without a login.
    visitor.puts_in("oats").await;
    let page = browser.text("/cart").await;
    assert!(page.contains("<p>oats is in the cart</p>"), "{page}");
    assert!(page.contains("In the cart: oats"), "{page}");
    let page = browser.text("/cart").await;
    assert!(!page.contains("<p>"), "a message is shown once: {page}");

    // A guarded page leads to the login page, and remembers what was wanted.
    let answer = browser.get("/?tab=2").await;
    assert!(answer.status().is_redirection(), "{}", answer.status());
    let login_page = answer.header("location");
    assert_eq!(login_page, "/login?next=%2F%3Ftab%3D2");

    // A wrong password leads back to the login page, and says so once.
    for wrong in [
        [("name", "bob"), ("password", "honey")],
        [("name", "eve"), ("password", "oats")],
    ] {
        let answer = visitor.logs_in_at(&login_page, &wrong).await;
        assert_eq!(answer.status(), 303);
        let back = answer.header("location");
        assert!(back.starts_with("/login?next="), "{back}");
        let page = browser.text(&back).await;
        assert!(page.contains("<p>Wrong name or password</p>"), "{page}");
        assert!(!browser.text(&back).await.contains("<p>"));
        assert!(!visitor.is_logged_in().await);
    }

    // A login leads to what was wanted. The session is another one from then on, and the cart is in it.
    let before_login = visitor.stolen();
    let right = [("name", "bob"), ("password", "oats")];
    let answer = visitor.logs_in_at(&login_page, &right).await;
    assert_eq!(
        (answer.status().as_u16(), &*answer.header("location")),
        (303, "/?tab=2")
    );
    let page = browser.text("/?tab=2").await;
    assert!(page.contains("<p>Welcome, bob</p>"), "{page}");
    assert!(page.contains("Hello, bob"), "{page}");
    assert_eq!(visitor.cart().await, "oats");
    assert!(
        !is_logged_in(&before_login).await,
        "a cookie from before the login is no login"
    );

    // Bob is no admin.
    assert_eq!(browser.get("/admin").await.status(), 403);

    // Data of a login.
    visitor.puts_in("honey").await;
    assert_eq!(visitor.cart().await, "oats, honey");
    let answer = browser.post("/order").await;
    assert_eq!(
        (answer.status().as_u16(), &*answer.header("location")),
        (303, "/")
    );
    assert!(browser.text("/").await.contains("<p>Ordered</p>"));
    assert_eq!(visitor.cart().await, "");

    // After a logout nothing is left.
    visitor.puts_in("milk").await;
    visitor.logs_out().await;
    assert!(!visitor.is_logged_in().await);
    assert_eq!(visitor.cart().await, "");
    assert_eq!(
        browser.post("/logout").await.status(),
        303,
        "once more does no harm"
    );

    // Ann is an admin.
    visitor.logs_in("ann", "blueberry").await;
    assert_eq!(browser.text("/admin").await, "Admins only");

    // A cookie that somebody has made up is nobody's.
    let forged = visitor.stolen();
    for (name, value) in forged.jar.all() {
        let made_up = value
            .chars()
            .map(|letter| if letter == 'A' { 'B' } else { 'A' });
        forged.jar.set(&name, &made_up.collect::<String>());
    }
    assert!(!is_logged_in(&forged).await);
}

/// What the shop of before kept is there in the one that takes its sessions over, from the first request on. Gives the visitor who was moved,
/// and a browser with a copy of the cookies of before.
pub(crate) async fn move_over(
    before: Router,
    meanwhile: Router,
    old_cookie: &str,
) -> (Visitor, Browser) {
    let visitor = Visitor::of(before).await;
    visitor.puts_in("oats").await;
    visitor.logs_in("bob", "oats").await;
    let of_before = visitor.browser.jar.all();
    let visitor = visitor.goes_on_at(meanwhile).await;

    let page = visitor.browser.text("/").await;
    assert!(page.contains("Hello, bob"), "at the first request: {page}");
    assert_eq!(visitor.cart().await, "oats");
    let names = visitor.browser.jar.names();
    assert!(!names.contains(&old_cookie.to_owned()), "{names:?}");
    let copy = visitor.site.browser();
    copy.jar.restore(&of_before);
    (visitor, copy)
}
