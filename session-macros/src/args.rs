//! What stands in an attribute's parentheses.

use std::fmt::{self, Display};

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, ExprCall, ExprPath, Ident, Path, Token, Type};

use crate::closure::peeled;
use crate::demands;
use crate::errors::Errors;
use crate::words::words;

/// Which attribute is being expanded.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum AttributeName {
    LoginRequired,
    UserPass,
    UserLoader,
}

impl Display for AttributeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LoginRequired => "`#[login_required]`",
            Self::UserPass => "`#[user_pass]`",
            Self::UserLoader => "`#[user_loader]`",
        })
    }
}

/// The arguments, each where it stands at most once.
#[derive(Default)]
pub(crate) struct Args {
    pub(crate) checker: Option<Expr>,
    pub(crate) location: Option<Expr>,
    pub(crate) reject: Option<Expr>,
    pub(crate) fresh: Option<Expr>,
    pub(crate) stamp: Option<Expr>,
    pub(crate) user: Option<Type>,
    pub(crate) state: Option<Type>,
    pub(crate) runtime: Option<Path>,
}

impl Args {
    /// Reads the arguments. Mistakes go to `errors`; what is right is returned all the same.
    pub(crate) fn read(tokens: TokenStream, attribute: AttributeName, errors: &mut Errors) -> Self {
        let mut args = Self::default();
        let parser = |input: ParseStream<'_>| {
            while !input.is_empty() {
                if is_named(input) {
                    args.read_named(input, attribute, errors)?;
                } else {
                    args.take_positional(input.parse()?, attribute, errors);
                }
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(())
        };
        if let Err(error) = parser.parse2(tokens) {
            errors.absorb(error);
        }
        demands::check(&args, errors);
        args
    }

    fn read_named(
        &mut self,
        input: ParseStream<'_>,
        attribute: AttributeName,
        errors: &mut Errors,
    ) -> syn::Result<()> {
        let name = input.call(Ident::parse_any)?;
        let equals: Token![=] = input.parse()?;
        let word = name.to_string();
        let known = example(&word, attribute);
        if known.is_none() {
            errors.push(&name, unknown(&word, attribute));
        }
        if input.is_empty() || input.peek(Token![,]) {
            if let Some(example) = known {
                let message = format!("`{word}` has no value: write `{example}`");
                errors.push(quote!(#name #equals), message);
            }
            return Ok(());
        }
        if word == "crate" {
            let path = input.call(Path::parse_mod_style)?;
            note_double(self.runtime.replace(path).is_some(), &name, errors);
            return Ok(());
        }
        if word == "user" || word == "state" {
            let value: Type = input.parse()?;
            if known.is_some() {
                let place = if word == "user" {
                    &mut self.user
                } else {
                    &mut self.state
                };
                note_double(place.replace(value).is_some(), &name, errors);
            }
            return Ok(());
        }
        let value: Expr = input.parse()?;
        if known.is_some() {
            let place = match &*word {
                "location" => &mut self.location,
                "fresh" => &mut self.fresh,
                "stamp" => &mut self.stamp,
                _ => &mut self.reject,
            };
            note_double(place.replace(value).is_some(), &name, errors);
        }
        Ok(())
    }

    fn take_positional(&mut self, value: Expr, attribute: AttributeName, errors: &mut Errors) {
        if let Some(example) = argument_without_equals(&value, attribute) {
            return errors.push(
                value,
                format!("the value stands after `=`: write `{example}`"),
            );
        }
        let message = match attribute {
            AttributeName::UserPass if self.checker.is_none() => {
                self.checker = Some(value);
                return;
            }
            AttributeName::UserPass => {
                let first = self.checker.as_ref().map(words).unwrap_or_default();
                format!(
                    "a second checker: to ask both write `all({first}, {})`, to ask for one of them `any(..)`",
                    words(&value)
                )
            }
            AttributeName::LoginRequired if matches!(peeled(&value), Expr::Lit(_)) => format!(
                "the value has no name: to choose where a refused request is sent, write `location = {}`",
                words(&value)
            ),
            AttributeName::LoginRequired => format!(
                "`#[login_required]` asks only whether somebody is logged in: for a checker write \
                 `#[user_pass({})]`",
                words(&value)
            ),
            AttributeName::UserLoader => {
                "`#[user_loader]` takes no such argument: what the loader works with are further parameters \
                 of the function, such as `State(db): State<Db>`, and the state is given to the builder, \
                 `.user_loader_with_state(load_user, state)`"
                    .to_owned()
            }
        };
        errors.push(value, message);
    }
}

/// Whether `name = ..` comes next, and not an expression such as `name == ..`.
fn is_named(input: ParseStream<'_>) -> bool {
    input.peek(Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![==])
}

/// How a named argument of this attribute is written, if it has one of this name.
fn example(word: &str, attribute: AttributeName) -> Option<&'static str> {
    match word {
        "crate" => Some("crate = ::muffin_session"),
        "stamp" if attribute == AttributeName::UserLoader => Some("stamp = User::stamp"),
        _ if attribute == AttributeName::UserLoader => None,
        "location" => Some("location = \"/login\""),
        "reject" => Some("reject = StatusCode::NOT_FOUND"),
        "fresh" => Some("fresh = \"10m\""),
        "user" => Some("user = User"),
        "state" if attribute == AttributeName::UserPass => Some("state = AppState"),
        _ => None,
    }
}

fn unknown(word: &str, attribute: AttributeName) -> String {
    match attribute {
        AttributeName::UserLoader => {
            format!(
                "`#[user_loader]` has no argument `{word}`: write `#[user_loader]`, or \
                 `#[user_loader(stamp = User::stamp)]` to end logins when something of the user changes"
            )
        }
        AttributeName::LoginRequired if word == "state" => {
            "`#[login_required]` has no checker that could take a state: write `#[login_required]`"
                .to_owned()
        }
        AttributeName::LoginRequired | AttributeName::UserPass => format!(
            "{attribute} has no argument `{word}`: write `location = \"/login\"` to choose where a \
             refused request is sent, `reject = StatusCode::NOT_FOUND` to choose the response, or \
             `fresh = \"10m\"` to demand a recent password"
        ),
    }
}

/// How to write `location` or `location("/login")`, which lack their `=`.
fn argument_without_equals(value: &Expr, attribute: AttributeName) -> Option<String> {
    let (function, given) = match peeled(value) {
        Expr::Call(ExprCall { func, args, .. }) if args.len() == 1 => (peeled(func), args.first()),
        other => (other, None),
    };
    let Expr::Path(ExprPath { path, .. }) = function else {
        return None;
    };
    let word = path.get_ident()?.to_string();
    let example = example(&word, attribute)?;
    Some(given.map_or_else(
        || example.to_owned(),
        |given| format!("{word} = {}", words(given)),
    ))
}

fn note_double(doubled: bool, name: &Ident, errors: &mut Errors) {
    if doubled {
        errors.push(name, format!("`{name}` is given twice: keep one of them"));
    }
}
