//! `application/x-www-form-urlencoded` text (URL standard, section 5), of bodies and of queries, as one typed value.
//!
//! Lists and objects are written as HTML forms and qs write them: `list[]=a`, `list[0]=a` or `list=a&list=b`, and `object[member]=a`.
//! A name that can't be understood is refused: it may have been a restriction.

mod field;

use super::body_limits::BodyLimits;
use super::error::Refusal;
use super::field_at_fault::field_at_fault;
use field::Field;
use serde::de::DeserializeOwned;

/// Why the text is no fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unreadable {
    #[error("can't be read")]
    NotUtf8,
    #[error("has too many fields")]
    TooManyFields,
    #[error("has too many levels")]
    TooDeep,
    #[error("has a field with brackets out of place")]
    Brackets,
    #[error("has a field that is both a text and more than that")]
    TwoKinds,
}

/// The fields, not typed yet.
#[derive(Debug)]
pub(super) struct Fields(Field);

impl Fields {
    pub(super) fn read(bytes: &[u8], limits: &BodyLimits) -> Result<Self, Unreadable> {
        let pairs = bytes.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
        let mut all = Field::object();
        for (index, pair) in pairs.enumerate() {
            if index >= limits.items {
                return Err(Unreadable::TooManyFields);
            }
            let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            let name = decoded(&pair[..at])?;
            let value = decoded(pair.get(at + 1..).unwrap_or_default())?;
            let path = path(&name)?;
            if path.len() > limits.depth {
                return Err(Unreadable::TooDeep);
            }
            all.insert(&path, value)?;
        }
        Ok(Self(all))
    }

    pub(super) fn typed<T: DeserializeOwned>(self) -> Result<T, Refusal> {
        serde_path_to_error::deserialize(self.0)
            .map_err(|error| field_at_fault(&error.path().to_string(), &error.inner().to_string()))
    }
}

/// `a[b][]` is `a`, `b` and an empty name, which stands for the next place of a list.
fn path(name: &str) -> Result<Vec<&str>, Unreadable> {
    let (first, mut rest) = name.split_at(name.find('[').unwrap_or(name.len()));
    let mut path = vec![first];
    while let Some(inner) = rest.strip_prefix('[') {
        let (segment, behind) = inner.split_once(']').ok_or(Unreadable::Brackets)?;
        path.push(segment);
        rest = behind;
    }
    let is_odd = |segment: &&str| segment.contains(['[', ']']);
    match rest.is_empty() && !path.iter().any(is_odd) && (path.len() == 1 || !first.is_empty()) {
        true => Ok(path),
        false => Err(Unreadable::Brackets),
    }
}

/// A `%` without two hexadecimal digits stands for itself, as in the standard; what is not UTF-8 stands for nothing.
fn decoded(text: &[u8]) -> Result<String, Unreadable> {
    let digit = |at: usize| text.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let escaped = digit(at + 1).zip(digit(at + 2)).filter(|_| *byte == b'%');
        let (value, length) = match (escaped, byte) {
            (Some((high, low)), _) => (u8::try_from(high * 16 + low).unwrap_or_default(), 3),
            (None, b'+') => (b' ', 1),
            (None, other) => (*other, 1),
        };
        bytes.push(value);
        at += length;
    }
    String::from_utf8(bytes).map_err(|_| Unreadable::NotUtf8)
}
