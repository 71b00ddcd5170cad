//! Looking at a closure in an argument, and writing the type of its parameter where the compiler can't find it.

use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{
    Expr, ExprClosure, ExprReturn, ExprTry, Macro, Pat, PatType, ReturnType, Token, Type,
    parse_quote_spanned,
};

/// An expression without the parentheses and invisible groups around it.
pub(crate) fn peeled(expr: &Expr) -> &Expr {
    match expr {
        Expr::Paren(paren) => peeled(&paren.expr),
        Expr::Group(group) => peeled(&group.expr),
        other => other,
    }
}

/// `peeled`, for changing what is inside.
pub(crate) fn unwrapped(expr: &mut Expr) -> &mut Expr {
    match expr {
        Expr::Paren(paren) => unwrapped(&mut paren.expr),
        Expr::Group(group) => unwrapped(&mut group.expr),
        other => other,
    }
}

/// What the parameter of a closure lacks to be `name: &Type`.
pub(crate) enum Missing {
    Nothing,
    Type,
    /// It takes this type by value.
    Reference(Box<Type>),
}

pub(crate) fn missing_type(param: &Pat) -> Missing {
    let Pat::Type(typed) = param else {
        return Missing::Type;
    };
    match &*typed.ty {
        Type::Infer(_) => Missing::Type,
        Type::Reference(reference) if matches!(*reference.elem, Type::Infer(_)) => Missing::Type,
        written @ (Type::Path(_) | Type::Tuple(_)) => Missing::Reference(Box::new(written.clone())),
        _ => Missing::Nothing,
    }
}

/// Whether a parameter is typed as a reference.
pub(crate) fn is_reference(param: &Pat) -> bool {
    matches!(param, Pat::Type(typed) if matches!(*typed.ty, Type::Reference(_)))
}

/// Writes `param: &ty`.
pub(crate) fn add_type(param: &mut Pat, ty: &Type) {
    let pat = bare(param).clone();
    let span = pat.span();
    *param = Pat::Type(PatType {
        attrs: Vec::new(),
        pat: Box::new(pat),
        colon_token: Token![:](span),
        ty: Box::new(parse_quote_spanned!(span=> &#ty)),
    });
}

/// A parameter without its type.
pub(crate) fn bare(param: &Pat) -> &Pat {
    match param {
        Pat::Type(typed) => &typed.pat,
        other => other,
    }
}

/// Whether a closure's body can stand where the closure would be called: nothing in it leaves it, and it says no type of its own.
pub(crate) fn is_only_its_body(closure: &ExprClosure) -> bool {
    #[derive(Default)]
    struct Exits(bool);
    impl<'ast> Visit<'ast> for Exits {
        fn visit_expr_return(&mut self, _: &'ast ExprReturn) {
            self.0 = true;
        }
        fn visit_expr_try(&mut self, _: &'ast ExprTry) {
            self.0 = true;
        }
        fn visit_macro(&mut self, _: &'ast Macro) {
            self.0 = true;
        }
    }
    let mut exits = Exits::default();
    exits.visit_expr(&closure.body);
    matches!(closure.output, ReturnType::Default) && !exits.0
}
