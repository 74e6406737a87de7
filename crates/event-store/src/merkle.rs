//! RFC 6962 Merkle trees over the log's chain hashes: roots that grow with the log, and proofs that one event is in
//! it or that one log continues another. Entry *n* (0-based) is the chain hash stored at position *n* + 1.

use std::ops::Range;

use aws_lc_rs::digest::{Context, SHA256};

use crate::chain::{Hash, as_hash, sha256};

/// The hash of a leaf, `SHA-256(0x00 | entry)` (RFC 6962 section 2.1).
pub fn leaf_hash(entry: &[u8]) -> Hash {
    let mut leaf = Context::new(&SHA256);
    leaf.update(&[0]);
    leaf.update(entry);
    as_hash(leaf.finish().as_ref())
}

fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut node = [1; 65];
    node[1..33].copy_from_slice(left);
    node[33..].copy_from_slice(right);
    sha256(&node)
}

/// What must be kept of a tree to append to it and to know its root: the root of each perfect subtree, largest first,
/// one for each set bit of the size.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompactRange {
    size: u64,
    subtrees: Vec<Hash>,
}

impl CompactRange {
    /// The range as kept by [`CompactRange::to_bytes`]; `None` unless `bytes` holds exactly the subtrees of a tree of
    /// `size` leaves.
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Option<CompactRange> {
        let (subtrees, rest) = bytes.as_chunks::<32>();
        let complete = rest.is_empty() && subtrees.len() == size.count_ones() as usize;
        complete.then(|| CompactRange {
            size,
            subtrees: subtrees.to_vec(),
        })
    }

    /// The subtrees' hashes, largest subtree first, 32 bytes each.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.subtrees.concat()
    }

    /// Leaves so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends an entry.
    pub fn push(&mut self, entry: &[u8]) {
        let mut merged = leaf_hash(entry);
        for _ in 0..self.size.trailing_ones() {
            let left = self.subtrees.pop().expect("one subtree for each set bit of the size");
            merged = node_hash(&left, &merged);
        }
        self.subtrees.push(merged);
        self.size += 1;
    }

    /// The Merkle tree hash; of an empty tree SHA-256 of nothing.
    pub fn root(&self) -> Hash {
        let smaller_first = self.subtrees.iter().rev().copied();
        let root = smaller_first.reduce(|right, left| node_hash(&left, &right));
        root.unwrap_or_else(|| sha256(&[]))
    }
}

/// Collects a proof while all entries of a tree pass by once, in order. Memory grows with the logarithm of the size.
#[derive(Debug)]
pub struct ProofBuilder {
    /// The subtrees whose roots make the proof, in the proof's order.
    subtrees: Vec<(Range<u64>, CompactRange)>,
    next: u64,
}

impl ProofBuilder {
    /// For the audit path of entry `index` (0-based) in a tree of `size` (RFC 6962 section 2.1.1); `None` unless
    /// `index < size`.
    pub fn inclusion(index: u64, size: u64) -> Option<ProofBuilder> {
        (index < size).then(|| ProofBuilder::of(path(index, 0..size)))
    }

    /// For the proof that the first `old` of `new` entries are a tree of their own (RFC 6962 section 2.1.2); `None`
    /// unless `old <= new`. The proof is empty where `old` is 0 or `new`.
    pub fn consistency(old: u64, new: u64) -> Option<ProofBuilder> {
        match old {
            _ if old > new => None,
            0 => Some(ProofBuilder::of(Vec::new())),
            old => Some(ProofBuilder::of(subproof(old, 0..new, true))),
        }
    }

    fn of(ranges: Vec<Range<u64>>) -> ProofBuilder {
        let subtrees = ranges.into_iter().map(|range| (range, CompactRange::default()));
        ProofBuilder {
            subtrees: subtrees.collect(),
            next: 0,
        }
    }

    /// Takes the next entry.
    pub fn push(&mut self, entry: &[u8]) {
        let of_this = self.subtrees.iter_mut().find(|(range, _)| range.contains(&self.next));
        if let Some((_, subtree)) = of_this {
            subtree.push(entry);
        }
        self.next += 1;
    }

