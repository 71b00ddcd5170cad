//! What a guard demands besides its checker, and how a refused request is answered: `fresh`, `location` and `reject`.

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
    if let Some(Expr::Lit(ExprLit { lit, .. })) = args.fresh.as_ref().map(peeled)
        && let Err(message) = seconds(lit)
    {
        errors.push(lit, message);
    }
}

/// How many seconds a time such as `"10m"` has, or what to write instead.
pub(crate) fn seconds(lit: &Lit) -> Result<u64, String> {
    const EXAMPLE: &str = "write `fresh = \"10m\"`: a whole number and `s`, `m`, `h` or `d`";
    let Lit::Str(text) = lit else {
        return Err(format!("a time has a unit: {EXAMPLE}"));
    };
    let text = text.value();
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit: u64 = match &text[digits.len()..] {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "" => return Err(format!("a time has a unit: {EXAMPLE}")),
        _ => return Err(format!("this is no time: {EXAMPLE}")),
    };
    match digits
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(unit))
    {
        Some(0) => Err("no login is as fresh as that: write `fresh = \"10m\"`".to_owned()),
        Some(seconds) => Ok(seconds),
        None => Err(format!("this is no time: {EXAMPLE}")),
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
    /// Whether nothing is said but the checker.
    pub(crate) fn demands_nothing(&self) -> bool {
        self.location.is_none()
            && self.reject.is_none()
            && self.fresh.is_none()
            && self.user.is_none()
    }

    /// The runtime's `Demands`.
    pub(crate) fn demands(&self, runtime: &Path) -> TokenStream {
        let mut demands = quote!(#runtime::__private::Demands::new());
        match self.fresh.as_ref().map(|fresh| (fresh, peeled(fresh))) {
            Some((_, Expr::Lit(ExprLit { lit, .. }))) => {
                let seconds = seconds(lit).unwrap_or_default();
                demands.extend(quote!(.fresh(::core::time::Duration::from_secs(#seconds))));
            }
            Some((fresh, _)) => demands.extend(quote!(.fresh(#fresh))),
            None => {}
        }
        match (&self.location, &self.reject) {
            (Some(location), _) => {
                let location = complete_location(location.clone(), runtime);
                demands.extend(quote!(.location(#location)));
            }
            (None, Some(reject)) => demands.extend(quote!(.reject(|| #reject))),
            (None, None) => {}
        }
        demands
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
