//! Reading the function that an attribute stands on. Its body stays unread.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Ident, Meta, Signature, Token, Visibility};

use crate::args::AttributeName;

/// A function. The body is one token, so nothing in it can be changed by accident, and a body that
/// is half typed does no harm in an editor.
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    pub(crate) body: Group,
}

impl Function {
    /// Reads the item below an attribute; anything but a function is a mistake that names what it is.
    pub(crate) fn read(item: TokenStream, attribute: AttributeName) -> syn::Result<Self> {
        (|input: ParseStream<'_>| {
            if let Some(error) = other_item(&input.fork(), attribute) {
                // What follows is never looked at, but `parse2` demands that it be read.
                input.parse::<TokenStream>()?;
                return Err(error);
            }
            input.parse()
        })
        .parse2(item)
    }

    /// Whether an attribute of one of these names (as its last path segment) is still to come,
    /// be it under a `cfg_attr`.
    pub(crate) fn attribute_below(&self, names: &[&str]) -> Option<&Attribute> {
        self.attrs
            .iter()
            .find(|attr| leaves(&attr.meta).iter().any(|meta| has_name(meta, names)))
    }

    /// The attributes that a hidden item beside the function needs as well: the conditions under
    /// which the function exists, and what it is allowed to do.
    pub(crate) fn conditions(&self) -> Vec<TokenStream> {
        self.attrs
            .iter()
            .filter_map(|attr| keep(&attr.meta, &["cfg", "allow"]))
            .map(|meta| quote!(#[#meta]))
            .collect()
    }
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let sig: Signature = input.parse()?;
        if input.peek(Token![;]) {
            let message = format!("`{}` has no body", sig.ident);
            return Err(syn::Error::new_spanned(&sig.ident, message));
        }
        let body = match input.parse()? {
            TokenTree::Group(group) if group.delimiter() != Delimiter::Bracket => group,
            other => return Err(syn::Error::new_spanned(other, "expected the body `{ .. }`")),
        };
        Ok(Self {
            attrs,
            vis,
            sig,
            body,
        })
    }
}

impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self {
            attrs,
            vis,
            sig,
            body,
        } = self;
        tokens.extend(quote!(#(#attrs)* #vis #sig #body));
    }
}

/// The mistake of putting an attribute on something that is no function.
fn other_item(input: ParseStream<'_>, attribute: AttributeName) -> Option<syn::Error> {
    input.call(Attribute::parse_outer).ok()?;
    input.parse::<Visibility>().ok()?;
    if input.fork().parse::<Signature>().is_ok() {
        return None;
    }
    let keyword = input.call(Ident::parse_any).ok()?;
    let what = match keyword.to_string().as_str() {
        "struct" => "a struct",
        "enum" => "an enum",
        "union" => "a union",
        "trait" => "a trait",
        "impl" => "an `impl` block",
        "mod" => "a module",
        "const" | "static" if !input.peek(Token![fn]) => "a constant",
        "type" => "a type alias",
        "use" => "an import",
        "let" => "a variable",
        "macro_rules" => "a macro",
        _ => return None,
    };
    let message = match attribute {
        AttributeName::UserLoader => format!(
            "{attribute} goes on the function that loads a user, such as `async fn load_user(id: u64) -> Option<User>`, \
             not on {what}"
        ),
        _ if ["impl", "mod", "trait"].iter().any(|word| keyword == word) => {
            let layer = if attribute == AttributeName::LoginRequired {
                "GuardLayer::login_required()"
            } else {
                "GuardLayer::user_pass(..)"
            };
            format!(
                "{attribute} goes on a handler, an `async fn`, not on {what}: guard each handler by itself, or a group \
                 of routes with `.route_layer({layer})`"
            )
        }
        _ => format!("{attribute} goes on a handler, an `async fn`, not on {what}"),
    };
    Some(syn::Error::new_spanned(keyword, message))
}

/// The attribute itself or, for a `cfg_attr`, the attributes in it.
fn leaves(meta: &Meta) -> Vec<Meta> {
    match read_cfg_attr(meta) {
        Some((_, inner)) => inner.iter().flat_map(leaves).collect(),
        None => vec![meta.clone()],
    }
}

/// What is left of an attribute when only attributes of these names are kept.
fn keep(meta: &Meta, names: &[&str]) -> Option<TokenStream> {
    let Some((condition, inner)) = read_cfg_attr(meta) else {
        return has_name(meta, names).then(|| meta.to_token_stream());
    };
    let kept: Vec<_> = inner.iter().filter_map(|meta| keep(meta, names)).collect();
    let path = meta.path();
    (!kept.is_empty()).then(|| quote!(#path(#condition, #(#kept),*)))
}

fn has_name(meta: &Meta, names: &[&str]) -> bool {
    let last = meta.path().segments.last();
    last.is_some_and(|segment| names.iter().any(|name| segment.ident == name))
}

/// Takes `cfg_attr(condition, attributes..)` apart.
fn read_cfg_attr(meta: &Meta) -> Option<(TokenStream, Punctuated<Meta, Token![,]>)> {
    let list = match meta {
        Meta::List(list) if list.path.is_ident("cfg_attr") => list,
        _ => return None,
    };
    let parser = |input: ParseStream<'_>| {
        let mut condition = TokenStream::new();
        while !input.is_empty() && !input.peek(Token![,]) {
            condition.extend([input.parse::<TokenTree>()?]);
        }
        input.parse::<Token![,]>()?;
        Ok((condition, Punctuated::parse_terminated(input)?))
    };
    parser.parse2(list.tokens.clone()).ok()
}
