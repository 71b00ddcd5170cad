//! What a function must be to load users.

use proc_macro2::{Delimiter, Group, TokenStream};
use syn::visit::Visit;
use syn::{Attribute, Expr, FnArg, PatType, ReturnType, Type};

use crate::args::AttributeName;
use crate::closure::peeled;
use crate::errors::Errors;
use crate::function::Function;
use crate::handler;
use crate::words::words;

const GUARDS: &[&str] = &["login_required", "user_pass"];
const NAME: AttributeName = AttributeName::UserLoader;
const OUTPUT: &str = "`Option<User>` or, if loading can fail, `Result<Option<User>, Error>`";

/// Notes all that keeps `function` from loading users.
pub(crate) fn check(function: &Function, errors: &mut Errors) {
    let sig = &function.sig;
    if handler::is_main(function) {
        let message = format!("{NAME} goes on the function that loads a user; `main` is none");
        return errors.push(&sig.ident, message);
    }
    if let Some(guard) = function.attribute_below(GUARDS) {
        errors.push(guard, "a user loader can't be guarded, since guards ask it who the user is: remove this attribute");
    }
    if let Some(receiver) = sig.receiver() {
        errors.push(
            receiver,
            "a user loader is a free function: move it out of the `impl` block and take what it needs as extractors, \
             such as `State(db): State<Db>`",
        );
    }
    handler::check_plain(sig, errors);
    if !sig.generics.params.is_empty() {
        errors.push(
            &sig.generics,
            "a user loader becomes a type without parameters, so it can't be generic: name the types",
        );
    }
    check_parameters(function, errors);
    check_output(function, errors);
}

/// Notes a stamp that can't be a function of the user.
pub(crate) fn check_stamp(stamp: &Expr, errors: &mut Errors) {
    let message = match peeled(stamp) {
        Expr::Lit(_) => {
            "a stamp is a function of the user: write `stamp = User::stamp`, or `stamp = |user| user.password_hash.clone()`"
                .to_owned()
        }
        Expr::Call(call) if call.args.is_empty() => format!(
            "this calls the function when it should only be named: write `stamp = {}`",
            words(&call.func)
        ),
        Expr::Closure(closure) if closure.inputs.len() != 1 => format!(
            "a stamp is made of the user alone: write `|user| {}`",
            words(&closure.body)
        ),
        Expr::Closure(closure) if closure.asyncness.is_some() => format!(
            "a stamp is made of a user who is loaded already, and waits for nothing: write `|user| {}`",
            words(&closure.body)
        ),
        _ => return,
    };
    errors.push(stamp, message);
}

/// Whether the function can stand where only a struct is wanted.
pub(crate) fn is_free_standing(function: &Function) -> bool {
    function.sig.receiver().is_none() && !handler::is_main(function)
}

pub(crate) fn is_guard(attr: &Attribute) -> bool {
    attr.path()
        .segments
        .last()
        .is_some_and(|segment| GUARDS.iter().any(|guard| segment.ident == guard))
}

fn check_parameters(function: &Function, errors: &mut Errors) {
    let sig = &function.sig;
    let mut params = sig.inputs.iter().filter_map(|arg| match arg {
        FnArg::Typed(param) => Some(param),
        FnArg::Receiver(_) => None,
    });
    match params.next() {
        Some(id) => check_id(id, errors),
        None if sig.receiver().is_some() => {}
        None => {
            let name = &sig.ident;
            let mut parens = Group::new(Delimiter::Parenthesis, TokenStream::new());
            parens.set_span(sig.paren_token.span.join());
            errors.push(
                parens,
                format!("a user loader takes the id that was given to `session.login(id)`: write `fn {name}(id: u64)`, or `id: String`"),
            );
        }
    }
    for param in params {
        check_type(param, "an extractor", errors);
        if handler::has_user(&param.ty) {
            let message =
                "the loader would ask itself for the user it is about to load: use the id";
            errors.push(&param.ty, message);
        }
    }
    for param in &sig.inputs {
        if let FnArg::Typed(param) = param
            && let Some(attr) = param
                .attrs
                .iter()
                .find(|attr| attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr"))
        {
            errors.push(attr, "a loader's parameters are always there: write two functions, each with its `#[cfg(..)]`");
        }
    }
}

fn check_id(id: &PatType, errors: &mut Errors) {
    check_type(id, "the id", errors);
    if let Type::Path(ty) = &*id.ty
        && let Some(last) = ty.path.segments.last()
        && [
            "State",
            "Extension",
            "Path",
            "Query",
            "Session",
            "CurrentUser",
        ]
        .iter()
        .any(|name| last.ident == name)
    {
        errors.push(
            &id.ty,
            format!(
                "the first parameter of a user loader is the id: write `(id: u64, {})`",
                words(id)
            ),
        );
    }
}

fn check_type(param: &PatType, what: &str, errors: &mut Errors) {
    if let Type::Reference(reference) = &*param.ty {
        let owned = match &*reference.elem {
            Type::Path(ty) if ty.path.is_ident("str") => "String".to_owned(),
            Type::Slice(slice) => format!("Vec<{}>", words(&slice.elem)),
            other => words(other),
        };
        errors.push(
            reference,
            format!("{what} is given by value: write `{owned}`"),
        );
    }
    if has_impl_trait(&param.ty) {
        errors.push(
            &param.ty,
            format!("{what} needs a type with a name, not `impl ..`"),
        );
    }
}

fn check_output(function: &Function, errors: &mut Errors) {
    let name = &function.sig.ident;
    match &function.sig.output {
        ReturnType::Default => {
            errors.push(
                name,
                format!("`{name}` returns no user: let it return {OUTPUT}"),
            );
        }
        ReturnType::Type(_, ty) => match &**ty {
            Type::Tuple(unit) if unit.elems.is_empty() => {
                errors.push(
                    unit,
                    format!("`{name}` returns no user: let it return {OUTPUT}"),
                );
            }
            Type::Never(never) => errors.push(
                never,
                format!("`{name}` returns no user: let it return {OUTPUT}"),
            ),
            Type::Reference(reference) => {
                errors.push(
                    reference,
                    format!("the user is given by value: let `{name}` return {OUTPUT}"),
                );
            }
            ty if has_impl_trait(ty) => errors.push(
                ty,
                format!("the user needs a type with a name: write `async fn {name}(..)` that returns {OUTPUT}"),
            ),
            _ => {}
        },
    }
}

fn has_impl_trait(ty: &Type) -> bool {
    #[derive(Default)]
    struct Finder(bool);
    impl<'ast> Visit<'ast> for Finder {
        fn visit_type_impl_trait(&mut self, _: &'ast syn::TypeImplTrait) {
            self.0 = true;
        }
    }
    let mut finder = Finder::default();
    finder.visit_type(ty);
    finder.0
}
