//! `#[derive(SessionValue)]`: a type that a session keeps under a key of its own.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::ext::IdentExt as _;
use syn::parse::ParseBuffer;
use syn::{DeriveInput, Lit, LitStr, Meta, Path};

use crate::errors::Errors;
use crate::runtime_path::runtime_path;

const EXAMPLE: &str = "key = \"cart\"";

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let mut errors = Errors::default();
    if !input.generics.params.is_empty() {
        errors.push(
            &input.generics,
            "a value in the session has one key, so its type can't be generic: derive it for a type without parameters",
        );
    }
    let arguments = Arguments::read(&input, &mut errors);
    if !input.generics.params.is_empty() {
        return errors.beside(TokenStream::new());
    }

    let runtime = runtime_path(arguments.runtime.as_ref());
    let name = &input.ident;
    let key = if let Some(key) = arguments.key {
        key.into_token_stream()
    } else {
        let key = snake_case(&name.unraw().to_string());
        quote!(#key)
    };
    // After a mistake as well, so that what uses the type still compiles.
    errors.beside(quote! {
        #[automatically_derived]
        impl #runtime::SessionValue for #name {
            const KEY: &'static ::core::primitive::str = #key;
        }
    })
}

#[derive(Default)]
struct Arguments {
    key: Option<LitStr>,
    runtime: Option<Path>,
}

impl Arguments {
    fn read(input: &DeriveInput, errors: &mut Errors) -> Self {
        let mut arguments = Self::default();
        for attr in input
            .attrs
            .iter()
            .filter(|attr| attr.path().is_ident("session"))
        {
            let read = attr.parse_nested_meta(|meta| {
                if meta.path.is_ident("key") {
                    let key = meta.value().and_then(ParseBuffer::parse);
                    let Ok(Lit::Str(key)) = key else {
                        return Err(meta.error(format!("a key is a text: write `{EXAMPLE}`")));
                    };
                    if key.value().is_empty() {
                        errors.push(key, format!("a key has a name: write `{EXAMPLE}`"));
                    } else if arguments.key.replace(key).is_some() {
                        errors.push(&meta.path, "`key` is given twice: keep one of them");
                    }
                    Ok(())
                } else if meta.path.is_ident("crate") {
                    arguments.runtime = Some(meta.value()?.call(Path::parse_mod_style)?);
                    Ok(())
                } else {
                    Err(meta.error(format!(
                        "`#[session(..)]` has no such argument: write `#[session({EXAMPLE})]`"
                    )))
                }
            });
            // What is no list of arguments is answered here, and not by the parser.
            let read = match &attr.meta {
                Meta::List(list) if is_literal(&list.tokens) => Err(syn::Error::new_spanned(
                    &list.tokens,
                    format!("the key has no name: write `key = {}`", list.tokens),
                )),
                Meta::Path(_) | Meta::NameValue(_) => Err(syn::Error::new_spanned(
                    &attr.meta,
                    format!("the key stands in parentheses: write `#[session({EXAMPLE})]`"),
                )),
                Meta::List(_) => read,
            };
            if let Err(error) = read {
                errors.absorb(error);
            }
        }
        arguments
    }
}

fn is_literal(tokens: &TokenStream) -> bool {
    syn::parse2::<Lit>(tokens.clone()).is_ok()
}

/// `ShoppingCart` as `shopping_cart`, `HTTPInfo` as `http_info`.
fn snake_case(name: &str) -> String {
    let characters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (index, &character) in characters.iter().enumerate() {
        let follows_lower =
            index > 0 && !characters[index - 1].is_uppercase() && characters[index - 1] != '_';
        let begins_word = index > 0
            && characters[index - 1].is_uppercase()
            && characters
                .get(index + 1)
                .is_some_and(|next| next.is_lowercase());
        if character.is_uppercase() && (follows_lower || begins_word) {
            snake.push('_');
        }
        snake.extend(character.to_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::snake_case;

    #[test]
    fn keys_are_names_in_snake_case() {
        for (name, key) in [
            ("Cart", "cart"),
            ("ShoppingCart", "shopping_cart"),
            ("HTTPInfo", "http_info"),
            ("V2", "v2"),
            ("already_snake", "already_snake"),
        ] {
            assert_eq!(snake_case(name), key);
        }
    }
}
