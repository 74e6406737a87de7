//! Writes one JSON object as a line, field by field: the log's hot path, where a serialiser's generality costs half
//! the line.

use std::time::Duration;

/// A line in the making.
pub(super) struct JsonLine(Vec<u8>);

impl JsonLine {
    pub(super) fn new(capacity: usize) -> Self {
        let mut bytes = Vec::with_capacity(capacity);
        bytes.push(b'{');
        Self(bytes)
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
        self.name(name);
        // Writing a string to a Vec cannot fail.
        drop(serde_json::to_writer(&mut self.0, value));
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

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.0.extend_from_slice(b"}\n");
        self.0
    }

    fn name(&mut self, name: &str) {
        if self.0.len() > 1 {
            self.0.push(b',');
        }
        self.0.push(b'"');
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_line_is_json_whatever_the_texts_are(text in ".*", micros in 0u64..10_000_000_000) {
            let line = JsonLine::new(8)
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
