//! What a store gets to see, and what it does not.

use crate::app;
use crate::app::run;

#[tokio::test]
async fn a_cookie_of_a_store_holds_no_data_and_is_short() {
    let (app, _) = app().await;
    let browser = app.browser();
    run(&browser, "login 1, fill k 100000").await;
    let cookies = browser.jar.all();
    assert_eq!(cookies.len(), 1);
    assert!(cookies.values().all(|value| value.len() == 88));
}
