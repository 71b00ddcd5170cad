//! `#[login_required]`: only somebody who is logged in reaches the handler.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use crate::args::{Args, AttributeName};
use crate::errors::Errors;
use crate::function::Function;
use crate::runtime_path::runtime_path;
use crate::{guard, handler};

const NAME: AttributeName = AttributeName::LoginRequired;

pub(crate) fn expand(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let args = Args::read(args, NAME, &mut errors);
    let mut function = match Function::read(item.clone(), NAME) {
        Ok(function) => function,
        Err(error) => {
            errors.absorb(error);
            return errors.beside(item);
        }
    };
    handler::check(&function, NAME, &mut errors);
    handler::check_outside(&function.sig, &args.user, &mut errors);

    let runtime = runtime_path(args.runtime.as_ref());
    let (check, hidden) = if args.demands_nothing() {
        (
            quote!(#runtime::__private::LoginRequired),
            TokenStream::new(),
        )
    } else {
        let name = guard::hidden_name(&function, NAME);
        let parts = Ident::new("parts", Span::mixed_site());
        let demands = args.demands(&runtime);
        let call = if let Some(user) = &args.user {
            quote!(#runtime::__private::login_required_as::<#user>(#parts, #demands))
        } else {
            quote!(#runtime::__private::login_required(#parts, #demands))
        };
        let hidden = guard::hidden_check(&name, &function, &runtime, &parts, None, &call);
        (quote!(#name), hidden)
    };
    guard::insert(&mut function, &check, &runtime, &mut errors);

    if errors.is_empty() {
        quote!(#hidden #function)
    } else {
        errors.beside(item)
    }
}
