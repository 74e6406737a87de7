//! Reads `fixtures/routes/expectations.txt`; the file's head describes its format.

use std::collections::{BTreeMap, BTreeSet};

/// A condition on a header, a JSON member or a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    Header(String, Value),
    NoHeader(String),
    AnswerHeader(String, Value),
    NoAnswerHeader(String),
    Json(String, Value),
    Body(String),
}

/// `*` is any value, a trailing `*` a prefix, all else exact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value(pub String);

impl Value {
    pub fn admits(&self, actual: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(prefix) => actual.starts_with(prefix),
            None => actual == self.0,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    Upstream {
        name: String,
        method: String,
        target: String,
    },
    Edge {
        status: u16,
        code: Option<String>,
    },
}

#[derive(Debug, Clone)]
pub struct Row {
    pub line: usize,
    pub refs: Vec<String>,
    pub host: String,
    pub method: String,
    pub target: String,
    pub credentials_sent: Vec<Item>,
    pub credentials_received: Vec<Item>,
    pub sends: Vec<Item>,
    pub expected: Expected,
    pub checks: Vec<Item>,
}

#[derive(Debug, Default)]
pub struct Expectations {
    pub rows: Vec<Row>,
    /// Every rule there is.
    pub cover: BTreeSet<String>,
}

/// Parses the whole file; a line that fits no form is a panic that names it.
pub fn parse(text: &str) -> Expectations {
    let mut expectations = Expectations::default();
    let mut credentials = BTreeMap::from([("-".to_owned(), (Vec::new(), Vec::new()))]);
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(list) = line.strip_prefix("@cover ") {
            expectations.cover.extend(list.split(", ").flat_map(range));
        } else if let Some(definition) = line.strip_prefix("@credentials ") {
            let columns = columns(definition, 3, index);
            credentials.insert(columns[0].clone(), (items(&columns[1]), items(&columns[2])));
        } else {
            expectations.rows.push(row(line, index + 1, &credentials));
        }
    }
    expectations
}

fn columns(line: &str, count: usize, index: usize) -> Vec<String> {
    let columns: Vec<String> = line
        .splitn(count, " | ")
        .map(|column| column.trim().to_owned())
        .collect();
    assert_eq!(columns.len(), count, "line {}: {line}", index + 1);
    columns
}

/// `1.1..1.88` is every number between; anything else is itself.
fn range(part: &str) -> Vec<String> {
    let Some((from, to)) = part.split_once("..") else {
        return vec![part.to_owned()];
    };
    let split = |text: &str| -> (String, u32) {
        let (family, number) = text.split_once('.').expect("family.number");
        (family.to_owned(), number.parse().expect("a number"))
    };
    let ((family, first), (_, last)) = (split(from), split(to));
    (first..=last).map(|number| format!("{family}.{number}")).collect()
}

fn row(line: &str, number: usize, credentials: &BTreeMap<String, (Vec<Item>, Vec<Item>)>) -> Row {
    let columns = columns(line, 7, number - 1);
    let (method, target) = columns[2]
        .split_once(' ')
        .unwrap_or_else(|| panic!("line {number}: no method and target"));
    let (sent, received) = credentials
        .get(&columns[3])
        .unwrap_or_else(|| panic!("line {number}: no credentials {}", columns[3]));
    Row {
        line: number,
        refs: columns[0].split(", ").map(str::to_owned).collect(),
        host: columns[1].clone(),
        method: method.to_owned(),
        target: target.to_owned(),
        credentials_sent: sent.clone(),
        credentials_received: received.clone(),
        sends: items(&columns[4]),
        expected: expected(&columns[5], number),
        checks: items(&columns[6]),
    }
}

fn expected(text: &str, number: usize) -> Expected {
    let words: Vec<&str> = text.split(' ').collect();
    match words.as_slice() {
        ["edge", status] => Expected::Edge {
            status: status.parse().expect("a status"),
            code: None,
        },
        ["edge", status, code] => Expected::Edge {
            status: status.parse().expect("a status"),
            code: Some((*code).to_owned()),
        },
        [name, method, target] => Expected::Upstream {
            name: (*name).into(),
            method: (*method).into(),
            target: (*target).into(),
        },
        _ => panic!("line {number}: {text}"),
    }
}

fn items(text: &str) -> Vec<Item> {
    let mut list = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() && rest != "-" {
        if let Some(body) = rest.strip_prefix("body=") {
            list.push(Item::Body(body.to_owned()));
            break;
        }
        let (one, after) = rest.split_once(" & ").unwrap_or((rest, ""));
        list.push(item(one.trim()));
        rest = after.trim_start();
    }
    list
}

fn item(text: &str) -> Item {
    if let Some(name) = text.strip_prefix("!answer.") {
        return Item::NoAnswerHeader(name.to_lowercase());
    }
    if let Some(name) = text.strip_prefix('!') {
        return Item::NoHeader(name.to_lowercase());
    }
    let (name, value) = text.split_once('=').unwrap_or_else(|| panic!("not name=value: {text}"));
    let value = Value(value.to_owned());
    match (name.strip_prefix("answer."), name.strip_prefix("json.")) {
        (Some(name), _) => Item::AnswerHeader(name.to_lowercase(), value),
        (_, Some(member)) => Item::Json(member.to_owned(), value),
        _ => Item::Header(name.to_lowercase(), value),
    }
}
