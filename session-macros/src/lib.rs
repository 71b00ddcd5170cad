//! The attributes of `muffin-session`.
mod answer;
mod args;
mod checker;
mod closure;
mod errors;
mod function;
mod guard;
mod handler;
mod loader;
mod login_required;
mod manifest;
mod runtime_path;
mod user_loader;
mod user_pass;
mod words;

use proc_macro::TokenStream;

/// Marks a handler that needs a login.
#[proc_macro_attribute]
pub fn login_required(args: TokenStream, item: TokenStream) -> TokenStream {
    login_required::expand(args.into(), item.into()).into()
}
/// Marks a handler that asks a checker.
#[proc_macro_attribute]
pub fn user_pass(args: TokenStream, item: TokenStream) -> TokenStream {
    user_pass::expand(args.into(), item.into()).into()
}
/// Marks the function that loads a user.
#[proc_macro_attribute]
pub fn user_loader(args: TokenStream, item: TokenStream) -> TokenStream {
    user_loader::expand(args.into(), item.into()).into()
}
