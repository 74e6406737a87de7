//! `${VAR}`, `${VAR:-default}` and `${VAR:?message}` inside one scalar; `$${` stands for a literal `${`.
//! Works on the scalar's text alone, so a value can never change the structure of the file.

use super::environment::Environment;

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
                Err(problem) => unresolved.push(Unresolved {
                    occurrence,
                    problem,
                }),
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
        None => set.ok_or_else(|| Problem::Unset {
            name: name.to_owned(),
        }),
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
mod tests;
