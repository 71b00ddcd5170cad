//! `#[user_pass(checker)]`: only a user whom the checker lets pass reaches the handler.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};

use crate::args::{Args, AttributeName};
use crate::errors::Errors;
use crate::function::Function;
use crate::runtime_path::runtime_path;
use crate::spans::placed_at;
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
    let runtime = runtime_path(args.runtime.as_ref());
    if let (None, Some(state)) = (&args.checker, &args.state) {
        errors.push(
            state,
            "there is no checker that could take a state: remove `state`, or write the checker first, \
             `#[user_pass(may_pass, state = AppState)]`",
        );
    }
    handler::check_outside(
        &function.sig,
        args.user.iter().chain(&args.state),
        &mut errors,
    );
    let written = args.checker.clone();
    let place = written.to_token_stream();
    let checker = args.checker.take().map(|checker| {
        let context = checker::Context {
            sig: &function.sig,
            user: args.user.as_ref(),
            runtime: &runtime,
        };
        checker::expand(checker, &context, &mut errors)
    });
    let (check, hidden) = if checker.is_none() && args.demands_nothing() {
        (quote!(#runtime::__private::UserPass), TokenStream::new())
    } else {
        let name = guard::hidden_name(&function, NAME);
        let local = |name: &str| Ident::new(name, Span::mixed_site());
        let (parts, state) = (local("parts"), local("state"));
        let demands = args.demands(&runtime);
        let private = quote!(#runtime::__private);
        let state_type = args
            .state
            .clone()
            .or_else(|| handler::state_type(&function.sig, written.as_ref()));
        let (call, state_of) = match (checker, &args.user, state_type) {
            (Some(checker), _, Some(ty)) => {
                let call =
                    quote!(#private::user_pass::<#ty, _, _, _>(#parts, #state, #checker, #demands));
                (placed_at(&place, call), Some((ty, state)))
            }
            (Some(checker), _, None) => {
                let call = quote!(#private::user_pass_stateless(#parts, #checker, #demands));
                (placed_at(&place, call), None)
            }
            (None, Some(user), _) => (
                quote!(#private::user_pass_default_as::<#user>(#parts, #demands)),
                None,
            ),
            (None, None, _) => (quote!(#private::user_pass_default(#parts, #demands)), None),
        };
        let hidden = guard::hidden_check(&name, &function, &runtime, &parts, state_of, &call);
        (quote!(#name), hidden)
    };
    guard::insert(&mut function, &check, &runtime, &mut errors);

    if errors.is_empty() {
        quote!(#hidden #function)
    } else {
        errors.beside(item)
    }
}
