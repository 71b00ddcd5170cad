//! What templates see of a session, in MiniJinja: `PageContext`.

mod escaped;
mod flashes;
mod kept;
mod mistakes;
mod site;
mod users;
