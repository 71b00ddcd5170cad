//! `#[user_pass(checker)]`: only a user whom the checker lets pass reaches the handler.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use crate::args::{Args, AttributeName};
use crate::errors::Errors;
use crate::function::Function;
use crate::runtime_path::runtime_path;
use crate::{checker, guard, handler};

const NAME: AttributeName = AttributeName::UserPass;

pub(crate) fn expand(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let mut args = Args::read(args, NAME, &mut errors);
    let mut function = match Function::read(item.clone(), NAME) {
        Ok(function) => function,
        Err(error) => {
            errors.absorb(error);
            return errors.beside(item);
        }
    };
    handler::check(&function, NAME, &mut errors);
    if let Some(checker) = &mut args.checker {
        checker::complete(checker, &function.sig, &mut errors);
    }

    let runtime = runtime_path(args.runtime.as_ref());
    let (check, hidden) = if args.checker.is_none() && args.answer_is_usual() {
        (quote!(#runtime::__private::UserPass), TokenStream::new())
    } else {
        let name = guard::hidden_name(&function, NAME);
        let parts = Ident::new("parts", Span::mixed_site());
        let otherwise = args.otherwise(&runtime);
        let private = quote!(#runtime::__private);
        let call = if let Some(checker) = args.checker {
            quote!(#private::user_pass(#parts, #checker, #otherwise))
        } else {
            quote!(#private::user_pass_default(#parts, #otherwise))
        };
        let hidden = guard::hidden_check(&name, &function, &runtime, &parts, &call);
        (quote!(#name), hidden)
    };
    guard::insert(&mut function, &check, &runtime, &mut errors);

    if errors.is_empty() {
        quote!(#hidden #function)
    } else {
        errors.beside(item)
    }
}
