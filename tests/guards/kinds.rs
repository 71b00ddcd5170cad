//! Several kinds of users at once: each with a loader, a login page, cookies and guards of their own, none of which takes the others'.

use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::{get, post};
use muffin_session::{
    Auth, CurrentUser, Error, Login, Refusal, Session, SessionOf, login_required, user_loader,
    user_pass,
};
use muffin_session_tests::{Browser, Site, builder};

use crate::{answer, post as do_post, status};

#[derive(Clone)]
struct Customer {
    id: u64,
}

#[derive(Clone)]
struct Staff {
    id: u64,
}

impl Staff {
    fn is_manager(&self) -> bool {
        self.id == 2
    }
}

#[user_loader]
async fn load_customer(id: u64) -> Option<Customer> {
    Some(Customer { id })
}

#[user_loader]
async fn load_staff(id: u64) -> Option<Staff> {
    Some(Staff { id })
}

#[login_required(user = Customer)]
async fn shop(CurrentUser(customer): CurrentUser<Customer>) -> String {
    format!("customer {}", customer.id)
}

#[login_required(user = Staff)]
async fn office() -> &'static str {
    "office"
}

// The user's type says whose session it is.
#[user_pass(Staff::is_manager)]
async fn reports() -> &'static str {
    "reports"
}

#[user_pass(|staff| staff.id > 0, user = Staff)]
async fn untyped() {}

#[user_pass(user = Staff)]
async fn by_default() {}

#[user_pass(|CurrentUser(customer): CurrentUser<Customer>, CurrentUser(staff): CurrentUser<Staff>| customer.id == staff.id)]
async fn same_number() {}

#[user_pass(any(|staff: &Staff| staff.id > 0, |customer: &Customer| customer.id == 1))]
async fn either() {}

async fn both(
    customer: Option<CurrentUser<Customer>>,
    staff: Option<CurrentUser<Staff>>,
) -> String {
    let id = customer.map(|CurrentUser(customer)| customer.id);
    format!("{id:?} {:?}", staff.map(|CurrentUser(staff)| staff.id))
}

async fn by_hand(auth: Auth) -> Result<String, Refusal> {
    let staff = auth.check_user(Staff::is_manager).await?;
    let customer: Option<Customer> = auth.user().await?;
    Ok(format!("{} {}", staff.id, customer.is_some()))
}

async fn plain(session: Session) -> Result<String, Error> {
    Ok(format!("{:?}", session.user_id::<u64>()?))
}

async fn unknown(_: CurrentUser<String>) {}

// Each kind of user that was asked for must be fresh, in whichever order.
#[user_pass(all(|staff: &Staff| staff.id > 0, |customer: &Customer| customer.id > 0), fresh = "10m")]
async fn fresh_both() {}

#[user_pass(all(|customer: &Customer| customer.id > 0, |staff: &Staff| staff.id > 0), fresh = "10m")]
async fn fresh_both_again() {}

#[user_pass(|CurrentUser(_): CurrentUser<Staff>, CurrentUser(_): CurrentUser<Customer>| true, fresh = "10m")]
async fn fresh_extractors() {}

// The checker asks for nobody: the attribute says whose session it is about.
#[user_pass(|Path(id): Path<u64>| id < 10, user = Staff, fresh = "10m")]
async fn by_path(CurrentUser(staff): CurrentUser<Staff>, Path(id): Path<u64>) -> String {
    format!("{} {id}", staff.id)
}

fn logins<S: Clone + Send + Sync + 'static>(id: u64) -> Router<S> {
    Router::new()
        .route(
            &format!("/customer/{id}"),
            post(move |session: SessionOf<Customer>| async move { session.login(id) }),
        )
        .route(
            &format!("/staff/{id}"),
            post(move |session: SessionOf<Staff>| async move { session.login(id) }),
        )
}

async fn remember_staff(session: SessionOf<Staff>) -> Result<(), Error> {
    session.login_with(Login::new(1).remember(Duration::from_secs(3_600)))
}

async fn site() -> Site {
    let customers = builder().user_loader(load_customer).build().unwrap();
    let staff = builder()
        .cookie_name("staff")
        .login_url("/staff/login")
        .user_loader(load_staff)
        .build()
        .unwrap();
    let app = Router::new()
        .merge(logins(1))
        .merge(logins(2))
        .route(
            "/customer/logout",
            post(async |session: SessionOf<Customer>| session.logout()),
        )
        .route(
            "/staff/logout",
            post(async |session: SessionOf<Staff>| session.logout()),
        )
        .route("/shop", get(shop))
        .route("/office", get(office))
        .route("/reports", get(reports))
        .route("/untyped", get(untyped))
        .route("/default", get(by_default))
        .route("/same", get(same_number))
        .route("/either", get(either))
        .route("/both", get(both))
        .route("/by-hand", get(by_hand))
        .route("/plain", get(plain))
        .route("/unknown", get(unknown))
        .route("/staff/remembered", post(remember_staff))
        .route("/fresh/1", get(fresh_both))
        .route("/fresh/2", get(fresh_both_again))
        .route("/fresh/3", get(fresh_extractors))
        .route("/path/{id}", get(by_path))
        .layer(customers)
        .layer(staff);
    Site::serve(app).await
}

async fn statuses(browser: &Browser, paths: &[&str]) -> Vec<u16> {
    let mut statuses = Vec::new();
    for path in paths {
        statuses.push(status(browser, path).await.as_u16());
    }
    statuses
}

const PATHS: [&str; 7] = [
    "/shop", "/office", "/reports", "/untyped", "/default", "/same", "/either",
];

