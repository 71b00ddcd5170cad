//! Collecting mistakes, so that all of them are reported at once.

use std::fmt::Display;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

/// The mistakes found so far.
#[derive(Default)]
pub(crate) struct Errors(Option<syn::Error>);

impl Errors {
    /// Notes a mistake in `words`, which the compiler will underline.
    pub(crate) fn push(&mut self, words: impl ToTokens, message: impl Display) {
        self.absorb(syn::Error::new_spanned(words, message));
    }

    /// Notes a mistake found by a parser.
    pub(crate) fn absorb(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(all) => all.combine(error),
            None => self.0 = Some(error),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The item as it was, followed by one `compile_error!` a mistake: what the item defines stays
    /// defined, so that one mistake does not cause fifty.
    pub(crate) fn beside(self, item: impl ToTokens) -> TokenStream {
        let errors = self.0.map(syn::Error::into_compile_error);
        quote! { #item #errors }
    }
}
