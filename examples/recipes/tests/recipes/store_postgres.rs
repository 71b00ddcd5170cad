//! Two processes with one PostgreSQL.

use crate::running::{Running, SECRET, redirect, server, unique};

#[tokio::test]
#[ignore = "needs PostgreSQL: set POSTGRES_URL"]
async fn one_process_ends_the_logins_at_another() {
    let url = server("POSTGRES_URL");
    let settings = [("POSTGRES_URL", url.as_str()), ("SESSION_SECRET", SECRET)];
    let program = env!("CARGO_BIN_EXE_store_postgres");
    let first = Running::start(program, &settings);
    let second = Running::start(program, &settings);
    let (laptop, phone) = (first.browser(), second.browser());
    let login = format!("/login/{}", unique("ann"));
    for browser in [&laptop, &phone] {
        assert_eq!(redirect(&browser.post(&login).await), "/");
    }
    for browser in [&laptop, &phone] {
        assert_eq!(browser.text("/").await, "You are logged in 2 times\n");
    }
    assert_eq!(redirect(&laptop.post("/end-others").await), "/");
    assert_eq!(redirect(&phone.get("/").await), "/login?next=%2F");
    let at_second = laptop.at(&second);
    assert_eq!(at_second.text("/").await, "You are logged in 1 times\n");
}
