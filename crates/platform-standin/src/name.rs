//! The ten upstreams the route map names, in the order in which the demo numbers their ports.

use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Name {
    Supabase,
    SupabaseIntel,
    AuthGateway,
    CentralGateway,
    McpHttp,
    McpWs,
    McpSse,
    EnterpriseMcp,
    Docs,
    Legacy,
}

impl Name {
    pub const ALL: [Name; 10] = [
        Name::Supabase,
        Name::SupabaseIntel,
        Name::AuthGateway,
        Name::CentralGateway,
        Name::McpHttp,
        Name::McpWs,
        Name::McpSse,
        Name::EnterpriseMcp,
        Name::Docs,
        Name::Legacy,
    ];

    /// The name the route map uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Name::Supabase => "supabase",
            Name::SupabaseIntel => "supabase-intel",
            Name::AuthGateway => "auth-gateway",
            Name::CentralGateway => "central-gateway",
            Name::McpHttp => "mcp-http",
            Name::McpWs => "mcp-ws",
            Name::McpSse => "mcp-sse",
            Name::EnterpriseMcp => "enterprise-mcp",
            Name::Docs => "docs",
            Name::Legacy => "legacy",
        }
    }

    /// The environment variable from which the route map takes this upstream's address.
    pub fn url_variable(self) -> String {
        format!("{}_URL", self.as_str().to_uppercase().replace('-', "_"))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
