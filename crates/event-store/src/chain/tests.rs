//! The chain's bytes, against values computed by other means.

use super::*;

fn leaf() -> Leaf<'static> {
    Leaf {
        position: 7,
        stream_kind: "user",
        stream_id: "u-1",
        stream_version: 2,
        event_id: "018f0000-0000-7000-8000-000000000001",
        kind: "user.renamed",
        time: 1_700_000_000_123,
        actor: "user:u-1",
        client: None,
        request_id: Some("r-1"),
        subject: Some("u-1"),
        payload: r#"{"a":1}"#,
        sealed: Some(&[1, 2, 3]),
    }
}

fn hex(hash: Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The expected values were computed with Python's hashlib from the text of docs/auth/event-log.md.
#[test]
fn the_bytes_are_those_of_the_specification() {
    assert_eq!(
        hex(leaf().hash()),
        "a75f135a6fac96721add96a68583056cf14357b2b580df08a9a32cdea3d60729"
    );
    assert_eq!(
        hex(leaf().link(&GENESIS)),
        "ce014e72b2031bd2343190edb9f29ea990e284d911ec9500bdf2f9a3403603ab"
    );
}

#[test]
fn every_field_is_covered() {
    let original = leaf();
    let changed = [
        Leaf {
            position: 8,
            ..original
        },
        Leaf {
            stream_kind: "users",
            ..original
        },
        Leaf {
            stream_id: "u-2",
            ..original
        },
        Leaf {
            stream_version: 3,
            ..original
        },
        Leaf {
            event_id: "018f0000-0000-7000-8000-000000000002",
            ..original
        },
        Leaf {
            kind: "user.created",
            ..original
        },
        Leaf { time: -1, ..original },
        Leaf { actor: "", ..original },
        Leaf {
            client: Some(""),
            ..original
        },
        Leaf {
            request_id: None,
            ..original
        },
        Leaf {
            subject: None,
            ..original
        },
        Leaf {
            payload: r#"{"a": 1}"#,
            ..original
        },
        Leaf {
            sealed: Some(&[]),
            ..original
        },
        Leaf {
            sealed: None,
            ..original
        },
    ];
    for change in changed {
        assert_ne!(change.hash(), original.hash(), "{change:?}");
    }
}

#[test]
fn bytes_can_not_move_from_one_field_to_the_next() {
    let original = leaf();
    let moved = Leaf {
        stream_kind: "useru",
        stream_id: "-1",
        ..original
    };
    assert_ne!(moved.hash(), original.hash());
    let swapped = Leaf {
        client: original.request_id,
        request_id: original.client,
        ..original
    };
    assert_ne!(swapped.hash(), original.hash());
}

#[test]
fn a_link_depends_on_everything_before_it() {
    assert_ne!(leaf().link(&GENESIS), leaf().link(&[1; 32]));
}
