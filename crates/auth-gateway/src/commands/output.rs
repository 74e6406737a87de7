//! Rows as a table for people, or as JSON for programs: the same fields under the same names.

use std::process::ExitCode;

use serde_json::{Map, Value};

use super::{Outcome, print};
use crate::cli::Format;

/// Characters of a cell; `json` has them all.
const WIDEST: usize = 80;

/// Prints many things of one kind. Nothing at all is an empty table, or `[]`.
pub(super) fn list(format: Format, rows: &[Value]) -> Outcome {
    match format {
        Format::Json => print(&format!("{}\n", serde_json::to_string_pretty(rows)?)),
        Format::Table if rows.is_empty() => {
            eprintln!("none");
            print("")
        }
        Format::Table => print(&table(rows)),
    }
}

/// Says what was done; for programs, prints what came of it.
pub(super) fn done(format: Format, said: &str, row: &Value) -> Outcome {
    eprintln!("auth-gateway: {said}");
    match format {
        Format::Json => one(format, row),
        Format::Table => Ok(ExitCode::SUCCESS),
    }
}

/// Prints one thing, a field a line.
pub(super) fn one(format: Format, row: &Value) -> Outcome {
    match format {
        Format::Json => print(&format!("{}\n", serde_json::to_string_pretty(row)?)),
        Format::Table => {
            let flat = flat(row);
            let fields = fields(&flat);
            let width = fields.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
            let line = |(name, value): &(&str, String)| format!("{name:<width$}  {value}\n");
            print(&fields.iter().map(line).collect::<String>())
        }
    }
}

/// The members of members as `outer.inner`.
fn flat(row: &Value) -> Value {
    let mut flat = Map::new();
    for (name, value) in row.as_object().into_iter().flatten() {
        match self::flat(value) {
            Value::Object(inner) if !inner.is_empty() => {
                flat.extend(
                    inner
                        .into_iter()
                        .map(|(inner, value)| (format!("{name}.{inner}"), value)),
                );
            }
            _ => {
                flat.insert(name.clone(), value.clone());
            }
        }
    }
    Value::Object(flat)
}

fn table(rows: &[Value]) -> String {
    let mut lines: Vec<Vec<String>> = Vec::with_capacity(rows.len() + 1);
    lines.extend(
        rows.first()
            .map(|row| fields(row).iter().map(|(name, _)| name.to_uppercase()).collect()),
    );
    lines.extend(rows.iter().map(cells));
    let columns = lines.first().map_or(0, Vec::len);
    let width = |column: usize| {
        let widths = lines.iter().filter_map(|line| Some(line.get(column)?.chars().count()));
        widths.max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let text = |line: &Vec<String>| {
        let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    lines.iter().map(text).collect()
}

/// The last one may be as long as it is: nothing stands behind it.
fn cells(row: &Value) -> Vec<String> {
    let mut cells: Vec<String> = fields(row).into_iter().map(|(_, value)| value).collect();
    if let Some((_, before)) = cells.split_last_mut() {
        before.iter_mut().for_each(shorten);
    }
    cells
}

/// One long cell would push what stands behind it out of sight, in every row.
fn shorten(cell: &mut String) {
    if let Some((end, _)) = cell.char_indices().nth(WIDEST) {
        cell.truncate(end);
        cell.push('…');
    }
}

fn fields(row: &Value) -> Vec<(&str, String)> {
    let named = row.as_object().map(Map::iter).into_iter().flatten();
    named.map(|(name, value)| (name.as_str(), cell(value))).collect()
}

/// Control characters of what a person wrote would move the terminal's cursor.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text
            .chars()
            .map(|character| if character.is_control() { '\u{fffd}' } else { character })
            .collect(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::table;
    use serde_json::json;

    #[test]
    fn a_long_cell_is_cut_unless_it_is_the_last() {
        let rows = [json!({"name": "ä".repeat(81), "detail": "x".repeat(200)})];
        let expected = format!("{}…  {}", "ä".repeat(80), "x".repeat(200));
        assert_eq!(table(&rows).lines().nth(1), Some(expected.as_str()));
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [
            json!({"id": "a", "scopes": ["x", "y"], "name": null}),
            json!({"id": "abc", "scopes": [], "name": "Ada\u{1b}[2J"}),
        ];
        assert_eq!(
            table(&rows),
            "ID   SCOPES  NAME\na    x,y     -\nabc          Ada\u{fffd}[2J\n"
        );
    }
}
