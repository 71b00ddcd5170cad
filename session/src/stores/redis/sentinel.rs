//! Sentinels: which server is the master.

use std::sync::Arc;
use std::time::Duration;

use redis::Value;
use tokio::task::JoinSet;

use super::connection::Connection;
use super::failure::Failure;
use super::server::Server;
use super::tls::Tls;

/// How long sentinels may take to answer.
const ASKING: Duration = Duration::from_millis(500);

/// Who knows which server is the master, and what its name is.
#[derive(Clone)]
pub(super) struct Sentinels {
    pub(super) servers: Vec<Server>,
    pub(super) name: String,
    /// A server as the master is: its login, and whether it is encrypted.
    pub(super) master: Server,
}

type Address = (String, u16);

impl Sentinels {
    /// A connection to the master.
    pub(super) async fn connect(&self, tls: &Arc<Tls>) -> Result<Connection, Failure> {
        let (host, port) = self.find(tls).await?;
        let connection = Connection::open(&self.master.at(host, port), tls).await?;
        // Sentinels may name a server that has been demoted a moment ago, or one that does not know yet that it is promoted.
        let role = tokio::time::timeout(ASKING, connection.send(&redis::cmd("ROLE"))).await;
        match role.map_err(|_| Failure::unreachable("no connection in time"))?? {
            Value::Array(role) if text(role.first()).as_deref() == Some("master") => Ok(connection),
            _ => Err(Failure::unreachable(
                "the sentinels name a server that is no master",
            )),
        }
    }

    /// What more than half of the sentinels say. If not so many answer: what most of those say that do.
    async fn find(&self, tls: &Arc<Tls>) -> Result<Address, Failure> {
        let mut asked = JoinSet::new();
        for sentinel in &self.servers {
            let (sentinel, name, tls) = (sentinel.clone(), self.name.clone(), Arc::clone(tls));
            asked.spawn(async move {
                tokio::time::timeout(ASKING, ask(&sentinel, &name, &tls))
                    .await
                    .unwrap_or_else(|_| Err(Failure::unreachable("no sentinel answers in time")))
            });
        }
        let mut votes: Vec<(Address, usize)> = Vec::new();
        let mut failure = None;
        while let Some(answer) = asked.join_next().await {
            let address = match answer {
                Ok(Ok(address)) => address,
                Ok(Err(why)) => {
                    failure = Some(why);
                    continue;
                }
                Err(_) => continue,
            };
            match votes.iter_mut().find(|(voted, _)| *voted == address) {
                Some((_, votes)) => *votes += 1,
                None => votes.push((address, 1)),
            }
            if let Some((address, _)) =
                (votes.iter()).find(|(_, votes)| votes * 2 > self.servers.len())
            {
                return Ok(address.clone());
            }
        }
        (votes.into_iter().max_by_key(|(_, votes)| *votes))
            .map(|(address, _)| address)
            .ok_or_else(|| failure.unwrap_or_else(|| Failure::unreachable("no sentinel answers")))
    }
}

async fn ask(sentinel: &Server, name: &str, tls: &Tls) -> Result<Address, Failure> {
    let connection = Connection::open(sentinel, tls).await?;
    let mut command = redis::cmd("SENTINEL");
    command.arg("GET-MASTER-ADDR-BY-NAME").arg(name);
    let unknown = || Failure::unreachable("the sentinels know no master of that name");
    let Value::Array(address) = connection.send(&command).await? else {
        return Err(unknown());
    };
    let host = text(address.first());
    let port = text(address.get(1)).and_then(|port| port.parse().ok());
    host.zip(port).ok_or_else(unknown)
}

fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::BulkString(bytes) => String::from_utf8(bytes.clone()).ok(),
        Value::SimpleString(text) => Some(text.clone()),
        _ => None,
    }
}
