//! Bare argon2id hashes with the auth gateway's default parameters, on as many threads as it has cores: what logins are
//! measured against. Give a number of seconds as the argument; prints hashes a second.
#![expect(clippy::print_stdout, reason = "it reports to a terminal")]

use std::num::NonZero;
use std::thread;
use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Params, Version};

/// OWASP's second set, which is the default of `passwords.argon2`.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;

fn main() -> anyhow::Result<()> {
    let seconds = std::env::args().nth(1).map_or(Ok(3), |text| text.parse())?;
    let time = Duration::from_secs(seconds);
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let began = Instant::now();
    let workers: Vec<_> = (0..threads)
        .map(|_| thread::spawn(move || hash_until(began + time)))
        .collect();
    let hashes: u32 = workers
        .into_iter()
        .map(|worker| worker.join().expect("hashing does not panic"))
        .sum();
    println!("{:.2}", f64::from(hashes) / began.elapsed().as_secs_f64());
    Ok(())
}

fn hash_until(end: Instant) -> u32 {
    let params = Params::new(MEMORY_KIB, PASSES, 1, Some(32)).expect("within argon2's bounds");
    let mut memory = vec![argon2::Block::default(); params.block_count()];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let (mut hash, mut hashes) = ([0; 32], 0);
    while Instant::now() < end {
        argon2
            .hash_password_into_with_memory(b"correct horse battery", b"sixteen bytes of", &mut hash, &mut memory)
            .expect("the lengths are right");
        hashes += 1;
    }
    hashes
}
