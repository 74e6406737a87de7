//! Path normalisation: one canonical form, made once, seen by the router and by the upstream alike.
//!
//! Not here: matching (`table`) and target paths (`template`). Follows RFC 3986 sections 2.3, 5.2.4 and 6.2.2,
//! and refuses what different servers are known to read differently.

use std::borrow::Cow;
use std::fmt;

/// A path in canonical form: starts with `/`, no empty, `.` or `..` segment, unreserved characters never
/// percent-encoded, every other escape upper case and valid UTF-8. At most one trailing slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NormalPath<'a>(Cow<'a, str>);

/// Why a path is refused (answered 400).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidPath {
    #[error("the path does not start with a slash")]
    NotAbsolute,
    #[error("the path has an incomplete or non-hexadecimal percent escape")]
    BadEscape,
    #[error("the path has an encoded slash, which servers read differently")]
    EncodedSlash,
    #[error("the path has a backslash, which servers read differently")]
    Backslash,
    #[error("the path has a control character")]
    ControlCharacter,
    #[error("the path is not valid UTF-8")]
    NotUtf8,
    #[error("the path climbs above the root")]
    AboveRoot,
    #[error("the path has a dot segment with parameters, which servers read differently")]
    DotSegmentWithParameters,
    #[error("the path has a fragment")]
    Fragment,
}

impl<'a> NormalPath<'a> {
    /// Normalises the path of a request target (without its query).
    pub(crate) fn parse(raw: &'a [u8]) -> Result<Self, InvalidPath> {
        if raw.first() != Some(&b'/') {
            return Err(InvalidPath::NotAbsolute);
        }
        if is_canonical(raw) {
            // `is_canonical` admits ASCII only.
            let text = std::str::from_utf8(raw).map_err(|_| InvalidPath::NotUtf8)?;
            return Ok(Self(Cow::Borrowed(text)));
        }
        let escaped = canonical_escapes(raw)?;
        resolve_segments(&escaped).map(|path| Self(Cow::Owned(path)))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn into_owned(self) -> NormalPath<'static> {
        NormalPath(Cow::Owned(self.0.into_owned()))
    }
}

impl fmt::Display for NormalPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// RFC 3986 section 2.3.
pub(crate) const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// What may stand in a path segment unescaped besides the unreserved characters (RFC 3986 section 3.3).
const fn is_reserved_pchar(byte: u8) -> bool {
    matches!(
        byte,
        b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b':' | b'@'
    )
}

/// The common case: nothing to change. A dot right after a slash and an empty segment go the long way.
fn is_canonical(raw: &[u8]) -> bool {
    raw.windows(2)
        .all(|pair| pair[0] != b'/' || !matches!(pair[1], b'/' | b'.'))
        && raw
            .iter()
            .all(|&byte| byte == b'/' || is_unreserved(byte) || is_reserved_pchar(byte) && byte != b';')
}

/// Decodes what need not be escaped, escapes what must be, and upper-cases the rest.
fn canonical_escapes(raw: &[u8]) -> Result<String, InvalidPath> {
    let mut decoded_check = Vec::with_capacity(raw.len());
    let mut out = String::with_capacity(raw.len() + 8);
    let mut bytes = raw.iter().copied();
    while let Some(byte) = bytes.next() {
        let (value, escaped) = match byte {
            b'%' => (hex_pair(bytes.next(), bytes.next())?, true),
            other => (other, false),
        };
        refuse_ambiguous(value, escaped)?;
        decoded_check.push(value);
        let keep_literal = is_unreserved(value) || !escaped && (value == b'/' || is_reserved_pchar(value));
        if keep_literal {
            out.push(char::from(value));
        } else {
            out.push_str(&format!("%{value:02X}"));
        }
    }
    // Overlong forms and surrogates are not UTF-8 either.
    std::str::from_utf8(&decoded_check).map_err(|_| InvalidPath::NotUtf8)?;
    Ok(out)
}

fn refuse_ambiguous(value: u8, escaped: bool) -> Result<(), InvalidPath> {
    match value {
        b'/' if escaped => Err(InvalidPath::EncodedSlash),
        b'\\' => Err(InvalidPath::Backslash),
        0..=0x1f | 0x7f => Err(InvalidPath::ControlCharacter),
        b'#' if !escaped => Err(InvalidPath::Fragment),
        _ => Ok(()),
    }
}

fn hex_pair(high: Option<u8>, low: Option<u8>) -> Result<u8, InvalidPath> {
    let digit = |byte: Option<u8>| byte.and_then(|b| char::from(b).to_digit(16));
    match (digit(high), digit(low)) {
        (Some(high), Some(low)) => u8::try_from(high * 16 + low).map_err(|_| InvalidPath::BadEscape),
        _ => Err(InvalidPath::BadEscape),
    }
}

