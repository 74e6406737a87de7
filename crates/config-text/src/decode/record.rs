//! `record!`: a struct, its decoder and its schema from one text. Unknown and missing keys are reported here.

use serde_json::{Map, Value, json};

use super::{Decode, wrong_type};
use crate::code;
use crate::diagnostic::{Diagnostic, Diagnostics, Span, Spanned};
use crate::suggest::closest;
use crate::yaml::{Form, Kind, Node, Scalar};

/// Declares a mapping with fixed keys:
///
/// ```text
/// config_text::record! {
///     /// One group of backends that serve the same thing.
///     pub struct RawUpstream as "an upstream" {
///         /// Base URLs, tried in turn.
///         endpoints: required OneOrMany<Spanned<Url>>,
///         /// Put before every path.
///         base_path: optional Spanned<String>,       // the field is an `Option`
///         /// Whether the platform is down without it.
///         critical: default(false) bool,             // any JSON, decoded as if it had been written
///         /// The key differs from the field's name.
///         kind as "type": optional String,
///         /// Reported when it is missing, as `required` is, but the field is an `Option`.
///         health: needed RawHealth,
///     }
/// }
/// ```
///
/// The struct also gets `span`, the place of the whole mapping. A mistake in an optional key, or an unknown key,
/// is reported and costs only that key; a missing or broken required key costs the record, a needed one does not, so
/// that what else is wrong with the record comes to light in the same run.
#[macro_export]
macro_rules! record {
    (
        $(#[doc = $doc:literal])*
        $vis:vis struct $name:ident as $what:literal {
            $(
                $(#[doc = $field_doc:literal])*
                $field:ident $(as $key:literal)?: $presence:ident $(($($default:tt)+))? $type:path
            ),* $(,)?
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug)]
        $vis struct $name {
            #[allow(dead_code, reason = "every shape has its place, not every reader needs it")]
            $vis span: $crate::diagnostic::Span,
            $(
                $(#[doc = $field_doc])*
                $vis $field: $crate::record!(@type $presence $type),
            )*
        }

        impl $crate::decode::Decode for $name {
            const WHAT: &'static str = $what;

            fn decode(
                node: &$crate::yaml::Node,
                cx: &mut $crate::diagnostic::Diagnostics,
            ) -> Option<Self> {
                let known = [$($crate::record!(@key $field $($key)?)),*];
                let fields = $crate::decode::Fields::of(node, $what, &known, cx)?;
                $(
                    let name = $crate::record!(@key $field $($key)?);
                    let $field = $crate::record!(@read fields, name, cx, $presence $(($($default)+))? $type);
                )*
                Some(Self { span: node.span, $($field: $field?),* })
            }

            fn schema() -> $crate::serde_json::Value {
                use $crate::decode::{RecordSchema, description};

                let mut schema = RecordSchema::new(description(&[$($doc),*]));
                $(
                    let name = $crate::record!(@key $field $($key)?);
                    let about = description(&[$($field_doc),*]);
                    $crate::record!(@describe schema, name, about, $presence $(($($default)+))? $type);
                )*
                schema.finish()
            }
        }
    };

    // The key of a field: its own name unless another is given.
    (@key $field:ident) => { stringify!($field) };
    (@key $field:ident $key:literal) => { $key };

    (@type required $type:path) => { $type };
    (@type needed $type:path) => { Option<$type> };
    (@type optional $type:path) => { Option<$type> };
    (@type default $type:path) => { $type };

    // A field's value, `None` when the record cannot be had without it.
    (@read $fields:ident, $name:ident, $cx:ident, required $type:path) => {
        $fields.required::<$type>($name, $cx)
    };
    (@read $fields:ident, $name:ident, $cx:ident, needed $type:path) => {
        Some($fields.required::<$type>($name, $cx))
    };
    (@read $fields:ident, $name:ident, $cx:ident, optional $type:path) => {
        Some($fields.optional::<$type>($name, $cx))
    };
    (@read $fields:ident, $name:ident, $cx:ident, default($($default:tt)+) $type:path) => {
        $fields.or_default::<$type>($name, $crate::serde_json::json!($($default)+), $cx)
    };

    (@describe $schema:ident, $name:ident, $about:ident, required $type:path) => {
        $schema.required::<$type>($name, $about)
    };
    (@describe $schema:ident, $name:ident, $about:ident, needed $type:path) => {
        $schema.required::<$type>($name, $about)
    };
    (@describe $schema:ident, $name:ident, $about:ident, optional $type:path) => {
        $schema.optional::<$type>($name, $about)
    };
    (@describe $schema:ident, $name:ident, $about:ident, default($($default:tt)+) $type:path) => {
        $schema.with_default::<$type>($name, $about, $crate::serde_json::json!($($default)+))
    };
}

/// The keys of one mapping, checked against the known ones.
pub struct Fields<'n> {
    entries: &'n [(Spanned<String>, Node)],
    span: Span,
    what: &'static str,
    /// Known keys that an unknown one was probably meant to be.
    misspelt: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    /// The keys of the mapping at this node; `None`, and reported, when something else stands there. Unknown keys are reported.
    pub fn of(node: &'n Node, what: &'static str, known: &[&'static str], cx: &mut Diagnostics) -> Option<Self> {
        let Kind::Mapping(entries) = &node.kind else {
            wrong_type(node, what, cx);
            return None;
        };
        let mut misspelt = Vec::new();
        let unknown = entries.iter().filter(|(key, _)| !known.contains(&key.as_str()));
        for (key, _) in unknown {
            let near = closest(key, known.iter().copied());
            misspelt.extend(near);
            cx.push(unknown_key(what, key, near, known));
        }
        Some(Self {
            entries,
            span: node.span,
            what,
            misspelt,
        })
    }

    fn get(&self, name: &str) -> Option<&'n Node> {
        let mut entries = self.entries.iter();
        entries.find(|(key, _)| key.value == name).map(|(_, value)| value)
    }

    /// The value of a key; `None`, and reported, when it is missing or no good.
    pub fn required<T: Decode>(&self, name: &str, cx: &mut Diagnostics) -> Option<T> {
        if let Some(node) = self.get(name) {
            return T::decode(node, cx);
        }
        if !self.misspelt.contains(&name) {
            cx.push(self.missing_key(name));
        }
        None
    }

    fn missing_key(&self, name: &str) -> Diagnostic {
        // The first key stands for the mapping, which may be hundreds of lines long.
        let place = self.entries.first().map_or(self.span, |(key, _)| key.span);
        let message = format!("{} needs the key `{name}`", self.what);
        Diagnostic::error(code::MISSING_KEY, place, message).label(format!("missing `{name}`"))
    }

    /// The value of a key; `None` when it is missing, or no good and reported.
    pub fn optional<T: Decode>(&self, name: &str, cx: &mut Diagnostics) -> Option<T> {
        T::decode(self.get(name)?, cx)
    }

    /// The default also stands in for a value that has been reported.
    pub fn or_default<T: Decode>(&self, name: &str, default: Value, cx: &mut Diagnostics) -> Option<T> {
        if let Some(value) = self.optional(name, cx) {
            return Some(value);
        }
        T::decode(&written(default, self.span), cx)
    }
}

fn unknown_key(what: &str, key: &Spanned<String>, near: Option<&str>, known: &[&str]) -> Diagnostic {
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known keys: {}", known.join(", ")),
    };
    let message = format!("{what} has no key `{}`", key.value);
    Diagnostic::error(code::UNKNOWN_KEY, key.span, message)
        .label("unknown key")
        .help(help)
}

