//! What more costs: of data, keys, cookies, secrets, sessions and threads.

mod curves;
mod dimension;
mod held;
mod plot;
mod points;
mod threads;

use std::path::Path;

use tokio::runtime::Runtime;

use self::curves::Curves;
use self::dimension::Dimension;
pub(crate) use self::points::case;

/// What there can be more of.
const DIMENSIONS: [&str; 6] = ["bytes", "keys", "cookies", "secrets", "sessions", "threads"];

pub(crate) struct Options<'a> {
    rounds: usize,
    /// One dimension, or all.
    only: Option<&'a str>,
    /// The folder for the plots, if they are wanted.
    plots: Option<&'a Path>,
}

impl<'a> Options<'a> {
    /// `None` if the arguments are others.
    pub(crate) fn read(arguments: &[&'a str]) -> Option<Self> {
        let mut options = Self {
            rounds: 60,
            only: None,
            plots: None,
        };
        let mut arguments = arguments.iter();
        while let Some(&argument) = arguments.next() {
            match argument {
                "--only" => {
                    let only = *arguments.next()?;
                    DIMENSIONS.contains(&only).then_some(())?;
                    options.only = Some(only);
                }
                "--plots" => options.plots = Some(Path::new(*arguments.next()?)),
                rounds => options.rounds = rounds.parse().ok().filter(|&rounds| rounds > 0)?,
            }
        }
        Some(options)
    }
}

/// The tables, and the plots if they are wanted.
pub(crate) fn print(runtime: &Runtime, options: &Options<'_>) {
    let rounds = options.rounds;
    println!(
        "Medians of {rounds} rounds. `read` and `write` are of one value, `fill` writes a text under each key. What a library refuses, or a browser, is `-`."
    );
    let measure = |dimension: &Dimension| show(&dimension.measure(runtime, rounds), options);
    let wants = |name: &&&str| options.only.is_none_or(|only| **name == only);
    for name in DIMENSIONS.iter().filter(wants) {
        match *name {
            "bytes" => {
                points::print_largest(runtime);
                measure(&runtime.block_on(points::bytes()));
            }
            "keys" => measure(&runtime.block_on(points::keys())),
            "cookies" => measure(&runtime.block_on(points::cookies())),
            "secrets" => measure(&runtime.block_on(points::secrets())),
            "sessions" => {
                let held = held::held(runtime);
                measure(&held.dimension);
                held.print_bytes();
            }
            _ => show(&threads::measure(runtime, rounds), options),
        }
    }
}

fn show(curves: &Curves, options: &Options<'_>) {
    curves.print();
    if let Some(folder) = options.plots {
        std::fs::create_dir_all(folder).expect("a folder for the plots");
        plot::write(curves, folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_come_in_any_order() {
        let options = Options::read(&["--plots", "docs", "7", "--only", "keys"]).unwrap();
        assert_eq!(options.rounds, 7);
        assert_eq!(options.only, Some("keys"));
        assert_eq!(options.plots, Some(Path::new("docs")));
    }

    #[test]
    fn other_arguments_are_none() {
        for arguments in [
            &["0"][..],
            &["x"],
            &["--only"],
            &["--only", "x"],
            &["--plots"],
        ] {
            assert!(Options::read(arguments).is_none(), "{arguments:?}");
        }
    }
}