/// Removes empty and dot segments (RFC 3986 section 5.2.4); a trailing slash is kept.
fn resolve_segments(path: &str) -> Result<String, InvalidPath> {
    let mut kept: Vec<&str> = Vec::new();
    let mut trailing_slash = false;
    for segment in path.split('/').skip(1) {
        trailing_slash = matches!(segment, "" | "." | "..");
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop().ok_or(InvalidPath::AboveRoot)?;
            }
            other if hides_a_dot_segment(other) => return Err(InvalidPath::DotSegmentWithParameters),
            other => kept.push(other),
        }
    }
    let mut out = String::with_capacity(path.len());
    for segment in &kept {
        out.push('/');
        out.push_str(segment);
    }
    if trailing_slash || kept.is_empty() {
        out.push('/');
    }
    Ok(out)
}

/// `..;x` is `..` to servers that cut matrix parameters off, and a name to all others.
fn hides_a_dot_segment(segment: &str) -> bool {
    let name = segment.split(';').next().unwrap_or_default();
    let name = name.split("%3B").next().unwrap_or_default();
    name.len() < segment.len() && matches!(name, "." | "..")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn canonical_form_of_each_path() {
        let cases = [
            ("/", Ok("/")),
            ("/a/b", Ok("/a/b")),
            ("/a/b/", Ok("/a/b/")),
            ("//a///b", Ok("/a/b")),
            ("/a/./b", Ok("/a/b")),
            ("/a/../b", Ok("/b")),
            ("/a/b/..", Ok("/a/")),
            ("/a/%2e%2E/b", Ok("/b")),
            ("/.well-known/x", Ok("/.well-known/x")),
            ("/%61dmin", Ok("/admin")),
            ("/a%2db%7e", Ok("/a-b~")),
            ("/caf%c3%a9", Ok("/caf%C3%A9")),
            ("/café", Ok("/caf%C3%A9")),
            ("/a b", Ok("/a%20b")),
            ("/a%3ab:c", Ok("/a%3Ab:c")),
            ("/a%252e", Ok("/a%252e")),
            ("/a;v=1", Ok("/a;v=1")),
            ("/..", Err(InvalidPath::AboveRoot)),
            ("/a/../../b", Err(InvalidPath::AboveRoot)),
            ("/a%2Fb", Err(InvalidPath::EncodedSlash)),
            ("/a%5cb", Err(InvalidPath::Backslash)),
            ("/a\\b", Err(InvalidPath::Backslash)),
            ("/a%00", Err(InvalidPath::ControlCharacter)),
            ("/a%0d%0a", Err(InvalidPath::ControlCharacter)),
            ("/a%", Err(InvalidPath::BadEscape)),
            ("/a%g1", Err(InvalidPath::BadEscape)),
            ("/a%+1", Err(InvalidPath::BadEscape)),
            ("/%c0%af", Err(InvalidPath::NotUtf8)),
            ("/%ed%a0%80", Err(InvalidPath::NotUtf8)),
            ("/a/..;x/b", Err(InvalidPath::DotSegmentWithParameters)),
            ("/a/..%3bx/b", Err(InvalidPath::DotSegmentWithParameters)),
            ("/a#b", Err(InvalidPath::Fragment)),
            ("a", Err(InvalidPath::NotAbsolute)),
            ("", Err(InvalidPath::NotAbsolute)),
            ("*", Err(InvalidPath::NotAbsolute)),
        ];
        for (raw, expected) in cases {
            let normal = NormalPath::parse(raw.as_bytes());
            assert_eq!(
                normal.as_ref().map(NormalPath::as_str),
                expected.as_ref().copied(),
                "{raw}"
            );
        }
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(raw in "/[a-zA-Z0-9%./;:@ é\\\\]{0,40}") {
            if let Ok(once) = NormalPath::parse(raw.as_bytes()) {
                let twice = NormalPath::parse(once.as_str().as_bytes()).expect("a canonical path is valid");
                prop_assert_eq!(once.as_str(), twice.as_str());
            }
        }

        /// A server that decodes the canonical path once and splits it sees the segments the router saw.
        #[test]
        fn decoding_a_canonical_path_never_makes_new_segments(raw in proptest::collection::vec(any::<u8>(), 0..40)) {
            let mut path = b"/".to_vec();
            path.extend(raw);
            let Ok(normal) = NormalPath::parse(&path) else { return Ok(()) };
            let ours: Vec<&str> = normal.as_str().split('/').collect();
            let decoded = percent_decode(normal.as_str());
            let theirs: Vec<&[u8]> = decoded.split(|&b| b == b'/').collect();
            prop_assert_eq!(ours.len(), theirs.len());
            for segment in &theirs {
                prop_assert!(!matches!(*segment, b"." | b".."));
                prop_assert!(!segment.contains(&b'\\') && !segment.contains(&0));
            }
        }
    }

    fn percent_decode(text: &str) -> Vec<u8> {
        let mut out = Vec::new();
        let mut bytes = text.bytes();
        while let Some(byte) = bytes.next() {
            match byte {
                b'%' => out.push(hex_pair(bytes.next(), bytes.next()).expect("canonical escapes are valid")),
                other => out.push(other),
            }
        }
        out
    }
}
