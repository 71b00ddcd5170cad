//! What the attributes write names of. Not for other use: it changes without notice.

pub use http::request::Parts;

pub use crate::combinators::{About, All, Any, Not};
pub use crate::guard::{
    Check, Demands, Guard, LoginRequired, UserPass, login_required, login_required_as, user_pass,
    user_pass_default, user_pass_default_as, user_pass_stateless,
};
pub use crate::loader::{LoadError, LoaderOutput, extract};
pub use crate::location::shape;
pub use crate::refusal::Refusal;
pub use crate::stamp::Stamp;
pub use axum::extract::{FromRef, FromRequestParts};
