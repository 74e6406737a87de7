use super::*;

fn presented(lines: &[(&'static str, &'static str)]) -> Result<Presented, Refusal> {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(*name, HeaderValue::from_static(value));
    }
    Presented::read(&headers)
}

fn single(lines: &[(&'static str, &'static str)]) -> Result<Option<Credential>, Refusal> {
    presented(lines)?.single().map(Option::<&Credential>::cloned)
}

#[test]
fn a_credential_is_read_from_each_of_its_places() {
    let cases: [(&'static str, &'static str, &str, &str); 8] = [
        ("authorization", "Bearer abc.def", "Token", "abc.def"),
        ("authorization", "bearer  abc", "Token", "abc"),
        ("authorization", "MCP abc", "Token", "abc"),
        ("authorization", "Bearer lano_x", "ApiKey", "lano_x"),
        ("authorization", "Bearer vx_x", "ApiKey", "vx_x"),
        ("x-api-key", "lns_x", "ApiKey", "lns_x"),
        ("x-mcp-auth", "abc", "Token", "abc"),
        ("cookie", "a=1; lanonasis_session=hdl; b=2", "Session", "hdl"),
    ];
    for (name, value, kind, text) in cases {
        let credential = single(&[(name, value)]).expect("readable").expect("there");
        assert_eq!(credential.text().expose(), text);
        assert!(format!("{credential:?}").starts_with(kind), "{name}: {value}");
    }
    assert!(single(&[]).expect("readable").is_none());
}

#[test]
fn two_different_credentials_are_refused_and_one_sent_twice_is_one() {
    let conflicts: [&[(&str, &str)]; 4] = [
        &[("authorization", "Bearer a"), ("x-api-key", "lano_b")],
        &[("authorization", "Bearer a"), ("cookie", "lanonasis_session=b")],
        &[("authorization", "Bearer a"), ("authorization", "Bearer b")],
        &[("cookie", "lanonasis_session=a"), ("cookie", "lanonasis_session=b")],
    ];
    for lines in conflicts {
        assert_eq!(
            single(lines).expect_err("refused"),
            Refusal::ConflictingCredentials,
            "{lines:?}"
        );
    }
    let same = single(&[("authorization", "Bearer lano_a"), ("x-api-key", "lano_a")]);
    assert!(same.expect("readable").is_some());
}

#[test]
fn each_place_can_be_asked_for_alone() {
    let presented = presented(&[("authorization", "Bearer a"), ("cookie", "lanonasis_session=b")]).expect("readable");
    let text = |carrier| presented.at(carrier).map(|found| found.text().expose());
    assert_eq!((text(Carrier::Bearer), text(Carrier::Cookie)), (Some("a"), Some("b")));
    assert_eq!(text(Carrier::ApiKeyHeader), None);
}

#[test]
fn what_is_no_credential_is_refused() {
    for (name, value) in [
        ("authorization", "Basic dTpw"),
        ("authorization", "Bearer"),
        ("authorization", "Bearer "),
        ("authorization", "Bearer a b"),
        ("x-api-key", ""),
    ] {
        assert_eq!(
            single(&[(name, value)]).expect_err("refused"),
            Refusal::MalformedCredential,
            "{name}: {value}"
        );
    }
}

#[test]
fn a_credential_cannot_be_printed() {
    let presented = presented(&[
        ("authorization", "Bearer s3cr3t"),
        ("cookie", "lanonasis_session=s3cr3t"),
    ]);
    assert!(!format!("{presented:?}").contains("s3cr3t"));
}
