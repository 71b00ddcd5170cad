//! `#[user_loader]`: the function becomes a unit struct that implements `UserLoader`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Expr, FnArg, Path, ReturnType, Type, parse_quote};

use crate::args::{Args, AttributeName};
use crate::closure::{self, Missing, add_type, missing_type, unwrapped};
use crate::errors::Errors;
use crate::function::Function;
use crate::loader;
use crate::runtime_path::runtime_path;
use crate::spans::{ends, placed_at};

const NAME: AttributeName = AttributeName::UserLoader;

/// Attributes of the function that describe the struct instead.
const DESCRIPTIONS: &[&str] = &["doc", "deprecated"];

pub(crate) fn expand(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let args = Args::read(args, NAME, &mut errors);
    let function = match Function::read(item.clone(), NAME) {
        Ok(function) => function,
        Err(error) => {
            errors.absorb(error);
            return errors.beside(item);
        }
    };
    loader::check(&function, &mut errors);
    if let Some(stamp) = &args.stamp {
        loader::check_stamp(stamp, &mut errors);
    }

    let runtime = runtime_path(args.runtime.as_ref());
    if errors.is_empty() {
        implement(&function, args.stamp, &runtime)
    } else {
        let substitute = if loader::is_free_standing(&function) {
            substitute(&function, &runtime)
        } else {
            item
        };
        errors.beside(substitute)
    }
}

