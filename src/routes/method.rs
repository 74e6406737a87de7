//! Sets of request methods.

use http::Method;
use std::fmt;

/// The methods a route map can name, in the order `Allow` lists them.
const KNOWN: [Method; 7] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
];

/// A set of methods. `any` holds every method, extension methods included, but never `CONNECT` or `TRACE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct MethodSet {
    known: u8,
    extensions: bool,
}

impl MethodSet {
    pub(crate) const ANY: Self = Self {
        known: 0x7f,
        extensions: true,
    };

    /// Parses `GET`, `PUT, PATCH` or `any`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.trim() == "any" {
            return Ok(Self::ANY);
        }
        let mut set = Self::default();
        for name in text.split(',').map(str::trim) {
            let known = KNOWN.iter().position(|method| method.as_str() == name);
            let index = known.ok_or_else(|| problem_with(name))?;
            if set.known & (1 << index) != 0 {
                return Err(format!("{name} stands twice"));
            }
            set.known |= 1 << index;
        }
        Ok(set)
    }

    pub(crate) fn contains(self, method: &Method) -> bool {
        match KNOWN.iter().position(|known| known == method) {
            Some(index) => self.known & (1 << index) != 0,
            None => self.extensions && !matches!(*method, Method::CONNECT | Method::TRACE),
        }
    }

    pub(crate) fn union(self, other: Self) -> Self {
        Self {
            known: self.known | other.known,
            extensions: self.extensions || other.extensions,
        }
    }

    pub(crate) fn intersection(self, other: Self) -> Self {
        Self {
            known: self.known & other.known,
            extensions: self.extensions && other.extensions,
        }
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        Self {
            known: self.known & !other.known,
            extensions: self.extensions && !other.extensions,
        }
    }

    pub(crate) fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// The set with `HEAD` added where `GET` is (RFC 9110 section 9.3.2).
    pub(crate) fn with_implied_head(self) -> Self {
        let head = if self.known & 1 != 0 { 0b10 } else { 0 };
        Self {
            known: self.known | head,
            ..self
        }
    }
}

fn problem_with(name: &str) -> String {
    if name == "any" {
        return "`any` stands alone".to_owned();
    }
    let upper = name.to_ascii_uppercase();
    if KNOWN.iter().any(|method| method.as_str() == upper) {
        format!("methods are case-sensitive: write {upper}")
    } else {
        format!("`{name}` is not one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS or `any`")
    }
}

/// The form of an `Allow` header (RFC 9110 section 10.2.1).
impl fmt::Display for MethodSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = KNOWN
            .iter()
            .enumerate()
            .filter(|(index, _)| self.known & (1 << index) != 0);
        for (position, (_, method)) in named.enumerate() {
            if position > 0 {
                f.write_str(", ")?;
            }
            f.write_str(method.as_str())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn method_lists_parse_and_print_as_allow() {
        let cases = [
            ("GET", "GET"),
            ("PUT, PATCH,POST", "POST, PUT, PATCH"),
            ("any", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
        ];
        for (text, allow) in cases {
            assert_eq!(MethodSet::parse(text).expect(text).to_string(), allow);
        }
        assert!(MethodSet::parse("get").expect_err("case").contains("write GET"));
        assert!(MethodSet::parse("FETCH").expect_err("unknown").contains("FETCH"));
        assert!(MethodSet::parse("GET, GET").is_err());
    }

    #[test]
    fn any_admits_extension_methods_but_neither_connect_nor_trace() {
        let report = Method::from_bytes(b"REPORT").expect("a token");
        assert!(MethodSet::ANY.contains(&report));
        assert!(!MethodSet::ANY.contains(&Method::TRACE));
        assert!(!MethodSet::ANY.contains(&Method::CONNECT));
        assert!(!MethodSet::parse("GET").expect("valid").contains(&report));
    }

    #[test]
    fn head_follows_get() {
        let set = MethodSet::parse("GET").expect("valid").with_implied_head();
        assert!(set.contains(&Method::HEAD));
        assert!(
            !MethodSet::parse("POST")
                .expect("valid")
                .with_implied_head()
                .contains(&Method::HEAD)
        );
    }
}
