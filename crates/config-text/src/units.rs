//! Durations (`500ms 30s 5m 2h 1d`) and sizes (`512B 64KiB 10MiB 1GiB`) as people write them.

use std::time::Duration;

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(u64);

impl ByteSize {
    /// So many bytes.
    pub const fn from_bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// How many bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

const DURATIONS: [(&str, u64); 5] = [
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];

const SIZES: [(&str, u64); 4] = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

/// What an editor may check a duration against.
pub const DURATION_PATTERN: &str = "^[0-9]+(ms|s|m|h|d)$";

/// What an editor may check a size with a unit against.
pub const SIZE_PATTERN: &str = "^[0-9]+(B|KiB|MiB|GiB)$";

/// On failure, what a duration looks like.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    parse(text, &DURATIONS)
        .map(Duration::from_millis)
        .ok_or_else(|| "a duration is a number and a unit: `500ms`, `30s`, `5m`, `2h` or `1d`".to_owned())
}

/// A duration as it is written in files: the largest unit that divides it. Less than a millisecond is left out.
pub fn write_duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    let fitting = DURATIONS
        .iter()
        .rev()
        .find(|(_, factor)| millis > 0 && millis.is_multiple_of(u128::from(*factor)));
    match fitting {
        Some((unit, factor)) => format!("{}{unit}", millis / u128::from(*factor)),
        None => "0s".to_owned(),
    }
}

/// A number without a unit counts bytes. On failure, what a size looks like.
pub fn parse_size(text: &str) -> Result<ByteSize, String> {
    digits(text)
        .or_else(|| parse(text, &SIZES))
        .map(ByteSize)
        .ok_or_else(|| "a size is a number of bytes, or a number and a unit: `64KiB`, `10MiB` or `1GiB`".to_owned())
}

fn parse(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit_at);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    digits(number)?.checked_mul(*factor)
}

/// Digits only: `u64::from_str` alone would also take a leading `+`.
fn digits(text: &str) -> Option<u64> {
    let only_digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    only_digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::{parse_duration, parse_size, write_duration};

    #[test]
    fn durations_are_read_in_every_unit() {
        let cases = [
            ("500ms", Some(500)),
            ("30s", Some(30_000)),
            ("5m", Some(300_000)),
            ("2h", Some(7_200_000)),
            ("1d", Some(86_400_000)),
            ("0s", Some(0)),
            ("30", None),
            ("s", None),
            ("", None),
            ("30 s", None),
            ("-1s", None),
            ("+1s", None),
            ("1.5s", None),
            ("1h30m", None),
            ("5M", None),
            ("5w", None),
            ("18446744073709551615d", None),
            ("18446744073709551616ms", None),
            ("٣s", None),
        ];
        for (text, millis) in cases {
            let parsed = parse_duration(text).ok().map(|duration| duration.as_millis());
            assert_eq!(parsed, millis, "{text}");
        }
    }

    #[test]
    fn sizes_are_read_in_every_unit_and_without_one() {
        let cases = [
            ("512", Some(512)),
            ("512B", Some(512)),
            ("64KiB", Some(65_536)),
            ("10MiB", Some(10_485_760)),
            ("1GiB", Some(1_073_741_824)),
            ("10MB", None),
            ("10mib", None),
            ("+1", None),
            ("1.5MiB", None),
            ("", None),
            ("18446744073709551615GiB", None),
        ];
        for (text, bytes) in cases {
            assert_eq!(parse_size(text).ok().map(super::ByteSize::bytes), bytes, "{text}");
        }
    }

    #[test]
    fn a_duration_is_written_in_its_largest_unit() {
        for text in [
            "0s", "1ms", "999ms", "1s", "90s", "1m", "90m", "1h", "25h", "1d", "365d",
        ] {
            assert_eq!(write_duration(parse_duration(text).unwrap()), text);
        }
    }
}
