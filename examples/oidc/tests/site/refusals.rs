//! What is refused, each with a word to the visitor and nobody logged in.

use serde_json::json;

use crate::provider::{Mood, Provider};
use crate::running::site;
use crate::visitor::Visitor;

const NOT_BEGUN: &str = "That login was not begun in this browser, or it is over.";
const NOT_VERIFIED: &str = "That login could not be verified.";

#[tokio::test]
async fn another_state() {
    let provider = Provider::start().await;
    let visitor = Visitor::new(&site(&provider.origin).await);
    let back = visitor.at_provider(&visitor.begin("").await).await;
    let other = back.replace("state=", "state=x");
    visitor.is_refused(&other, NOT_BEGUN).await;
    let none = back.replace("state=", "stat=");
    visitor.is_refused(&none, NOT_BEGUN).await;
    // The right one has not been spoilt by that.
    assert_eq!(visitor.come_back(&back).await, "/");
    assert!(visitor.page("/").await.contains("Hello, Ann"));
}

#[tokio::test]
async fn a_callback_that_comes_again() {
    let provider = Provider::start().await;
    let visitor = Visitor::new(&site(&provider.origin).await);
    let back = visitor.at_provider(&visitor.begin("").await).await;
    let before = visitor.jar.all();
    visitor.come_back(&back).await;
    visitor.submit("/logout").await;
    visitor.page("/").await;
    visitor.is_refused(&back, NOT_BEGUN).await;
    // With the cookies of before put back, the attempt is there again, and the provider refuses the code.
    visitor.jar.restore(&before);
    visitor.is_refused(&back, NOT_VERIFIED).await;
}

#[tokio::test]
async fn the_code_of_somebody_else() {
    let provider = Provider::start().await;
    let origin = site(&provider.origin).await;
    let (victim, thief) = (Visitor::new(&origin), Visitor::new(&origin));
    let stolen = victim.at_provider(&victim.begin("").await).await;
    let own = thief.at_provider(&thief.begin("").await).await;
    let code = |path: &str| {
        let (_, code) = path.split_once("code=").unwrap();
        code.split('&').next().unwrap().to_owned()
    };
    // The attempt is the thief's own, and so is its verifier: it is not the one that the code was made for.
    let injected = own.replace(&code(&own), &code(&stolen));
    thief.is_refused(&injected, NOT_VERIFIED).await;
}

#[tokio::test]
async fn a_callback_in_another_browser() {
    let provider = Provider::start().await;
    let origin = site(&provider.origin).await;
    let (attacker, victim) = (Visitor::new(&origin), Visitor::new(&origin));
    let back = attacker.at_provider(&attacker.begin("").await).await;
    victim.is_refused(&back, NOT_BEGUN).await;
    // Also one that has a login of its own under way.
    victim.begin("").await;
    victim.is_refused(&back, NOT_BEGUN).await;
}

#[tokio::test]
async fn tokens_that_do_not_hold() {
    for claims in [
        json!({ "nonce": "of another login" }),
        json!({ "nonce": null }),
        json!({ "exp": 1_700_000_000 }),
        json!({ "aud": "another site" }),
        json!({ "iss": "https://another.example" }),
    ] {
        let provider = Provider::start().await;
        let visitor = Visitor::new(&site(&provider.origin).await);
        provider.is_in(Mood {
            claims: claims.clone(),
            ..Mood::default()
        });
        let back = visitor.at_provider(&visitor.begin("").await).await;
        visitor.is_refused(&back, NOT_VERIFIED).await;
        // It is not the site that is out of order.
        provider.is_in(Mood::default());
        assert_eq!(
            visitor.log_in("?next=/account").await,
            "/account",
            "{claims}"
        );
    }
}

#[tokio::test]
async fn a_forged_signature() {
    let provider = Provider::start().await;
    let visitor = Visitor::new(&site(&provider.origin).await);
    provider.is_in(Mood {
        forges: true,
        ..Mood::default()
    });
    let back = visitor.at_provider(&visitor.begin("").await).await;
    visitor.is_refused(&back, NOT_VERIFIED).await;
}

#[tokio::test]
async fn somebody_who_does_not_want_to() {
    let provider = Provider::start().await;
    let visitor = Visitor::new(&site(&provider.origin).await);
    provider.is_in(Mood {
        denies: true,
        ..Mood::default()
    });
    let back = visitor.at_provider(&visitor.begin("").await).await;
    assert_eq!(visitor.come_back(&back).await, "/login");
    let page = visitor.page("/login").await;
    assert!(page.contains("The provider did not log you in."));
    assert!(!page.contains("555"), "words of others are not shown");
    visitor.is_nobody().await;
}

#[tokio::test]
async fn an_answer_of_another_provider() {
    let provider = Provider::start().await;
    let visitor = Visitor::new(&site(&provider.origin).await);
    let back = visitor.at_provider(&visitor.begin("").await).await;
    let (start, _) = back.split_once("iss=").unwrap();
    let code = back.split_once("code=").unwrap().1;
    let other = format!("{start}iss=https%3A%2F%2Fanother.example&code={code}");
    visitor.is_refused(&other, "from another provider").await;
}

#[tokio::test]
async fn a_provider_that_is_away() {
    // A port that was free a moment ago, and that nobody listens on.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let visitor = Visitor::new(&site(&issuer).await);
    assert_eq!(visitor.submit("/login").await, "/login");
    let page = visitor.page("/login").await;
    assert!(page.contains("The provider does not answer just now."));
    visitor.is_nobody().await;
}
