use platform_standin::{DEMO_ANON_KEY, DEMO_INTEL_ANON_KEY, Name, Standin};
use serde_json::json;

use crate::client::{get, send};

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const KEY: &str = "X-API-Key: lano_test";

/// Function and the methods it takes, as the deployed ones do.
const PLATFORM: [(&str, &[&str]); 20] = [
    ("memory-create", &["POST"]),
    ("memory-list", &["GET", "POST"]),
    ("memory-search", &["GET", "POST"]),
    ("memory-get", &["GET", "HEAD"]),
    ("memory-update", &["POST", "PUT", "PATCH"]),
    ("memory-delete", &["POST", "DELETE"]),
    ("memory-bulk-delete", &["POST", "DELETE"]),
    ("memory-stats", &METHODS),
    ("api-key-create", &["POST"]),
    ("api-key-list", &["GET", "POST"]),
    ("api-key-rotate", &["POST"]),
    ("api-key-revoke", &["POST", "DELETE"]),
    ("api-key-delete", &["POST", "DELETE"]),
    ("auth-status", &["GET", "POST"]),
    ("organization-info", &["GET", "POST"]),
    ("project-create", &["POST"]),
    ("project-list", &["GET", "POST"]),
    ("config-get", &["GET", "POST"]),
    ("config-set", &["POST", "PUT"]),
    ("embeddings", &["POST"]),
];

const INTELLIGENCE: [&str; 11] = [
    "suggest-tags",
    "find-related",
    "detect-duplicates",
    "extract-insights",
    "analyze-patterns",
    "predictive-recall",
    "prediction-feedback",
    "behavior-record",
    "behavior-recall",
    "behavior-suggest",
    "flush",
];

#[test]
fn functions_take_exactly_their_methods() {
    let standin = Standin::start(Name::Supabase).unwrap();
    for (function, allowed) in PLATFORM {
        for method in METHODS {
            let target = format!("/functions/v1/{function}?id=1");
            let reply = send(standin.port(), method, &target, &[KEY], "{}");
            let what = format!("{method} {function} {}", reply.head);
            if allowed.contains(&method) {
                assert!(matches!(reply.status, 200 | 201), "{what}");
            } else {
                assert_eq!(reply.status, 405, "{what}");
                assert_eq!(reply.header("allow"), [allowed.join(", ")], "{what}");
            }
        }
    }
}

#[test]
fn intelligence_functions_are_in_their_own_project() {
    let standin = Standin::start(Name::SupabaseIntel).unwrap();
    for function in INTELLIGENCE {
        let target = format!("/functions/v1/intelligence-{function}");
        assert_eq!(
            send(standin.port(), "POST", &target, &[KEY], "{}").status,
            200,
            "{function}"
        );
        assert_eq!(get(standin.port(), &target, &[KEY]).status, 405, "{function}");
    }
    for target in [
        "intelligence-memories",
        "intelligence-health-check",
        "intelligence-jobs/7",
        "intelligence-profiles/me/versions",
    ] {
        assert_eq!(
            get(standin.port(), &format!("/functions/v1/{target}"), &[KEY]).status,
            200,
            "{target}"
        );
    }
    assert_eq!(get(standin.port(), "/functions/v1/memory-list", &[KEY]).status, 404);
}

#[test]
fn wrong_method_is_told_before_a_missing_credential() {
    let standin = Standin::start(Name::Supabase).unwrap();
    let reply = get(standin.port(), "/functions/v1/memory-create", &[]);
    assert_eq!(reply.status, 405);
    assert_eq!(
        reply.json(),
        json!({ "error": "Method GET is not allowed", "code": "VALIDATION_ERROR" })
    );
}

#[test]
fn callers_without_a_credential_of_their_own_are_refused() {
    let standin = Standin::start(Name::Supabase).unwrap();
    let anonymous = format!("Authorization: Bearer {DEMO_ANON_KEY}");
    let other_project = format!("Authorization: Bearer {DEMO_INTEL_ANON_KEY}");
    let none: [&[&str]; 5] = [
        &[],
        &[&anonymous],
        &[&other_project],
        &["Authorization: Bearer "],
        &["X-API-Key: "],
    ];
    for headers in none {
        let reply = get(standin.port(), "/functions/v1/memory-list", headers);
        assert_eq!(
            (reply.status, &reply.json()["code"]),
            (401, &json!("AUTHENTICATION_ERROR")),
            "{headers:?}"
        );
        let text = reply.body.to_lowercase();
        for phrase in [
            "authentication required",
            "invalid jwt",
            "missing authorization header",
            "token is not active or has expired",
        ] {
            assert!(!text.contains(phrase), "{text}");
        }
    }
    let some: [&[&str]; 3] = [&["Authorization: Bearer t"], &[KEY], &[&anonymous, KEY]];
    for headers in some {
        assert_eq!(
            get(standin.port(), "/functions/v1/memory-list", headers).status,
            200,
            "{headers:?}"
        );
    }
}

#[test]
fn auth_status_and_system_health_answer_anonymous_callers() {
    for name in [Name::Supabase, Name::SupabaseIntel] {
        let standin = Standin::start(name).unwrap();
        let anonymous = get(standin.port(), "/functions/v1/auth-status", &[]);
        assert_eq!(
            (anonymous.status, anonymous.json()),
            (200, json!({ "authenticated": false }))
        );
        assert_eq!(
            get(standin.port(), "/functions/v1/auth-status", &[KEY]).json()["authenticated"],
            true
        );
        let health = get(standin.port(), "/functions/v1/system-health", &[]);
        assert_eq!((health.status, &health.json()["status"]), (200, &json!("ok")));
    }
}

#[test]
fn unknown_functions_are_not_found() {
    let standin = Standin::start(Name::Supabase).unwrap();
    for target in [
        "/functions/v1/memory-bulk",
        "/functions/v1",
        "/memory-list",
        "/",
        "/functions/v2/memory-list",
    ] {
        let reply = get(standin.port(), target, &[KEY]);
        assert_eq!(
            (reply.status, &reply.json()["code"]),
            (404, &json!("NOT_FOUND")),
            "{target}"
        );
    }
}

#[test]
fn item_is_named_by_path_query_or_body() {
    let standin = Standin::start(Name::Supabase).unwrap();
    let by_path = get(standin.port(), "/functions/v1/memory-get/m1", &[KEY]);
    let by_query = get(standin.port(), "/functions/v1/memory-get?id=m1", &[KEY]);
    let by_body = send(
        standin.port(),
        "PUT",
        "/functions/v1/memory-update",
        &[KEY],
        r#"{"id":"m1"}"#,
    );
    for reply in [by_path, by_query, by_body] {
        assert_eq!(reply.json()["data"]["id"], "m1");
    }
    assert_eq!(
        send(standin.port(), "PUT", "/functions/v1/memory-update", &[KEY], "{}").status,
        400
    );
}
