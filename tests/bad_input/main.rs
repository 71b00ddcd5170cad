//! Whatever a request says, nothing panics and nothing is answered with a 5xx: the session is the right one, or empty.
//!
//! Most requests are written byte by byte, since clients refuse to send what attackers send.

mod site;

// Finding our cookies. What names and fields attackers send is in the attacks.
mod doubles;
mod amounts;

// Bodies, of whoever is refused.
mod bodies;
