//! The board in a browser: every page by day and by night, on a phone and on a desktop, looked at by a person's stand-in, axe.
//!
//! The pictures are left in `target/tmp/board-screenshots`. `CHROMIUM` and `CHROMEDRIVER` say where the programs are, if they are not
//! in the path.

// Tests say what they expect by unwrapping it.
#![allow(clippy::unwrap_used)]

mod axe;
mod gate;
mod line;
mod site;
mod connection;
mod keyboard;
mod page;
mod walk;
