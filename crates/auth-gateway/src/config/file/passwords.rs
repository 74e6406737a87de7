//! `passwords` and `lockout`: what a password must be, what checking one costs, and how long guessing waits.

use config_text::bounded::{Count, Patience as Wait, TimeLimit};
use config_text::code::INVALID_VALUE;
use config_text::diagnostic::{Diagnostic, Diagnostics, Spanned};
use config_text::units::{ByteSize, write_duration};

use crate::config::code::{CONFLICTING_VALUES, WEAK_HASH};
use crate::config::settings::{LONGEST_WAIT, Lockout, Passwords, Patience};
use crate::crypto::password_parameters::{ParametersRefused, PasswordParameters};

config_text::record! {
    /// What a password must be, and what checking one costs.
    pub(super) struct RawPasswords as "the `passwords` section" {
        /// In characters. There are no rules of composition; widely used passwords are refused whatever their length.
        min_length: default(8) Count<8, 64>,
        /// What one argon2id hash costs.
        argon2: default({}) RawArgon2,
        /// Hashes at once; without it, one for each core.
        concurrency: optional Count<1, 1024>,
        /// Logins that wait for their turn, beyond which they are answered 503; without it, sixteen for each hash at once.
        queue: optional Count<0, 100_000>,
    }
}

config_text::record! {
    /// What one argon2id hash costs (RFC 9106); at least what OWASP asks.
    pub(super) struct RawArgon2 as "the `argon2` section" {
        /// Memory of one hash, at most 1GiB.
        memory: default("19MiB") ByteSize,
        /// Passes over it.
        iterations: default(2) Count<1, 64>,
        /// Lanes.
        parallelism: default(1) Count<1, 16>,
    }
}

config_text::record! {
    /// How guessing waits. Waits double from the first to the longest; a success forgets them.
    pub(super) struct RawLockout as "the `lockout` section" {
        /// Of one account from one address.
        per_pair: default({}) RawPairPatience,
        /// Of all accounts from one address.
        per_address: default({}) RawAddressPatience,
        /// Of one account from anywhere but where its owner has signed in before.
        per_account: default({}) RawAccountPatience,
    }
}

/// The same keys with other defaults.
macro_rules! patience {
    ($(#[doc = $doc:literal])* $name:ident as $what:literal, $free:literal, $first:literal, $longest:literal) => {
        config_text::record! {
            $(#[doc = $doc])*
            pub(super) struct $name as $what {
                /// Failures in a row without a wait.
                free_attempts: default($free) Count<1, 1000>,
                /// The wait after the next one.
                first_wait: default($first) Spanned<TimeLimit>,
                /// What waits grow to, a day at most.
                longest_wait: default($longest) Spanned<Wait>,
            }
        }

        impl $name {
            fn patience(&self, cx: &mut Diagnostics) -> Patience {
                if self.longest_wait.value.0 > LONGEST_WAIT {
                    let message = "nobody is remembered for so long";
                    let label = format!("at most {}", write_duration(LONGEST_WAIT));
                    cx.push(Diagnostic::error(INVALID_VALUE, self.longest_wait.span, message).label(label));
                }
                if self.first_wait.value.0 > self.longest_wait.value.0 {
                    let message = "the first wait is longer than the longest";
                    let label = format!("at most `longest_wait`, {}", write_duration(self.longest_wait.value.0));
                    cx.push(Diagnostic::error(CONFLICTING_VALUES, self.first_wait.span, message).label(label));
                }
                Patience {
                    free_attempts: u32::try_from(self.free_attempts.0).unwrap_or(u32::MAX),
                    first_wait: self.first_wait.value.0,
                    longest_wait: self.longest_wait.value.0,
                }
            }
        }
    };
}

patience! {
    /// Of one account from one address.
    RawPairPatience as "the `per_pair` section", 5, "1s", "15m"
}

patience! {
    /// Of all accounts from one address.
    RawAddressPatience as "the `per_address` section", 20, "1s", "15m"
}

patience! {
    /// Of one account from unknown places.
    RawAccountPatience as "the `per_account` section", 20, "1s", "1h"
}

pub(super) fn passwords(raw: &RawPasswords, cx: &mut Diagnostics) -> Option<Passwords> {
    let small = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let memory_kib = u32::try_from(raw.argon2.memory.bytes() / 1024).unwrap_or(u32::MAX);
    let parameters = PasswordParameters::new(
        memory_kib,
        small(raw.argon2.iterations.0),
        small(raw.argon2.parallelism.0),
    );
    let complain = |problem: ParametersRefused| {
        let message = match problem {
            ParametersRefused::TooWeak { .. } => "a stolen database could be tried for passwords too fast",
            ParametersRefused::TooCostly => "a login would take too much",
        };
        cx.push(Diagnostic::error(WEAK_HASH, raw.argon2.span, message).label(problem.to_string()));
    };
    Some(Passwords {
        min_length: raw.min_length.0,
        parameters: parameters.map_err(complain).ok()?,
        at_once: raw.concurrency.map(|count| count.0),
        waiting: raw.queue.map(|count| count.0),
    })
}

pub(super) fn lockout(raw: &RawLockout, cx: &mut Diagnostics) -> Lockout {
    Lockout {
        per_pair: raw.per_pair.patience(cx),
        per_address: raw.per_address.patience(cx),
        per_account: raw.per_account.patience(cx),
    }
}
