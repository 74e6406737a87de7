//! What one password hash costs (argon2id, RFC 9106), and the pepper mixed into it.

use std::fmt;

use argon2::{KeyId, Params, ParamsBuilder};
use secrecy::{ExposeSecret as _, SecretBox};

const OUTPUT: usize = 32;
const MOST_MEMORY_KIB: u32 = 1024 * 1024;
const MOST_PASSES: u32 = 64;
const MOST_LANES: u32 = 16;
/// Marks hashes that were made with the pepper; of use to no one without it.
pub(crate) const PEPPERED: &[u8] = b"pepper1";

/// Memory in KiB, passes over it, and lanes: never under what OWASP's ASVS 5.0 (Appendix C) asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PasswordParameters {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ParametersRefused {
    #[error(
        "{memory_kib} KiB and {passes} passes are too weak: at least 19456 KiB with 2 passes, 12288 KiB with 3, or 47104 KiB with 1"
    )]
    TooWeak { memory_kib: u32, passes: u32 },
    #[error("more than a login may cost: at most 1048576 KiB, 64 passes and 16 lanes")]
    TooCostly,
}

impl PasswordParameters {
    /// `memory_kib` in KiB for one hash, `passes` over it (t), `lanes` (p).
    pub(crate) fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, ParametersRefused> {
        let floor_kib = match passes {
            0 => u32::MAX,
            1 => 46 * 1024,
            2 => 19 * 1024,
            _ => 12 * 1024,
        };
        if memory_kib < floor_kib || lanes == 0 {
            return Err(ParametersRefused::TooWeak { memory_kib, passes });
        }
        let parameters = Self {
            memory_kib,
            passes,
            lanes,
        };
        if parameters.is_bearable() {
            Ok(parameters)
        } else {
            Err(ParametersRefused::TooCostly)
        }
    }

    /// Those of a stored hash, which may be weaker than what is asked of new ones.
    pub(crate) fn of_stored(params: &Params) -> Option<Self> {
        let stored = Self {
            memory_kib: params.m_cost(),
            passes: params.t_cost(),
            lanes: params.p_cost(),
        };
        stored.is_bearable().then_some(stored)
    }

    fn is_bearable(self) -> bool {
        self.memory_kib <= MOST_MEMORY_KIB && self.passes <= MOST_PASSES && self.lanes <= MOST_LANES
    }

    /// As argon2 takes them, for a hash with or without the pepper.
    pub(super) fn to_argon2(self, peppered: bool) -> Params {
        let mut builder = ParamsBuilder::new();
        builder
            .m_cost(self.memory_kib)
            .t_cost(self.passes)
            .p_cost(self.lanes)
            .output_len(OUTPUT);
        if peppered {
            builder.keyid(KeyId::new(PEPPERED).expect("a key id may have eight bytes"));
        }
        builder
            .build()
            .expect("`new` and `of_stored` keep within argon2's limits")
    }
}

impl Default for PasswordParameters {
    /// OWASP's first choice: 19 MiB, two passes, one lane.
    fn default() -> Self {
        Self {
            memory_kib: 19 * 1024,
            passes: 2,
            lanes: 1,
        }
    }
}

/// argon2's secret key (RFC 9106 section 3.1): without it a stolen database can't be tried for passwords.
pub(crate) struct Pepper(SecretBox<[u8; 32]>);

impl Pepper {
    pub(crate) fn new(bytes: &[u8; 32]) -> Self {
        Self(SecretBox::init_with(|| *bytes))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Pepper(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::{ParametersRefused, PasswordParameters};

    #[test]
    fn the_floor_trades_memory_for_passes() {
        let cases = [
            ((19456, 2, 1), true),
            ((19455, 2, 1), false),
            ((12288, 3, 1), true),
            ((12287, 9, 1), false),
            ((47104, 1, 1), true),
            ((47103, 1, 1), false),
            ((65536, 0, 1), false),
            ((65536, 3, 4), true),
            ((65536, 3, 0), false),
        ];
        for ((memory, passes, lanes), accepted) in cases {
            let made = PasswordParameters::new(memory, passes, lanes);
            assert_eq!(made.is_ok(), accepted, "m={memory} t={passes} p={lanes}");
            assert!(accepted || matches!(made, Err(ParametersRefused::TooWeak { .. })));
        }
    }

    #[test]
    fn what_no_login_could_bear_is_refused() {
        for (memory, passes, lanes) in [(1024 * 1024 + 1, 2, 1), (19456, 65, 1), (19456, 2, 17)] {
            assert_eq!(
                PasswordParameters::new(memory, passes, lanes),
                Err(ParametersRefused::TooCostly)
            );
        }
    }

    #[test]
    fn the_default_is_what_owasp_names_first() {
        assert_eq!(PasswordParameters::new(19456, 2, 1), Ok(PasswordParameters::default()));
    }
}
