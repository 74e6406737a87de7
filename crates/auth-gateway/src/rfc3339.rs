//! Times as RFC 3339 writes them, with any offset.

use event_store::Timestamp;

/// `Z`, or `+hh:mm` and `-hh:mm` (section 5.6), of which case does not matter in letters.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.to_ascii_uppercase();
    let (local, offset) = match text.strip_suffix('Z') {
        Some(local) => (local, 0),
        None => {
            let (local, offset) = text.split_at_checked(text.len().checked_sub("+hh:mm".len())?)?;
            (local, minutes(offset)?)
        }
    };
    let local: Timestamp = humantime::parse_rfc3339(&format!("{local}Z")).ok()?.into();
    Some(Timestamp(local.0 - offset * 60_000))
}

fn minutes(offset: &str) -> Option<i64> {
    let (sign, time) = offset.split_at_checked(1)?;
    let sign = match sign {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let (hours, minutes) = time.split_once(':')?;
    let number = |text: &str, most: i64| -> Option<i64> {
        let is_number = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|number| is_number && *number <= most)
    };
    Some(sign * (number(hours, 23)? * 60 + number(minutes, 59)?))
}

#[cfg(test)]
mod tests {
    use super::parse;
    use event_store::Timestamp;

    #[test]
    fn an_offset_is_taken_off_and_nothing_else_is_a_time() {
        let noon = Some(Timestamp::from_seconds(43_200));
        for text in [
            "1970-01-01T12:00:00Z",
            "1970-01-01t12:00:00z",
            "1970-01-01T13:30:00+01:30",
            "1970-01-01T11:00:00.0-01:00",
        ] {
            assert_eq!(parse(text), noon, "{text}");
        }
        for text in [
            "",
            "Z",
            "1970-01-01T12:00:00",
            "1970-01-01T12:00:00+1",
            "1970-01-01T12:00:00+24:00",
            "1970-01-01T12:00:00+01:60",
            "1970-01-01T12:00:00+-1:00",
            "1970-01-01T12:00:00 01:00",
            "1970-01-01T12:00:00ä01:00",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
