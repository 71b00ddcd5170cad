//! Putting a guard before a handler's own extractors.
//!
//! axum runs extractors from left to right, so the guard comes first. It shares the first parameter,
//! `p: T` becoming `(_, p): (Guard<..>, T)`, for then the function still takes as many arguments as it did,
//! and code that another attribute above ours has made for it, such as `debug_handler`'s checks, still fits.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::{
    FnArg, Ident, Pat, PatTuple, PatType, PatWild, Path, Token, Type, TypeTuple, parse_quote, token,
};

use crate::args::AttributeName;
use crate::errors::Errors;
use crate::function::Function;
use crate::handler::is_wild;
use crate::spans::placed_at;

/// The longest list of extractors that axum knows, for a handler and for a tuple.
const MOST_EXTRACTORS: usize = 16;

/// Puts a guard before the handler's own extractors, and after the guards of the attributes above.
pub(crate) fn insert(
    function: &mut Function,
    check: &TokenStream,
    runtime: &Path,
    errors: &mut Errors,
) {
    let guard: Type = parse_quote!(#runtime::__private::Guard<#check>);
    let place = place(function);
    let inputs = &mut function.sig.inputs;
    match place {
        Place::Alone(index) => inputs.insert(index, parse_quote!(_: #guard)),
        Place::In(index) => {
            if let Some(FnArg::Typed(param)) = inputs.get_mut(index) {
                share(param, guard);
            }
        }
    }

    let in_tuples = inputs.iter().filter_map(|arg| guard_tuple(typed(arg)?));
    let longest = in_tuples.map(|tuple| tuple.elems.len()).max();
    let most = longest.unwrap_or(0).max(inputs.len());
    if most > MOST_EXTRACTORS {
        errors.absorb(syn::Error::new(
            function.sig.paren_token.span.join(),
            format!(
                "with its guard the handler takes {most} extractors, and axum knows handlers of \
                 {MOST_EXTRACTORS} at most: put two of them into a tuple, `(a, b): (A, B)`"
            ),
        ));
    }
}

/// Where a guard goes.
enum Place {
    /// A parameter of its own, inserted at this index.
    Alone(usize),
    /// Into the parameter at this index.
    In(usize),
}

fn place(function: &Function) -> Place {
    // `debug_handler` looks for `State<..>` among the parameters themselves, not in tuples.
    let debug_handler_below = function
        .attribute_below(&["debug_handler", "debug_middleware"])
        .is_some();
    let mut params = function.sig.inputs.iter().map(typed).enumerate();
    match params.find(|(_, param)| !param.is_some_and(is_guard)) {
        Some((index, Some(param))) if guard_tuple(param).is_some() => Place::In(index),
        Some((0, Some(param))) if !debug_handler_below && is_always_there(param) => Place::In(0),
        // Guards that stand alone were inserted when `debug_handler` was below. If it has been
        // expanded since, its checks count the parameters, so this guard joins the last of those.
        Some((index, _)) if index > 0 && !debug_handler_below => Place::In(index - 1),
        Some((index, _)) => Place::Alone(index),
        None if function.sig.inputs.is_empty() || debug_handler_below => {
            Place::Alone(function.sig.inputs.len())
        }
        None => Place::In(function.sig.inputs.len() - 1),
    }
}

/// `p: T` becomes `(_, p): (Guard, T)`, and `(_, p): (Guard1, T)` becomes
/// `(_, _, p): (Guard1, Guard2, T)`. If `p` is a guard alone, it stays before the new one.
fn share(param: &mut PatType, guard: Type) {
    if guard_tuple(param).is_none() {
        let (pat, ty) = ((*param.pat).clone(), (*param.ty).clone());
        *param.pat = Pat::Tuple(PatTuple {
            attrs: Vec::new(),
            paren_token: token::Paren::default(),
            elems: [pat].into_iter().collect(),
        });
        *param.ty = Type::Tuple(TypeTuple {
            attrs: Vec::new(),
            paren_token: token::Paren::default(),
            elems: [ty].into_iter().collect(),
        });
    }
    if let (Pat::Tuple(pat), Type::Tuple(ty)) = (&mut *param.pat, &mut *param.ty) {
        let guards = ty.elems.iter().take_while(|ty| is_guard_type(ty)).count();
        pat.elems.insert(guards, wild());
        ty.elems.insert(guards, guard);
    }
}

/// The type of a parameter that a guard shares already.
fn guard_tuple(first: &PatType) -> Option<&TypeTuple> {
    match (&*first.pat, &*first.ty) {
        (Pat::Tuple(pat), Type::Tuple(ty))
            if pat.elems.first().is_some_and(is_wild)
                && ty.elems.first().is_some_and(is_guard_type) =>
        {
            Some(ty)
        }
        _ => None,
    }
}

/// Whether a parameter exists under all conditions: one that may vanish must not take the guard with it.
fn is_always_there(first: &PatType) -> bool {
    let conditional =
        |attr: &syn::Attribute| attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr");
    !first.attrs.iter().any(conditional)
}

fn typed(arg: &FnArg) -> Option<&PatType> {
    match arg {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    }
}

fn is_guard(param: &PatType) -> bool {
    is_guard_type(&param.ty)
}

/// `..::__private::Guard<..>`, which only these attributes write.
fn is_guard_type(ty: &Type) -> bool {
    let Type::Path(ty) = ty else { return false };
    let mut segments = ty.path.segments.iter().rev();
    segments.next().is_some_and(|last| last.ident == "Guard")
        && segments
            .next()
            .is_some_and(|last| last.ident == "__private")
}

fn wild() -> Pat {
    Pat::Wild(PatWild {
        attrs: Vec::new(),
        underscore_token: Token![_](Span::call_site()),
    })
}

/// How many guards stand before a handler already.
fn guards_before(inputs: &Punctuated<FnArg, Token![,]>) -> usize {
    let in_param = |param: &PatType| match guard_tuple(param) {
        Some(tuple) => tuple
            .elems
            .iter()
            .take_while(|ty| is_guard_type(ty))
            .count(),
        None => usize::from(is_guard(param)),
    };
    inputs.iter().filter_map(typed).map(in_param).sum()
}

/// The name of the hidden type that stands for one guard of one handler.
pub(crate) fn hidden_name(function: &Function, attribute: AttributeName) -> Ident {
    let handler = function.sig.ident.unraw();
    let kind = if attribute == AttributeName::LoginRequired {
        "login_required"
    } else {
        "user_pass"
    };
    match guards_before(&function.sig.inputs) {
        0 => format_ident!("__{kind}_for_{handler}", span = Span::call_site()),
        before => format_ident!(
            "__{kind}_{}_for_{handler}",
            before + 1,
            span = Span::call_site()
        ),
    }
}

/// The hidden type, whose check is `call`; in it `parts` is the request and, if the checker takes `State<T>` from one, the name in
/// `state` is the application's state, of which `T` can be had.
///
/// It is as visible as the handler, since it is in the handler's signature.
pub(crate) fn hidden_check(
    name: &Ident,
    function: &Function,
    runtime: &Path,
    parts: &Ident,
    state: Option<(Type, Ident)>,
    call: &TokenStream,
) -> TokenStream {
    let vis = &function.vis;
    let conditions = function.conditions();
    let private = quote!(#runtime::__private);
    let state_type = Ident::new("__S", Span::mixed_site());
    let (given, state) = match state {
        Some((ty, state)) => (quote!(#ty: #private::FromRef<#state_type>,), quote!(#state)),
        None => (TokenStream::new(), quote!(_)),
    };
    let future = quote! {
        impl ::core::future::Future<Output = ::core::result::Result<(), #runtime::Refusal>> + ::core::marker::Send
    };
    // At the words that the call is placed at, or else a mistake in them is said once more for the future.
    let future = placed_at(call, future);
    quote! {
        #(#conditions)*
        #[doc(hidden)]
        #vis struct #name;

        #(#conditions)*
        impl<#state_type> #private::Check<#state_type> for #name
        where
            #state_type: ::core::marker::Send + ::core::marker::Sync,
            #given
        {
            // Not an `async fn`: in one the compiler forgets lifetimes, `'static` too, when it asks whether the
            // future is `Send`, and a checker that answers `Err("No")` would not compile.
            fn check(
                #parts: &mut #private::Parts,
                #state: &#state_type,
            ) -> #future {
                #call
            }
        }
    }
}
