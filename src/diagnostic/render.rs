//! Diagnostics as text in the look of the Rust compiler: place, source line, caret, labels, help.

use std::ops::Range;

use annotate_snippets::{
    Annotation, AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet,
};

use super::{Diagnostic, FileId, Severity, Sources, Span};

/// A passage longer than this is named by its place but not shown: drawing it costs time and helps nobody.
const MAX_SHOWN: usize = 64 * 1024;

/// One block per diagnostic, with an empty line between them.
pub(super) fn all(diagnostics: &[&Diagnostic], sources: &Sources, colour: bool) -> String {
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
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
        group = group.element(Level::HELP.message(help.as_str()));
    }
    group
}

/// The marked passages, one for each file, the diagnostic's own file first.
fn passages<'a>(diagnostic: &'a Diagnostic, sources: &'a Sources) -> Vec<Element<'a>> {
    let Some(span) = diagnostic.span else {
        return Vec::new();
    };
    let primary = Mark {
        span,
        label: diagnostic.label.as_deref(),
        kind: AnnotationKind::Primary,
    };
    let mut marks = vec![primary];
    marks.extend(diagnostic.notes.iter().map(|(span, text)| Mark {
        span: *span,
        label: Some(text),
        kind: AnnotationKind::Context,
    }));

    let mut elements = Vec::new();
    while let Some(first) = marks.first() {
        let file = first.span.file;
        let (here, elsewhere) = marks.into_iter().partition(|mark| mark.span.file == file);
        elements.push(passage(file, here, sources));
        marks = elsewhere;
    }
    elements
}

struct Mark<'a> {
    span: Span,
    label: Option<&'a str>,
    kind: AnnotationKind,
}

fn passage<'a>(file: FileId, marks: Vec<Mark<'a>>, sources: &'a Sources) -> Element<'a> {
    let text = sources.text(file);
    let path = sources.path(file).to_string_lossy();
    let shown = whole_lines(text, &marks);
    let line = text[..shown.start].matches('\n').count() + 1;
    if shown.len() > MAX_SHOWN {
        let before = &text[..marks[0].span.start];
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        let line = before.matches('\n').count() + 1;
        return Origin::path(path).line(line).char_column(column).into();
    }
    let offset = shown.start;
    Snippet::source(&text[shown])
        .line_start(line)
        .path(path)
        .annotations(marks.into_iter().map(|mark| annotation(mark, offset)))
        .into()
}

fn annotation<'a>(mark: Mark<'a>, offset: usize) -> Annotation<'a> {
    mark.kind
        .span(mark.span.start - offset..mark.span.end - offset)
        .label(mark.label)
}

/// From the start of the first marked line to the end of the last one.
fn whole_lines(text: &str, marks: &[Mark<'_>]) -> Range<usize> {
    let first = marks.iter().map(|mark| mark.span.start).min().unwrap_or(0);
    let last = marks.iter().map(|mark| mark.span.end).max().unwrap_or(0);
    let start = text[..first].rfind('\n').map_or(0, |at| at + 1);
    let end = text[last..].find('\n').map_or(text.len(), |at| last + at);
    start..end
}
