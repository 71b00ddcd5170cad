//! The statements: written once, and put into a database's words.

use sqlx::{AssertSqlSafe, SqlSafeStr as _, SqlStr};

use super::Dialect;
use crate::store::StoreError;

/// The table, unless another one is named.
pub(super) const TABLE: &str = "muffin_sessions";

/// Characters that a table's name may have: PostgreSQL keeps 63 of the name of an index, which is longer.
const LONGEST: usize = 48;

/// The statements for one table. Those that bind a record bind its key, user, expiry, version and content, in this order.
pub(super) struct Statements {
    pub(super) migration: SqlStr,
    pub(super) lock: Option<SqlStr>,
    pub(super) load: SqlStr,
    pub(super) version: SqlStr,
    pub(super) insert: SqlStr,
    pub(super) make_room: SqlStr,
    pub(super) update: SqlStr,
    pub(super) rotate: SqlStr,
    pub(super) rotate_leaving: Option<SqlStr>,
    pub(super) delete: SqlStr,
    pub(super) delete_version: SqlStr,
    pub(super) list: SqlStr,
    pub(super) delete_all: SqlStr,
    pub(super) delete_expired: SqlStr,
}

impl Statements {
    /// The statements for a table whose name has been [checked](check_table).
    pub(super) fn of<DB: Dialect>(table: &str) -> Self {
        let put = |statement: &str| in_words_of::<DB>(statement, table);
        Self {
            migration: named(DB::MIGRATION, table),
            lock: DB::LOCK.map(put),
            load: put(
                "SELECT user_key, expires_at, version, content FROM \"muffin_sessions\" WHERE id = ? AND expires_at > ?",
            ),
            version: put("SELECT version FROM \"muffin_sessions\" WHERE id = ? AND expires_at > ?"),
            insert: put(
                "INSERT INTO \"muffin_sessions\" (id, user_key, expires_at, version, content) VALUES (?, ?, ?, ?, ?)",
            ),
            make_room: put("DELETE FROM \"muffin_sessions\" WHERE id = ? AND expires_at <= ?"),
            update: put(
                "UPDATE \"muffin_sessions\" SET expires_at = ?, version = ?, content = ? WHERE id = ? AND version = ? AND expires_at > ?",
            ),
            rotate: put(
                "UPDATE \"muffin_sessions\" SET id = ?, user_key = ?, expires_at = ?, version = ?, content = ? \
                 WHERE id = ? AND version = ? AND expires_at > ?",
            ),
            rotate_leaving: DB::ROTATE_LEAVING.map(put),
            delete: put("DELETE FROM \"muffin_sessions\" WHERE id = ? AND expires_at > ?"),
            delete_version: put(
                "DELETE FROM \"muffin_sessions\" WHERE version = ? AND id = ? AND expires_at > ?",
            ),
            list: put(
                "SELECT id, user_key, expires_at, version, content FROM \"muffin_sessions\" WHERE user_key = ? AND expires_at > ?",
            ),
            delete_all: put(
                "DELETE FROM \"muffin_sessions\" WHERE user_key = ? AND id <> ? AND expires_at > ?",
            ),
            delete_expired: put(DB::DELETE_EXPIRED),
        }
    }
}

fn in_words_of<DB: Dialect>(statement: &str, table: &str) -> SqlStr {
    let mut words = String::new();
    let mut values = 0;
    for character in statement.chars() {
        match character {
            '?' => {
                values += 1;
                words.push_str(&DB::placeholder(values));
            }
            '"' => words.push_str(DB::QUOTE),
            other => words.push(other),
        }
    }
    named(&words, table)
}

/// Puts the table's name in. No value ever becomes part of a statement: that the name is a plain one has been checked.
fn named(statement: &str, table: &str) -> SqlStr {
    let statement: std::sync::Arc<str> = statement.replace(TABLE, table).into();
    AssertSqlSafe(statement).into_sql_str()
}

/// Refuses what is no plain name.
pub(super) fn check_table(name: &str) -> Result<(), StoreError> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let is_name = (1..=LONGEST).contains(&name.len())
        && name.bytes().all(is_plain)
        && !name.starts_with(|first: char| first.is_ascii_digit());
    if is_name {
        return Ok(());
    }
    Err(StoreError::new(format_args!(
        "a table for sessions needs a name of 1 to {LONGEST} ASCII letters, digits and underscores that does not begin with a digit"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_are_tables() {
        for name in ["a", "_", "muffin_sessions", "Sessions2", &"x".repeat(48)] {
            assert!(check_table(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for name in [
            "",
            "1a",
            "a b",
            "a\"b",
            "a`b",
            "a;b",
            "a.b",
            "a-b",
            "a'b",
            "sitzungß",
            "a\0",
            &"x".repeat(49),
        ] {
            assert!(check_table(name).is_err(), "{name}");
        }
    }
}
