//! What the attributes write names of. Not for other use: it changes without notice.

pub use http::request::Parts;

pub use crate::guard::{
    Check, Guard, LoginRequired, UserPass, login_required, user_pass, user_pass_default,
};
pub use crate::loader::{LoadError, LoaderOutput, extract};
pub use crate::location::shape;
pub use crate::refusal::{Otherwise, Refusal};
pub use axum::extract::FromRequestParts;
