//! Path patterns: literals, `:param` and a trailing `*`.

use super::path::is_unreserved;

/// More captures than this in one pattern are refused, so that a match fits in a fixed array.
pub(crate) const MAX_PARAMS: usize = 7;
/// The name under which templates use what a trailing `*` took.
pub(crate) const SPLAT: &str = "splat";

/// One segment of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Segment {
    Literal(String),
    /// `:name`, one non-empty segment.
    Param(String),
}

/// A parsed pattern. `/x/*` also matches `/x`; one trailing slash is ignored on patterns without `*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    segments: Vec<Segment>,
    splat: bool,
    text: String,
}

impl Pattern {
    /// Parses `/a/:b/*`. The error text names the problem and the fix.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let rest = text
            .strip_prefix('/')
            .ok_or_else(|| "a path pattern starts with a slash".to_owned())?;
        let mut pattern = Self {
            segments: Vec::new(),
            splat: false,
            text: text.to_owned(),
        };
        if rest.is_empty() {
            return Ok(pattern);
        }
        for part in rest.split('/') {
            if pattern.splat {
                return Err("`*` stands only at the end of a pattern".to_owned());
            }
            if part == "*" {
                pattern.splat = true;
            } else {
                pattern.segments.push(parse_segment(part)?);
            }
        }
        pattern.refuse_repeated_params()?;
        Ok(pattern)
    }

    fn refuse_repeated_params(&self) -> Result<(), String> {
        let names: Vec<&str> = self.captures().collect();
        if names.len() > MAX_PARAMS {
            return Err(format!("a pattern has at most {MAX_PARAMS} captures"));
        }
        let repeated = names.iter().enumerate().find(|(i, name)| names[..*i].contains(name));
        match repeated {
            Some((_, name)) => Err(format!("`{name}` stands twice in this pattern")),
            None => Ok(()),
        }
    }

    pub(crate) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    pub(crate) fn has_splat(&self) -> bool {
        self.splat
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Names of the captures, in the order in which a match yields them.
    pub(crate) fn captures(&self) -> impl Iterator<Item = &str> {
        let params = self.segments.iter().filter_map(|segment| match segment {
            Segment::Param(name) => Some(name.as_str()),
            Segment::Literal(_) => None,
        });
        params.chain(self.splat.then_some(SPLAT))
    }
}

fn parse_segment(part: &str) -> Result<Segment, String> {
    if part.is_empty() {
        return Err("a pattern has no empty segment (a trailing slash is ignored by itself)".to_owned());
    }
    if let Some(name) = part.strip_prefix(':') {
        return parse_param(name);
    }
    if matches!(part, "." | "..") {
        return Err("`.` and `..` are resolved before matching and can never match".to_owned());
    }
    match part.bytes().find(|&byte| !is_unreserved(byte)) {
        None => Ok(Segment::Literal(part.to_owned())),
        Some(b'*') => Err("`*` stands alone in the last segment, as in `/files/*`".to_owned()),
        Some(b':') => Err("`:param` takes a whole segment".to_owned()),
        Some(_) => Err(format!(
            "`{part}` has a character that is not a letter, a digit or one of `-._~`"
        )),
    }
}

fn parse_param(name: &str) -> Result<Segment, String> {
    let valid = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !valid {
        return Err(format!(
            "`:{name}` is not a parameter: a letter or `_`, then letters, digits, `_`"
        ));
    }
    if name == SPLAT {
        return Err("`:splat` is what a trailing `*` takes; give the parameter another name".to_owned());
    }
    Ok(Segment::Param(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_parse_into_segments() {
        let pattern = Pattern::parse("/a/:id/*").expect("valid");
        assert_eq!(
            pattern.segments(),
            [Segment::Literal("a".into()), Segment::Param("id".into())]
        );
        assert!(pattern.has_splat());
        assert_eq!(pattern.captures().collect::<Vec<_>>(), ["id", "splat"]);
        assert!(Pattern::parse("/").expect("the root").segments().is_empty());
    }

    #[test]
    fn bad_patterns_say_what_is_wrong() {
        let cases = [
            ("a", "starts with a slash"),
            ("/a/", "no empty segment"),
            ("/a//b", "no empty segment"),
            ("/*/a", "only at the end"),
            ("/a*", "stands alone"),
            ("/a:b", "whole segment"),
            ("/:1", "not a parameter"),
            ("/:a/:a", "stands twice"),
            ("/:splat", "another name"),
            ("/a/../b", "can never match"),
            ("/a%20b", "not a letter"),
            ("/:a/:b/:c/:d/:e/:f/:g/:h", "at most 7"),
        ];
        for (text, problem) in cases {
            let error = Pattern::parse(text).expect_err(text);
            assert!(error.contains(problem), "{text}: {error}");
        }
    }
}
