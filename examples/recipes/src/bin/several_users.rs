//! Customers and staff: two kinds of users, each with a login of its own, at once in one browser.
//!
//! `cargo run -p recipes --bin several_users`, then:
//! ```console
//! $ curl -b jar -c jar -X POST localhost:3000/login         # a customer
//! $ curl -b jar -c jar -X POST localhost:3000/staff/login   # and staff, beside it
//! $ curl -b jar localhost:3000/staff
//! ```
use axum::{Router, routing::get, routing::post};
use muffin_session::{CurrentUser, Secret, SessionOf, Sessions, login_required, user_loader};

#[derive(Clone)]
struct Customer(&'static str);
#[derive(Clone)]
struct Staff(&'static str);

#[user_loader]
async fn load_customer(id: u64) -> Option<Customer> {
    (id == 1).then_some(Customer("Ann"))
}

#[user_loader]
async fn load_staff(id: u64) -> Option<Staff> {
    (id == 1).then_some(Staff("Sam"))
}

#[login_required(user = Staff)]
async fn desk(staff: CurrentUser<Staff>, customer: Option<CurrentUser<Customer>>) -> String {
    let customer = customer.map_or("nobody", |customer| customer.0.0);
    format!("Staff {}, who shops as {customer}\n", staff.0.0)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt::init();
    let secret = Secret::from_env("SESSION_SECRET").or_else(|error| {
        tracing::warn!("for development, a secret that ends with the process: {error}");
        Secret::generate()
    })?;
    let customers = Sessions::builder(secret.clone()).user_loader(load_customer);
    let staff = Sessions::builder(secret).user_loader(load_staff);
    let staff = staff.cookie_name("staff").login_url("/staff/login");
    // After a look at the password, in your application.
    let log_in = async |session: SessionOf<Customer>| session.login(1);
    let log_in_staff = async |session: SessionOf<Staff>| session.login(1);
    let log_out_staff = async |session: SessionOf<Staff>| session.logout();
    let app = Router::new()
        .route("/login", post(log_in))
        .route("/staff", get(desk))
        .route("/staff/login", post(log_in_staff))
        .route("/staff/logout", post(log_out_staff))
        .layer(customers.build()?)
        .layer(staff.build()?);
    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    tracing::info!("listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}
