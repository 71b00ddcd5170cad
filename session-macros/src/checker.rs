//! The checker of `#[user_pass(checker)]`: completing a closure's type, and telling apart what can't be one.

use quote::{ToTokens, quote};
use syn::visit::{self, Visit};
use syn::{BinOp, Expr, ExprClosure, ExprPath, Ident, Path, Signature, UnOp};

use crate::closure::{self, Missing, bare, peeled, unwrapped};
use crate::errors::Errors;
use crate::handler::{parameter_names, user_types};
use crate::words::words;

/// Writes the missing type of a closure's parameter, and notes what keeps `checker` from being one.
pub(crate) fn complete(checker: &mut Expr, sig: &Signature, errors: &mut Errors) {
    if let Some(message) = mistake(peeled(checker), sig) {
        return errors.push(checker, message);
    }
    if let Expr::Closure(closure) = unwrapped(checker) {
        complete_closure(closure, sig, errors);
    }
    let generic: Vec<&Ident> = sig
        .generics
        .type_params()
        .map(|param| &param.ident)
        .collect();
    let mut names = GenericNames { generic, errors };
    names.visit_expr(checker);
}

/// What is wrong with a checker that isn't a closure.
fn mistake(checker: &Expr, sig: &Signature) -> Option<String> {
    match checker {
        Expr::Lit(_) => Some(format!(
            "a checker is a function of the user: write `|user: &User| user.role == {}`, say, or name one, `User::is_admin`",
            words(checker)
        )),
        Expr::Call(call) if call.args.is_empty() => Some(format!(
            "this calls the checker when it should only be named: write `#[user_pass({})]`",
            words(&call.func)
        )),
        Expr::Field(field) => {
            own_parameter(&field.base, sig).map(|name| unseen(&name, &words(&field.member)))
        }
        Expr::MethodCall(call) => own_parameter(&call.receiver, sig)
            .map(|name| unseen(&name, &format!("{}()", call.method))),
        Expr::Binary(binary) if matches!(binary.op, BinOp::And(_) | BinOp::Or(_)) => Some(format!(
            "checkers are joined in a closure: write `|user: &User| {}(user) {} {}(user)`",
            words(&binary.left),
            words(&binary.op),
            words(&binary.right)
        )),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Not(_)) => Some(format!(
            "a checker is negated in a closure: write `|user: &User| !{}(user)`",
            words(&unary.expr)
        )),
        Expr::Tuple(_) | Expr::Array(_) => Some(
            "several checkers: write one closure, `|user: &User| first(user) && second(user)`"
                .into(),
        ),
        Expr::Async(_) => Some(ASYNC.into()),
        _ => None,
    }
}

const ASYNC: &str = "a checker that waits is an async function of extractors: write \
                     `async fn may_edit(CurrentUser(user): CurrentUser<User>, ..) -> bool` and name it here";

fn own_parameter(expr: &Expr, sig: &Signature) -> Option<Ident> {
    let Expr::Path(ExprPath { path, .. }) = peeled(expr) else {
        return None;
    };
    let name = path.get_ident()?;
    parameter_names(sig).contains(name).then(|| name.clone())
}

fn unseen(name: &Ident, rest: &str) -> String {
    format!(
        "the checker runs before the handler and so can't see `{name}`: write a closure, `|{name}: &User| {name}.{rest}`"
    )
}

fn complete_closure(checker: &mut ExprClosure, sig: &Signature, errors: &mut Errors) {
    if let Some(word) = &checker.asyncness {
        return errors.push(word, ASYNC);
    }
    if let Expr::Async(body) = peeled(&checker.body) {
        return errors.push(body, ASYNC);
    }
    if checker.inputs.len() != 1 {
        let message = "a checker takes one parameter, the user: write `|user: &User| ..`; \
                       to look at more of the request, name an async function of extractors";
        if checker.inputs.is_empty() {
            errors.push(quote_bars(checker), message);
        } else {
            errors.push(&checker.inputs, message);
        }
        return;
    }
    for param in &mut checker.inputs {
        match closure::missing_type(param) {
            Missing::Nothing => {}
            Missing::Reference(written) => {
                let message = format!("a checker borrows the user: write `&{}`", words(&written));
                errors.push(written, message);
            }
            Missing::Type => match &user_types(sig)[..] {
                [user] => closure::add_type(param, user),
                [] => errors.push(
                    &*param,
                    format!(
                        "nothing here says which type the user has: write `|{0}: &User|`, or let the handler take a `CurrentUser<User>`",
                        words(bare(param))
                    ),
                ),
                _ => errors.push(
                    &*param,
                    format!(
                        "the handler takes users of several types: write which one the checker looks at, `|{}: &User|`",
                        words(bare(param))
                    ),
                ),
            },
        }
    }
}

fn quote_bars(checker: &ExprClosure) -> impl ToTokens {
    let (begin, end) = (checker.inputs_begin, checker.inputs_end);
    quote!(#begin #end)
}

/// Finds the handler's type parameters in a checker, which stands outside the handler.
struct GenericNames<'a> {
    generic: Vec<&'a Ident>,
    errors: &'a mut Errors,
}

impl<'ast> Visit<'ast> for GenericNames<'_> {
    fn visit_path(&mut self, path: &'ast Path) {
        if path.leading_colon.is_none()
            && let Some(first) = path.segments.first()
            && self.generic.contains(&&first.ident)
        {
            let message = format!(
                "the checker stands outside the handler, so it can't name the handler's type parameter `{}`: name a type",
                first.ident
            );
            self.errors.push(&first.ident, message);
        }
        visit::visit_path(self, path);
    }
}
