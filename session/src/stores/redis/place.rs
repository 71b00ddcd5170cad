//! Where the sessions are: at one server, or spread over a cluster.

use std::sync::Arc;

use redis::Value;

use super::cluster::Cluster;
use super::failure::{Failure, Kind};
use super::link::{Dialer, Link, Target};
use super::record::slot;
use super::request::Request;
use super::sentinel::Sentinels;
use super::server::Server;
use super::tls::Tls;

/// What was said of the servers when the store was made.
pub(super) enum Plan {
    One(Server),
    Master(Sentinels),
    Cluster(Vec<Server>),
}

/// The ways to the servers.
pub(super) enum Place {
    One(Arc<Link>),
    Cluster(Arc<Cluster>),
}

impl Place {
    pub(super) fn new(plan: &Plan, tls: &Arc<Tls>) -> Self {
        let dialer = Arc::new(Dialer::new(Arc::clone(tls)));
        match plan {
            Plan::One(server) => Self::One(Link::new(Target::Server(server.clone()), dialer)),
            Plan::Master(sentinels) => {
                Self::One(Link::new(Target::Master(sentinels.clone()), dialer))
            }
            Plan::Cluster(seeds) => Self::Cluster(Cluster::new(seeds.clone(), dialer)),
        }
    }

    /// Whether one request can touch both groups.
    pub(super) fn has_together(&self, one: [u8; 8], other: [u8; 8]) -> bool {
        match self {
            Self::One(_) => true,
            Self::Cluster(_) => slot(one) == slot(other),
        }
    }

    /// The answer to a request that concerns a group.
    pub(super) async fn run(&self, group: [u8; 8], request: &Request) -> Result<Value, Failure> {
        match self {
            Self::Cluster(cluster) => cluster.run(slot(group), request).await,
            Self::One(link) => match link.run(request).await {
                // Nothing has taken place, or it does not matter whether it has: once more, over another connection.
                Err(failure) if failure.kind == Kind::ReadOnly => link.run(request).await,
                Err(failure) if failure.kind == Kind::Lost && request.is_read => {
                    link.run(request).await
                }
                answer => answer,
            },
        }
    }
}
