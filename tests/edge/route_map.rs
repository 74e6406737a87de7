//! The platform's whole route map through a running edge into echoing stand-ins, against expectations written by hand.

use crate::support::edge::repository;
use crate::support::expectations::{Expected, Item, Row, Value, parse};
use crate::support::{Client, Echo, Edge, Request, Response};
use platform_standin::Platform;
use std::collections::BTreeSet;

/// The caller's own value of a credential header.
fn callers(name: &str) -> String {
    format!("caller-{name}")
}

struct Keys {
    anon: String,
    intel_anon: String,
}

impl Keys {
    fn fill(&self, header: &str, value: &Value) -> Value {
        let text = value
            .0
            .replace("{anon}", &self.anon)
            .replace("{intel_anon}", &self.intel_anon);
        Value(text.replace("{caller}", &callers(header)))
    }
}

#[tokio::test]
async fn every_rule_of_the_platform_leads_where_it_should() {
    let platform = Platform::start().expect("stand-ins");
    let routes = std::fs::read_to_string(repository().join("routes.yaml")).expect("routes.yaml");
    let mut builder = Edge::with(&routes)
        .link("site")
        .gateway("development: { cors_origins: [\"http://localhost:3000\"], pass_request_headers: [x-standin-echo] }");
    let mut keys = Keys {
        anon: String::new(),
        intel_anon: String::new(),
    };
    for (name, value) in platform.env() {
        builder = builder.env(&name, &value);
        match name.as_str() {
            "SUPABASE_ANON_KEY" => keys.anon = value,
            "SUPABASE_INTEL_ANON_KEY" => keys.intel_anon = value,
            _ => {}
        }
    }
    let edge = builder.start().await;

    let text =
        std::fs::read_to_string(repository().join("tests/fixtures/routes/expectations.txt")).expect("expectations");
    let expectations = parse(&text);
    let proven: BTreeSet<String> = expectations
        .rows
        .iter()
        .flat_map(|row| row.refs.iter().cloned())
        .collect();
    assert_eq!(proven, expectations.cover, "every rule has a row, and every row a rule");
    assert!(expectations.rows.len() > 400);

    let mut wrong = Vec::new();
    for row in &expectations.rows {
        let request = request(row, &keys);
        let response = Client::connect(edge.address).await.send(&request).await;
        if let Err(problem) = judge(row, &response, &keys) {
            wrong.push(format!(
                "line {} ({} {} {}): {problem}",
                row.line, row.host, row.method, row.target
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} rows:\n{}",
        wrong.len(),
        expectations.rows.len(),
        wrong.join("\n")
    );
}

fn request(row: &Row, keys: &Keys) -> Request {
    let mut request = Request::new(&row.method, &row.target)
        .host(&row.host)
        .header("x-standin-echo", "1");
    let mut has_type = false;
    for item in row.credentials_sent.iter().chain(&row.sends) {
        match item {
            Item::Header(name, value) => {
                has_type |= name == "content-type";
                request = request.header(name, &keys.fill(name, value).0);
            }
            Item::Body(body) => {
                request = request.body(body.as_bytes());
                if !has_type {
                    request = request.header("content-type", "application/json");
                }
            }
            other => panic!("line {}: {other:?} cannot be sent", row.line),
        }
    }
    request
}

fn judge(row: &Row, response: &Response, keys: &Keys) -> Result<(), String> {
    match &row.expected {
        Expected::Edge { status, code } => judge_edge(row, response, *status, code.as_deref(), keys),
        Expected::Upstream { name, method, target } if row.method == "HEAD" => {
            // An answer to HEAD has no body to tell; the GET of the same path has its own row.
            let _ = (name, method, target);
            want(response.status == 200, || format!("answered {}", response.status))
        }
        Expected::Upstream { name, method, target } => judge_upstream(row, response, (name, method, target), keys),
    }
}

fn judge_edge(row: &Row, response: &Response, status: u16, code: Option<&str>, keys: &Keys) -> Result<(), String> {
    want(response.status == status, || {
        format!("answered {} instead of {status}: {}", response.status, response.text())
    })?;
    want(!response.text().contains("\"upstream\""), || {
        "an upstream answered".into()
    })?;
    if let (Some(code), true) = (code, row.method != "HEAD") {
        want(response.code() == code, || {
            format!("code {} instead of {code}", response.code())
        })?;
    }
    for check in &row.checks {
        match check {
            Item::Header(name, value) | Item::AnswerHeader(name, value) => answer_header(response, name, value, keys)?,
            Item::NoHeader(name) | Item::NoAnswerHeader(name) => {
                want(response.header(name).is_none(), || format!("has {name}"))?;
            }
            Item::Json(member, value) => json_member(&response.json(), member, value)?,
            Item::Body(body) => same_body(body, &response.text())?,
        }
    }
    Ok(())
}

fn judge_upstream(
    row: &Row,
    response: &Response,
    (name, method, target): (&str, &str, &str),
    keys: &Keys,
) -> Result<(), String> {
    want(response.status == 200, || {
        format!(
            "answered {} instead of reaching {name}: {}",
            response.status,
            response.text()
        )
    })?;
    let echo = Echo::of(response);
    let (seen, wanted) = (
        (echo.upstream.as_str(), echo.method.as_str(), echo.target.as_str()),
        (name, method, target),
    );
    want(seen == wanted, || format!("reached {seen:?} instead of {wanted:?}"))?;
    for check in row.credentials_received.iter().chain(&row.checks) {
        match check {
            Item::Header(name, value) => {
                let value = keys.fill(name, value);
                let lines = echo.header_values(name);
                want(lines.len() == 1 && value.admits(lines[0]), || {
                    format!("{name} is {lines:?} instead of {value:?}")
                })?;
            }
            Item::NoHeader(name) => want(echo.header(name).is_none(), || format!("received {name}"))?,
            Item::AnswerHeader(name, value) => answer_header(response, name, value, keys)?,
            Item::NoAnswerHeader(name) => want(response.header(name).is_none(), || format!("answered with {name}"))?,
            Item::Json(member, _) => panic!("line {}: json.{member} of an upstream row", row.line),
            Item::Body(body) => same_body(body, &echo.body)?,
        }
    }
    if !row.checks.iter().any(|check| matches!(check, Item::Body(_))) {
        let sent_none = !row.sends.iter().any(|item| matches!(item, Item::Body(_)));
        want(!sent_none || echo.body.is_empty(), || {
            format!("a body out of nowhere: {}", echo.body)
        })?;
    }
    Ok(())
}

fn answer_header(response: &Response, name: &str, value: &Value, keys: &Keys) -> Result<(), String> {
    let value = keys.fill(name, value);
    let actual = response.header_values(name).join(", ");
    if name == "allow" {
        let set = |list: &str| {
            list.split(',')
                .map(|m| m.trim().to_owned())
                .filter(|m| m != "OPTIONS")
                .collect::<BTreeSet<_>>()
        };
        return want(set(&actual) == set(&value.0), || {
            format!("allow is {actual:?} instead of {value:?}")
        });
    }
    want(!actual.is_empty() && value.admits(&actual), || {
        format!("{name} is {actual:?} instead of {value:?}")
    })
}

fn json_member(json: &serde_json::Value, member: &str, value: &Value) -> Result<(), String> {
    let found = member.split('.').fold(json, |json, key| &json[key]);
    let text = found.as_str().map_or_else(|| found.to_string(), str::to_owned);
    want(!found.is_null() && value.admits(&text), || {
        format!("json.{member} is {text} instead of {value:?}")
    })
}

fn same_body(expected: &str, actual: &str) -> Result<(), String> {
    let as_json = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    let same = match (as_json(expected), as_json(actual)) {
        (Some(expected), Some(actual)) => expected == actual,
        _ => expected == actual,
    };
    want(same, || format!("body is {actual:?} instead of {expected:?}"))
}

fn want(holds: bool, problem: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(problem()) }
}
