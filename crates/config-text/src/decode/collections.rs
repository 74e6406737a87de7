//! Lists, one-or-many, and mappings with free keys. A bad item is reported and left out; its neighbours are kept.

use std::ops::Deref;

use serde_json::{Value, json};

use super::{Decode, list_of, wrong_type};
use crate::code;
use crate::diagnostic::{Diagnostic, Diagnostics, Spanned};
use crate::yaml::{Kind, Node};

impl<T: Decode> Decode for Vec<T> {
    const WHAT: &'static str = "a list";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        match &node.kind {
            Kind::Sequence(items) => decode_items(items, cx),
            Kind::Scalar(_) | Kind::Mapping(_) | Kind::Reported => {
                wrong_type(node, &list_of(T::WHAT), cx);
                None
            }
        }
    }

    fn schema() -> Value {
        json!({ "type": "array", "items": T::schema() })
    }
}

/// `None` when nothing is left: an empty list would look as if it had been written.
fn decode_items<T: Decode>(items: &[Node], cx: &mut Diagnostics) -> Option<Vec<T>> {
    let decoded: Vec<T> = items.iter().filter_map(|item| T::decode(item, cx)).collect();
    (items.is_empty() || !decoded.is_empty()).then_some(decoded)
}

/// One value, or a list with at least one.
#[derive(Clone, Debug)]
pub struct OneOrMany<T>(Vec<T>);

impl<T> Deref for OneOrMany<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> IntoIterator for OneOrMany<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<T: Decode> Decode for OneOrMany<T> {
    const WHAT: &'static str = T::WHAT;

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        match &node.kind {
            Kind::Sequence(items) if items.is_empty() => {
                let message = format!("expected {}, found an empty list", one_or_many(T::WHAT));
                cx.push(Diagnostic::error(code::INVALID_VALUE, node.span, message));
                None
            }
            Kind::Sequence(items) => decode_items(items, cx).map(Self),
            Kind::Scalar(_) if node.is_null() => {
                wrong_type(node, &one_or_many(T::WHAT), cx);
                None
            }
            Kind::Scalar(_) | Kind::Mapping(_) | Kind::Reported => T::decode(node, cx).map(|one| Self(vec![one])),
        }
    }

    fn schema() -> Value {
        let one = T::schema();
        json!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
    }
}

fn one_or_many(what: &str) -> String {
    match what {
        "" => "a value or a list".to_owned(),
        _ => format!("{what} or {}", list_of(what)),
    }
}

/// A mapping whose keys are names of the writer's choice, in file order.
#[derive(Clone, Debug)]
pub struct Entries<T> {
    entries: Vec<(Spanned<String>, T)>,
    /// Names whose values were reported and left out.
    broken: Vec<String>,
}

impl<T> Entries<T> {
    /// Whether the name was written here, even if its value was no good: a reference to it is not dangling.
    pub fn names(&self, name: &str) -> bool {
        let mut whole = self.entries.iter().map(|(key, _)| &key.value);
        whole.any(|key| key == name) || self.broken.iter().any(|key| key == name)
    }
}

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            broken: Vec::new(),
        }
    }
}

impl<T> Deref for Entries<T> {
    type Target = [(Spanned<String>, T)];

    fn deref(&self) -> &Self::Target {
        &self.entries
    }
}

impl<T> IntoIterator for Entries<T> {
    type Item = (Spanned<String>, T);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl<T: Decode> Decode for Entries<T> {
    const WHAT: &'static str = "a mapping";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        let Kind::Mapping(written) = &node.kind else {
            wrong_type(node, "a mapping", cx);
            return None;
        };
        let mut decoded = Self::default();
        for (key, value) in written {
            match T::decode(value, cx) {
                Some(value) => decoded.entries.push((key.clone(), value)),
                None => decoded.broken.push(key.value.clone()),
            }
        }
        Some(decoded)
    }

    fn schema() -> Value {
        json!({ "type": "object", "additionalProperties": T::schema() })
    }
}
