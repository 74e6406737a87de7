use super::*;

fn head(position: u64) -> Head {
    Head {
        position,
        hash: [7; 32],
        rebuilds: 0,
    }
}

fn rows(names: &[&str], version: u64) -> BTreeMap<StreamId, StreamRow> {
    let row = StreamRow {
        version,
        position: version,
        state: None,
        lookups_digest: None,
        lookups: Vec::new(),
    };
    names
        .iter()
        .map(|name| (StreamId::new("s", *name), row.clone()))
        .collect()
}

/// What is found, and what must be read.
fn ask(known: &mut Known, at: u64, names: &[&str]) -> (BTreeMap<StreamId, StreamRow>, Vec<String>) {
    let streams: Vec<StreamId> = names.iter().map(|name| StreamId::new("s", *name)).collect();
    let mut wanted = streams.iter().collect();
    let found = known.take(head(at), &mut wanted);
    (found, wanted.iter().map(|stream| stream.id.clone()).collect())
}

#[test]
fn what_was_written_last_is_known_as_long_as_nobody_else_wrote() {
    let mut known = Known::default();
    assert_eq!(
        ask(&mut known, 0, &["a", "b"]),
        (rows(&[], 0), vec!["a".into(), "b".into()])
    );
    known.keep(head(2), rows(&["a", "b"], 1));
    known.keep(head(3), rows(&["b"], 2));
    let mut found = rows(&["a"], 1);
    found.extend(rows(&["b"], 2));
    assert_eq!(ask(&mut known, 3, &["a", "b", "c"]), (found, vec!["c".into()]));
}

#[test]
fn what_was_taken_is_not_known_until_it_is_written_again() {
    let mut known = Known::default();
    known.keep(head(2), rows(&["a"], 1));
    ask(&mut known, 2, &["a"]);
    assert_eq!(ask(&mut known, 2, &["a"]), (rows(&[], 0), vec!["a".into()]));
}

#[test]
fn nothing_is_known_once_somebody_else_has_moved_the_head() {
    let mut known = Known::default();
    known.keep(head(2), rows(&["a"], 1));
    let nothing = (rows(&[], 0), vec!["a".to_owned()]);
    assert_eq!(ask(&mut known, 3, &["a"]), nothing);
    assert_eq!(ask(&mut known, 2, &["a"]), nothing, "not even if it comes back");
}

#[test]
fn nothing_is_known_once_a_rebuild_has_replaced_the_rows() {
    let mut known = Known::default();
    known.keep(head(2), rows(&["a"], 1));
    let rebuilt = Head { rebuilds: 1, ..head(2) };
    let stream = StreamId::new("s", "a");
    assert_eq!(known.take(rebuilt, &mut [&stream].into()), rows(&[], 0));
}

#[test]
fn the_head_is_presumed_once_it_was_found_where_it_was_left() {
    let mut known = Known::default();
    known.found(head(0));
    assert_eq!(known.presumed_head(), None, "nothing was written yet");
    known.keep(head(1), rows(&["a"], 1));
    assert_eq!(known.presumed_head(), None, "somebody else may write too");
    known.found(head(1));
    known.keep(head(2), rows(&["a"], 2));
    assert_eq!(known.presumed_head(), Some(head(2)));
    known.found(head(3));
    assert_eq!(known.presumed_head(), None, "somebody else does");
    assert_eq!(ask(&mut known, 2, &["a"]), (rows(&[], 0), vec!["a".into()]));
}

#[test]
fn no_more_is_kept_than_fits() {
    let mut known = Known::default();
    for number in 0..MOST {
        known.keep(head(1), rows(&[&number.to_string()], 1));
    }
    assert_eq!(known.streams.len(), MOST);
    known.keep(head(1), rows(&["next"], 1));
    assert_eq!(known.streams.len(), 1);
}
