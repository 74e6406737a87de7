//! Puts fields into the JSON object of a request body; everything else of the body stays as the client wrote it.

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// The body is not a JSON object (answered 400).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request body is not a JSON object")]
pub(crate) struct NotAnObject;

/// The object with each of `fields` as a string; the client's own fields of those names are dropped.
pub(crate) fn inject(body: &[u8], fields: &[(String, String)]) -> Result<Vec<u8>, NotAnObject> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let members = deserializer.deserialize_map(Members).map_err(|_| NotAnObject)?;
    deserializer.end().map_err(|_| NotAnObject)?;
    let kept = members
        .iter()
        .filter(|(name, _)| !fields.iter().any(|(field, _)| field == name));
    let mut out = Vec::with_capacity(body.len() + 64);
    out.push(b'{');
    for (name, value) in kept {
        push_member(&mut out, name, value.get());
    }
    for (name, value) in fields {
        push_member(&mut out, name, &serde_json::Value::from(value.as_str()).to_string());
    }
    out.push(b'}');
    Ok(out)
}

fn push_member(out: &mut Vec<u8>, name: &str, json: &str) {
    if out.len() > 1 {
        out.push(b',');
    }
    out.extend_from_slice(serde_json::Value::from(name).to_string().as_bytes());
    out.push(b':');
    out.extend_from_slice(json.as_bytes());
}

/// The members in their order, duplicates kept, values unparsed.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(String, Box<RawValue>)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn injected(body: &str) -> Result<String, NotAnObject> {
        let fields = [("id".to_owned(), "a\"7".to_owned())];
        inject(body.as_bytes(), &fields).map(|bytes| String::from_utf8(bytes).expect("UTF-8"))
    }

    #[test]
    fn the_field_is_added_and_the_rest_kept_as_written() {
        let cases = [
            ("{}", r#"{"id":"a\"7"}"#),
            (
                r#"{"n": 1.10, "big": 123456789012345678901234567890}"#,
                r#"{"n":1.10,"big":123456789012345678901234567890,"id":"a\"7"}"#,
            ),
            (r#"{"id":"forged","x":[1, 2],"id":null}"#, r#"{"x":[1, 2],"id":"a\"7"}"#),
            (
                " {\"é\\u00e9\":\"\\u0041\"} \n",
                "{\"éé\":\"\\u0041\",\"id\":\"a\\\"7\"}",
            ),
        ];
        for (body, expected) in cases {
            assert_eq!(injected(body).as_deref(), Ok(expected), "{body}");
        }
    }

    #[test]
    fn anything_but_an_object_is_refused() {
        for body in ["", "[]", "null", "\"x\"", "{", "{} {}", "{\"a\":}", "not json"] {
            assert_eq!(injected(body), Err(NotAnObject), "{body}");
        }
    }
}
