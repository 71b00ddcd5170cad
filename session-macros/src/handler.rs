//! What a function must be so that a guard can stand before it.

use syn::visit::{self, Visit};
use syn::{
    Expr, ExprClosure, FnArg, GenericArgument, Ident, Pat, PathArguments, PathSegment, Safety,
    Signature, Type,
};

use crate::args::AttributeName;
use crate::errors::Errors;
use crate::function::Function;
use crate::words::words;

/// Notes all that keeps `function` from being a guarded handler.
pub(crate) fn check(function: &Function, attribute: AttributeName, errors: &mut Errors) {
    let sig = &function.sig;
    if is_main(function) {
        let message = format!(
            "{attribute} guards a handler; `main` is none: put it on the handlers that need it"
        );
        return errors.push(&sig.ident, message);
    }
    if let Some(loader) = function.attribute_below(&["user_loader"]) {
        return errors.push(
            loader,
            format!("a user loader can't be guarded, since guards ask it who the user is: remove {attribute} or `#[user_loader]`"),
        );
    }
    if let Some(receiver) = sig.receiver() {
        errors.push(
            receiver,
            format!("{attribute} guards free functions: move the handler out of the `impl` block and take what it needs as extractors"),
        );
    }
    if sig.asyncness.is_none() {
        let message = format!(
            "{attribute} guards async handlers: write `async fn {}`",
            sig.ident
        );
        errors.push(sig.fn_token, message);
    }
    check_plain(sig, errors);

    let users = user_types(sig);
    for borrowed in users.iter().filter_map(|user| match user {
        Type::Reference(reference) => Some(reference),
        _ => None,
    }) {
        let owned = words(&borrowed.elem);
        errors.push(
            borrowed,
            format!("the handler gets the user by value: write `CurrentUser<{owned}>`"),
        );
    }
}

/// Whether it is a program's `main`, with `#[tokio::main]` below or expanded already. A handler of that
/// name, in a module, is async.
pub(crate) fn is_main(function: &Function) -> bool {
    let sig = &function.sig;
    let expanded = sig.ident == "main" && sig.asyncness.is_none() && sig.inputs.is_empty();
    expanded || function.attribute_below(&["main"]).is_some()
}

/// Notes what no handler and no loader may be: unsafe, of a foreign ABI, variadic.
pub(crate) fn check_plain(sig: &Signature, errors: &mut Errors) {
    if let Safety::Unsafe(word) = &sig.safety {
        errors.push(word, "axum can't call an unsafe function: remove `unsafe`");
    }
    if let Some(abi) = &sig.abi {
        errors.push(abi, "axum calls Rust functions: remove `extern`");
    }
    if let Some(variadic) = &sig.variadic {
        errors.push(
            variadic,
            "each parameter is one extractor: `...` has no meaning here",
        );
    }
}

/// The user types that a handler takes as `CurrentUser<T>`, alone or in another type such as `Option`.
/// Each type is listed once.
pub(crate) fn user_types(sig: &Signature) -> Vec<Type> {
    Named::in_signature("CurrentUser", sig)
}

/// Whether a type is a `CurrentUser<T>` or has one in it.
pub(crate) fn has_user(ty: &Type) -> bool {
    let mut users = Named::after("CurrentUser");
    users.visit_type(ty);
    !users.types.is_empty()
}

/// The type that a checker's state is, if it needs one: what the handler takes as `State<T>`, if it is one alone, else what the
/// checker's closures do. It can be named outside of the handler.
pub(crate) fn state_type(sig: &Signature, checker: Option<&Expr>) -> Option<Type> {
    let of_handler = Named::in_signature("State", sig);
    let mut of_closures = Named::after("State");
    if let Some(checker) = checker {
        of_closures.visit_expr(checker);
    }
    let generic: Vec<&Ident> = sig
        .generics
        .type_params()
        .map(|param| &param.ident)
        .collect();
    [of_handler, of_closures.types]
        .into_iter()
        .find_map(|states| match &states[..] {
            [ty] if !names_one_of(ty, &generic) => Some(ty.clone()),
            _ => None,
        })
}

/// Notes types of arguments that can't be named outside of the handler.
pub(crate) fn check_outside<'a>(
    sig: &Signature,
    types: impl IntoIterator<Item = &'a Type>,
    errors: &mut Errors,
) {
    let generic: Vec<&Ident> = sig
        .generics
        .type_params()
        .map(|param| &param.ident)
        .collect();
    for ty in types.into_iter().filter(|ty| names_one_of(ty, &generic)) {
        errors.push(
            ty,
            "the guard stands outside the handler, so it can't name the handler's type parameters: name a type",
        );
    }
}

fn names_one_of(ty: &Type, names: &[&Ident]) -> bool {
    struct Finder<'a>(&'a [&'a Ident], bool);
    impl<'ast> Visit<'ast> for Finder<'_> {
        fn visit_ident(&mut self, ident: &'ast Ident) {
            self.1 |= self.0.contains(&ident);
        }
        fn visit_type_impl_trait(&mut self, _: &'ast syn::TypeImplTrait) {
            self.1 = true;
        }
    }
    let mut finder = Finder(names, false);
    finder.visit_type(ty);
    finder.1
}

/// The types that parameters name in angle brackets after one word, such as `State<T>`. Each type is listed once.
struct Named {
    word: &'static str,
    types: Vec<Type>,
}

impl Named {
    fn after(word: &'static str) -> Self {
        let types = Vec::new();
        Self { word, types }
    }

    fn in_signature(word: &'static str, sig: &Signature) -> Vec<Type> {
        let mut named = Self::after(word);
        named.visit_signature(sig);
        named.types
    }
}

impl<'ast> Visit<'ast> for Named {
    fn visit_fn_arg(&mut self, arg: &'ast FnArg) {
        if let FnArg::Typed(typed) = arg {
            self.visit_type(&typed.ty);
        }
    }

    fn visit_expr_closure(&mut self, closure: &'ast ExprClosure) {
        for param in &closure.inputs {
            if let Pat::Type(typed) = param {
                self.visit_type(&typed.ty);
            }
        }
    }

    fn visit_path_segment(&mut self, segment: &'ast PathSegment) {
        if segment.ident == self.word
            && let PathArguments::AngleBracketed(arguments) = &segment.arguments
            && let Some(GenericArgument::Type(ty)) = arguments.args.first()
            && !self.types.iter().any(|known| same(known, ty))
        {
            self.types.push(ty.clone());
        }
        visit::visit_path_segment(self, segment);
    }

    // The return type and the generics take nothing.
    fn visit_return_type(&mut self, _: &'ast syn::ReturnType) {}
    fn visit_generics(&mut self, _: &'ast syn::Generics) {}
}

fn same(one: &Type, other: &Type) -> bool {
    words(one) == words(other)
}

/// The names that a handler's parameters bind.
pub(crate) fn parameter_names(sig: &Signature) -> Vec<Ident> {
    #[derive(Default)]
    struct Names(Vec<Ident>);
    impl<'ast> Visit<'ast> for Names {
        fn visit_pat_ident(&mut self, pat: &'ast syn::PatIdent) {
            self.0.push(pat.ident.clone());
            visit::visit_pat_ident(self, pat);
        }
    }
    let mut names = Names::default();
    for arg in &sig.inputs {
        if let FnArg::Typed(typed) = arg {
            names.visit_pat(&typed.pat);
        }
    }
    names.0
}

/// Whether a parameter binds nothing, `_`.
pub(crate) fn is_wild(pat: &Pat) -> bool {
    matches!(pat, Pat::Wild(_))
}
