//! What a stand-in says it received.

use super::Response;

/// The body of an echoing stand-in's answer.
#[derive(Debug, Clone)]
pub struct Echo {
    pub upstream: String,
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Echo {
    pub fn of(response: &Response) -> Self {
        assert_eq!(response.status, 200, "not an echo: {}", response.text());
        let json = response.json();
        let text = |name: &str| {
            json[name]
                .as_str()
                .unwrap_or_else(|| panic!("no {name} in {json}"))
                .to_owned()
        };
        let pair = |pair: &serde_json::Value| {
            let part = |index: usize| pair[index].as_str().expect("a string").to_owned();
            (part(0), part(1))
        };
        let headers = json["headers"].as_array().expect("a list").iter().map(pair).collect();
        Self {
            upstream: text("upstream"),
            method: text("method"),
            target: text("target"),
            headers,
            body: text("body"),
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.header_values(name).first().copied()
    }

    pub fn header_values(&self, name: &str) -> Vec<&str> {
        let lines = self
            .headers
            .iter()
            .filter(|(other, _)| other.eq_ignore_ascii_case(name));
        lines.map(|(_, value)| value.as_str()).collect()
    }
}
