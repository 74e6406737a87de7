//! Randomness as an argument: the system's generator in the program, a seeded one in tests.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use event_store::Timestamp;
use uuid::Uuid;

/// A source of bytes fit for keys.
pub(crate) trait Random: Send + Sync {
    fn fill(&self, bytes: &mut [u8]);
}

/// The generator of AWS-LC, seeded by the operating system.
pub(crate) struct SystemRandomness(SystemRandom);

impl SystemRandomness {
    pub(crate) fn new() -> Self {
        Self(SystemRandom::new())
    }
}

impl Random for SystemRandomness {
    fn fill(&self, bytes: &mut [u8]) {
        self.0
            .fill(bytes)
            .expect("AWS-LC ends the process rather than return without entropy");
    }
}

/// `N` random bytes.
pub(crate) fn bytes<const N: usize>(random: &dyn Random) -> [u8; N] {
    let mut bytes = [0; N];
    random.fill(&mut bytes);
    bytes
}

/// A UUID v7 (RFC 9562 section 5.7) of the moment `now`; moments before the Unix epoch count as the epoch.
pub(crate) fn uuid_v7(random: &dyn Random, now: Timestamp) -> Uuid {
    let millis = u64::try_from(now.0).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &bytes(random)).into_uuid()
}

/// The same bytes in every run of a test: SHA-256 of a seed and a counter.
#[cfg(test)]
pub(crate) struct SeededRandomness(std::sync::Mutex<(u64, u64)>);

#[cfg(test)]
impl SeededRandomness {
    pub(crate) fn new(seed: u64) -> Self {
        Self(std::sync::Mutex::new((seed, 0)))
    }
}

#[cfg(test)]
impl Random for SeededRandomness {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let mut state = self.0.lock().unwrap();
            state.1 += 1;
            let block = super::digest::sha256(&[state.0.to_be_bytes(), state.1.to_be_bytes()].concat());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests;