/// The struct, and the function inside its `load`.
fn implement(function: &Function, stamp: Option<Expr>, runtime: &Path) -> TokenStream {
    let definition = definition(function);
    let conditions = function.conditions();
    let name = &function.sig.ident;
    let private = quote!(#runtime::__private);

    let mut types = function.sig.inputs.iter().filter_map(|arg| match arg {
        FnArg::Typed(param) => Some(&*param.ty),
        FnArg::Receiver(_) => None,
    });
    let id = types.next();
    let extractors: Vec<&Type> = types.collect();
    let output = match &function.sig.output {
        ReturnType::Type(_, ty) => quote!(#ty),
        ReturnType::Default => quote!(()),
    };

    let local = |word: &str| Ident::new(word, Span::mixed_site());
    let (state_type, the_id, parts, state) =
        (local("__S"), local("id"), local("parts"), local("state"));
    let arguments: Vec<Ident> = (0..extractors.len())
        .map(|n| format_ident!("argument_{n}", span = Span::mixed_site()))
        .collect();
    let wants = extractors.iter().map(|ty| {
        // At the extractor's own words, so that the compiler points there when it is none.
        let span = ty.span();
        quote_spanned!(span=> #ty: #private::FromRequestParts<#state_type> + ::core::marker::Send)
    });
    // From the first to the last of the user's words for the returned type, so that the compiler points
    // there, and once, when it is none for a loader.
    let (first, last) = ends(&output);
    let (open, close) = (quote_spanned!(first=> <), quote_spanned!(last=> >));
    let colons = quote_spanned!(last=> ::);
    let user = Ident::new("User", last);
    let into_loaded = Ident::new("into_loaded", last);
    let load_output = quote!(#open #output as #private::LoaderOutput #close #colons);
    let user = quote!(#load_output #user);
    let (type_keyword, semicolon) = (quote_spanned!(first=> type), quote_spanned!(last=> ;));
    // Named `_` where nothing looks at them.
    let (parts_name, state_name) = if extractors.is_empty() {
        (quote!(_), quote!(_))
    } else {
        (quote!(#parts), quote!(#state))
    };
    let takes_extractors = !extractors.is_empty();
    let wait = function.sig.asyncness.map(|_| quote!(.await));
    let call = quote!(#name(#the_id, #(#arguments),*)#wait);
    let inner = inner(function);
    let stamp = stamp.map(|stamp| implement_stamp(stamp, &user, &private));

    quote! {
        #definition

        #(#conditions)*
        impl<#state_type> #runtime::UserLoader<#state_type> for #name
        where
            #state_type: ::core::marker::Send + ::core::marker::Sync,
            #(#wants,)*
        {
            type Id = #id;
            #type_keyword User = #user #semicolon

            const TAKES_EXTRACTORS: bool = #takes_extractors;

            #stamp

            async fn load(
                &self,
                #the_id: Self::Id,
                #parts_name: &mut #private::Parts,
                #state_name: &#state_type,
            ) -> ::core::result::Result<::core::option::Option<#user>, #private::LoadError> {
                #inner
                #(let #arguments = #private::extract::<#extractors, #state_type>(#parts, #state).await?;)*
                #load_output #into_loaded(#call)
            }
        }
    }
}

/// What of the user must stay as it is for their logins to count.
fn implement_stamp(mut stamp: Expr, user: &TokenStream, private: &TokenStream) -> TokenStream {
    if let Expr::Closure(closure) = unwrapped(&mut stamp)
        && let Some(param) = closure.inputs.first_mut()
        && matches!(missing_type(param), Missing::Type)
    {
        add_type(param, &parse_quote!(#user));
    }
    let words = stamp.to_token_stream();
    let (first, _) = ends(&words);
    let given = Ident::new("user", Span::mixed_site().located_at(first));
    let called = match unwrapped(&mut stamp) {
        // A closure can't return what it borrows of its parameter, `|user| &user.password_hash`, but its body can be that.
        Expr::Closure(closure) if closure::is_only_its_body(closure) => {
            let (param, body) = (closure.inputs.first(), &closure.body);
            placed_at(&words, quote!(&{ let #param = #given; #body }))
        }
        stamp => placed_at(&words, quote!(&(#stamp)(#given))),
    };
    let stamp = placed_at(&words, quote!(#private::Stamp::of(#called)));
    quote! {
        const HAS_STAMP: bool = true;

        fn stamp(
            &self,
            #given: &#user,
        ) -> ::core::result::Result<::core::option::Option<#private::Stamp>, #private::LoadError> {
            #stamp.map(::core::option::Option::Some)
        }
    }
}

/// After a mistake: a struct of the same name that loads nobody, so that what uses it still compiles.
fn substitute(function: &Function, runtime: &Path) -> TokenStream {
    let definition = definition(function);
    let conditions = function.conditions();
    let name = &function.sig.ident;
    let private = quote!(#runtime::__private);
    let inner = inner(function);
    quote! {
        #definition

        #(#conditions)*
        impl<__S: ::core::marker::Send + ::core::marker::Sync> #runtime::UserLoader<__S> for #name {
            type Id = ();
            type User = ();

            async fn load(
                &self,
                _: (),
                _: &mut #private::Parts,
                _: &__S,
            ) -> ::core::result::Result<::core::option::Option<()>, #private::LoadError> {
                #[allow(dead_code)]
                #inner
                ::core::result::Result::Ok(::core::option::Option::None)
            }
        }
    }
}

/// The unit struct, with what was said about the function.
fn definition(function: &Function) -> TokenStream {
    let (vis, name) = (&function.vis, &function.sig.ident);
    let descriptions = function.attrs.iter().filter(|attr| describes(attr));
    let conditions = function.conditions();
    // At the user's own words: of a struct that a macro makes up nobody is told that it is never used.
    let here = function.sig.fn_token.span;
    let (keyword, end) = (
        quote_spanned!(here=> struct),
        quote_spanned!(name.span()=> ;),
    );
    quote! {
        #(#descriptions)*
        #(#conditions)*
        #[allow(non_camel_case_types)]
        #[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]
        #vis #keyword #name #end
    }
}

/// The function as it was written, with the attributes that are about what it does.
fn inner(function: &Function) -> TokenStream {
    let Function {
        attrs, sig, body, ..
    } = function;
    let attrs = attrs
        .iter()
        .filter(|attr| !describes(attr) && !loader::is_guard(attr));
    quote! {
        #(#attrs)*
        // What the trait demands of the function is not the function's fault.
        #[allow(clippy::needless_pass_by_value, clippy::unnecessary_wraps, clippy::unused_async)]
        #sig #body
    }
}

fn describes(attr: &Attribute) -> bool {
    DESCRIPTIONS.iter().any(|name| attr.path().is_ident(name))
}
