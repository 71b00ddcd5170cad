//! An admin at one process, somebody who is thrown out at another.

use crate::running::{Running, SECRET, redirect, server, unique};

#[tokio::test]
#[ignore = "needs MySQL or MariaDB: set MYSQL_URL"]
async fn an_admin_ends_the_logins_of_somebody_at_another_process() {
    let url = server("MYSQL_URL");
    let settings = [("MYSQL_URL", url.as_str()), ("SESSION_SECRET", SECRET)];
    let program = env!("CARGO_BIN_EXE_store_mysql");
    let first = Running::start(program, &settings);
    let second = Running::start(program, &settings);
    let (ann, bob) = (first.browser(), second.browser());
    let name = unique("bob");
    ann.done("/login/ann").await;
    bob.done(&format!("/login/{name}")).await;
    assert_eq!(bob.text("/").await, format!("Hello, {name}\n"));

    // That is for the admin alone.
    assert_eq!(redirect(&bob.post("/users/ann/end").await), "/login");
    assert_eq!(ann.text("/").await, "Hello, ann\n");
    ann.done(&format!("/users/{name}/end")).await;
    assert_eq!(redirect(&bob.get("/").await), "/login?next=%2F");
    assert_eq!(ann.text("/").await, "Hello, ann\n");
}
