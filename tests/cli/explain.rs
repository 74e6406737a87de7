use crate::workspace::Workspace;

/// Ids are made anew for each request.
fn settled(text: &str) -> String {
    let line = |line: &str| match line.trim_start().split_once(": ") {
        Some((name @ ("x-request-id" | "traceparent"), _)) => format!("  {name}: (made)"),
        _ => line.to_owned(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn explained(args: &[&str]) -> String {
    let run = Workspace::new().run(&[&["explain"], args].concat());
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    assert!(!run.stdout.contains("s3cret-key"), "a secret is never shown");
    settled(&run.stdout)
}

#[test]
fn a_rewritten_request_is_shown_as_the_upstream_gets_it() {
    let text = explained(&[
        "GET",
        "https://api.example/x/../memory//7?debug=1",
        "-H",
        "Accept: */*",
        "-H",
        "X-User-Id: 1",
        "-H",
        "X-Other: 1",
    ]);
    insta::assert_snapshot!("explain-get", text);
}

#[test]
fn a_body_field_and_the_losing_candidates_are_shown() {
    insta::assert_snapshot!("explain-put", explained(&["PUT", "/memory/a%20b"]));
}

#[test]
fn refusals_are_explained() {
    insta::assert_snapshot!("explain-405", explained(&["DELETE", "/memory/7"]));
    insta::assert_snapshot!("explain-400", explained(&["GET", "/a%2fb"]));
    insta::assert_snapshot!("explain-421", explained(&["GET", "https://other.example/"]));
}

#[test]
fn a_preflight_is_explained() {
    let text = explained(&[
        "OPTIONS",
        "/memory/7",
        "-H",
        "Origin: https://app.example",
        "-H",
        "Access-Control-Request-Method: PUT",
    ]);
    insta::assert_snapshot!("explain-preflight", text);
}

#[test]
fn json_has_the_same_facts() {
    let run = Workspace::new().run(&["explain", "GET", "/memory/7", "-o", "json"]);
    let json: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(json["route"], "memory-item");
    assert_eq!(
        json["upstream_request"]["request_line"],
        "GET /functions/v1/memory-get/7"
    );
    assert_eq!(json["candidates"][0]["verdict"], "chosen");
}

#[test]
fn nonsense_is_refused_with_a_reason() {
    for (args, reason) in [(["GET", "example.org"], "give a URL"), (["G T", "/"], "not a token")] {
        let run = Workspace::new().run(&[&["explain"][..], &args].concat());
        assert_eq!(run.code, Some(1));
        assert!(run.stderr.contains(reason), "{}", run.stderr);
    }
}
