//! JSON bodies: one object, each member once, bounded in depth and number.
//!
//! A member that stands twice is read differently by different programs, so it is refused rather than chosen from.

use crate::http::body_limits::BodyLimits;
use crate::http::error::Refusal;
use crate::http::field_at_fault::field_at_fault;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::cell::Cell;
use std::fmt;

pub(super) fn typed<T: DeserializeOwned>(bytes: &[u8], limits: &BodyLimits) -> Result<T, Refusal> {
    let mut value = object(bytes, limits)?;
    leave_out_nulls(&mut value);
    serde_path_to_error::deserialize(value)
        .map_err(|error| field_at_fault(&error.path().to_string(), &error.inner().to_string()))
}

fn object(bytes: &[u8], limits: &BodyLimits) -> Result<Value, Refusal> {
    let items_left = Cell::new(limits.items);
    let strict = Strict {
        depth_left: limits.depth,
        items_left: &items_left,
    };
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = strict
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value));
    match value {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err(Refusal::BodyMissing),
        Err(error) => Err(Refusal::BodyMalformed(why(&error))),
    }
}

/// Clients write `null` for what they do not say, whatever the field's type.
fn leave_out_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(leave_out_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(leave_out_nulls),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Only our own texts, and positions: serde_json's may repeat what was sent.
fn why(error: &serde_json::Error) -> String {
    let place = format!("line {} column {}", error.line(), error.column());
    let text = error.to_string();
    match BOUNDS.iter().find(|bound| text.starts_with(*bound)) {
        Some(bound) => format!("The request body has {bound}, at {place}"),
        None => format!("The request body is not JSON, at {place}"),
    }
}

const TWICE: &str = "a member twice";
const TOO_DEEP: &str = "too many levels";
const TOO_MANY: &str = "too many members";
const BOUNDS: [&str; 3] = [TWICE, TOO_DEEP, TOO_MANY];

#[derive(Clone, Copy)]
struct Strict<'c> {
    depth_left: usize,
    items_left: &'c Cell<usize>,
}

impl Strict<'_> {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        let depth_left = self.depth_left.checked_sub(1).ok_or_else(|| E::custom(TOO_DEEP))?;
        Ok(Self { depth_left, ..self })
    }

    fn count<E: Error>(self) -> Result<(), E> {
        let left = self
            .items_left
            .get()
            .checked_sub(1)
            .ok_or_else(|| E::custom(TOO_MANY))?;
        self.items_left.set(left);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            self.count()?;
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            self.count()?;
            let value = members.next_value_seed(inner)?;
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom(TWICE));
            }
        }
        Ok(Value::Object(object))
    }
}
