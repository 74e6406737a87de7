//! Diagnostics as text in the look of the Rust compiler: place, source line, caret, labels, help.

use std::ops::Range;

use annotate_snippets::{
    Annotation, AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet, normalize_untrusted_str,
};

use super::{Diagnostic, FileId, Severity, Sources, Span};

/// A passage longer than this is named by its place but not shown: drawing it costs time and helps nobody.
const MAX_SHOWN: usize = 64 * 1024;

/// One block per diagnostic, with an empty line between them.
pub(super) fn all(diagnostics: &[&Diagnostic], sources: &Sources, colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let blocks: Vec<String> = diagnostics
        .iter()
        .map(|diagnostic| renderer.render(&[group(diagnostic, sources)]) + "\n")
        .collect();
    blocks.join("\n")
}

fn group<'a>(diagnostic: &'a Diagnostic, sources: &'a Sources) -> Group<'a> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = level
        .primary_title(diagnostic.message.as_str())
        .id(diagnostic.code.as_str())
        .elements(passages(diagnostic, sources));
    for help in &diagnostic.helps {
        group = group.element(Level::HELP.message(normalize_untrusted_str(help)));
    }
    group
}

/// The marked passages: marks that are near each other share one, the diagnostic's own comes first.
fn passages<'a>(diagnostic: &'a Diagnostic, sources: &'a Sources) -> Vec<Element<'a>> {
    let Some(span) = diagnostic.span else {
        return Vec::new();
    };
    let mark = |span: Span, label, kind| Mark {
        span: first_line(span, sources),
        label,
        kind,
    };
    let label = diagnostic.label.as_deref();
    let mut marks = vec![mark(span, label, AnnotationKind::Primary)];
    for (span, text) in &diagnostic.notes {
        marks.push(mark(*span, Some(text), AnnotationKind::Context));
    }

    let mut elements = Vec::new();
    while let Some(first) = marks.first().map(|mark| mark.span) {
        let near =
            |mark: &Mark<'_>| mark.span.file == first.file && mark.span.start.abs_diff(first.start) < MAX_SHOWN / 4;
        let (here, elsewhere) = marks.into_iter().partition(near);
        elements.push(passage(first.file, here, sources));
        marks = elsewhere;
    }
    elements
}

struct Mark<'a> {
    span: Span,
    label: Option<&'a str>,
    kind: AnnotationKind,
}

/// A mapping of three hundred lines is marked where it begins.
fn first_line(span: Span, sources: &Sources) -> Span {
    let text = &sources.text(span.file)[span.start..span.end];
    let end = span.start + text.lines().next().unwrap_or_default().len();
    Span { end, ..span }
}

fn passage<'a>(file: FileId, marks: Vec<Mark<'a>>, sources: &'a Sources) -> Element<'a> {
    let text = sources.text(file);
    let path = sources.path(file).to_string_lossy();
    let shown = whole_lines(text, &marks);
    let line = line_number(text, shown.start);
    if shown.len() > MAX_SHOWN {
        let at = marks[0].span.start;
        let column = text[..at].chars().rev().take_while(|c| *c != '\n').count() + 1;
        let origin = Origin::path(path).line(line_number(text, at));
        return origin.char_column(column).into();
    }
    let offset = shown.start;
    Snippet::source(&text[shown])
        .line_start(line)
        .path(path)
        .annotations(marks.into_iter().map(|mark| annotation(mark, offset)))
        .into()
}

fn line_number(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

fn annotation<'a>(mark: Mark<'a>, offset: usize) -> Annotation<'a> {
    mark.kind
        .span(mark.span.start - offset..mark.span.end - offset)
        .label(mark.label.map(normalize_untrusted_str))
}

/// From the start of the first marked line to the end of the last one.
fn whole_lines(text: &str, marks: &[Mark<'_>]) -> Range<usize> {
    let first = marks.iter().map(|mark| mark.span.start).min().unwrap_or(0);
    let last = marks.iter().map(|mark| mark.span.end).max().unwrap_or(0);
    let start = text[..first].rfind('\n').map_or(0, |at| at + 1);
    let end = text[last..].find('\n').map_or(text.len(), |at| last + at);
    start..end
}