/// The node that would have been read, had the value been written in the file.
fn written(value: Value, span: Span) -> Node {
    let scalar = |text: String, form| Kind::Scalar(Scalar { text, form });
    let kind = match value {
        Value::Null => scalar(String::new(), Form::Plain),
        Value::Bool(value) => scalar(value.to_string(), Form::Plain),
        Value::Number(value) => scalar(value.to_string(), Form::Plain),
        Value::String(text) => scalar(text, Form::Quoted),
        Value::Array(items) => Kind::Sequence(items.into_iter().map(|item| written(item, span)).collect()),
        Value::Object(entries) => Kind::Mapping(
            entries
                .into_iter()
                .map(|(key, value)| {
                    let key = Spanned::new(key, span);
                    (key, written(value, span))
                })
                .collect(),
        ),
    };
    Node { kind, span }
}

/// The schema of a mapping with fixed keys, key by key.
pub struct RecordSchema {
    description: String,
    properties: Map<String, Value>,
    required: Vec<&'static str>,
}

impl RecordSchema {
    /// Without any key.
    pub fn new(description: String) -> Self {
        Self {
            description,
            properties: Map::new(),
            required: Vec::new(),
        }
    }

    /// Adds a key that must be there.
    pub fn required<T: Decode>(&mut self, name: &'static str, about: String) {
        self.required.push(name);
        self.property::<T>(name, about);
    }

    /// Adds a key that may be left out.
    pub fn optional<T: Decode>(&mut self, name: &'static str, about: String) {
        self.property::<T>(name, about);
    }

    /// Adds a key that has this value when it is left out.
    pub fn with_default<T: Decode>(&mut self, name: &'static str, about: String, default: Value) {
        self.property::<T>(name, about)["default"] = default;
    }

    fn property<T: Decode>(&mut self, name: &'static str, about: String) -> &mut Value {
        let property = self.properties.entry(name).or_insert_with(T::schema);
        if !about.is_empty() {
            property["description"] = Value::String(about);
        }
        property
    }

    /// The schema, which admits no other keys.
    pub fn finish(self) -> Value {
        json!({
            "type": "object",
            "description": self.description,
            "properties": self.properties,
            "required": self.required,
            "additionalProperties": false,
        })
    }
}

/// A doc comment as one line.
pub fn description(doc: &[&str]) -> String {
    let lines: Vec<&str> = doc.iter().map(|line| line.trim()).collect();
    lines.join(" ")
}
