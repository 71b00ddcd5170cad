//! How stores behave at scale: what each verb takes with a thousand sessions, and with a million.
//!
//! ```text
//! cargo run --release -p muffin-session-tests --features servers --bin scale -- --sessions 1000000 --json scale.json
//! ```
//!
//! It measures memory and SQLite, and the servers that are named: `POSTGRES_URL`, `MYSQL_URL`, `REDIS_URL`. `--store NAME` measures one
//! (given several times, several), `--rounds N` takes more or fewer than 7 rounds. A table goes to the terminal, all figures into the file;
//! `tests/scale_plot.py` makes plots of it.
//!
//! Each store is filled once for each size, in places of its own, and each round calls one verb at all sizes, then the next verb. So whatever
//! else the machine does falls on all sizes alike, and ratios between them count when times by themselves do not.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for a terminal"
)]

mod population;
mod machine;
mod figures;
mod grounds;
mod yardstick;
mod site;
mod table;

use std::path::PathBuf;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use muffin_session::Timestamp;
use serde::Serialize;
use serde_json::json;

use figures::Verb;
use grounds::Failure;
use site::Site;

/// The smallest size.
const LEAST: u32 = 1_000;

struct Options {
    sessions: u32,
    rounds: usize,
    stores: Vec<String>,
    json: Option<PathBuf>,
}

impl Options {
    fn read() -> Result<Self, Failure> {
        let mut options = Self {
            sessions: 1_000_000,
            rounds: 7,
            stores: Vec::new(),
            json: None,
        };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let value = words
                .next()
                .ok_or_else(|| format!("{word} needs a value"))?;
            match word.as_str() {
                "--sessions" => options.sessions = value.replace('_', "").parse()?,
                "--rounds" => options.rounds = value.parse()?,
                "--store" => options.stores.push(value),
                "--json" => options.json = Some(value.into()),
                _ => {
                    return Err(
                        format!("{word}? There are --sessions, --rounds, --store, --json").into(),
                    );
                }
            }
        }
        if options.sessions < LEAST || options.rounds == 0 {
            return Err("at least 1,000 sessions, and 1 round".into());
        }
        if options.stores.is_empty() {
            options.stores = grounds::NAMES.map(str::to_owned).into();
        }
        Ok(options)
    }

    /// A thousand, ten thousand, and so on up to what was asked for, which comes first: the memory that it takes is taken by nothing else yet.
    fn sizes(&self) -> Vec<u32> {
        let steps = std::iter::successors(Some(LEAST), |size| size.checked_mul(10));
        let mut sizes: Vec<_> = steps.take_while(|size| *size < self.sessions).collect();
        sizes.push(self.sessions);
        sizes.reverse();
        sizes
    }
}

/// A store at all sizes, the smallest one first.
#[derive(Serialize)]
struct Measured {
    name: String,
    about: Vec<String>,
    seconds: f64,
    sizes: Vec<Site>,
}

fn main() -> Result<(), Failure> {
    let options = Options::read()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    // As a task: this thread is none of the runtime's.
    runtime.block_on(async { tokio::spawn(run(options)).await? })
}

async fn run(options: Options) -> Result<(), Failure> {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    let now = Timestamp::from_millis(u64::try_from(since_epoch)?);
    let start = Instant::now();
    let mut stores = Vec::new();
    for name in &options.stores {
        match measure(name, &options, now).await? {
            Some(measured) => {
                println!("{}", table::of(&measured));
                stores.push(measured);
            }
            None => eprintln!("{name} is left out: its URL is not set"),
        }
    }
    println!("{}", table::growth(&stores));
    let all = json!({
        "machine": machine::about(),
        "sessions": options.sessions,
        "rounds": options.rounds,
        "seconds": start.elapsed().as_secs_f64(),
        "load_of_machine": machine::load(),
        "stores": stores,
    });
    if let Some(path) = options.json {
        std::fs::write(path, format!("{all:#}\n"))?;
    }
    Ok(())
}

/// Measures a store, and leaves nothing behind, whether that works or not.
async fn measure(
    name: &str,
    options: &Options,
    now: Timestamp,
) -> Result<Option<Measured>, Failure> {
    let mut sites = Vec::new();
    let measured = tokio::select! {
        measured = rounds(name, options, now, &mut sites) => measured,
        _ = tokio::signal::ctrl_c() => Err("interrupted".into()),
    };
    for site in &sites {
        site.clean().await?;
    }
    let Some((about, seconds)) = measured? else {
        return Ok(None);
    };
    sites.sort_by_key(|site| site.sessions);
    Ok(Some(Measured {
        name: name.to_owned(),
        about,
        seconds,
        sizes: sites,
    }))
}

async fn rounds(
    name: &str,
    options: &Options,
    now: Timestamp,
    sites: &mut Vec<Site>,
) -> Result<Option<(Vec<String>, f64)>, Failure> {
    let start = Instant::now();
    for size in options.sizes() {
        let Some(site) = Site::open(name, size, options.sessions, now).await? else {
            return Ok(None);
        };
        // Known before it is filled, so that it is left clean whatever happens.
        sites.push(site);
        if let Some(site) = sites.last_mut() {
            site.fill().await?;
        }
        eprintln!("{name}: {size} sessions after {:.0?}", start.elapsed());
    }
    let about = sites[0].about().await?;
    for round in 1..=options.rounds {
        call_all(sites).await?;
        // No size is always the first, or the one that comes after the largest.
        sites.reverse();
        eprintln!("{name}: round {round} after {:.0?}", start.elapsed());
    }
    Ok(Some((about, start.elapsed().as_secs_f64())))
}

/// A round: one verb at all sizes, then the next one.
async fn call_all(sites: &mut [Site]) -> Result<(), Failure> {
    for site in &mut *sites {
        site.warm_up().await?;
    }
    for verb in Verb::ALL {
        for site in &mut *sites {
            site.call(verb).await?;
        }
    }
    for site in &mut *sites {
        site.load().await?;
    }
    for site in &mut *sites {
        site.settle().await?;
    }
    Ok(())
}
