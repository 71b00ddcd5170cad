//! Placing what is generated at the user's own words, so that the compiler points there.

use proc_macro2::{Span, TokenStream, TokenTree};

/// The places of the first and the last token.
pub(crate) fn ends(tokens: &TokenStream) -> (Span, Span) {
    let mut spans = tokens.clone().into_iter().map(|token| token.span());
    let first = spans.next().unwrap_or_else(Span::call_site);
    (first, spans.last().unwrap_or(first))
}

/// A call, `function(..)`, at the place of the user's `words`: the call, and the function's name in it, reach from the first of
/// them to the last. A mistake in them that the compiler finds more than once, for the call, for what it returns and for what
/// that is returned as, is then one mistake at one place, which it reports once.
pub(crate) fn placed_at(words: &TokenStream, call: TokenStream) -> TokenStream {
    let (first, last) = ends(words);
    let mut tokens: Vec<TokenTree> = call.into_iter().collect();
    // Where the last of the name and the parentheses begin.
    let end = tokens.len().saturating_sub(2);
    for (index, token) in tokens.iter_mut().enumerate() {
        token.set_span(if index == 0 || index < end {
            first
        } else {
            last
        });
    }
    tokens.into_iter().collect()
}
