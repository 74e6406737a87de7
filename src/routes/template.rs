//! Templates of target paths, query values, redirects and body fields: text with `:param` and `:splat` filled in.

use super::pattern::MAX_PARAMS;
use std::ops::Range;

/// What a match captured: byte ranges into the normalised path, in the order of `Pattern::captures`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Captures {
    ranges: [(u32, u32); MAX_PARAMS],
    len: usize,
}

impl Captures {
    pub(crate) fn push(&mut self, range: Range<usize>) {
        // Pattern::parse refuses more captures than fit; request heads are far below 4 GiB.
        if let (Some(slot), Ok(start), Ok(end)) = (
            self.ranges.get_mut(self.len),
            u32::try_from(range.start),
            u32::try_from(range.end),
        ) {
            *slot = (start, end);
            self.len += 1;
        }
    }

    pub(crate) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The captured text, still percent-encoded as in the normalised path.
    pub(crate) fn get<'p>(&self, index: usize, path: &'p str) -> &'p str {
        match self.ranges[..self.len].get(index) {
            Some(&(start, end)) => path.get(start as usize..end as usize).unwrap_or_default(),
            None => "",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Param(String),
}

/// A parsed template. `:name` is a parameter where `name` starts with a letter or `_`; `::` is a colon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    parts: Vec<Part>,
    text: String,
}

impl Template {
    pub(crate) fn parse(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(colon) = rest.find(':') {
            literal.push_str(&rest[..colon]);
            let after = &rest[colon + 1..];
            let name_len = parameter_length(after);
            if let Some(after_both) = after.strip_prefix(':') {
                literal.push(':');
                rest = after_both;
            } else if name_len == 0 {
                literal.push(':');
                rest = after;
            } else {
                push_literal(&mut parts, &mut literal);
                parts.push(Part::Param(after[..name_len].to_owned()));
                rest = &after[name_len..];
            }
        }
        literal.push_str(rest);
        push_literal(&mut parts, &mut literal);
        Self {
            parts,
            text: text.to_owned(),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The parameters it uses.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Param(name) => Some(name.as_str()),
            Part::Literal(_) => None,
        })
    }

    /// Fills it in; `value` yields a parameter's text in the form the place needs.
    pub(crate) fn fill<'v>(&self, value: impl Fn(&str) -> std::borrow::Cow<'v, str>) -> String {
        let mut out = String::with_capacity(self.text.len() + 32);
        for part in &self.parts {
            match part {
                Part::Literal(text) => out.push_str(text),
                Part::Param(name) => out.push_str(&value(name)),
            }
        }
        out
    }
}

fn push_literal(parts: &mut Vec<Part>, literal: &mut String) {
    if !literal.is_empty() {
        parts.push(Part::Literal(std::mem::take(literal)));
    }
}

fn parameter_length(text: &str) -> usize {
    if !text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return 0;
    }
    text.bytes()
        .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_')
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::Cow;

    #[test]
    fn templates_fill_their_parameters() {
        let cases = [
            ("/get/:id", "/get/7"),
            ("/x/:splat", "/x/a/b"),
            ("https://h.example/:id", "https://h.example/7"),
            ("http://127.0.0.1:80/:id", "http://127.0.0.1:80/7"),
            ("::id", ":id"),
            ("/:id-:id", "/7-7"),
            ("plain", "plain"),
        ];
        for (text, expected) in cases {
            let filled = Template::parse(text).fill(|name| match name {
                "id" => Cow::Borrowed("7"),
                "splat" => Cow::Borrowed("a/b"),
                other => panic!("unexpected parameter {other}"),
            });
            assert_eq!(filled, expected, "{text}");
        }
    }
}
