//! More of what a request brings: bytes, keys, others' cookies, and secrets that it may have been signed with.

use tokio::runtime::Runtime;

use super::curves::grouped;
use super::dimension::{Dimension, READ_AND_WRITE};
use crate::case::{Case, Workload};
use crate::filling::Filling;
use crate::libraries::{self, ours};
use crate::table;

const NO_FILLING: Filling = Filling { keys: 0, bytes: 0 };

/// Bytes of one text beside the value.
pub(crate) async fn bytes() -> Dimension {
    let mut dimension = Dimension::new(
        "bytes",
        "bytes of data",
        // One that all take has some room: how long an encrypted cookie of axum-extra is depends on chance.
        vec![0, 100, 500, 1_000, 2_000, 2_800, 3_900],
    );
    let brings = |bytes| Brings {
        filling: text(bytes),
        others: 0,
    };
    dimension.add(brings, |_| READ_AND_WRITE.to_vec()).await;
    dimension
}

/// Keys with a text of one byte, beside the one that is read or written.
pub(crate) async fn keys() -> Dimension {
    let points = vec![1, 10, 50, 100, 200, 250, 500];
    let mut dimension = Dimension::new("keys", "keys", points);
    let filling = |keys| Filling { keys, bytes: 1 };
    let brings = |keys| Brings {
        filling: filling(keys),
        others: 0,
    };
    let workloads = |keys| {
        let [read, write] = READ_AND_WRITE;
        vec![read, write, Workload::Fill(filling(keys))]
    };
    dimension.add(brings, workloads).await;
    dimension
}

/// Cookies of others, around the session's.
pub(crate) async fn cookies() -> Dimension {
    let points = vec![0, 5, 10, 25, 50, 100];
    let mut dimension = Dimension::new("cookies", "other cookies in the request", points);
    let brings = |others| Brings {
        filling: NO_FILLING,
        others,
    };
    dimension.add(brings, |_| READ_AND_WRITE.to_vec()).await;
    dimension
}

/// Secrets that verify: as many as ours takes, which is more than one. The others take one.
pub(crate) async fn secrets() -> Dimension {
    let points = vec![1, 2, 3, 4];
    let most = points.len();
    let mut dimension = Dimension::new("secrets", "secrets", points);
    let secrets: Vec<_> = (0..most).map(|_| ours::secret()).collect();
    for (place, oldest) in secrets.iter().enumerate() {
        let app = ours::with_secrets(secrets[..=place].to_vec());
        let before = ours::with_secrets(vec![oldest.clone()]);
        let newest = Case::begun(&app).await;
        let oldest = Case::begun(&before).await;
        for (library, jar) in [
            ("muffin-session, signed with the newest", newest),
            ("muffin-session, signed with the oldest", oldest),
        ] {
            for workload in READ_AND_WRITE {
                let case = Case::of(library, workload, &app, std::slice::from_ref(&jar)).await;
                dimension.push(place, case);
            }
        }
    }
    for (library, app) in libraries::signing() {
        let jar = Case::begun(&app).await;
        for workload in READ_AND_WRITE {
            let case = Case::of(library, workload, &app, std::slice::from_ref(&jar)).await;
            dimension.push(0, case);
        }
    }
    dimension
}

/// A workload of a session that is filled so, if there is such a library and workload, and the session is no larger than it may be.
pub(crate) async fn case(library: &str, workload: &str, filling: Filling) -> Option<Case> {
    let [read, write] = READ_AND_WRITE;
    let workload = [read, write, Workload::Fill(filling)]
        .into_iter()
        .find(|known| known.name() == workload)?;
    let apps = libraries::growing().await;
    let (library, app) = apps.into_iter().find(|(known, _)| *known == library)?;
    let jar = Case::filled(&app, filling).await?;
    Some(Case::of(library, workload, &app, &[jar]).await)
}

/// What a request brings at one point.
struct Brings {
    filling: Filling,
    others: usize,
}

impl Dimension {
    /// The workloads of all libraries at each point, but for those that cannot keep so much.
    async fn add(
        &mut self,
        brings: impl Fn(usize) -> Brings,
        workloads: impl Fn(usize) -> Vec<Workload>,
    ) {
        for (library, app) in libraries::growing().await {
            for (place, point) in self.points.clone().into_iter().enumerate() {
                let Brings { filling, others } = brings(point);
                let Some(jar) = Case::filled(&app, filling).await else {
                    continue;
                };
                let jars = [jar.among(others)];
                for workload in workloads(point) {
                    self.push(place, Case::of(library, workload, &app, &jars).await);
                }
            }
        }
    }
}

/// No session is tried that is larger.
const LARGEST: usize = 1 << 20;

/// The longest text that a session takes beside a small value.
pub(crate) fn print_largest(runtime: &Runtime) {
    println!("\n### The longest text beside the value");
    let rows = runtime.block_on(async {
        let mut rows = Vec::new();
        for (library, app) in libraries::growing().await {
            let (mut fits, mut too_large) = (0, LARGEST + 1);
            while too_large - fits > 1 {
                let middle = usize::midpoint(fits, too_large);
                match Case::filled(&app, text(middle)).await {
                    Some(_) => fits = middle,
                    None => too_large = middle,
                }
            }
            let fits = match fits {
                LARGEST => format!("{} and more", grouped(fits)),
                _ => grouped(fits),
            };
            rows.push(vec![library.to_owned(), fits]);
        }
        rows
    });
    table::print(&["library", "bytes"], &rows);
}

fn text(bytes: usize) -> Filling {
    Filling {
        keys: usize::from(bytes > 0),
        bytes,
    }
}
