//! Golden text of the feed.

use super::*;

#[test]
fn a_revocation_is_one_server_sent_event() {
    let revocation = Revocation {
        position: 17,
        at: Instant::from_unix_millis(1_770_000_000_000),
        kind: RevocationKind::TokenFamily,
        id: "0197f3f0-0000-7000-8000-000000000004".to_owned(),
    };
    insta::assert_snapshot!("revocation-sse", revocation.to_sse());
}

#[test]
fn an_id_with_line_ends_stays_on_its_line() {
    let revocation = Revocation {
        position: 1,
        at: Instant::from_unix_millis(0),
        kind: RevocationKind::Client,
        id: "a\n\nid: 99".to_owned(),
    };
    let text = revocation.to_sse();
    assert_eq!(text.lines().count(), 4);
    let data = text.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
    assert_eq!(Revocation::from_data(data).unwrap(), revocation);
}

#[test]
fn kinds_have_these_names_and_others_are_unreadable() {
    let kinds = [
        ("session", RevocationKind::Session),
        ("token_family", RevocationKind::TokenFamily),
        ("user", RevocationKind::User),
        ("api_key", RevocationKind::ApiKey),
        ("client", RevocationKind::Client),
        ("signing_key", RevocationKind::SigningKey),
    ];
    for (name, kind) in kinds {
        assert_eq!(serde_json::to_value(kind).unwrap(), name);
    }
    let data = r#"{"position":1,"at":"2026-02-02T02:40:00.000Z","kind":"planet","id":"x"}"#;
    let refused = Revocation::from_data(data).unwrap_err().to_string();
    assert!(refused.contains("unknown variant `planet`"), "{refused}");
}
