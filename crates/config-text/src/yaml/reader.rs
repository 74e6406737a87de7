//! The YAML library's events, gathered into nodes. Stops at the first error of syntax or size, goes on after all others.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, StrInput};

use super::complaint;
use super::place::Places;
use super::{Form, Kind, Node, Scalar};
use crate::diagnostic::{Diagnostic, Diagnostics, FileId, Span, Spanned};
use crate::environment::Environment;
use crate::substitution::substitute;

/// Deeper than any configuration, and shallow enough for recursion.
const MAX_DEPTH: usize = 32;

const MAX_NODES: usize = 1_000_000;

/// An `Err` ends the reading.
type Step<T> = Result<T, Box<Diagnostic>>;

pub(super) fn read(file: FileId, text: &str, env: &Environment, cx: &mut Diagnostics) -> Step<Node> {
    let mut reader = Reader {
        events: Parser::new_from_str(text),
        places: Places::new(file, text),
        text,
        env,
        cx,
        nodes: 0,
        open: Vec::new(),
        here: 0,
        before: 0,
    };
    reader.document()
}

struct Reader<'t, 'c> {
    events: Parser<'t, StrInput<'t>>,
    places: Places,
    text: &'t str,
    env: &'c Environment,
    cx: &'c mut Diagnostics,
    nodes: usize,
    /// The lists and mappings being read, outermost first.
    open: Vec<Span>,
    /// Where the current event ends, and the one before it.
    here: usize,
    before: usize,
}

