//! Writes one JSON object as a line, field by field: the log's hot path, where a serialiser's generality costs half
//! the line.

use std::io::Write;
use std::time::{Duration, SystemTime};

/// A line in the making.
pub(super) struct JsonLine<'b>(&'b mut Vec<u8>);

impl<'b> JsonLine<'b> {
    /// Begins a line in place of what `buffer` holds.
    pub(super) fn begin(buffer: &'b mut Vec<u8>) -> Self {
        buffer.clear();
        buffer.push(b'{');
        Self(buffer)
    }

    /// A value of ours, known to need no escapes.
    pub(super) fn word(mut self, name: &str, value: &str) -> Self {
        self.name(name);
        self.0.push(b'"');
        self.0.extend_from_slice(value.as_bytes());
        self.0.push(b'"');
        self
    }

    /// A value of anybody's.
    pub(super) fn text(mut self, name: &str, value: &str) -> Self {
        if !needs_escapes(value) {
            return self.word(name, value);
        }
        self.name(name);
        // Writing a string to a Vec cannot fail.
        drop(serde_json::to_writer(&mut self.0, value));
        self
    }

    pub(super) fn time(mut self, name: &str, value: SystemTime) -> Self {
        self.name(name);
        drop(write!(self.0, "\"{}\"", humantime::format_rfc3339_millis(value)));
        self
    }

    pub(super) fn number(mut self, name: &str, value: u64) -> Self {
        self.name(name);
        drop(serde_json::to_writer(&mut self.0, &value));
        self
    }

    /// Seconds, with microseconds.
    pub(super) fn seconds(mut self, name: &str, value: Duration) -> Self {
        self = self.number(name, value.as_secs());
        let mut digits = *b".000000";
        let mut micros = value.subsec_micros();
        for digit in digits[1..].iter_mut().rev() {
            *digit += u8::try_from(micros % 10).unwrap_or_default();
            micros /= 10;
        }
        self.0.extend_from_slice(&digits);
        self
    }

    pub(super) fn null(mut self, name: &str) -> Self {
        self.name(name);
        self.0.extend_from_slice(b"null");
        self
    }

    /// Written only when it holds.
    pub(super) fn flag(mut self, name: &str, value: bool) -> Self {
        if value {
            self.name(name);
            self.0.extend_from_slice(b"true");
        }
        self
    }

    /// Written only when there is a value.
    pub(super) fn maybe<T>(self, name: &str, value: Option<T>, write: impl FnOnce(Self, &str, T) -> Self) -> Self {
        match value {
            Some(value) => write(self, name, value),
            None => self,
        }
    }

    /// Written as `null` when there is no value.
    pub(super) fn nullable<T>(self, name: &str, value: Option<T>, write: impl FnOnce(Self, &str, T) -> Self) -> Self {
        match value {
            Some(value) => write(self, name, value),
            None => self.null(name),
        }
    }

    pub(super) fn finish(self) {
        self.0.extend_from_slice(b"}\n");
    }

    fn name(&mut self, name: &str) {
        self.0.extend_from_slice(if self.0.len() > 1 { b",\"" } else { b"\"" });
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
    }
}

/// Looks at every byte, whatever the first ones say: so the compiler takes many at a time.
fn needs_escapes(value: &str) -> bool {
    let needs = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
    value.bytes().fold(false, |found, byte| found | needs(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_line_is_json_whatever_the_texts_are(text in ".*", micros in 0u64..10_000_000_000) {
            let mut line = Vec::new();
            JsonLine::begin(&mut line)
                .text("t", &text)
                .seconds("s", Duration::from_micros(micros))
                .number("n", micros)
                .flag("no", false)
                .flag("yes", true)
                .maybe("gone", None::<u64>, JsonLine::number)
                .nullable("null", None::<&str>, JsonLine::text)
                .word("w", "word")
                .finish();
            proptest::prop_assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
            let json: serde_json::Value = serde_json::from_slice(&line).expect("JSON");
            proptest::prop_assert_eq!(json["t"].as_str(), Some(text.as_str()));
            proptest::prop_assert_eq!(json["s"].as_f64().map(|s| (s * 1e6).round()), Some(micros as f64));
            proptest::prop_assert_eq!(json.as_object().map(serde_json::Map::len), Some(6));
        }
    }
}
