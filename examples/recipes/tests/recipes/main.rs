//! Each recipe, run as whoever copies it runs it, and asked over HTTP for what it is there to show.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod running;
mod shelf;

mod api_tokens;
mod behind_proxy;
mod confirm_password;
mod custom_checker;
mod htmx;
mod old_secrets;
mod remember_me;
mod rotating_keys;
mod second_factor;
mod several_users;
mod shopping_cart;
mod spa_json;
#[cfg(feature = "memory")]
mod store_memory;
#[cfg(feature = "mysql")]
mod store_mysql;
#[cfg(feature = "postgres")]
mod store_postgres;
#[cfg(feature = "redis")]
mod store_redis;
#[cfg(feature = "sqlite")]
mod store_sqlite;
#[cfg(feature = "tower-sessions")]
mod store_tower_sessions;
mod websocket;
