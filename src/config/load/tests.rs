//! The files that are in use load without a word, and whatever is wrong with a file is said, never a panic.

use std::path::Path;

use super::{Loaded, load};
use crate::config::environment::Environment;

/// Every variable of the real files, as a machine with one of each service would set them.
fn environment() -> Environment {
    Environment::from_pairs([
        ("SUPABASE_URL", "https://functions.example"),
        ("SUPABASE_INTEL_URL", "https://intel.example"),
        ("SUPABASE_ANON_KEY", "anon"),
        ("SUPABASE_INTEL_ANON_KEY", "intel-anon"),
        ("AUTH_GATEWAY_URL", "http://127.0.0.1:4000"),
        ("AUTH_GATEWAY_BACKUP_URL", "http://127.0.0.1:4001"),
        ("CENTRAL_GATEWAY_URL", "http://127.0.0.1:3000"),
        ("MCP_HTTP_URL", "http://127.0.0.1:3001"),
        ("MCP_WS_URL", "http://127.0.0.1:3002"),
        ("MCP_SSE_URL", "http://127.0.0.1:3003"),
        ("ENTERPRISE_MCP_URL", "http://127.0.0.1:3001"),
        ("DOCS_URL", "https://docs.example"),
        ("LEGACY_URL", "http://127.0.0.1:3000"),
        ("DEMO_DATA", "/var/demo"),
        ("BENCH_ROUTES", "../../routes.yaml"),
        ("BENCH_PORT", "8080"),
        ("BENCH_ADMIN_PORT", "9090"),
        ("BENCH_DIR", "/var/bench"),
    ])
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn said(loaded: &Loaded) -> String {
    loaded.diagnostics.render(&loaded.sources, false)
}

#[test]
fn the_files_in_use_load_without_a_word() {
    for file in ["conf/gateway.yaml", "conf/demo.yaml", "benches/edge/gateway.yaml"] {
        let loaded = load(&root().join(file), &environment());
        assert_eq!(said(&loaded), "", "{file}");
        let map = loaded.configuration.expect("no diagnostic, so a configuration").map;
        assert_eq!(map.table.routes().len(), 100, "{file}");
        assert_eq!(map.upstreams.len(), 10, "{file}");
        assert!(map.default_cors.is_some(), "{file}");
    }
}
