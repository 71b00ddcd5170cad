//! How a refused request is answered: `location = ..` or `reject = ..`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Expr, ExprLit, Lit, LitStr, Path, parse_quote};

use crate::args::Args;
use crate::closure::{Missing, add_type, missing_type, peeled, unwrapped};
use crate::errors::Errors;
use crate::words::words;

/// Notes answers that can't be meant.
pub(crate) fn check(args: &Args, errors: &mut Errors) {
    if let (Some(_), Some(reject)) = (&args.location, &args.reject) {
        errors.push(
            reject,
            "a refused request gets one answer: write either `location = ..` (a redirect) or \
             `reject = ..` (a response)",
        );
    }
    if let Some(Expr::Lit(ExprLit { lit, .. })) = args.location.as_ref().map(peeled) {
        match lit {
            Lit::Str(text) => check_location(text, errors),
            _ => errors.push(
                lit,
                "a location is a path, such as `\"/login\"`, or a function of the request",
            ),
        }
    }
    if let Some(reject) = &args.reject {
        check_reject(reject, errors);
    }
}

/// A location that is written down is looked at here; a computed one at run time.
fn check_location(text: &LitStr, errors: &mut Errors) {
    let value = text.value();
    let unprintable = |c: &char| !matches!(c, '\x21'..='\x7e') || *c == '\\';
    let message = if let Some(rest) = value.strip_prefix("//") {
        format!(
            "`//` leads to another site: write `\"/{rest}\"`, or `\"https://{rest}\"` if that is meant"
        )
    } else if let Some(odd) = value.chars().find(unprintable) {
        format!(
            "a location is printable ASCII without backslashes: percent-encode `{}`",
            odd.escape_debug()
        )
    } else if value.starts_with('/')
        || value.starts_with("http://")
        || value.starts_with("https://")
    {
        return;
    } else if value
        .split('/')
        .next()
        .is_some_and(|start| start.contains(':'))
    {
        "a location is a path on this site, such as `\"/login\"`, or starts with `https://`"
            .to_owned()
    } else {
        format!("a location starts with `/`: write `\"/{value}\"`")
    };
    errors.push(text, message);
}

fn check_reject(reject: &Expr, errors: &mut Errors) {
    match peeled(reject) {
        // No client would take that for a refusal.
        Expr::Lit(ExprLit { lit: Lit::Str(_), .. }) => errors.push(
            reject,
            "a text alone is sent as `200 OK`: write `(StatusCode::FORBIDDEN, \"..\")`",
        ),
        Expr::Lit(ExprLit { lit, .. }) => {
            errors.push(lit, "a response is wanted, such as `StatusCode::NOT_FOUND`");
        }
        Expr::Closure(closure) => errors.push(
            reject,
            format!(
                "the response itself is wanted, and is made for each refused request: write `reject = {}`",
                words(&closure.body)
            ),
        ),
        _ => {}
    }
}

impl Args {
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
