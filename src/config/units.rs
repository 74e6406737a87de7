//! Durations (`500ms 30s 5m 2h 1d`) and sizes (`512B 64KiB 10MiB 1GiB`) as people write them.

use std::time::Duration;

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ByteSize(u64);

impl ByteSize {
    pub(crate) const fn from_bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    pub(crate) const fn bytes(self) -> u64 {
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

const SIZES: [(&str, u64); 4] = [
    ("B", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

/// What an editor may check a duration against.
pub(crate) const DURATION_PATTERN: &str = "^[0-9]+(ms|s|m|h|d)$";

/// What an editor may check a size with a unit against.
pub(crate) const SIZE_PATTERN: &str = "^[0-9]+(B|KiB|MiB|GiB)$";

/// On failure, what a duration looks like.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    parse(text, &DURATIONS)
        .map(Duration::from_millis)
        .ok_or_else(|| {
            "a duration is a number and a unit: `500ms`, `30s`, `5m`, `2h` or `1d`".to_owned()
        })
}

/// A number without a unit counts bytes. On failure, what a size looks like.
pub(crate) fn parse_size(text: &str) -> Result<ByteSize, String> {
    digits(text)
        .or_else(|| parse(text, &SIZES))
        .map(ByteSize)
        .ok_or_else(|| {
            "a size is a number of bytes, or a number and a unit: `64KiB`, `10MiB` or `1GiB`"
                .to_owned()
        })
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
mod tests;
