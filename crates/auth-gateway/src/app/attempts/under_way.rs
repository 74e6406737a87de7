//! The attempts that this gateway is looking at just now. They are not written down yet, and count all the same.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::app::Refusal;

/// How many there are on each key; no more than there are requests.
#[derive(Debug, Default)]
pub(super) struct UnderWay(Mutex<HashMap<Vec<u8>, u32>>);

/// Of one attempt, until it is dropped.
#[derive(Debug)]
pub(super) struct Place<'a> {
    under_way: &'a UnderWay,
    keys: Vec<Vec<u8>>,
}

impl UnderWay {
    /// One more attempt on each of the keys, if `admits` of how many there are now: in the order of the keys.
    pub(super) fn enter(
        &self,
        keys: Vec<Vec<u8>>,
        admits: impl FnOnce(&[u32]) -> Result<(), Refusal>,
    ) -> Result<Place<'_>, Refusal> {
        let mut by_key = self.by_key();
        let at_once: Vec<u32> = keys.iter().map(|key| by_key.get(key).copied().unwrap_or(0)).collect();
        admits(&at_once)?;
        for key in &keys {
            *by_key.entry(key.clone()).or_default() += 1;
        }
        Ok(Place { under_way: self, keys })
    }

    fn by_key(&self) -> MutexGuard<'_, HashMap<Vec<u8>, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut by_key = self.under_way.by_key();
        for key in &self.keys {
            match by_key.get_mut(key) {
                Some(at_once) if *at_once > 1 => *at_once -= 1,
                _ => drop(by_key.remove(key)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter<'a>(under_way: &'a UnderWay, key: &str, at_once: u32) -> Place<'a> {
        let admits = |seen: &[u32]| {
            assert_eq!(seen, [at_once]);
            Ok(())
        };
        under_way.enter(vec![key.into()], admits).expect("admitted")
    }

    #[test]
    fn who_leaves_takes_away_one_place_and_the_last_one_the_key() {
        let under_way = UnderWay::default();
        let first = enter(&under_way, "one", 0);
        let (second, _other) = (enter(&under_way, "one", 1), enter(&under_way, "other", 0));
        drop(first);
        let third = enter(&under_way, "one", 1);
        drop((second, third));
        assert_eq!(under_way.by_key().len(), 1);
        enter(&under_way, "one", 0);
    }

    #[test]
    fn who_is_refused_has_no_place() {
        let under_way = UnderWay::default();
        let refused = under_way.enter(vec![b"one".to_vec()], |_| Err(Refusal::Busy));
        assert!(matches!(refused, Err(Refusal::Busy)));
        enter(&under_way, "one", 0);
    }
}
