//! Logs tampered with in every way, as rows.

use super::*;
use crate::chain::GENESIS;

fn row(position: i64, previous: &Hash) -> StoredEvent {
    let mut row = StoredEvent {
        position,
        stream_kind: "account".to_owned(),
        stream_id: format!("a-{}", position % 3),
        version: position / 3 + 1,
        id: format!("018f0000-0000-7000-8000-{position:012}"),
        kind: "account.credited".to_owned(),
        time: 1_700_000_000_000 + position,
        actor: "user:u-1".to_owned(),
        client: None,
        request_id: None,
        subject: None,
        payload: format!("{{\"amount\":{position}}}"),
        sealed: None,
        hash: Vec::new(),
    };
    row.hash = row.link_at(position, previous).to_vec();
    row
}

fn log(events: i64) -> Vec<StoredEvent> {
    let mut rows: Vec<StoredEvent> = Vec::new();
    for position in 1..=events {
        let previous = rows.last().map_or(GENESIS, |row| row.hash.clone().try_into().unwrap());
        rows.push(row(position, &previous));
    }
    rows
}

fn rehash(rows: &mut [StoredEvent]) {
    let mut previous = GENESIS;
    for row in rows {
        previous = row.link_at(row.position, &previous);
        row.hash = previous.to_vec();
    }
}

fn checkpoint(rows: &[StoredEvent]) -> Checkpoint {
    let mut tree = CompactRange::default();
    for row in rows {
        tree.push(&row.hash);
    }
    Checkpoint {
        origin: "log.example.org".to_owned(),
        size: tree.size(),
        root: tree.root(),
    }
}

fn verify(rows: &[StoredEvent], checkpoints: Vec<(Checkpoint, Witness)>) -> Report {
    let mut verifier = Verifier::new(checkpoints);
    for row in rows {
        verifier.push(row.clone());
    }
    verifier.finish(rows.last().map(|row| (row.position, row.hash.as_slice())))
}

fn problem(rows: &[StoredEvent], checkpoints: Vec<(Checkpoint, Witness)>) -> (Position, Problem) {
    let finding = verify(rows, checkpoints).finding.expect("something is wrong");
    (finding.position, finding.problem)
}

#[test]
fn a_sound_log_is_confirmed_by_every_checkpoint() {
    let rows = log(10);
    let witnesses = vec![
        (checkpoint(&rows[..0]), Witness::Stored),
        (checkpoint(&rows[..4]), Witness::Stored),
        (checkpoint(&rows), Witness::Stored),
        (checkpoint(&rows), Witness::Outside),
    ];
    let report = verify(&rows, witnesses);
    assert_eq!(report.finding, None);
    assert_eq!((report.sound(), report.head.as_slice()), (10, rows[9].hash.as_slice()));
    assert_eq!(report.tree.root(), checkpoint(&rows).root);
    let sizes: Vec<u64> = report.confirmed.iter().map(|(size, _)| *size).collect();
    assert_eq!(sizes, [0, 4, 10, 10]);
}

#[test]
fn an_empty_log_is_sound() {
    assert_eq!(verify(&[], Vec::new()).finding, None);
}

#[test]
fn an_edit_of_any_column_is_found_at_its_row() {
    let edits: [fn(&mut StoredEvent); 12] = [
        |row| row.stream_id.push('x'),
        |row| row.stream_kind.push('x'),
        |row| row.version += 1,
        |row| row.id.push('x'),
        |row| row.kind.push('x'),
        |row| row.time += 1,
        |row| row.actor.push('x'),
        |row| row.client = Some(String::new()),
        |row| row.subject = Some("u-2".to_owned()),
        |row| row.payload.push(' '),
        |row| row.sealed = Some(Vec::new()),
        |row| row.hash[0] ^= 1,
    ];
    for (number, edit) in edits.iter().enumerate() {
        let mut rows = log(9);
        edit(&mut rows[4]);
        assert_eq!(problem(&rows, Vec::new()), (5, Problem::Edited), "edit {number}");
    }
}

#[test]
fn an_edit_with_a_fresh_hash_is_found_at_the_next_row() {
    let mut rows = log(9);
    rows[4].payload = "{}".to_owned();
    let previous = rows[3].hash.clone().try_into().unwrap();
    rows[4].hash = rows[4].link_at(5, &previous).to_vec();
    assert_eq!(problem(&rows, Vec::new()), (6, Problem::Edited));
}

#[test]
fn rows_that_changed_places_are_found_with_or_without_their_hashes() {
    let mut with_hashes = log(9);
    with_hashes.swap(4, 6);
    (with_hashes[4].position, with_hashes[6].position) = (5, 7);
    assert_eq!(
        problem(&with_hashes, Vec::new()),
        (5, Problem::Reordered { found_at: 7 })
    );

    let mut without = with_hashes;
    let moved = without[4].hash.clone();
    without[4].hash = std::mem::replace(&mut without[6].hash, moved);
    assert_eq!(problem(&without, Vec::new()), (5, Problem::Reordered { found_at: 7 }));
}

#[test]
fn a_row_moved_to_the_end_is_found_where_it_belongs() {
    let mut rows = log(9);
    let mut moved = rows.remove(4);
    moved.position = 10;
    rows.push(moved);
    assert_eq!(problem(&rows, Vec::new()), (5, Problem::Reordered { found_at: 10 }));
}

#[test]
fn a_gap_is_found_at_its_beginning() {
    let mut rows = log(9);
    rows.drain(4..6);
    assert_eq!(problem(&rows, Vec::new()), (5, Problem::Missing { next: 7 }));
}