impl<'t> Reader<'t, '_> {
    fn document(&mut self) -> Step<Node> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::DocumentStart(_) if root.is_some() => {
                    return Err(complaint::several_documents(span).into());
                }
                Event::DocumentStart(_) => {
                    let (event, span) = self.next()?;
                    root = Some(self.node(event, span, 0)?);
                }
                Event::StreamEnd => return Ok(root.unwrap_or_else(|| nothing(span))),
                _ => {}
            }
        }
    }

    fn next(&mut self) -> Step<(Event<'t>, Span)> {
        match self.events.next_event() {
            Some(Ok((event, span))) => {
                let span = self.places.span(span);
                self.before = std::mem::replace(&mut self.here, span.end);
                Ok((event, span))
            }
            Some(Err(error)) => Err(self.syntax_error(&error)),
            None => Ok((Event::StreamEnd, self.places.end())),
        }
    }

    fn syntax_error(&self, error: &ScanError) -> Box<Diagnostic> {
        let at = self.places.point(*error.marker());
        let innermost = self.open.last().filter(|open| self.is_bracketed(**open));
        let bracket = innermost.map(|open| Span {
            end: open.start + 1,
            ..*open
        });
        complaint::syntax(error.info(), at, self.text, bracket).into()
    }

    fn node(&mut self, event: Event<'t>, span: Span, depth: usize) -> Step<Node> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(complaint::too_many(span, MAX_NODES).into());
        }
        if depth > MAX_DEPTH {
            return Err(complaint::too_deep(span, MAX_DEPTH).into());
        }
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_extras(anchor, tag.is_some(), span);
                let unwritten = text.is_empty() && style == ScalarStyle::Plain;
                let span = if unwritten { self.end_of_text_before(span) } else { span };
                let kind = self.scalar(text.into_owned(), style, span);
                Ok(Node { kind, span })
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_extras(anchor, tag.is_some(), span);
                self.sequence(span, depth)
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_extras(anchor, tag.is_some(), span);
                self.mapping(span, depth)
            }
            Event::Alias(_) => {
                self.cx.push(complaint::alias(span));
                let kind = Kind::Reported;
                Ok(Node { kind, span })
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::SequenceEnd
            | Event::MappingEnd => Ok(nothing(span)),
        }
    }

    fn sequence(&mut self, open: Span, depth: usize) -> Step<Node> {
        let mut items: Vec<Node> = Vec::new();
        self.open.push(open);
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::SequenceEnd | Event::StreamEnd) {
                self.open.pop();
                let span = self.collection(open, items.last().map(|item| item.span), span);
                let kind = Kind::Sequence(items);
                return Ok(Node { kind, span });
            }
            items.push(self.node(event, span, depth + 1)?);
        }
    }

    fn mapping(&mut self, open: Span, depth: usize) -> Step<Node> {
        let mut entries: Vec<(Spanned<String>, Node)> = Vec::new();
        let mut seen: HashMap<String, Span> = HashMap::new();
        let mut last = None;
        self.open.push(open);
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd | Event::StreamEnd) {
                self.open.pop();
                let span = self.collection(open, last, span);
                let kind = Kind::Mapping(entries);
                return Ok(Node { kind, span });
            }
            let key = self.key(event, span, depth)?;
            let (event, span) = self.next()?;
            let value = self.node(event, span, depth + 1)?;
            last = Some(value.span);
            let Some(key) = key else { continue };
            if let Some(first) = seen.get(&key.value) {
                self.cx.push(complaint::duplicate_key(&key, *first));
            } else {
                seen.insert(key.value.clone(), key.span);
                entries.push((key, value));
            }
        }
    }

    fn is_bracketed(&self, open: Span) -> bool {
        self.text[open.start..].starts_with(['[', '{'])
    }

    /// A block collection has no closing mark of its own and ends with its last item. The library counts what follows
    /// a closing bracket on its line, comment included, as part of the bracket.
    fn collection(&self, open: Span, last: Option<Span>, close: Span) -> Span {
        let closed = self.text[close.start..].starts_with([']', '}']);
        let end = if self.is_bracketed(open) && closed {
            close.start + 1
        } else {
            last.map_or(open.end, |last| last.end.max(open.end))
        };
        Span { end, ..open }
    }

    /// `None`, and reported, for a key that is not a word.
    fn key(&mut self, event: Event<'t>, span: Span, depth: usize) -> Step<Option<Spanned<String>>> {
        if let Event::Scalar(text, _, anchor, tag) = event {
            self.refuse_extras(anchor, tag.is_some(), span);
            return Ok(Some(Spanned::new(text.into_owned(), span)));
        }
        let node = self.node(event, span, depth + 1)?;
        if !matches!(node.kind, Kind::Reported) {
            self.cx.push(complaint::key_is_no_word(&node));
        }
        Ok(None)
    }

    fn scalar(&mut self, text: String, style: ScalarStyle, span: Span) -> Kind {
        let form = match style {
            ScalarStyle::Plain => Form::Plain,
            ScalarStyle::DoubleQuoted => Form::Quoted,
            ScalarStyle::SingleQuoted | ScalarStyle::Literal | ScalarStyle::Folded => {
                let form = Form::Quoted;
                return Kind::Scalar(Scalar { text, form });
            }
        };
        match substitute(&text, self.env) {
            Ok(None) => Kind::Scalar(Scalar { text, form }),
            Ok(Some(text)) => {
                let form = Form::Substituted;
                Kind::Scalar(Scalar { text, form })
            }
            Err(unresolved) => {
                for each in unresolved {
                    let at = self.reference(&text, span, each.occurrence);
                    self.cx.push(complaint::unresolved(&each.problem, at));
                }
                Kind::Reported
            }
        }
    }

    /// The library places a value that is not there at the next word, often a line below; the mistake is where
    /// the text stops.
    fn end_of_text_before(&self, span: Span) -> Span {
        let before = self.text[..span.start].trim_end_matches([' ', '\t', '\r', '\n']);
        let end = before.len().max(self.before);
        Span {
            start: end,
            end,
            ..span
        }
    }

    /// The place of the nth `${…}` of a scalar. A scalar whose escapes hide or add one is marked as a whole.
    fn reference(&self, value: &str, span: Span, nth: usize) -> Span {
        let source = &self.text[span.start..span.end];
        if source.matches("${").count() != value.matches("${").count() {
            return span;
        }
        let Some((at, _)) = source.match_indices("${").nth(nth) else {
            return span;
        };
        let length = source[at..].find('}').map_or(source.len() - at, |end| end + 1);
        let start = span.start + at;
        let end = start + length;
        Span { start, end, ..span }
    }

    /// Anchors and tags stand before their node, whose span begins with them.
    fn refuse_extras(&mut self, anchor: usize, tagged: bool, span: Span) {
        if anchor == 0 && !tagged {
            return;
        }
        let source = &self.text[span.start..];
        let length = source.find(char::is_whitespace).unwrap_or(source.len());
        let end = span.start + length;
        let mark = Span { end, ..span };
        if source.starts_with('&') {
            self.cx.push(complaint::alias(mark));
        } else {
            self.cx.push(complaint::tag(mark));
        }
    }
}

/// Where a value should be and is not, YAML reads null.
fn nothing(span: Span) -> Node {
    let text = String::new();
    let form = Form::Plain;
    let kind = Kind::Scalar(Scalar { text, form });
    Node { kind, span }
}
