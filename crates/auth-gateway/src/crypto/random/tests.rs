use std::collections::HashSet;

use event_store::Timestamp;

use super::{SeededRandomness, SystemRandomness, bytes, uuid_v7};

#[test]
fn the_system_never_gives_the_same_bytes_twice() {
    let random = SystemRandomness::new();
    let drawn: HashSet<[u8; 16]> = (0..1000).map(|_| bytes(&random)).collect();
    assert_eq!(drawn.len(), 1000);
}

#[test]
fn one_seed_gives_one_sequence() {
    let (first, second, other) = (
        SeededRandomness::new(7),
        SeededRandomness::new(7),
        SeededRandomness::new(8),
    );
    assert_eq!(bytes::<80>(&first), bytes::<80>(&second));
    assert_ne!(bytes::<80>(&first), bytes::<80>(&other));
}

#[test]
fn a_uuid_v7_carries_its_time_and_sorts_by_it() {
    let random = SystemRandomness::new();
    let id = uuid_v7(&random, Timestamp(1_700_000_000_123));
    assert_eq!(id.get_version_num(), 7);
    let (seconds, nanos) = id.get_timestamp().unwrap().to_unix();
    assert_eq!((seconds, nanos / 1_000_000), (1_700_000_000, 123));
    assert!(id < uuid_v7(&random, Timestamp(1_700_000_000_124)));
    assert_eq!(uuid_v7(&random, Timestamp(-5)).get_timestamp().unwrap().to_unix().0, 0);
}
