//! Writing tokens down as a person would, for messages that say what to write.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use quote::ToTokens;

/// The text of `tokens`, with spaces where people put them.
pub(crate) fn words(tokens: &(impl ToTokens + ?Sized)) -> String {
    let mut text = Text::default();
    text.write(tokens.to_token_stream());
    text.written
}

/// Operators of several characters.
const LONG_OPERATORS: [&str; 12] = [
    "::", "&&", "||", "==", "!=", "<=", ">=", "->", "=>", "..", "..=", "...",
];

#[derive(Default)]
struct Text {
    written: String,
    /// How many `<` of generic arguments are open.
    generics: usize,
    /// Whether the parameters of a closure are being written.
    in_bars: bool,
}

impl Text {
    fn write(&mut self, tokens: TokenStream) {
        let mut operator = String::new();
        let mut spaced = false;
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Punct(punct) => {
                    operator.push(punct.as_char());
                    let longer = match tokens.peek() {
                        Some(TokenTree::Punct(next)) if punct.spacing() == Spacing::Joint => {
                            LONG_OPERATORS.contains(&&*format!("{operator}{}", next.as_char()))
                        }
                        _ => false,
                    };
                    if !longer {
                        spaced = self.operator(&operator, spaced);
                        operator.clear();
                    }
                }
                TokenTree::Group(group) => {
                    let (open, close) = match group.delimiter() {
                        Delimiter::Parenthesis => ("(", ")"),
                        Delimiter::Bracket => ("[", "]"),
                        Delimiter::Brace => ("{ ", " }"),
                        Delimiter::None => ("", ""),
                    };
                    if spaced && group.delimiter() == Delimiter::Brace {
                        self.written.push(' ');
                    }
                    self.written.push_str(open);
                    self.write(group.stream());
                    self.written.push_str(close);
                    spaced = true;
                }
                word => {
                    if spaced {
                        self.written.push(' ');
                    }
                    self.written.push_str(&word.to_string());
                    spaced = true;
                }
            }
        }
    }

    /// Writes an operator and returns whether a space follows before the next word.
    fn operator(&mut self, operator: &str, spaced: bool) -> bool {
        let after_type = self
            .written
            .rsplit(|c: char| !c.is_alphanumeric() && c != '_')
            .next();
        let after_type = after_type.is_some_and(|word| word.starts_with(char::is_uppercase))
            || self.written.ends_with("::");
        let (before, after) = match operator {
            "." | "::" | "?" | ".." => (false, false),
            "," | ";" | ":" => (false, true),
            "<" if after_type => {
                self.generics += 1;
                (false, false)
            }
            ">" if self.generics > 0 => {
                self.generics -= 1;
                (false, true)
            }
            "|" => {
                self.in_bars = !self.in_bars;
                (spaced && self.in_bars, !self.in_bars)
            }
            "'" => (self.written.ends_with(char::is_alphanumeric), false),
            "&" | "!" | "*" => (spaced, false),
            _ => (spaced, true),
        };
        if before && spaced {
            self.written.push(' ');
        }
        self.written.push_str(operator);
        after
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn as_a_person_would() {
        for text in [
            "User::is_admin",
            "StatusCode::FORBIDDEN",
            "|user: &User| user.admin",
            "|user: &User| user.admin && !user.is_banned(1, true)",
            "(StatusCode::FORBIDDEN, \"No\")",
            "location(\"/login\")",
            "State(db): State<Db>",
            "State(db): State<Arc<Db>>",
            "crate::users::may_edit::<User>",
            "CurrentUser<&'static User>",
            "|user: &User| user.admin || user.rank > 3",
        ] {
            let tokens: proc_macro2::TokenStream = text.parse().expect("tokens");
            assert_eq!(words(&tokens), text);
        }
    }
}
