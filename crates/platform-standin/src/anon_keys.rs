//! The keys that the edge sends for callers without a credential of their own.

/// The key that the edge is to send to `supabase` for callers without a credential.
pub const DEMO_ANON_KEY: &str = "standin-anon-key";
/// The same for `supabase-intel`.
pub const DEMO_INTEL_ANON_KEY: &str = "standin-intel-anon-key";
