//! Users of several kinds, each with a session layer: one browser may be both.

use axum::Router;
use axum::routing::get;
use muffin_session::testing::{ResponseExt as _, TestApp, assert_refused};
use muffin_session::{CurrentUser, RefusalKind, login_required, user_loader};
use muffin_session_tests::bare_builder;

#[derive(Clone)]
struct Customer(u64);

#[derive(Clone)]
struct Staff(u64);

#[user_loader]
async fn load_customer(id: u64) -> Option<Customer> {
    Some(Customer(id))
}

#[user_loader]
async fn load_staff(id: u64) -> Option<Staff> {
    Some(Staff(id))
}

#[login_required(user = Customer)]
async fn shop(CurrentUser(customer): CurrentUser<Customer>) -> String {
    format!("customer {}", customer.0)
}

#[login_required(user = Staff)]
async fn office(CurrentUser(staff): CurrentUser<Staff>) -> String {
    format!("staff {}", staff.0)
}

#[tokio::test]
async fn each_kind_is_logged_in_by_its_own_sessions() {
    let customers = bare_builder().user_loader(load_customer);
    let customers = customers.build().unwrap();
    let staff = bare_builder().cookie_name("staff").user_loader(load_staff);
    let staff = staff.build().unwrap();
    let router = Router::new()
        .route("/shop", get(shop))
        .route("/office", get(office))
        .layer(customers.clone())
        .layer(staff.clone());
    let app = TestApp::new(router, &customers);

    let customer = app.login_as(7).await.unwrap();
    assert_eq!(customer.get("/shop").await.text().await, "customer 7");
    assert_refused(&customer.get("/office").await, RefusalKind::NotLoggedIn);

    let sam = app.with_sessions(&staff).login_as(7).await.unwrap();
    assert_eq!(sam.get("/office").await.text().await, "staff 7");
    assert_refused(&sam.get("/shop").await, RefusalKind::NotLoggedIn);

    // One browser, two logins.
    customer.with_sessions(&staff).login_as(8).await.unwrap();
    assert_eq!(customer.get("/office").await.text().await, "staff 8");
    assert_eq!(customer.get("/shop").await.text().await, "customer 7");
    let of_staff = customer.with_sessions(&staff);
    of_staff.session(async |session| session.logout()).await;
    assert_refused(&customer.get("/office").await, RefusalKind::NotLoggedIn);
    assert_eq!(customer.get("/shop").await.text().await, "customer 7");
}
