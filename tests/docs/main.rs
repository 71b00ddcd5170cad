//! What the repository's pages say is there: their Rust compiles, their links lead somewhere, their commands name what exists.

mod page;

mod blocks;
mod commands;
mod links;
mod named_tests;
