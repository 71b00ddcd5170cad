//! A cluster: which node has which slot.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use redis::Value;
use tokio::task::JoinSet;

use super::failure::{Failure, Kind};
use super::link::{Dialer, Link, Target};
use super::request::Request;
use super::server::Server;

/// How long a call waits for a cluster that moves slots or elects a master. Calls that took place are never repeated.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// How long it waits between two attempts.
const PAUSE: Duration = Duration::from_millis(100);
/// How often a call follows the nodes' directions without a pause: nodes can be of different minds for a while.
const HOPS: usize = 5;
/// How many nodes are asked at once where the slots are, and how long. The next time it is other ones.
const ASKED: usize = 3;
const ASKING: Duration = Duration::from_millis(500);

type Address = (String, u16);

pub(super) struct Cluster {
    /// Where to begin. The first one's login is everybody's.
    seeds: Vec<Server>,
    dialer: Arc<Dialer>,
    map: Mutex<Map>,
    /// Held by whoever asks where the slots are.
    asking: tokio::sync::Mutex<()>,
}

/// What is known of the cluster.
#[derive(Default)]
struct Map {
    ranges: Vec<Range>,
    /// What nodes have said since: more recent than the ranges.
    moved: HashMap<u16, Address>,
    links: HashMap<Address, Arc<Link>>,
    /// How often the slots have been asked for.
    asked: usize,
}

struct Range {
    first: u16,
    last: u16,
    node: Address,
}

impl Cluster {
    pub(super) fn new(seeds: Vec<Server>, dialer: Arc<Dialer>) -> Arc<Self> {
        Arc::new(Self {
            seeds,
            dialer,
            map: Mutex::default(),
            asking: tokio::sync::Mutex::default(),
        })
    }

    /// The answer of the node that has the slot.
    pub(super) async fn run(
        self: &Arc<Self>,
        slot: u16,
        request: &Request,
    ) -> Result<Value, Failure> {
        let began = Instant::now();
        let mut asked_to = None;
        let mut hops = 0;
        loop {
            let (known, owner) = {
                let map = self.map();
                (map.asked, map.owner(slot))
            };
            let is_asking = asked_to.is_some();
            let node = asked_to.take().or(owner);
            let answer = match &node {
                Some(node) if is_asking => self.link(node).run_asking(request).await,
                Some(node) => self.link(node).run(request).await,
                None => Err(Failure::unreachable("no node is known to have the slot")),
            };
            let Err(failure) = answer else { return answer };
            if began.elapsed() > PATIENCE {
                return Err(failure);
            }
            let asked_host = node.map(|(host, _)| host).unwrap_or_default();
            hops += 1;
            match &failure.kind {
                Kind::Moved { slot, node } => {
                    let Some(node) = address(node, &asked_host) else {
                        return Err(failure);
                    };
                    self.map().moved.insert(*slot, node);
                    self.ask_in_background(known);
                }
                Kind::Ask { node } => asked_to = address(node, &asked_host),
                Kind::NotYet | Kind::ReadOnly | Kind::Unreachable => {
                    self.ask_where_slots_are(known).await;
                    // At first there is nothing to wait for: the slots were not known.
                    if known > 0 {
                        tokio::time::sleep(PAUSE).await;
                    }
                }
                Kind::Lost if request.is_read => self.ask_where_slots_are(known).await,
                Kind::Lost => {
                    self.ask_in_background(known);
                    return Err(failure);
                }
                Kind::NoScript | Kind::Refused => return Err(failure),
            }
            if hops > HOPS {
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    fn ask_in_background(self: &Arc<Self>, known: usize) {
        let cluster = Arc::clone(self);
        tokio::spawn(async move { cluster.ask_where_slots_are(known).await });
    }

    /// Asks anew, unless that has been done since it was the `known`th time. One does it, and all others wait for what comes of it.
    async fn ask_where_slots_are(&self, known: usize) {
        let _asking = self.asking.lock().await;
        if self.map().asked > known {
            return;
        }
        let mut asked = JoinSet::new();
        for node in self.nodes_to_ask() {
            let link = self.link(&node);
            asked.spawn(async move {
                let mut command = redis::cmd("CLUSTER");
                command.arg("SLOTS");
                let connection = link.connection().await.ok()?;
                let answer = tokio::time::timeout(ASKING, connection.send(&command)).await;
                ranges(&answer.ok()?.ok()?, &node.0)
            });
        }
        let mut found = None;
        while let Some(answer) = asked.join_next().await {
            found = answer.ok().flatten();
            if found.is_some() {
                break;
            }
        }
        let mut map = self.map();
        map.asked += 1;
        if let Some(ranges) = found {
            map.ranges = ranges;
            map.moved.clear();
            let Map { links, ranges, .. } = &mut *map;
            links.retain(|node, _| ranges.iter().any(|range| range.node == *node));
        }
    }

    /// Nodes that may know: other ones each time, since some may be down, and some be on the wrong side of a broken network.
    fn nodes_to_ask(&self) -> Vec<Address> {
        let map = self.map();
        let seeds = self.seeds.iter().filter_map(Server::address);
        let mut nodes: Vec<_> = (map.ranges.iter().map(|range| range.node.clone()))
            .chain(seeds)
            .collect();
        nodes.sort_unstable();
        nodes.dedup();
        let count = nodes.len();
        (0..count.min(ASKED))
            .map(|nth| nodes[(map.asked * ASKED + nth) % count].clone())
            .collect()
    }

    fn link(&self, node: &Address) -> Arc<Link> {
        let mut map = self.map();
        let link = map.links.entry(node.clone()).or_insert_with(|| {
            let (host, port) = node;
            let server = self.seeds[0].at(host, *port);
            Link::new(Target::Server(server), Arc::clone(&self.dialer))
        });
        Arc::clone(link)
    }

    fn map(&self) -> MutexGuard<'_, Map> {
        self.map.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Map {
    fn owner(&self, slot: u16) -> Option<Address> {
        self.moved.get(&slot).cloned().or_else(|| {
            (self.ranges.iter())
                .find(|range| (range.first..=range.last).contains(&slot))
                .map(|range| range.node.clone())
        })
    }
}

/// What a node calls another one. It names no host if that is the host that was asked.
fn address(node: &str, asked_host: &str) -> Option<Address> {
    let (host, port) = node.rsplit_once(':')?;
    Some((known_host(host, asked_host), port.parse().ok()?))
}

fn known_host(host: &str, asked_host: &str) -> String {
    let host = match host {
        "" | "?" => asked_host,
        named => named,
    };
    host.to_owned()
}

/// The answer to CLUSTER SLOTS: of each range, its master.
fn ranges(answer: &Value, asked_host: &str) -> Option<Vec<Range>> {
    let Value::Array(answer) = answer else {
        return None;
    };
    let ranges: Option<Vec<_>> = answer
        .iter()
        .map(|range| {
            let Value::Array(range) = range else {
                return None;
            };
            let [
                Value::Int(first),
                Value::Int(last),
                Value::Array(master),
                ..,
            ] = range.as_slice()
            else {
                return None;
            };
            let [host, Value::Int(port), ..] = master.as_slice() else {
                return None;
            };
            let host = match host {
                Value::BulkString(host) => std::str::from_utf8(host).ok()?,
                _ => "",
            };
            Some(Range {
                first: u16::try_from(*first).ok()?,
                last: u16::try_from(*last).ok()?,
                node: (known_host(host, asked_host), u16::try_from(*port).ok()?),
            })
        })
        .collect();
    ranges.filter(|ranges| !ranges.is_empty())
}
