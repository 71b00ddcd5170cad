//! What stands in an attribute's parentheses.

use std::fmt::{self, Display};

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, ExprLit, Ident, Lit, Path, Token, parse_quote};

use crate::closure::{Missing, add_type, missing_type, peeled, unwrapped};
use crate::errors::Errors;

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
    pub(crate) runtime: Option<Path>,
}

impl Args {
    /// Reads the arguments. Mistakes go to `errors`; what is right is returned all the same.
    pub(crate) fn read(tokens: TokenStream, attribute: AttributeName, errors: &mut Errors) -> Self {
        let mut args = Self::default();
        let parser = |input: ParseStream<'_>| {
            while !input.is_empty() {
                args.read_one(input, attribute, errors)?;
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(())
        };
        if let Err(error) = parser.parse2(tokens) {
            errors.absorb(error);
        }
        if let (Some(_), Some(reject)) = (&args.location, &args.reject) {
            errors.push(
                reject,
                "a refused request gets one answer: write either `location = ..` (a redirect) or `reject = ..` (a response)",
            );
        }
        if let Some(location) = &mut args.location {
            check_location(location, errors);
        }
        if let Some(reject) = &args.reject {
            check_reject(reject, errors);
        }
        args
    }

    fn read_one(
        &mut self,
        input: ParseStream<'_>,
        attribute: AttributeName,
        errors: &mut Errors,
    ) -> syn::Result<()> {
        let named =
            input.peek(Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![==]);
        if !named {
            let value: Expr = input.parse()?;
            self.take_checker(value, attribute, errors);
            return Ok(());
        }
        let name = input.call(Ident::parse_any)?;
        let equals: Token![=] = input.parse()?;
        let missing = input.is_empty() || input.peek(Token![,]);
        let word = name.to_string();
        let example = match word.as_str() {
            "crate" => "crate = ::muffin_session",
            "reject" => "reject = StatusCode::NOT_FOUND",
            _ => "location = \"/login\"",
        };
        let known = word == "crate"
            || attribute != AttributeName::UserLoader && matches!(&*word, "location" | "reject");
        if !known {
            errors.push(&name, unknown(&word, attribute));
        }
        if missing {
            if known {
                errors.push(
                    quote!(#name #equals),
                    format!("`{word}` has no value: write `{example}`"),
                );
            }
            return Ok(());
        }
        let doubled = match word.as_str() {
            "crate" => self
                .runtime
                .replace(input.call(Path::parse_mod_style)?)
                .is_some(),
            "location" => self.location.replace(input.parse()?).is_some(),
            "reject" => self.reject.replace(input.parse()?).is_some(),
            _ => {
                input.parse::<Expr>()?;
                false
            }
        };
        if doubled && known {
            errors.push(&name, format!("`{word}` is given twice: keep one of them"));
        }
        Ok(())
    }

    fn take_checker(&mut self, value: Expr, attribute: AttributeName, errors: &mut Errors) {
        match attribute {
            AttributeName::UserPass if self.checker.is_none() => self.checker = Some(value),
            AttributeName::UserPass => errors.push(
                value,
                "a second checker: write one closure, `|user: &User| first(user) && second(user)`, \
                 or a second `#[user_pass(..)]` below this one",
            ),
            AttributeName::LoginRequired => {
                let what = value.to_token_stream();
                errors.push(
                    value,
                    format!("`#[login_required]` asks only whether somebody is logged in: for a checker write `#[user_pass({what})]`"),
                );
            }
            AttributeName::UserLoader => errors.push(
                value,
                "`#[user_loader]` needs no arguments: what the loader works with are further parameters of the function, \
                 such as `State(db): State<Db>`, and the state is given to `user_loader_with_state(load_user, state)`",
            ),
        }
    }

    /// Whether nothing says how a refused request is answered.
    pub(crate) fn answer_is_usual(&self) -> bool {
        self.location.is_none() && self.reject.is_none()
    }

    /// The runtime's `Otherwise`: how a refused request is answered.
    pub(crate) fn otherwise(&self, runtime: &Path) -> TokenStream {
        let otherwise = quote!(#runtime::__private::Otherwise);
        match (&self.location, &self.reject) {
            (Some(location), _) => {
                let location = complete_location(location.clone(), runtime);
                quote!(#otherwise::location(#location))
            }
            (None, Some(reject)) => quote!(#otherwise::reject(|| #reject)),
            (None, None) => quote!(#otherwise::LoginUrl),
        }
    }
}

fn unknown(word: &str, attribute: AttributeName) -> String {
    match attribute {
        AttributeName::UserLoader => {
            format!("`#[user_loader]` has no argument `{word}`: write `#[user_loader]`")
        }
        AttributeName::LoginRequired | AttributeName::UserPass => format!(
            "{attribute} has no argument `{word}`: write `location = \"/login\"` to choose where a refused request is sent, \
             or `reject = StatusCode::NOT_FOUND` to choose the response"
        ),
    }
}

/// A location that is written down is looked at here; a computed one at run time.
fn check_location(location: &Expr, errors: &mut Errors) {
    let Expr::Lit(ExprLit { lit, .. }) = peeled(location) else {
        return;
    };
    let Lit::Str(text) = lit else {
        return errors.push(
            lit,
            "a location is a path, such as `\"/login\"`, or a function of the request",
        );
    };
    let value = text.value();
    let own_path = value.starts_with('/') && !value.starts_with("//") && !value.starts_with("/\\");
    let address = ["http://", "https://"]
        .iter()
        .any(|scheme| value.starts_with(scheme));
    if !own_path && !address {
        let write = value.trim_start_matches(['/', '\\']);
        errors.push(
            text,
            format!("a location starts with one `/`, or with `https://` for another site: write `\"/{write}\"`"),
        );
    }
}

/// Writes the type of a closure's parameter, `|request|`, which the compiler would not find.
fn complete_location(mut location: Expr, runtime: &Path) -> Expr {
    if let Expr::Closure(closure) = unwrapped(&mut location)
        && let Some(param) = closure.inputs.first_mut()
        && matches!(missing_type(param), Missing::Type)
    {
        add_type(param, &parse_quote!(#runtime::__private::Parts));
    }
    location
}

/// A text alone would be sent as `200 OK`, which no client takes for a refusal.
fn check_reject(reject: &Expr, errors: &mut Errors) {
    match peeled(reject) {
        Expr::Lit(ExprLit { lit: Lit::Str(_), .. }) => errors.push(
            reject,
            "a text alone is sent as `200 OK`: write `(StatusCode::FORBIDDEN, \"..\")`",
        ),
        Expr::Lit(ExprLit { lit, .. }) => errors.push(lit, "a response is wanted, such as `StatusCode::NOT_FOUND`"),
        Expr::Closure(closure) => errors.push(
            reject,
            format!(
                "the response itself is wanted, and is made for each refused request: write `reject = {}`",
                closure.body.to_token_stream()
            ),
        ),
        _ => {}
    }
}
