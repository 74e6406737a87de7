//! A point in time as the contract writes it: RFC 3339 text, UTC, milliseconds.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds since the Unix epoch, UTC; in JSON `"2026-03-01T12:00:00.000Z"`.
///
/// Never before 1970 nor after 9999, so that it can always be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The last millisecond of the year 9999.
    const LAST: u64 = 253_402_300_799_999;

    /// Times which RFC 3339 cannot write become the nearest which it can.
    #[must_use]
    pub fn from_unix_millis(millis: i64) -> Self {
        Self(u64::try_from(millis).unwrap_or(0).min(Self::LAST))
    }

    #[must_use]
    pub fn unix_millis(self) -> i64 {
        i64::try_from(self.0).expect("at most LAST")
    }

    /// Whole seconds, as in the claims of a JWT (RFC 7519 section 2, `NumericDate`); a part of a second is dropped.
    #[must_use]
    pub fn unix_seconds(self) -> i64 {
        self.unix_millis() / 1000
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = UNIX_EPOCH + Duration::from_millis(self.0);
        humantime::format_rfc3339_millis(time).fmt(f)
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time: SystemTime = humantime::parse_rfc3339(&text).map_err(D::Error::custom)?;
        let since = time.duration_since(UNIX_EPOCH).map_err(D::Error::custom)?;
        let millis = i64::try_from(since.as_millis()).map_err(D::Error::custom)?;
        Ok(Self::from_unix_millis(millis))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_out_of_range_become_the_nearest_writable() {
        assert_eq!(Instant::from_unix_millis(-1).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(
            Instant::from_unix_millis(i64::MAX).to_string(),
            "9999-12-31T23:59:59.999Z"
        );
    }

    proptest! {
        #[test]
        fn written_and_read_again_it_is_the_same(millis in 0i64..=253_402_300_799_999) {
            let instant = Instant::from_unix_millis(millis);
            let json = serde_json::to_string(&instant).unwrap();
            prop_assert_eq!(serde_json::from_str::<Instant>(&json).unwrap(), instant);
            prop_assert_eq!(instant.unix_millis(), millis);
        }
    }
}
