//! A field of a form. Text is all it has; the type that it is read into says where that is a number, a flag or a list.

use super::Unreadable;
use crate::http::field_at_fault::TWICE;
use serde::de::value::{Error, MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, Error as _, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;
use std::collections::BTreeMap;

#[derive(Debug)]
pub(super) enum Field {
    Text(String),
    /// The same name again: a list where one is wanted, and a mistake elsewhere.
    Repeated(Vec<String>),
    List(Vec<Field>),
    Object(BTreeMap<String, Field>),
}

impl Field {
    pub(super) fn object() -> Self {
        Self::Object(BTreeMap::new())
    }

    /// Puts a value where `path` leads.
    pub(super) fn insert(&mut self, path: &[&str], value: String) -> Result<(), Unreadable> {
        match (self, path) {
            (Self::Object(members), [name, rest @ ..]) if !name.is_empty() || rest.is_empty() => {
                match members.get_mut(*name) {
                    Some(member) => member.insert(rest, value),
                    None => {
                        let member = Self::new(rest, value)?;
                        members.insert((*name).to_owned(), member);
                        Ok(())
                    }
                }
            }
            (Self::List(items), [""]) => {
                items.push(Self::Text(value));
                Ok(())
            }
            (Self::Repeated(texts), []) => {
                texts.push(value);
                Ok(())
            }
            (first @ Self::Text(_), []) => {
                let Self::Text(text) = std::mem::replace(first, Self::Repeated(Vec::new())) else {
                    return Err(Unreadable::TwoKinds);
                };
                *first = Self::Repeated(vec![text, value]);
                Ok(())
            }
            _ => Err(Unreadable::TwoKinds),
        }
    }

    fn new(path: &[&str], value: String) -> Result<Self, Unreadable> {
        match path {
            [] => Ok(Self::Text(value)),
            [""] => Ok(Self::List(vec![Self::Text(value)])),
            ["", ..] => Err(Unreadable::Brackets),
            _ => {
                let mut object = Self::object();
                object.insert(path, value)?;
                Ok(object)
            }
        }
    }

    /// An object whose members are 0, 1, 2 and so on is a list.
    fn with_indices(self) -> Self {
        match self {
            Self::Object(mut members) if !members.is_empty() => {
                let count = members.len();
                let is_list = (0..count).all(|index| members.contains_key(&index.to_string()));
                match is_list {
                    true => Self::List(
                        (0..count)
                            .filter_map(|index| members.remove(&index.to_string()))
                            .collect(),
                    ),
                    false => Self::Object(members),
                }
            }
            other => other,
        }
    }

    /// The one text, for what is no list.
    fn text(self) -> Result<Result<String, Self>, Error> {
        match self {
            Self::Text(text) => Ok(Ok(text)),
            Self::Repeated(_) => Err(Error::custom(TWICE)),
            other => Ok(Err(other)),
        }
    }
}

impl IntoDeserializer<'_, Error> for Field {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! parsed {
    ($($method:ident $visit:ident),+ $(,)?) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.text()? {
                Ok(text) => match text.parse() {
                    Ok(value) => visitor.$visit(value),
                    Err(_) => Err(Error::invalid_type(Unexpected::Str(&text), &visitor)),
                },
                Err(other) => other.deserialize_any(visitor),
            }
        }
    )+ };
}

impl<'de> Deserializer<'de> for Field {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.with_indices() {
            Self::Text(text) => visitor.visit_string(text),
            Self::Repeated(texts) => SeqDeserializer::new(texts.into_iter()).deserialize_any(visitor),
            Self::List(items) => SeqDeserializer::new(items.into_iter()).deserialize_any(visitor),
            Self::Object(members) => MapDeserializer::new(members.into_iter()).deserialize_any(visitor),
        }
    }

    parsed! {
        deserialize_bool visit_bool,
        deserialize_u8 visit_u8, deserialize_u16 visit_u16, deserialize_u32 visit_u32, deserialize_u64 visit_u64,
        deserialize_i8 visit_i8, deserialize_i16 visit_i16, deserialize_i32 visit_i32, deserialize_i64 visit_i64,
        deserialize_f32 visit_f32, deserialize_f64 visit_f64,
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.text()? {
            Ok(text) => visitor.visit_string(text),
            Err(other) => other.deserialize_any(visitor),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_string(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.text()? {
            Ok(text) => text.into_deserializer().deserialize_enum(name, variants, visitor),
            Err(other) => other.deserialize_any(visitor),
        }
    }

    /// One text is a list of one.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Text(text) => Self::Repeated(vec![text]).deserialize_any(visitor),
            other => other.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Repeated(_) => Err(Error::custom(TWICE)),
            other => other.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        i128 u128 char bytes byte_buf unit unit_struct tuple tuple_struct map struct identifier
    }
}