#[tokio::test]
async fn no_guard_takes_another_kinds_identity() {
    let site = site().await;
    let (nobody, customer, staff, manager) = (
        site.browser(),
        site.browser(),
        site.browser(),
        site.browser(),
    );
    do_post(&customer, "/customer/2").await;
    do_post(&staff, "/staff/1").await;
    do_post(&manager, "/staff/2").await;
    for (browser, expected) in [
        (&nobody, [303; 7]),
        (&customer, [200, 303, 303, 303, 303, 303, 303]),
        (&staff, [303, 200, 303, 200, 200, 303, 200]),
        (&manager, [303, 200, 200, 200, 200, 303, 200]),
    ] {
        assert_eq!(statuses(browser, &PATHS).await, expected);
    }
    // The same number is another person; both in one browser are two.
    do_post(&manager, "/customer/2").await;
    assert_eq!(statuses(&manager, &PATHS).await, [200; 7]);
    assert_eq!(manager.text("/both").await, "Some(2) Some(2)");
}

#[tokio::test]
async fn each_kind_is_sent_to_its_own_login_page() {
    let site = site().await;
    let nobody = site.browser();
    for (path, login) in [
        ("/shop", "/login?next=%2Fshop"),
        ("/office", "/staff/login?next=%2Foffice"),
        ("/reports", "/staff/login?next=%2Freports"),
        ("/untyped", "/staff/login?next=%2Funtyped"),
        ("/default", "/staff/login?next=%2Fdefault"),
        ("/by-hand", "/staff/login?next=%2Fby-hand"),
        ("/same", "/login?next=%2Fsame"),
    ] {
        assert_eq!(
            answer(&nobody, path).await,
            (303, login.to_owned()),
            "{path}"
        );
    }
    // Somebody of one kind who lacks the other is sent to the other's.
    let customer = site.browser();
    do_post(&customer, "/customer/1").await;
    assert_eq!(
        answer(&customer, "/same").await.1,
        "/staff/login?next=%2Fsame"
    );
    // Refused, though known: no way back.
    let staff = site.browser();
    do_post(&staff, "/staff/1").await;
    assert_eq!(answer(&staff, "/reports").await.1, "/staff/login");
}

#[tokio::test]
async fn logging_one_kind_in_or_out_leaves_the_others_alone() {
    let site = site().await;
    let browser = site.browser();
    do_post(&browser, "/customer/1").await;
    do_post(&browser, "/staff/2").await;
    assert_eq!(browser.text("/both").await, "Some(1) Some(2)");
    assert_eq!(browser.text("/by-hand").await, "2 true");
    assert_eq!(
        browser.text("/plain").await,
        "Some(1)",
        "`Session` is the innermost layer's"
    );
    do_post(&browser, "/staff/logout").await;
    assert_eq!(browser.text("/both").await, "Some(1) None");
    do_post(&browser, "/staff/1").await;
    do_post(&browser, "/customer/logout").await;
    assert_eq!(browser.text("/both").await, "None Some(1)");
}

#[tokio::test]
async fn cookies_of_one_kind_are_worthless_under_the_names_of_another() {
    let site = site().await;
    let customer = site.browser();
    do_post(&customer, "/customer/2").await;
    for (name, value) in customer.jar.all() {
        customer
            .jar
            .set(&name.replace("__Host-session", "__Host-staff"), &value);
    }
    assert_eq!(customer.text("/both").await, "Some(2) None");
}

#[tokio::test]
async fn a_user_whom_no_layer_loads_is_an_error_that_says_so() {
    let site = site().await;
    let response = site.browser().get("/unknown").await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let text = response.text().await.unwrap();
    assert_eq!(
        text.contains("session layer of their own"),
        cfg!(debug_assertions),
        "{text}"
    );
}

/// s099: a fresh login of one kind does not make up for a remembered one of another.
#[tokio::test]
async fn every_kind_that_a_guard_asks_for_must_be_fresh() {
    let site = site().await;
    let browser = site.browser();
    do_post(&browser, "/staff/remembered").await;
    do_post(&browser, "/customer/1").await;
    for path in ["/fresh/1", "/fresh/2", "/fresh/3", "/path/3"] {
        let next = format!("/staff/login?next={}", path.replace('/', "%2F"));
        assert_eq!(answer(&browser, path).await, (303, next), "{path}");
    }
    do_post(&browser, "/staff/1").await;
    for path in ["/fresh/1", "/fresh/2", "/fresh/3"] {
        assert_eq!(status(&browser, path).await, StatusCode::OK, "{path}");
    }
    assert_eq!(browser.text("/path/3").await, "1 3");
    assert_eq!(
        answer(&browser, "/path/11").await,
        (303, "/staff/login".to_owned()),
        "refused"
    );
    let customer = site.browser();
    do_post(&customer, "/customer/1").await;
    assert_eq!(
        answer(&customer, "/path/3").await.1,
        "/staff/login?next=%2Fpath%2F3",
        "no staff"
    );
}

#[tokio::test]
async fn two_layers_with_cookies_of_the_same_names_are_an_error_that_says_so() {
    let same = || builder().user_loader(load_customer).build().unwrap();
    let staff = builder().user_loader(load_staff).build().unwrap();
    let app = Router::new()
        .route("/shop", get(shop))
        .layer(same())
        .layer(staff);
    let response = Site::serve(app).await.browser().get("/shop").await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let text = response.text().await.unwrap();
    assert_eq!(
        text.contains("cookie_name"),
        cfg!(debug_assertions),
        "{text}"
    );
}
