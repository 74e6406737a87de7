//! Against the entries and tree hashes that implementations of RFC 6962 share, computed anew by a recursive program in
//! another language straight from the RFC's definitions; then by properties.

use proptest::prelude::*;

use super::*;

const ENTRIES: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];

/// Of the first 0, 1, … 8 entries.
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

/// Index, size, audit path.
const PATHS: [(u64, u64, &[&str]); 6] = [
    (0, 1, &[]),
    (
        0,
        8,
        &[
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        5,
        8,
        &[
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (
        2,
        3,
        &["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    ),
    (
        1,
        5,
        &[
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
    (
        6,
        7,
        &[
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
];

/// Old size, new size, proof.
const CONSISTENCY: [(u64, u64, &[&str]); 6] = [
    (1, 1, &[]),
    (
        1,
        8,
        &[
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        6,
        8,
        &[
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (
        2,
        5,
        &[
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
    (
        3,
        7,
        &[
            "0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7",
            "07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "837dbb152e9b079010717e84e865da4ebc0fa198a806d59d31bf15accef22d0e",
        ],
    ),
    (
        4,
        7,
        &["837dbb152e9b079010717e84e865da4ebc0fa198a806d59d31bf15accef22d0e"],
    ),
];

fn unhex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2);
    let byte = |pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.map(byte).collect()
}

fn entries() -> Vec<Vec<u8>> {
    ENTRIES.iter().map(|text| unhex(text)).collect()
}

fn hashes(texts: &[&str]) -> Vec<Hash> {
    texts.iter().map(|text| unhex(text).try_into().unwrap()).collect()
}

fn tree(entries: &[Vec<u8>]) -> CompactRange {
    let mut tree = CompactRange::default();
    for entry in entries {
        tree.push(entry);
    }
    tree
}

fn proof(builder: Option<ProofBuilder>, entries: &[Vec<u8>]) -> Vec<Hash> {
    let mut builder = builder.unwrap();
    for entry in entries {
        builder.push(entry);
    }
    builder.finish().unwrap()
}

#[test]
fn roots_are_those_of_the_vectors() {
    for (size, root) in hashes(&ROOTS).iter().enumerate() {
        assert_eq!(tree(&entries()[..size]).root(), *root, "of {size} entries");
    }
}

#[test]
fn audit_paths_are_those_of_the_vectors() {
    for (index, size, path) in PATHS {
        let tree = &entries()[..usize::try_from(size).unwrap()];
        assert_eq!(
            proof(ProofBuilder::inclusion(index, size), tree),
            hashes(path),
            "of entry {index} among {size}"
        );
    }
}

#[test]
fn consistency_proofs_are_those_of_the_vectors() {
    for (old, new, expected) in CONSISTENCY {
        let tree = &entries()[..usize::try_from(new).unwrap()];
        assert_eq!(
            proof(ProofBuilder::consistency(old, new), tree),
            hashes(expected),
            "from {old} to {new}"
        );
    }
}

#[test]
fn no_proof_exists_beyond_the_tree() {
    assert!(ProofBuilder::inclusion(3, 3).is_none());
    assert!(ProofBuilder::consistency(4, 3).is_none());
    let unfinished = ProofBuilder::inclusion(0, 2).unwrap();
    assert_eq!(unfinished.finish(), None);
    assert!(!proves_inclusion(b"", 3, 3, &[0; 32], &[]));
    assert!(!proves_consistency(4, &[0; 32], 3, &[0; 32], &[]));
}

#[test]
fn every_tree_continues_the_empty_one() {
    let (empty, full) = (tree(&[]).root(), tree(&entries()).root());
    assert!(proves_consistency(0, &empty, 8, &full, &[]));
    assert!(!proves_consistency(0, &full, 8, &full, &[]));
}

#[test]
fn a_compact_range_survives_being_stored() {
    for size in 0..=8 {
        let range = tree(&entries()[..size]);
        let stored = CompactRange::from_bytes(range.size(), &range.to_bytes());
        assert_eq!(stored, Some(range));
    }
    assert_eq!(CompactRange::from_bytes(3, &[0; 32]), None);
    assert_eq!(CompactRange::from_bytes(1, &[0; 33]), None);
}

fn log() -> impl Strategy<Value = Vec<Vec<u8>>> {
    proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..4), 1..200)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn inclusion_is_proven_for_the_entry_and_its_place_only(log in log(), at: prop::sample::Index, bit in 0..256usize) {
        let index = at.index(log.len()) as u64;
        let (size, root) = (log.len() as u64, tree(&log).root());
        let path = proof(ProofBuilder::inclusion(index, size), &log);
        let entry = &log[at.index(log.len())];
        prop_assert!(proves_inclusion(entry, index, size, &root, &path));
        prop_assert!(!proves_inclusion(b"other", index, size, &root, &path));
        for other in (0..size).filter(|other| *other != index) {
            prop_assert!(!proves_inclusion(entry, other, size, &root, &path) || log[usize::try_from(other).unwrap()] == *entry);
        }
        let mut wrong = root;
        wrong[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(!proves_inclusion(entry, index, size, &wrong, &path));
        let longer: Vec<Hash> = path.iter().copied().chain([root]).collect();
        prop_assert!(!proves_inclusion(entry, index, size, &root, &longer));
    }

    #[test]
    fn consistency_is_proven_for_a_prefix_only(log in log(), at: prop::sample::Index) {
        let old = at.index(log.len()) + 1;
        let (old_root, root) = (tree(&log[..old]).root(), tree(&log).root());
        let (old, size) = (old as u64, log.len() as u64);
        let steps = proof(ProofBuilder::consistency(old, size), &log);
        prop_assert!(proves_consistency(old, &old_root, size, &root, &steps));
        prop_assert!(!proves_consistency(old, &[7; 32], size, &root, &steps));
        prop_assert!(!proves_consistency(old, &old_root, size, &[7; 32], &steps));
    }
}
