//! Removes the headers by which an upstream would know a caller, when a client sends them.
//!
//! Only the edge may write them, so they go on every route, public ones included, before anything reads them.

use super::spelling;
use http::HeaderName;
use pingora_http::RequestHeader;

const NAMES: [&str; 7] = [
    "x-scopes",
    "x-session-id",
    "x-api-key-id",
    "x-auth-method",
    "x-auth-source",
    "x-identity-assertion",
    "x-credential-id",
];
const PREFIXES: [&str; 3] = ["x-user-", "x-uai-", "x-actor-"];

/// Removes every spelling of them; returns how many header names went.
pub(crate) fn strip(request: &mut RequestHeader) -> usize {
    let forged: Vec<HeaderName> = request
        .headers
        .keys()
        .filter(|name| is_identity(name.as_str()))
        .cloned()
        .collect();
    for name in &forged {
        request.remove_header(name);
    }
    forged.len()
}

/// Whether a server could read the header name as one of ours: CGI-style servers map `-` and `.` to `_`.
pub(crate) fn is_identity(name: &str) -> bool {
    if !name.starts_with(['x', 'X']) {
        return false;
    }
    let matches_exactly = |known: &&str| spelling::same(name, known);
    let matches_prefix = |prefix: &&str| {
        name.get(..prefix.len())
            .is_some_and(|start| spelling::same(start, prefix))
    };
    NAMES.iter().any(matches_exactly) || PREFIXES.iter().any(matches_prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_an_identity_header_is_one() {
        let identity = [
            "x-user-id",
            "X-User-Email",
            "x_user_id",
            "x.user.role",
            "x-uai-auth-id",
            "x-scopes",
            "X_SCOPES",
            "x-session-id",
            "x-actor-type",
            "x-api-key-id",
            "x-auth-method",
            "x-identity-assertion",
            "x-user_id",
            "x-uai-",
            "x-auth-source",
        ];
        for name in identity {
            assert!(is_identity(name), "{name}");
        }
        let others = [
            "x-api-key",
            "x-request-id",
            "authorization",
            "x-project-scope",
            "x-userland",
            "user-agent",
            "x-client-info",
            "x",
        ];
        for name in others {
            assert!(!is_identity(name), "{name}");
        }
    }

    #[test]
    fn all_lines_of_a_forged_header_go() {
        let mut head = RequestHeader::build("GET", b"/", None).expect("a valid head");
        for (name, value) in [
            ("X-User-Id", "1"),
            ("x-user-id", "2"),
            ("X_User_Id", "3"),
            ("accept", "*/*"),
        ] {
            head.append_header(name, value).expect("a valid header");
        }
        assert_eq!(strip(&mut head), 2);
        let left: Vec<&str> = head.headers.keys().map(HeaderName::as_str).collect();
        assert_eq!(left, ["accept"]);
    }
}
