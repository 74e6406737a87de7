//! Keys of older systems: taken over if they can be presented.

use serde_json::json;

use crate::installation::Installation;

fn line(key: &str, prefix: Option<&str>) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, key.as_bytes());
    let hash: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let mut line = json!({"sha256": hash, "user": "ada@example.org", "name": key, "scopes": ["memories:read"]});
    if let Some(prefix) = prefix {
        line["prefix"] = prefix.into();
    }
    format!("{line}\n")
}

#[tokio::test]
async fn whatever_is_imported_can_be_presented_and_the_rest_is_refused_with_the_reason() {
    let installation = Installation::migrated();
    installation.user("ada@example.org");
    let hexadecimal = format!("lano_{}", "0a".repeat(32));
    let good = [
        (hexadecimal.as_str(), "lano_"),
        ("lns_oldkey1", "lns_"),
        ("vx_oldkey2", "vx_"),
    ];
    let lines: String = good.iter().map(|(key, prefix)| line(key, Some(prefix))).collect();
    let bad = [
        ("pk_0123456789abcdef", Some("pk_")),
        ("lano_live_0123", Some("lano_live_")),
        ("lns_untold", None),
    ];
    let refused: String = bad.iter().map(|(key, prefix)| line(key, *prefix)).collect();
    let run = installation.run_with(&["keys", "import", "-"], &(lines + &refused));
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(
        run.stderr.contains("3 imported, 0 here already, 3 refused"),
        "{}",
        run.stderr
    );
    for (number, prefix) in [(4, "`pk_`"), (5, "`lano_live_`"), (6, "no prefix")] {
        let told = run
            .stderr
            .lines()
            .find(|line| line.contains(&format!("line {number}:")));
        let told = told.expect("a reason");
        assert!(told.contains(prefix) && told.contains("lano_, lns_, vx_"), "{told}");
    }
    let serving = installation.serve();
    for (key, _) in good {
        let (status, body) = serving.post("/v1/auth/verify-api-key", Some(key), &json!({})).await;
        assert_eq!(status, 200, "{key}: {body}");
    }
}

#[tokio::test]
async fn an_empty_list_of_scopes_is_refused_and_never_means_all() {
    let installation = Installation::migrated();
    installation.user("ada@example.org");
    let line = line("lns_nothing", Some("lns_")).replace(r#"["memories:read"]"#, "[]");
    assert!(line.contains(r#""scopes":[]"#), "{line}");
    let run = installation.run_with(&["keys", "import", "-"], &line);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(
        run.stderr.contains("line 1: a key without scopes may do nothing"),
        "{}",
        run.stderr
    );
}

#[tokio::test]
async fn a_file_that_is_given_again_brings_no_dead_key_back_to_life() {
    let installation = Installation::migrated();
    installation.user("ada@example.org");
    let serving = installation.serve();
    let (revoked, rotated) = ("lns_revoked1", "lns_rotated1");
    let lines = line(revoked, Some("lns_")) + &line(rotated, Some("lns_"));
    installation.done_with(&["keys", "import", "-"], &lines);
    let listed = installation.json(&["keys", "list", "--user", "ada@example.org"]);
    let id = |name: &str| {
        let found = listed
            .as_array()
            .expect("a list")
            .iter()
            .find(|key| key["name"] == name);
        found.expect("imported")["id"].as_str().expect("an id").to_owned()
    };
    installation.done(&["keys", "revoke", &id(revoked)]);
    for _ in 0..2 {
        installation.done(&["keys", "rotate", &id(rotated), "--overlap", "0s"]);
    }
    let again = installation.run_with(&["keys", "import", "-"], &lines);
    assert!(
        again.stderr.contains("0 imported, 2 here already, 0 refused"),
        "{}",
        again.stderr
    );
    for key in [revoked, rotated] {
        let (status, body) = serving.post("/v1/auth/verify-api-key", Some(key), &json!({})).await;
        assert_eq!(status, 401, "{key}: {body}");
    }
}
