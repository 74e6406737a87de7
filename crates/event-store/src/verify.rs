//! Verification of a log: every row against the chain, every checkpoint against the Merkle root at its size. One pass; memory
//! grows with the number of checkpoints, a hundred bytes or two for each, and not with the number of events.

mod finding;
mod walk;

pub use finding::{Finding, Problem, Witness};
pub use walk::verify_log;
pub(crate) use walk::walk;

use std::cmp::Reverse;

use crate::chain::{GENESIS, Hash};
use crate::checkpoint::Checkpoint;
use crate::event::Position;
use crate::merkle::CompactRange;
use crate::stored::StoredEvent;

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The Merkle tree over the events whose rows are what was hashed, counted from the first.
    pub tree: CompactRange,
    /// The chain at the last of them.
    pub head: Hash,
    /// Of so many events, counted from the first, only the hashes were looked at.
    pub trusted: Position,
    /// Sizes of the checkpoints that agree with the log, in the order they were reached, and who holds them.
    pub confirmed: Vec<(Position, Witness)>,
    /// The first thing that is wrong.
    pub finding: Option<Finding>,
}

/// Takes a log's rows in the order of their positions.
///
/// Feed [`Verifier::push`] all rows even after it has found something: what is wrong with a row may only be clear from
/// later ones.
#[derive(Debug)]
pub struct Verifier {
    /// Largest first: the next one is the last.
    checkpoints: Vec<(Checkpoint, Witness)>,
    confirmed: Vec<(Position, Witness)>,
    tree: CompactRange,
    head: Hash,
    trusted: Position,
    finding: Option<Finding>,
    /// The row that breaks the chain, until it is known why.
    suspect: Option<StoredEvent>,
}

impl Report {
    /// How many events are what was hashed, counted from the first.
    pub fn sound(&self) -> Position {
        self.tree.size()
    }

    /// The most credible checkpoint that saw all the hashes which were trusted.
    pub fn vouching(&self) -> Option<(Position, Witness)> {
        let covering = self.confirmed.iter().filter(|(size, _)| *size >= self.trusted);
        covering.max_by_key(|(_, witness)| *witness).copied()
    }
}

impl Verifier {
    /// A verifier that also compares with `checkpoints`, whose signatures the caller has checked.
    pub fn new(mut checkpoints: Vec<(Checkpoint, Witness)>) -> Verifier {
        // The first one is who knows of the most events; of two the one that can't have been tampered with.
        checkpoints.sort_by_key(|(checkpoint, witness)| Reverse((checkpoint.size, *witness)));
        let mut verifier = Verifier {
            checkpoints,
            confirmed: Vec::new(),
            tree: CompactRange::default(),
            head: GENESIS,
            trusted: 0,
            finding: None,
            suspect: None,
        };
        verifier.compare_checkpoints();
        verifier
    }

    /// Takes the next row's hash as it is stored, whatever the row says. Not after [`Verifier::push`].
    pub fn trust(&mut self, position: i64, hash: &[u8]) {
        if self.finding.is_some() {
            return;
        }
        match Hash::try_from(hash) {
            _ if position < self.next() => self.found(Problem::Surplus { position }),
            _ if position > self.next() => self.found(Problem::Missing { next: position }),
            Err(_) => self.found(Problem::Edited),
            Ok(hash) => {
                self.trusted += 1;
                self.advance(hash);
            }
        }
    }

    /// Takes the next row.
    pub fn push(&mut self, row: StoredEvent) {
        match &self.suspect {
            Some(suspect) => {
                if let Some(problem) = self.explains(suspect, &row) {
                    self.suspect = None;
                    self.finding = Some(Finding {
                        position: self.sound() + 1,
                        problem,
                    });
                }
            }
            None if self.finding.is_none() => self.check(row),
            None => {}
        }
    }

    /// A verifier of the rows that follow a log known to be sound, whose tree and chain were these.
    pub(crate) fn continuing(tree: CompactRange, head: Hash) -> Verifier {
        Verifier {
            tree,
            head,
            ..Verifier::new(Vec::new())
        }
    }

    fn sound(&self) -> Position {
        self.tree.size()
    }

    fn next(&self) -> i64 {
        self.sound().cast_signed() + 1
    }

    fn check(&mut self, row: StoredEvent) {
        let expected = self.next();
        if row.position < expected {
            return self.found(Problem::Surplus { position: row.position });
        }
        let link = row.link_at(expected, &self.head);
        let is_sound = row.position == expected && row.hash == link;
        match is_sound {
            true => self.advance(link),
            // The row that belongs here may come later, or be gone.
            false => self.suspect = Some(row),
        }
    }

    fn advance(&mut self, link: Hash) {
        self.head = link;
        self.tree.push(&link);
        self.compare_checkpoints();
    }

    /// What is wrong at the next position, if `later` tells: the row that belongs there stands elsewhere.
    fn explains(&self, suspect: &StoredEvent, later: &StoredEvent) -> Option<Problem> {
        let link = later.link_at(self.next(), &self.head);
        let belongs_here = later.hash == link || suspect.hash == link;
        belongs_here.then_some(Problem::Reordered {
            found_at: later.position,
        })
    }

    fn found(&mut self, problem: Problem) {
        let position = self.sound() + 1;
        self.finding.get_or_insert(Finding { position, problem });
    }

    fn compare_checkpoints(&mut self) {
        while let Some((checkpoint, witness)) = self.checkpoints.pop_if(|(next, _)| next.size == self.tree.size()) {
            if checkpoint.root == self.tree.root() {
                self.confirmed.push((checkpoint.size, witness));
                continue;
            }
            // A checkpoint in the database may have been rewritten along with the log: it excuses nothing outside.
            let credible = self
                .confirmed
                .iter()
                .rev()
                .find(|(_, confirming)| *confirming >= witness);
            let since = credible.map_or(0, |(size, _)| *size);
            self.finding = Some(Finding {
                position: since + 1,
                problem: Problem::Rehashed {
                    until: checkpoint.size,
                    witness,
                },
            });
            return;
        }
    }

    /// Ends the walk. `head` is what the database says of the last event: its position and hash.
    pub fn finish(mut self, head: Option<(i64, &[u8])>) -> Report {
        if let Some(suspect) = self.suspect.take() {
            self.found(match suspect.position == self.next() {
                true => Problem::Edited,
                // Perhaps it is the row that belongs here with another number, perhaps one after a gap.
                false if suspect.hash == suspect.link_at(self.next(), &self.head) => Problem::Reordered {
                    found_at: suspect.position,
                },
                false => Problem::Missing { next: suspect.position },
            });
        }
        if self.finding.is_none() {
            self.check_end(head);
        }
        Report {
            tree: self.tree,
            head: self.head,
            trusted: self.trusted,
            confirmed: self.confirmed,
            finding: self.finding,
        }
    }

    fn check_end(&mut self, head: Option<(i64, &[u8])>) {
        if let Some((checkpoint, witness)) = self.checkpoints.first() {
            return self.found(Problem::Truncated {
                known: checkpoint.size,
                witness: *witness,
            });
        }
        let Some((position, hash)) = head else { return };
        if position > self.sound().cast_signed() {
            self.found(Problem::Truncated {
                known: position.cast_unsigned(),
                witness: Witness::Head,
            });
        } else if position < self.sound().cast_signed() || hash != self.head {
            self.finding = Some(Finding {
                position: self.sound(),
                problem: Problem::HeadDiffers,
            });
        }
    }
}

#[cfg(test)]
mod tests;
