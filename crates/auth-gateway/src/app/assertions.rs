//! The identity assertions made for one credential, kept for as long as they are fresh.

use std::sync::Mutex;

use event_store::Timestamp;
use identity_contract::Assertion;

/// Audiences remembered for one credential; a caller that names more gets each made anew.
const MOST: usize = 16;

/// Those made for one credential, by audience, with the time until which they are handed out again.
#[derive(Debug, Default)]
pub(crate) struct Assertions(Mutex<Vec<(Assertion, Timestamp)>>);

impl Assertions {
    pub(super) fn fresh(&self, audience: &str, now: Timestamp) -> Option<Assertion> {
        let made = self.0.lock().expect("nobody panics while holding this lock");
        made.iter()
            .find(|(made, until)| made.audience == audience && now < *until)
            .map(|(made, _)| made.clone())
    }

    pub(super) fn keep(&self, assertion: Assertion, until: Timestamp, now: Timestamp) {
        let mut made = self.0.lock().expect("nobody panics while holding this lock");
        made.retain(|(kept, until)| now < *until && kept.audience != assertion.audience);
        if made.len() < MOST {
            made.push((assertion, until));
        }
    }
}