#[test]
fn a_row_before_the_first_is_surplus() {
    let mut rows = log(3);
    rows.insert(0, row(-4, &GENESIS));
    assert_eq!(problem(&rows, Vec::new()), (1, Problem::Surplus { position: -4 }));
}

#[test]
fn a_log_shorter_than_its_head_is_truncated() {
    let rows = log(9);
    let mut verifier = Verifier::new(Vec::new());
    for row in &rows[..7] {
        verifier.push(row.clone());
    }
    let finding = verifier.finish(Some((9, &rows[8].hash))).finding.unwrap();
    let truncated = Problem::Truncated {
        known: 9,
        witness: Witness::Head,
    };
    assert_eq!((finding.position, finding.problem), (8, truncated));
}

#[test]
fn a_head_that_is_not_the_last_row_is_found() {
    let rows = log(3);
    for (position, hash) in [(3, vec![1; 32]), (2, rows[1].hash.clone())] {
        let mut verifier = Verifier::new(Vec::new());
        for row in &rows {
            verifier.push(row.clone());
        }
        let finding = verifier.finish(Some((position, &hash))).finding.unwrap();
        assert_eq!((finding.position, finding.problem), (3, Problem::HeadDiffers));
    }
}

#[test]
fn truncation_with_a_fitting_head_is_found_by_a_checkpoint_alone() {
    let rows = log(9);
    assert_eq!(verify(&rows[..6], Vec::new()).finding, None);
    let outside = vec![(checkpoint(&rows), Witness::Outside)];
    let truncated = Problem::Truncated {
        known: 9,
        witness: Witness::Outside,
    };
    assert_eq!(problem(&rows[..6], outside), (7, truncated));
}

#[test]
fn a_log_hashed_anew_is_found_by_a_checkpoint_alone() {
    let original = log(9);
    let mut rows = original.clone();
    rows[4].payload = "{}".to_owned();
    rehash(&mut rows);
    assert_eq!(verify(&rows, Vec::new()).finding, None);
    let witnesses = vec![
        (checkpoint(&original), Witness::Outside),
        (checkpoint(&original[..3]), Witness::Outside),
    ];
    let rehashed = Problem::Rehashed {
        until: 9,
        witness: Witness::Outside,
    };
    assert_eq!(problem(&rows, witnesses), (4, rehashed));
}

#[test]
fn a_checkpoint_in_the_database_does_not_speak_against_one_outside() {
    let original = log(9);
    let mut rows = original.clone();
    rows[1].payload = "{}".to_owned();
    rehash(&mut rows);
    let witnesses = vec![
        (checkpoint(&rows[..4]), Witness::Stored),
        (checkpoint(&rows), Witness::Stored),
        (checkpoint(&original), Witness::Outside),
    ];
    let rehashed = Problem::Rehashed {
        until: 9,
        witness: Witness::Outside,
    };
    assert_eq!(problem(&rows, witnesses), (1, rehashed));
}

/// Of the first `trusted` rows only the hashes.
fn verify_after(trusted: usize, rows: &[StoredEvent], checkpoints: Vec<(Checkpoint, Witness)>) -> Report {
    let mut verifier = Verifier::new(checkpoints);
    for row in &rows[..trusted] {
        verifier.trust(row.position, &row.hash);
    }
    for row in &rows[trusted..] {
        verifier.push(row.clone());
    }
    verifier.finish(rows.last().map(|row| (row.position, row.hash.as_slice())))
}

#[test]
fn hashes_that_are_trusted_are_vouched_for_by_a_checkpoint_that_saw_them_all() {
    let rows = log(9);
    let alone = verify_after(5, &rows, Vec::new());
    assert_eq!((alone.finding.clone(), alone.trusted, alone.sound()), (None, 5, 9));
    assert_eq!(alone.vouching(), None);
    let earlier = vec![(checkpoint(&rows[..4]), Witness::Outside)];
    assert_eq!(verify_after(5, &rows, earlier).vouching(), None);
    let later = vec![
        (checkpoint(&rows[..4]), Witness::Outside),
        (checkpoint(&rows[..5]), Witness::Outside),
        (checkpoint(&rows), Witness::Stored),
    ];
    assert_eq!(verify_after(5, &rows, later).vouching(), Some((5, Witness::Outside)));
}

#[test]
fn an_edit_before_the_trusted_position_passes_and_a_wrong_hash_does_not() {
    let mut rows = log(9);
    rows[2].payload = "{}".to_owned();
    assert_eq!(verify_after(5, &rows, Vec::new()).finding, None);
    let original = log(9);
    rehash(&mut rows);
    let found = verify_after(5, &rows, vec![(checkpoint(&original), Witness::Outside)]).finding;
    let rehashed = Problem::Rehashed {
        until: 9,
        witness: Witness::Outside,
    };
    assert_eq!(found.map(|finding| finding.problem), Some(rehashed));
    rows[4].hash[0] ^= 1;
    let found = verify_after(5, &rows, Vec::new()).finding.expect("a wrong hash");
    assert_eq!((found.position, found.problem), (6, Problem::Edited));
}

#[test]
fn gaps_among_trusted_rows_are_found() {
    let mut rows = log(9);
    rows.remove(2);
    let found = verify_after(5, &rows, Vec::new()).finding.expect("a gap");
    assert_eq!((found.position, found.problem), (3, Problem::Missing { next: 4 }));
    let mut rows = log(9);
    rows.insert(0, row(0, &GENESIS));
    let found = verify_after(5, &rows, Vec::new())
        .finding
        .expect("a row before the first");
    assert_eq!((found.position, found.problem), (1, Problem::Surplus { position: 0 }));
}
