//! `${VAR}`, `${VAR:-default}` and `${VAR:?message}` inside one scalar; `$${` stands for a literal `${`.
//! Works on the scalar's text alone, so a value can never change the structure of the file.

use crate::environment::Environment;

/// The text with values in place of its variables, `None` when it has none; or every `${…}` without a value.
pub(super) fn substitute(text: &str, env: &Environment) -> Result<Option<String>, Vec<Unresolved>> {
    if !text.contains("${") {
        return Ok(None);
    }
    let mut filled = String::with_capacity(text.len());
    let mut unresolved = Vec::new();
    let mut rest = text;
    let mut occurrence = 0;
    while let Some(at) = rest.find("${") {
        let (before, found) = rest.split_at(at);
        let after = &found[2..];
        if let Some(before) = before.strip_suffix('$') {
            filled.push_str(before);
            filled.push_str("${");
            rest = after;
        } else {
            filled.push_str(before);
            let end = after.find('}');
            let inside = end.map_or("", |end| &after[..end]);
            match value(inside, env) {
                Ok(value) => filled.push_str(value),
                Err(problem) => unresolved.push(Unresolved { occurrence, problem }),
            }
            rest = end.map_or("", |end| &after[end + 1..]);
        }
        occurrence += 1;
    }
    filled.push_str(rest);
    if unresolved.is_empty() {
        Ok(Some(filled))
    } else {
        Err(unresolved)
    }
}

/// A `${…}` without a value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unresolved {
    /// Which `${` of the text, escaped ones included, counted from 0.
    pub(super) occurrence: usize,
    pub(super) problem: Problem,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Problem {
    Unset {
        name: String,
    },
    /// Written `${name:?message}`.
    Demanded {
        name: String,
        message: String,
    },
    /// No closing brace, or something other than a name inside.
    Malformed,
}

fn value<'v>(inside: &'v str, env: &'v Environment) -> Result<&'v str, Problem> {
    let (name, rule) = match inside.split_once(':') {
        Some((name, rule)) => (name, Some(rule)),
        None => (inside, None),
    };
    if !is_variable_name(name) {
        return Err(Problem::Malformed);
    }
    let set = env.get(name);
    // As in a shell, `:-` and `:?` treat an empty variable as unset.
    let filled = set.filter(|value| !value.is_empty());
    match rule.map(|rule| (rule.get(..1), rule.get(1..).unwrap_or_default())) {
        None => set.ok_or_else(|| Problem::Unset { name: name.to_owned() }),
        Some((Some("-"), default)) => Ok(filled.unwrap_or(default)),
        Some((Some("?"), message)) => filled.ok_or_else(|| Problem::Demanded {
            name: name.to_owned(),
            message: message.to_owned(),
        }),
        Some(_) => Err(Problem::Malformed),
    }
}

fn is_variable_name(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::{Problem, Unresolved, substitute};
    use crate::environment::Environment;

    fn environment() -> Environment {
        Environment::from_pairs([("HOST", "example.org"), ("EMPTY", ""), ("TRICK", "${HOST}")])
    }

    #[test]
    fn variables_are_filled_in_as_a_shell_would() {
        let cases = [
            ("https://${HOST}:${PORT:-443}/", "https://example.org:443/"),
            ("${HOST:-other}", "example.org"),
            ("${HOST:?must be set}", "example.org"),
            ("${EMPTY}", ""),
            ("${EMPTY:-filled}", "filled"),
            ("${NONE:-}", ""),
            ("${NONE:-a:-b}", "a:-b"),
            ("$HOST $$HOST {HOST} $ ${HOST}", "$HOST $$HOST {HOST} $ example.org"),
            ("$${HOST}", "${HOST}"),
            ("é${HOST}é", "éexample.orgé"),
        ];
        for (text, expected) in cases {
            let filled = substitute(text, &environment()).unwrap().unwrap();
            assert_eq!(filled, expected, "{text}");
        }
    }

    #[test]
    fn a_value_is_never_searched_for_variables() {
        let filled = substitute("${TRICK}", &environment()).unwrap();
        assert_eq!(filled.as_deref(), Some("${HOST}"));
    }

    #[test]
    fn text_without_variables_is_left_alone() {
        assert_eq!(substitute("plain $ text }", &environment()).unwrap(), None);
    }

    #[test]
    fn every_variable_without_a_value_is_named() {
        let unset = |name: &str| Problem::Unset { name: name.to_owned() };
        let demanded = |name: &str, message: &str| Problem::Demanded {
            name: name.to_owned(),
            message: message.to_owned(),
        };
        let cases = [
            ("${NONE}", vec![(0, unset("NONE"))]),
            ("$${A}${HOST}${A}${B}", vec![(2, unset("A")), (3, unset("B"))]),
            ("${EMPTY:?fill it}", vec![(0, demanded("EMPTY", "fill it"))]),
            ("${NONE:?}", vec![(0, demanded("NONE", ""))]),
            ("${}", vec![(0, Problem::Malformed)]),
            ("${HOST", vec![(0, Problem::Malformed)]),
            ("${1A}", vec![(0, Problem::Malformed)]),
            ("${A B}", vec![(0, Problem::Malformed)]),
            ("${HOST:+x}", vec![(0, Problem::Malformed)]),
            ("${HOST:}", vec![(0, Problem::Malformed)]),
            ("${HOST:é}", vec![(0, Problem::Malformed)]),
        ];
        for (text, expected) in cases {
            let found = substitute(text, &environment()).unwrap_err();
            let expected: Vec<Unresolved> = expected
                .into_iter()
                .map(|(occurrence, problem)| Unresolved { occurrence, problem })
                .collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
