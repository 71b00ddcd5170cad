//! The checker of `#[user_pass(checker)]`: combining checkers, completing a closure's type, and telling apart what can't be one.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::visit::{self, Visit};
use syn::{
    Attribute, BinOp, Expr, ExprCall, ExprClosure, ExprPath, Ident, Path, Signature, Type, UnOp,
};

use crate::closure::{self, Missing, bare, peeled, unwrapped};
use crate::errors::Errors;
use crate::handler::{parameter_names, user_types};
use crate::words::words;

/// What a checker is looked at beside.
pub(crate) struct Context<'a> {
    pub(crate) sig: &'a Signature,
    /// The type of the user, if an argument says it.
    pub(crate) user: Option<&'a Type>,
    pub(crate) runtime: &'a Path,
}

/// The checker as the runtime takes it. What keeps it from being one goes to `errors`.
pub(crate) fn expand(checker: Expr, context: &Context<'_>, errors: &mut Errors) -> TokenStream {
    let Some(user) = context.user else {
        return combine(checker, context, errors);
    };
    let completes = has_untyped_closure(&checker);
    if has_typed_closure(&checker) && !completes {
        errors.push(
            user,
            "the checker says by itself which type the user has: remove `user`",
        );
    }
    let checker = combine(checker, context, errors);
    if completes {
        return checker;
    }
    // Nothing in it may ask for a user, such as a function of the path alone: then it is about users of this kind.
    let runtime = context.runtime;
    quote!(#runtime::__private::About::<#user, _>::new(#checker))
}

/// `all(..)`, `any(..)` and `not(..)`, as deep as they are nested.
fn combine(mut checker: Expr, context: &Context<'_>, errors: &mut Errors) -> TokenStream {
    let Some((word, call)) = combination(&checker) else {
        complete(&mut checker, context, errors);
        return checker.into_token_stream();
    };
    if let Some(attr) = first_attribute(&checker) {
        errors.push(
            attr,
            "a part of a checker is always there: write two handlers, each with its `#[cfg(..)]`",
        );
    }
    let private = {
        let runtime = context.runtime;
        quote!(#runtime::__private)
    };
    let combined: Vec<TokenStream> = call
        .args
        .iter()
        .map(|part| combine(part.clone(), context, errors))
        .collect();
    match (&*word, &combined[..]) {
        (_, []) => {
            errors.push(
                &checker,
                format!("`{word}()` asks nothing: write `{word}(User::is_admin)`, say"),
            );
            TokenStream::new()
        }
        ("not", [one]) => quote!(#private::Not(#one)),
        ("not", _) => {
            errors.push(
                &call.args,
                format!(
                    "`not(..)` takes one checker: write `not(any({0}))`, or `not(all({0}))`",
                    words(&call.args)
                ),
            );
            TokenStream::new()
        }
        (word, [parts @ .., last]) => {
            let kind = Ident::new(if word == "all" { "All" } else { "Any" }, Span::call_site());
            parts.iter().rev().fold(
                last.clone(),
                |rest, part| quote!(#private::#kind(#part, #rest)),
            )
        }
    }
}

fn combination(checker: &Expr) -> Option<(String, ExprCall)> {
    let Expr::Call(call) = peeled(checker) else {
        return None;
    };
    let Expr::Path(ExprPath { path, .. }) = peeled(&call.func) else {
        return None;
    };
    combination_word(path).map(|word| (word, call.clone()))
}

fn combination_word(path: &Path) -> Option<String> {
    let word = path.get_ident()?.to_string();
    ["all", "any", "not"].contains(&&*word).then_some(word)
}

/// An attribute of a call, or of the parentheses around it.
fn first_attribute(checker: &Expr) -> Option<&Attribute> {
    match checker {
        Expr::Paren(paren) => paren.attrs.first().or_else(|| first_attribute(&paren.expr)),
        Expr::Group(group) => group.attrs.first().or_else(|| first_attribute(&group.expr)),
        Expr::Call(call) => call.attrs.first().or_else(|| first_attribute(&call.func)),
        Expr::Path(path) => path.attrs.first(),
        _ => None,
    }
}

/// Whether there is a closure of the user that says its type.
fn has_typed_closure(checker: &Expr) -> bool {
    has_closure(checker, |closure| {
        closure.inputs.len() == 1 && closure.inputs.iter().all(closure::is_reference)
    })
}

/// Whether there is a closure that leaves the type of the user open.
fn has_untyped_closure(checker: &Expr) -> bool {
    has_closure(checker, |closure| {
        let mut inputs = closure.inputs.iter();
        inputs.any(|param| matches!(closure::missing_type(param), Missing::Type))
    })
}

/// Whether a checker is such a closure, or combines one.
fn has_closure(checker: &Expr, is_such: fn(&ExprClosure) -> bool) -> bool {
    match (combination(checker), peeled(checker)) {
        (Some((_, call)), _) => call.args.iter().any(|part| has_closure(part, is_such)),
        (None, Expr::Closure(closure)) => is_such(closure),
        (None, _) => false,
    }
}

/// Writes the missing type of a closure's parameter, and notes what keeps `checker` from being one.
fn complete(checker: &mut Expr, context: &Context<'_>, errors: &mut Errors) {
    let sig = context.sig;
    if let Some(message) = mistake(peeled(checker), sig) {
        return errors.push(checker, message);
    }
    if let Expr::Closure(closure) = unwrapped(checker) {
        complete_closure(closure, context, errors);
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
        _ if let Some(name) = looked_at(checker, sig) => Some(unseen(&name, &words(checker))),
        Expr::Call(call) if call.args.is_empty() => Some(format!(
            "this calls the checker when it should only be named: write `#[user_pass({})]`",
            words(&call.func)
        )),
        Expr::Binary(binary) => {
            let word = match binary.op {
                BinOp::And(_) | BinOp::BitAnd(_) => "all",
                BinOp::Or(_) | BinOp::BitOr(_) => "any",
                _ => {
                    return Some(format!(
                        "a checker is a function: write a closure, `|user: &User| {}`",
                        words(checker)
                    ));
                }
            };
            Some(format!(
                "checkers are joined by a word: write `{word}({}, {})`",
                words(&binary.left),
                words(&binary.right)
            ))
        }
        Expr::Unary(unary) if matches!(unary.op, UnOp::Not(_)) => Some(format!(
            "a checker is negated by a word: write `not({})`",
            words(&unary.expr)
        )),
        Expr::Macro(called) if combination_word(&called.mac.path).is_some() => {
            let (word, parts) = (words(&called.mac.path), words(&called.mac.tokens));
            Some(format!(
                "`{word}` is a word and no macro: write `{word}({parts})`"
            ))
        }
        Expr::Tuple(tuple) => Some(several(&words(&tuple.elems))),
        Expr::Array(array) => Some(several(&words(&array.elems))),
        Expr::Async(_) => Some(ASYNC.into()),
        _ => None,
    }
}

fn several(checkers: &str) -> String {
    format!("several checkers: write `all({checkers})`, or `any({checkers})`")
}

const ASYNC: &str = "a checker that waits is a function of extractors: write \
                     `async |CurrentUser(user): CurrentUser<User>| ..`, or name an `async fn` with such parameters";

const SEVERAL: &str = "a checker of several parameters takes extractors: write their types, \
                       `|CurrentUser(user): CurrentUser<User>, Path(id): Path<u64>| ..`";

/// The parameter of the handler that an expression looks at, as in `user.admin` or `User::is_admin(&user)`, where it can't.
fn looked_at(expr: &Expr, sig: &Signature) -> Option<Ident> {
    let inside = |inner: &Expr| own_parameter(inner, sig).or_else(|| looked_at(inner, sig));
    match peeled(expr) {
        Expr::Field(field) => inside(&field.base),
        Expr::MethodCall(call) => inside(&call.receiver),
        Expr::Reference(reference) => inside(&reference.expr),
        Expr::Unary(unary) => inside(&unary.expr),
        Expr::Binary(binary) => inside(&binary.left).or_else(|| inside(&binary.right)),
        Expr::Call(call) if combination(expr).is_none() => call.args.iter().find_map(inside),
        _ => None,
    }
}

/// A name that the handler binds, or one that can hardly be anything else.
fn own_parameter(expr: &Expr, sig: &Signature) -> Option<Ident> {
    let Expr::Path(ExprPath { path, .. }) = peeled(expr) else {
        return None;
    };
    let name = path.get_ident()?;
    (name == "user" || parameter_names(sig).contains(name)).then(|| name.clone())
}

fn unseen(name: &Ident, written: &str) -> String {
    format!(
        "the checker runs before the handler and so can't see `{name}`: write a closure, `|{name}: &User| {written}`"
    )
}

/// A closure is one of the user, `|user: &User| ..`, or one of extractors: then it says all of its types.
fn complete_closure(checker: &mut ExprClosure, context: &Context<'_>, errors: &mut Errors) {
    if checker.inputs.is_empty() {
        return errors.push(
            quote_bars(checker),
            "a checker looks at the user: write `|user: &User| ..`, or take extractors, \
             `|CurrentUser(user): CurrentUser<User>, Path(id): Path<u64>| ..`",
        );
    }
    let waits = checker.asyncness.is_some() || matches!(peeled(&checker.body), Expr::Async(_));
    let is_of_user = !waits && checker.inputs.len() == 1;
    for param in &mut checker.inputs {
        match closure::missing_type(param) {
            Missing::Nothing if waits && closure::is_reference(param) => {
                errors.push(&*param, ASYNC);
            }
            Missing::Nothing if !is_of_user && closure::is_reference(param) => {
                errors.push(&*param, SEVERAL);
            }
            Missing::Reference(written) if is_of_user && is_user(&written, context) => {
                let message = format!("a checker borrows the user: write `&{}`", words(&written));
                errors.push(written, message);
            }
            Missing::Nothing | Missing::Reference(_) => {}
            Missing::Type if waits => errors.push(&*param, ASYNC),
            Missing::Type if !is_of_user => errors.push(&*param, SEVERAL),
            Missing::Type => match (context.user, &user_types(context.sig)[..]) {
                (Some(user), _) | (None, [user]) => closure::add_type(param, user),
                (None, []) => errors.push(
                    &*param,
                    format!(
                        "nothing here says which type the user has: write `|{0}: &User|`, or let the handler take a `CurrentUser<User>`",
                        words(bare(param))
                    ),
                ),
                (None, _) => errors.push(
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

/// Whether a type is probably the user's own, and no extractor.
fn is_user(ty: &Type, context: &Context<'_>) -> bool {
    let text = words(ty);
    text == "User"
        || context.user.is_some_and(|user| words(user) == text)
        || user_types(context.sig)
            .iter()
            .any(|user| words(user) == text)
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