    /// The proof; `None` where fewer entries passed than the tree has.
    pub fn finish(self) -> Option<Vec<Hash>> {
        let complete = |(range, subtree): &(Range<u64>, CompactRange)| subtree.size() == range.end - range.start;
        let proof = self.subtrees.iter().map(|part| complete(part).then(|| part.1.root()));
        proof.collect()
    }
}

/// The largest power of two smaller than `size`, which is at least 2.
fn split(size: u64) -> u64 {
    1 << (u64::BITS - 1 - (size - 1).leading_zeros())
}

/// `PATH` of RFC 6962 section 2.1.1, as the ranges whose roots it consists of.
fn path(index: u64, tree: Range<u64>) -> Vec<Range<u64>> {
    if tree.end - tree.start == 1 {
        return Vec::new();
    }
    let middle = tree.start + split(tree.end - tree.start);
    let (inner, sibling) = match index < middle {
        true => (tree.start..middle, middle..tree.end),
        false => (middle..tree.end, tree.start..middle),
    };
    let mut ranges = path(index, inner);
    ranges.push(sibling);
    ranges
}

/// `SUBPROOF` of RFC 6962 section 2.1.2; `old_end` lies in `tree` and `known` says that the old tree's root is known.
fn subproof(old_end: u64, tree: Range<u64>, known: bool) -> Vec<Range<u64>> {
    match (old_end == tree.end, known) {
        (true, true) => return Vec::new(),
        (true, false) => return vec![tree],
        (false, _) => {}
    }
    let middle = tree.start + split(tree.end - tree.start);
    let (mut ranges, sibling) = match old_end <= middle {
        true => (subproof(old_end, tree.start..middle, known), middle..tree.end),
        false => (subproof(old_end, middle..tree.end, false), tree.start..middle),
    };
    ranges.push(sibling);
    ranges
}

/// Whether `proof` shows that `entry` is at `index` (0-based) of the tree of `size` with `root` (RFC 9162 section
/// 2.1.3.2).
pub fn proves_inclusion(entry: &[u8], index: u64, size: u64, root: &Hash, proof: &[Hash]) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last) = (index, size - 1);
    let mut computed = leaf_hash(entry);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if node % 2 == 1 || node == last {
            computed = node_hash(sibling, &computed);
            climb_while_even(&mut node, &mut last);
        } else {
            computed = node_hash(&computed, sibling);
        }
        (node, last) = (node / 2, last / 2);
    }
    last == 0 && computed == *root
}

/// Whether `proof` shows that the tree of `new` entries with `new_root` begins with the tree of `old` entries with
/// `old_root` (RFC 9162 section 2.1.4.2). Every tree continues the empty one.
pub fn proves_consistency(old: u64, old_root: &Hash, new: u64, new_root: &Hash, proof: &[Hash]) -> bool {
    match old {
        0 => return proof.is_empty() && *old_root == sha256(&[]),
        _ if old == new => return proof.is_empty() && old_root == new_root,
        _ if old > new => return false,
        _ => {}
    }
    let whole = old.is_power_of_two().then_some(old_root);
    let mut proof = whole.into_iter().chain(proof);
    let Some(first) = proof.next() else { return false };
    let (mut node, mut last) = (old - 1, new - 1);
    let shared = node.trailing_ones();
    (node, last) = (node >> shared, last >> shared);
    let (mut from_old, mut from_new) = (*first, *first);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if node % 2 == 1 || node == last {
            from_old = node_hash(sibling, &from_old);
            from_new = node_hash(sibling, &from_new);
            climb_while_even(&mut node, &mut last);
        } else {
            from_new = node_hash(&from_new, sibling);
        }
        (node, last) = (node / 2, last / 2);
    }
    last == 0 && from_old == *old_root && from_new == *new_root
}

/// Skips the levels at which the rightmost node has no sibling.
fn climb_while_even(node: &mut u64, last: &mut u64) {
    while node.is_multiple_of(2) && *node != 0 {
        (*node, *last) = (*node / 2, *last / 2);
    }
}

#[cfg(test)]
mod tests;
