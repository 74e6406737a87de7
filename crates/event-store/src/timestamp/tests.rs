use super::*;

#[test]
fn a_moment_is_displayed_as_rfc_3339_with_milliseconds() {
    let table = [
        (0, "1970-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (951_868_800_000, "2000-03-01T00:00:00.000Z"),
        (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
        (4_107_542_399_000, "2100-02-28T23:59:59.000Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        (1_234_567_890_123, "2009-02-13T23:31:30.123Z"),
    ];
    for (millis, expected) in table {
        assert_eq!(Timestamp(millis).to_string(), expected);
    }
}

#[test]
fn a_moment_is_an_integer_in_json() {
    assert_eq!(serde_json::to_string(&Timestamp(5)).unwrap(), "5");
    assert_eq!(serde_json::from_str::<Timestamp>("5").unwrap(), Timestamp(5));
}

#[test]
fn arithmetic_stops_at_the_ends_of_time() {
    assert_eq!(Timestamp(i64::MAX).plus(Duration::MAX), Timestamp(i64::MAX));
    assert_eq!(Timestamp(1).since(Timestamp(2)), Duration::ZERO);
    assert_eq!(Timestamp(1_500).since(Timestamp(500)), Duration::from_secs(1));
    assert_eq!(Timestamp(-1).seconds(), -1);
    assert_eq!(
        Timestamp::from(UNIX_EPOCH + Duration::from_millis(7)).minus(Duration::from_millis(2)),
        Timestamp(5)
    );
}
