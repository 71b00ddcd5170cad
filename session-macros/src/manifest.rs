//! Reading a `Cargo.toml` as far as finding a dependency needs it.
//!
//! Every way of writing a table (`[a.b]`, `a.b = ..`, `a = { b = .. }`) comes out as the same list of keys
//! and values. Arrays are skipped. Cargo has read the file before, so on anything unexpected the reader
//! simply stops and returns what it has.

use std::iter::Peekable;
use std::str::Chars;

/// One value and the keys that lead to it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) keys: Vec<String>,
    /// The text of a string, or `true`, `1` and the like as written.
    pub(crate) value: String,
}

/// Every value of a manifest that is not in an array, in order.
pub(crate) fn entries(manifest: &str) -> Vec<Entry> {
    let mut reader = Reader {
        rest: manifest.trim_start_matches('\u{feff}').chars().peekable(),
        entries: Vec::new(),
    };
    // `None` is only the way of stopping early.
    let _ = reader.document();
    reader.entries
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    entries: Vec<Entry>,
}

impl Reader<'_> {
    fn document(&mut self) -> Option<()> {
        let mut table = Vec::new();
        loop {
            self.skip_blank(true);
            if *self.rest.peek()? == '[' {
                table = self.header()?;
            } else {
                self.assignment(&table)?;
            }
        }
    }

    /// `[a.b]`, or `[[a.b]]`, whose keys start with an empty one since no dependency is in an array.
    fn header(&mut self) -> Option<Vec<String>> {
        self.expect('[')?;
        let array = self.rest.next_if_eq(&'[').is_some();
        let mut keys = self.keys()?;
        self.expect(']')?;
        if array {
            self.expect(']')?;
            keys.insert(0, String::new());
        }
        Some(keys)
    }

    fn assignment(&mut self, table: &[String]) -> Option<()> {
        let mut keys = table.to_vec();
        keys.extend(self.keys()?);
        self.expect('=')?;
        self.skip_blank(false);
        self.value(keys)
    }

    /// `a.'b c'."d"`
    fn keys(&mut self) -> Option<Vec<String>> {
        let mut keys = Vec::new();
        loop {
            self.skip_blank(false);
            let key = match *self.rest.peek()? {
                '"' | '\'' => self.string()?,
                _ => self.word(|c| c.is_alphanumeric() || c == '-' || c == '_')?,
            };
            keys.push(key);
            self.skip_blank(false);
            if self.rest.next_if_eq(&'.').is_none() {
                return Some(keys);
            }
        }
    }

    fn value(&mut self, keys: Vec<String>) -> Option<()> {
        let value = match *self.rest.peek()? {
            '{' => return self.inline_table(&keys),
            '[' => return self.array(),
            '"' | '\'' => self.string()?,
            _ => self.word(|c| !c.is_whitespace() && !matches!(c, ',' | ']' | '}' | '#'))?,
        };
        self.entries.push(Entry { keys, value });
        Some(())
    }

    fn inline_table(&mut self, keys: &[String]) -> Option<()> {
        self.expect('{')?;
        loop {
            self.skip_blank(true);
            if self.rest.next_if_eq(&'}').is_some() {
                return Some(());
            }
            self.assignment(keys)?;
            self.skip_blank(true);
            if self.rest.next_if_eq(&',').is_none() {
                return self.expect('}');
            }
        }
    }

    fn array(&mut self) -> Option<()> {
        self.expect('[')?;
        let outside = self.entries.len();
        loop {
            self.skip_blank(true);
            if self.rest.next_if_eq(&']').is_some() {
                break;
            }
            self.value(Vec::new())?;
            self.skip_blank(true);
            if self.rest.next_if_eq(&',').is_none() {
                self.expect(']')?;
                break;
            }
        }
        self.entries.truncate(outside);
        Some(())
    }

    /// A string of any of the four kinds. Escapes stay as written: no name needs one.
    fn string(&mut self) -> Option<String> {
        let quote = self.rest.next()?;
        let mut closing = 1;
        if self.rest.next_if_eq(&quote).is_some() {
            if self.rest.next_if_eq(&quote).is_none() {
                return Some(String::new());
            }
            closing = 3;
        }
        let mut text = String::new();
        let mut run = 0;
        loop {
            let c = self.rest.next()?;
            text.push(c);
            run = if c == quote { run + 1 } else { 0 };
            if run == closing {
                text.truncate(text.len() - closing);
                // Up to two quotes more belong to the text of a long string.
                while closing == 3 && self.rest.next_if_eq(&quote).is_some() {
                    text.push(quote);
                }
                return Some(text);
            }
            if c == '\\' && quote == '"' {
                text.push(self.rest.next()?);
            }
        }
    }

    fn word(&mut self, belongs: impl Fn(char) -> bool) -> Option<String> {
        let mut word = String::new();
        while let Some(c) = self.rest.next_if(|c| belongs(*c)) {
            word.push(c);
        }
        (!word.is_empty()).then_some(word)
    }

    /// Skips white space and, where lines may end, line ends and comments.
    fn skip_blank(&mut self, lines: bool) {
        while let Some(c) = self
            .rest
            .next_if(|c| matches!(c, ' ' | '\t') || lines && matches!(c, '\n' | '\r' | '#'))
        {
            if c == '#' {
                while self.rest.next_if(|c| *c != '\n').is_some() {}
            }
        }
    }

    fn expect(&mut self, wanted: char) -> Option<()> {
        self.skip_blank(false);
        self.rest.next_if_eq(&wanted).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::entries;

    fn flat(manifest: &str) -> Vec<String> {
        let line = |entry: &super::Entry| format!("{}={}", entry.keys.join("/"), entry.value);
        entries(manifest).iter().map(line).collect()
    }

    #[test]
    fn every_way_of_writing_a_table_reads_the_same() {
        let wanted = ["dependencies/x/package=p"];
        assert_eq!(flat("[dependencies]\nx = { package = \"p\" }"), wanted);
        assert_eq!(flat("[dependencies.x]\npackage = 'p'"), wanted);
        assert_eq!(flat("[dependencies]\nx.package = \"p\""), wanted);
        assert_eq!(flat("dependencies.x = { package = \"p\", }"), wanted);
        assert_eq!(
            flat("[ dependencies . \"x\" ] # c\r\n 'package'=\"\"\"p\"\"\""),
            wanted
        );
    }

    #[test]
    fn quotes_and_dots_in_keys() {
        assert_eq!(
            flat("[target.'cfg(all(unix, target_env = \"musl\"))'.dependencies]\nx = '1.0'"),
            ["target/cfg(all(unix, target_env = \"musl\"))/dependencies/x=1.0"]
        );
    }

    #[test]
    fn comments_arrays_and_long_strings_hide_nothing_and_add_nothing() {
        let manifest = r#"
            # x = { package = "commented" }
            description = """
            [dependencies]
            x = { package = "quoted \""" } """
            [dependencies] # y.package = "no"
            a = { version = "1", features = ["b", # c = "d", ]
              'e', { f = "g" } ], optional = true } # more
            b = "2" # "c"
        "#;
        let lines = flat(manifest);
        assert_eq!(
            lines[1..],
            [
                "dependencies/a/version=1",
                "dependencies/a/optional=true",
                "dependencies/b=2"
            ]
        );
    }

    #[test]
    fn arrays_of_tables_are_no_tables() {
        assert_eq!(flat("[[dependencies]]\nx = '1'"), ["/dependencies/x=1"]);
    }

    #[test]
    fn it_stops_where_it_does_not_understand() {
        assert_eq!(flat("a = 1\n= = =\nb = 2"), ["a=1"]);
        assert_eq!(flat("a = \"never closed"), Vec::<String>::new());
        assert_eq!(flat(""), Vec::<String>::new());
    }
}
