//! Times as operators write them: RFC 3339, or how long ago.

use anyhow::bail;
use event_store::Timestamp;

use crate::rfc3339;

/// # Errors
/// The text is neither; the error says what would be.
pub(super) fn moment(text: &str, now: Timestamp) -> anyhow::Result<Timestamp> {
    if let Some(time) = rfc3339::parse(text) {
        return Ok(time);
    }
    match humantime::parse_duration(text) {
        Ok(ago) => Ok(now.minus(ago)),
        Err(_) => bail!("`{text}` is no time: write 2026-03-01T12:00:00Z, or 24h for as long ago"),
    }
}

#[cfg(test)]
mod tests {
    use super::moment;
    use event_store::Timestamp;

    #[test]
    fn a_time_is_a_date_or_how_long_ago() {
        let now = Timestamp::from_seconds(1_000_000);
        assert_eq!(
            moment("1970-01-02T00:00:00Z", now).unwrap(),
            Timestamp::from_seconds(86_400)
        );
        assert_eq!(moment("1h 1s", now).unwrap(), Timestamp::from_seconds(1_000_000 - 3601));
        let refused = moment("yesterday", now).unwrap_err().to_string();
        assert!(refused.contains("`yesterday`") && refused.contains("24h"), "{refused}");
    }
}
