use insta::assert_snapshot;

use super::{Diagnostic, Diagnostics, Severity, Sources, Span};
use crate::code::{self, Code};

const UNKNOWN_UPSTREAM: Code = Code::new("unknown-upstream");
const UNUSED_UPSTREAM: Code = Code::new("unused-upstream");
const DUPLICATE_ID: Code = Code::new("duplicate-id");

const ROUTES: &str = "\
version: 1
upstreams:
  docs: { endpoints: [\"http://127.0.0.1:4005\"] }
routes:
  - id: résumé
    to: dosc
";

/// The place of the first occurrence of `word`.
fn span_of(sources: &Sources, file: super::FileId, word: &str) -> Span {
    let start = sources.text(file).find(word).unwrap();
    let end = start + word.len();
    Span { file, start, end }
}

fn rendered(diagnostic: Diagnostic, sources: &Sources) -> String {
    let mut cx = Diagnostics::default();
    cx.push(diagnostic);
    cx.render(sources, false)
}

#[test]
fn a_diagnostic_shows_its_place_its_second_place_and_its_help() {
    let mut sources = Sources::default();
    let file = sources.add("routes.yaml", ROUTES);
    let at = span_of(&sources, file, "dosc");
    let message = "no upstream is called `dosc`";
    let diagnostic = Diagnostic::error(UNKNOWN_UPSTREAM, at, message)
        .label("not defined")
        .note_at(span_of(&sources, file, "docs"), "the nearest name")
        .help("did you mean `docs`?");
    assert_snapshot!(rendered(diagnostic, &sources), @r#"
    error[unknown-upstream]: no upstream is called `dosc`
     --> routes.yaml:6:9
      |
    3 |   docs: { endpoints: ["http://127.0.0.1:4005"] }
      |   ---- the nearest name
    ...
    6 |     to: dosc
      |         ^^^^ not defined
      |
      = help: did you mean `docs`?
    "#);
}

#[test]
fn a_second_place_may_be_in_another_file() {
    let mut sources = Sources::default();
    let daemon = sources.add("conf/gateway.yaml", "version: 1\nroutes: ../routes.yaml\n");
    let routes = sources.add("routes.yaml", ROUTES);
    let at = span_of(&sources, routes, "1");
    let diagnostic = Diagnostic::warning(UNUSED_UPSTREAM, at, "nobody sends here")
        .note_at(span_of(&sources, daemon, "../routes.yaml"), "read because of this");
    assert_snapshot!(rendered(diagnostic, &sources), @"
    warning[unused-upstream]: nobody sends here
     --> routes.yaml:1:10
      |
    1 | version: 1
      |          ^
      |
     ::: conf/gateway.yaml:2:9
      |
    2 | routes: ../routes.yaml
      |         -------------- read because of this
    ");
}

#[test]
fn a_diagnostic_without_a_place_is_one_line() {
    let diagnostic = Diagnostic::placeless(code::FILE_NOT_FOUND, "`routes.yaml` does not exist");
    assert_snapshot!(rendered(diagnostic, &Sources::default()), @"error[file-not-found]: `routes.yaml` does not exist");
}

#[test]
fn two_places_far_apart_in_one_file_are_both_shown() {
    let mut sources = Sources::default();
    let text = format!("first: 1\n{}last: 2\n", "middle: 0\n".repeat(10_000));
    let file = sources.add("routes.yaml", text);
    let at = span_of(&sources, file, "last");
    let first = span_of(&sources, file, "first");
    let diagnostic = Diagnostic::error(DUPLICATE_ID, at, "twice")
        .label("second time")
        .note_at(first, "first time");
    assert_snapshot!(rendered(diagnostic, &sources), @"
    error[duplicate-id]: twice
         --> routes.yaml:10002:1
          |
    10002 | last: 2
          | ^^^^ second time
          |
         ::: routes.yaml:1:1
          |
        1 | first: 1
          | ----- first time
    ");
}

#[test]
fn a_value_of_many_lines_is_marked_where_it_begins() {
    let mut sources = Sources::default();
    let file = sources.add("routes.yaml", ROUTES);
    let end = ROUTES.len();
    let start = span_of(&sources, file, "- id").start;
    let span = Span { file, start, end };
    let diagnostic = Diagnostic::error(code::WRONG_TYPE, span, "expected text, found a list");
    assert_snapshot!(rendered(diagnostic, &sources), @"
    error[wrong-type]: expected text, found a list
     --> routes.yaml:5:3
      |
    5 |   - id: résumé
      |   ^^^^^^^^^^^^
    ");
}

#[test]
fn a_passage_too_long_to_show_is_named() {
    let mut sources = Sources::default();
    let text = format!("a: 1\nb: [{} 2]\n", "1,".repeat(50_000));
    let file = sources.add("routes.yaml", text);
    let at = span_of(&sources, file, "2");
    let diagnostic = Diagnostic::error(code::WRONG_TYPE, at, "expected text, found a number");
    assert_snapshot!(rendered(diagnostic, &sources), @"
    error[wrong-type]: expected text, found a number
    --> routes.yaml:2:100006
    ");
}

#[test]
fn control_characters_of_a_file_do_not_reach_the_terminal() {
    let mut sources = Sources::default();
    let file = sources.add("routes.yaml", "a\u{1b}[31m\u{202e}b: 1\n");
    let at = span_of(&sources, file, "1");
    let diagnostic = Diagnostic::error(code::UNKNOWN_KEY, at, "no key `a\u{1b}[31m`")
        .label("l\u{1b}[0m")
        .help("h\u{1b}[0m");
    let text = rendered(diagnostic, &sources);
    assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text:?}");
}

#[test]
fn diagnostics_are_ordered_by_place_whatever_the_order_of_checks() {
    let mut sources = Sources::default();
    let file = sources.add("routes.yaml", ROUTES);
    let mut cx = Diagnostics::default();
    for (word, message) in [("dosc", "third"), ("version", "first"), ("docs", "second")] {
        let at = span_of(&sources, file, word);
        cx.push(Diagnostic::error(code::INVALID_VALUE, at, message));
    }
    let text = cx.render(&sources, false);
    let places = ["first", "second", "third"].map(|message| text.find(message).unwrap());
    assert!(places.is_sorted(), "{text}");
}

#[test]
fn only_errors_keep_a_configuration_from_going_live() {
    let mut sources = Sources::default();
    let file = sources.add("routes.yaml", ROUTES);
    let at = span_of(&sources, file, "docs");
    let mut cx = Diagnostics::default();
    cx.push(Diagnostic::warning(UNUSED_UPSTREAM, at, "unused"));
    assert!(!cx.has_errors());
    cx.push(Diagnostic::error(code::INVALID_VALUE, at, "bad"));
    assert!(cx.has_errors());
    assert_eq!(
        (cx.count(Severity::Warning), cx.count(Severity::Error), cx.len()),
        (1, 1, 2)
    );
}

#[test]
fn a_flood_is_cut_and_counted() {
    let mut cx = Diagnostics::default();
    for number in 0..1_000 {
        cx.push(Diagnostic::placeless(code::INVALID_VALUE, format!("number {number}")));
    }
    let text = cx.render(&Sources::default(), false);
    assert!(text.contains("number 199\n") && !text.contains("number 200"), "{text}");
    assert!(text.ends_with("\nand 800 more\n"), "{text}");
    assert_eq!(cx.len(), 1_000);
}

#[test]
fn colour_is_used_only_when_asked_for() {
    let mut sources = Sources::default();
    let file = sources.add("routes.yaml", ROUTES);
    let mut cx = Diagnostics::default();
    cx.push(Diagnostic::error(
        code::INVALID_VALUE,
        span_of(&sources, file, "1"),
        "bad",
    ));
    assert!(cx.render(&sources, true).contains("\u{1b}["));
    assert!(!cx.render(&sources, false).contains('\u{1b}'));
}
