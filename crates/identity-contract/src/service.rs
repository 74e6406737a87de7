//! Names of the platform's own service clients: the callers which introspect credentials and follow the revocation feed.

/// The edge's client id at the auth gateway.
pub const EDGE: &str = "onasis-edge";

/// The client id of the platform's Supabase functions, which introspect for themselves.
pub const SUPABASE_FUNCTIONS: &str = "supabase-functions";
