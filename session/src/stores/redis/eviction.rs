//! Servers that throw sessions away when memory runs short.

use redis::Value;

use super::connection::Connection;

/// Looks at the server's settings, once, and warns of those that end sessions. Where looking is not allowed it is not done.
pub(super) async fn warn_of_it(connection: Connection) {
    let mut command = redis::cmd("INFO");
    command.arg("memory");
    let Ok(Value::BulkString(info)) = connection.send(&command).await else {
        return;
    };
    let info = String::from_utf8_lossy(&info);
    if let Some(policy) = evicting_policy(&info) {
        tracing::warn!(
            target: "muffin_session",
            policy,
            "Redis ends sessions when its memory is full: set maxmemory-policy to noeviction, or keep sessions in a server of their own"
        );
    }
}

/// The policy by which the server evicts keys, if it does. All keys of sessions have a time to live, so each policy but one concerns them.
fn evicting_policy(info: &str) -> Option<&str> {
    let field = |name: &str| {
        info.lines()
            .filter_map(|line| line.trim_end().split_once(':'))
            .find(|(field, _)| *field == name)
            .map(|(_, value)| value)
    };
    field("maxmemory_policy")
        .filter(|policy| *policy != "noeviction" && field("maxmemory") != Some("0"))
}

#[cfg(test)]
mod tests {
    use super::evicting_policy;

    #[test]
    fn only_a_limit_with_a_policy_evicts() {
        let info = |limit, policy| {
            format!(
                "# Memory\r\nused_memory:1\r\nmaxmemory:{limit}\r\nmaxmemory_human:0B\r\nmaxmemory_policy:{policy}\r\n"
            )
        };
        assert_eq!(
            evicting_policy(&info(1_000_000, "allkeys-lru")),
            Some("allkeys-lru")
        );
        assert_eq!(
            evicting_policy(&info(1_000_000, "volatile-ttl")),
            Some("volatile-ttl")
        );
        assert_eq!(evicting_policy(&info(1_000_000, "noeviction")), None);
        assert_eq!(evicting_policy(&info(0, "allkeys-lru")), None);
        assert_eq!(evicting_policy("# Nothing"), None);
    }
}
