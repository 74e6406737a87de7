//! How long answers about known and unknown addresses take, side by side. It measures and prints, and judges nothing: time
//! is no matter of right and wrong on a machine with other work. Its long form:
//! `SOAK_ANSWERS=200 cargo test -p auth-gateway --test auth enumeration_time -- --nocapture`.

use crate::support::gateway::{Answer, Client, Served, new_address};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Answers of each kind in the short form, unless SOAK_ANSWERS says how many.
const SHORT: usize = 4;

fn answers() -> usize {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test binary has no other argument than names of tests"
    )]
    let soak = std::env::var("SOAK_ANSWERS").ok();
    soak.map_or(SHORT, |answers| answers.parse().expect("SOAK_ANSWERS is a number"))
}

/// What is asked about an address.
type Body<'b> = &'b dyn Fn(&str) -> Value;

/// Where the middle half of them lies.
fn quartiles(mut times: Vec<Duration>) -> [f64; 3] {
    times.sort_unstable();
    [1, 2, 3].map(|quarter| times[times.len() * quarter / 4].as_secs_f64() * 1000.0)
}

async fn timed(client: &Client, path: &str, body: Value) -> (Duration, Answer) {
    let began = Instant::now();
    let answer = client.post(path, body).await;
    (began.elapsed(), answer)
}

#[tokio::test]
#[expect(clippy::print_stdout, reason = "what it measures is for who runs it")]
async fn answers_about_known_and_unknown_addresses_are_timed_side_by_side() {
    let patience = "{ free_attempts: 1000 }";
    let gateway = Served::start(&format!(
        "log: {{ level: warn }}\nlockout: {{ per_pair: {patience}, per_address: {patience}, per_account: {patience} }}"
    ));
    gateway.set_up().await;
    let known = gateway.user().await.email;
    let with_password = |email: &str| json!({"email": email, "password": "another password 12"});
    let asking = |email: &str| json!({"email": email});
    let paths: [(&str, u16, Body<'_>); 4] = [
        ("/v1/auth/login", 401, &with_password),
        ("/v1/auth/signup", 202, &with_password),
        ("/v1/auth/password/forgot", 200, &asking),
        ("/v1/auth/verify-email/resend", 200, &asking),
    ];
    let count = answers();
    println!("{count} answers each; milliseconds: first quartile, median, third quartile");
    for (path, status, body) in paths {
        let mut times = [Vec::new(), Vec::new()];
        for number in 0..count * 2 {
            let is_known = number % 2 == 0;
            let email = if is_known { known.clone() } else { new_address() };
            let client = gateway.client();
            // A connection of its own, made before the clock starts.
            client.get("/health").await;
            let (time, answer) = timed(&client, path, body(&email)).await;
            assert_eq!(answer.status.as_u16(), status, "{path} {}", answer.text);
            times[usize::from(!is_known)].push(time);
        }
        let [known, unknown] = times.map(quartiles);
        println!(
            "{path:<30} known {known:>8.3?} unknown {unknown:>8.3?} ratio {:.3}",
            known[1] / unknown[1]
        );
    }
}
