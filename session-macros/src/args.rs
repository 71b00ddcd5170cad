//! What stands in an attribute's parentheses.

use std::fmt::{self, Display};

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{BinOp, Expr, ExprCall, ExprLit, ExprPath, Ident, Lit, Path, Token, Type};

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
                if is_named(input) || has_colon(input, attribute) {
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
        let word = name.to_string();
        if input.peek(Token![:]) {
            let colon: Token![:] = input.parse()?;
            let value: TokenStream = until_comma(input)?;
            let message = format!(
                "the value stands after `=`: write `{word} = {}`",
                words(&value)
            );
            errors.push(quote!(#name #colon #value), message);
            return Ok(());
        }
        let equals: Token![=] = input.parse()?;
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
            AttributeName::LoginRequired | AttributeName::UserPass
                if let Some(name) = missing_name(&value) =>
            {
                format!(
                    "the value has no name: to choose {}, write `{name} = {}`",
                    match name {
                        "location" => "where a refused request is sent",
                        "reject" => "the response to a refused request",
                        _ => "how long ago the password must have been given at most",
                    },
                    words(&value)
                )
            }
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
            AttributeName::LoginRequired if matches!(peeled(&value), Expr::Lit(_)) => {
                "the value has no name: to choose where a refused request is sent, write `location = \"/login\"`".to_owned()
            }
            AttributeName::LoginRequired => format!(
                "`#[login_required]` asks only whether somebody is logged in: for a checker write \
                 `#[user_pass({})]`",
                words(&value)
            ),
            AttributeName::UserLoader if is_function(&value) => format!(
                "the value has no name: to end logins when something of the user changes, write `stamp = {}`",
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

/// Whether a value is a closure, or probably the name of a function.
fn is_function(value: &Expr) -> bool {
    match peeled(value) {
        Expr::Closure(_) => true,
        Expr::Path(ExprPath { path, .. }) => path
            .segments
            .last()
            .is_some_and(|last| last.ident.to_string().starts_with(char::is_lowercase)),
        _ => false,
    }
}

/// The name that a value without one was probably meant to have.
fn missing_name(value: &Expr) -> Option<&'static str> {
    match peeled(value) {
        Expr::Lit(ExprLit { lit, .. }) => match lit {
            Lit::Str(text)
                if ["/", "http://", "https://"]
                    .iter()
                    .any(|start| text.value().starts_with(start)) =>
            {
                Some("location")
            }
            lit => demands::seconds(lit).is_ok().then_some("fresh"),
        },
        Expr::Tuple(tuple) => {
            let first = tuple.elems.first()?;
            missing_name(first).filter(|&name| name == "reject")
        }
        Expr::Path(ExprPath { path, .. }) => {
            let mut segments = path.segments.iter().rev().skip(1);
            let is_status = segments.next()?.ident == "StatusCode";
            is_status.then_some("reject")
        }
        Expr::Call(call) => {
            let Expr::Path(ExprPath { path, .. }) = peeled(&call.func) else {
                return None;
            };
            let mut segments = path.segments.iter().rev().skip(1);
            let is_redirect = segments.next()?.ident == "Redirect";
            is_redirect.then_some("reject")
        }
        _ => None,
    }
}

/// Whether `name = ..` comes next, and not an expression such as `name == ..`.
fn is_named(input: ParseStream<'_>) -> bool {
    input.peek(Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![==])
}

/// Whether `name: ..` comes next, with the name of an argument.
fn has_colon(input: ParseStream<'_>, attribute: AttributeName) -> bool {
    let input = input.fork();
    let name = input.call(Ident::parse_any);
    name.is_ok_and(|name| example(&name.to_string(), attribute).is_some())
        && input.peek(Token![:])
        && !input.peek(Token![::])
}

fn until_comma(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut tokens = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        tokens.extend([input.parse::<TokenTree>()?]);
    }
    Ok(tokens)
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
        AttributeName::UserLoader if word == "state" => {
            "the state is given to the builder: write `.user_loader_with_state(load_user, state)`, and take it as a \
             further parameter, such as `State(db): State<Db>`"
                .to_owned()
        }
        AttributeName::UserLoader if example(word, AttributeName::UserPass).is_some() => format!(
            "`{word}` belongs to a guard: write it in `#[login_required(..)]` or `#[user_pass(..)]`, above a handler"
        ),
        AttributeName::UserLoader => {
            format!(
                "`#[user_loader]` has no argument `{word}`: write `#[user_loader]`, or \
                 `#[user_loader(stamp = User::stamp)]` to end logins when something of the user changes"
            )
        }
        AttributeName::LoginRequired if word == "state" => {
            "`#[login_required]` has no checker that could take a state: remove `state`".to_owned()
        }
        _ if word == "stamp" => {
            "`stamp` belongs to the user loader: write `#[user_loader(stamp = User::stamp)]` above the function that loads a user".to_owned()
        }
        AttributeName::LoginRequired | AttributeName::UserPass => format!(
            "{attribute} has no argument `{word}`: write `location = \"/login\"` to choose where a \
             refused request is sent, `reject = StatusCode::NOT_FOUND` to choose the response, or \
             `fresh = \"10m\"` to demand a recent password"
        ),
    }
}

/// How to write `location`, `location("/login")` or `location == "/login"`, which lack their `=`.
fn argument_without_equals(value: &Expr, attribute: AttributeName) -> Option<String> {
    let (function, given) = match peeled(value) {
        Expr::Call(ExprCall { func, args, .. }) if args.len() == 1 => (peeled(func), args.first()),
        Expr::Binary(binary) if matches!(binary.op, BinOp::Eq(_)) => {
            (peeled(&binary.left), Some(&*binary.right))
        }
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
