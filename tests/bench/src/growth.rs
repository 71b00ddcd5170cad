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

/// The tables, and the plots if there is a folder for them.
pub(crate) fn print(runtime: &Runtime, rounds: usize, plots: Option<&Path>) {
    if let Some(folder) = plots {
        std::fs::create_dir_all(folder).expect("a folder for the plots");
    }
    let show = |curves: &Curves| {
        curves.print();
        if let Some(folder) = plots {
            plot::write(curves, folder);
        }
    };
    println!("Medians of {rounds} rounds. What a library refuses, or a browser, is `-`.");
    points::print_largest(runtime);
    for dimension in [
        runtime.block_on(points::bytes()),
        runtime.block_on(points::keys()),
        runtime.block_on(points::others()),
        runtime.block_on(points::secrets()),
    ] {
        show(&dimension.measure(runtime, rounds));
    }
    let held = held::held(runtime);
    show(&held.dimension.measure(runtime, rounds));
    held.print_bytes();
    drop(held);
    threads::print(runtime, rounds);
}
