//! The answer to `x-standin-echo: 1`: exactly what arrived, for tests that ask what an upstream gets to see.
//! A target that no URI may contain (control bytes, broken UTF-8, `<`, `>`, a backtick) is a bare 400 from hyper instead.

use http::request::Parts;
use serde::Serialize;

use crate::answer::{self, Answer};
use crate::name::Name;
use crate::wire::Head;

#[derive(Serialize)]
struct Echo<'a> {
    upstream: &'static str,
    method: &'a str,
    target: &'a str,
    headers: &'a [(String, String)],
    body: &'a str,
}

pub(crate) fn is_wanted(parts: &Parts) -> bool {
    parts.headers.get("x-standin-echo").is_some_and(|value| value == "1")
}

/// `head` is what the wire carried; without it (HTTP/2 has no such text) hyper's reading stands in.
pub(crate) fn answer(name: Name, parts: &Parts, head: Option<&Head>, body: &[u8]) -> Answer {
    let read = || {
        let target = parts
            .uri
            .path_and_query()
            .map_or_else(|| parts.uri.to_string(), ToString::to_string);
        let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        (
            target,
            parts
                .headers
                .iter()
                .map(|(name, value)| (name.to_string(), text(value)))
                .collect(),
        )
    };
    let (target, headers) = head.map_or_else(read, |head| (head.target.clone(), head.headers.clone()));
    answer::ok(Echo {
        upstream: name.as_str(),
        method: parts.method.as_str(),
        target: &target,
        headers: &headers,
        body: &String::from_utf8_lossy(body),
    })
}
