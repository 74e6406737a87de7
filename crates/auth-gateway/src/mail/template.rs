//! Text with places: `{name}` is replaced by a value. No conditions, no loops.

/// How a value must be written where it lands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Text,
    /// Escaped for HTML text and quoted attributes.
    Html,
}

/// A `{name}` for which no value was given, or a brace without its other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the template has no value for {{{0}}}")]
pub(crate) struct NoValue(String);

/// Fills each place once: a value that reads like a place is left as it is. Control characters in values become blanks,
/// so that a device's name can't begin lines of its own.
pub(crate) fn fill(template: &str, format: Format, values: &[(&str, &str)]) -> Result<String, NoValue> {
    let mut filled = String::with_capacity(template.len() * 2);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}').ok_or_else(|| NoValue(after.to_owned()))?;
        let (_, value) = values
            .iter()
            .find(|(known, _)| *known == name)
            .ok_or_else(|| NoValue(name.to_owned()))?;
        filled.push_str(before);
        value.chars().for_each(|character| push(&mut filled, format, character));
        rest = behind;
    }
    filled.push_str(rest);
    Ok(filled)
}

fn push(filled: &mut String, format: Format, character: char) {
    match (format, character) {
        (_, control) if control.is_control() => filled.push(' '),
        (Format::Html, '&') => filled.push_str("&amp;"),
        (Format::Html, '<') => filled.push_str("&lt;"),
        (Format::Html, '>') => filled.push_str("&gt;"),
        (Format::Html, '"') => filled.push_str("&quot;"),
        (Format::Html, '\'') => filled.push_str("&#39;"),
        (Format::Html | Format::Text, other) => filled.push(other),
    }
}

#[cfg(test)]
mod tests {
    use super::{Format, NoValue, fill};

    #[test]
    fn each_place_gets_its_value() {
        let filled = fill("{a} and {b} and {a}", Format::Text, &[("a", "one"), ("b", "<two>")]);
        assert_eq!(filled.as_deref(), Ok("one and <two> and one"));
    }

    #[test]
    fn html_gets_values_escaped() {
        let filled = fill(r#"<a href="{a}">"#, Format::Html, &[("a", r#""><script>'&"#)]);
        assert_eq!(
            filled.as_deref(),
            Ok(r#"<a href="&quot;&gt;&lt;script&gt;&#39;&amp;">"#)
        );
    }

    #[test]
    fn a_value_neither_begins_lines_nor_is_read_as_a_place() {
        let filled = fill("{a}", Format::Text, &[("a", "x\r\n{b}\u{85}y"), ("b", "secret")]);
        assert_eq!(filled.as_deref(), Ok("x  {b} y"));
    }

    #[test]
    fn a_place_without_value_is_an_error_and_never_sent() {
        assert_eq!(fill("{a}{b}", Format::Text, &[("a", "one")]), Err(NoValue("b".into())));
        assert_eq!(fill("{a", Format::Text, &[("a", "one")]), Err(NoValue("a".into())));
    }
}
