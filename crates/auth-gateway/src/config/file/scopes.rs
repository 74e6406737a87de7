//! `scopes`: what a login may do, by the role of the user.

use std::collections::BTreeMap;

use config_text::code;
use config_text::decode::{Decode, Entries};
use config_text::diagnostic::{Diagnostic, Diagnostics, Spanned};
use config_text::written::decode_parsed;
use config_text::yaml::Node;
use identity_contract::{Scope, ScopeSet};
use serde_json::{Value, json};

use crate::config::code::OVERBROAD_SCOPES;
use crate::config::settings::RoleScopes;
use crate::domain::role::Role;

config_text::record! {
    /// What a login may do. An API key may do less, never more.
    pub(super) struct RawScopes as "the `scopes` section" {
        /// For every role that has no list of its own: nothing of `admin:*`.
        default: default([
            "memories:*", "secrets:*", "mcp:*", "profile:*", "projects:*", "analytics:*", "ai:*", "media:*", "content:*", "api:access"
        ]) Vec<Spanned<ScopeText>>,
        /// By role.
        roles: default({ "admin": ["*"] }) Entries<Vec<Spanned<ScopeText>>>,
    }
}

#[derive(Clone, Debug)]
pub(super) struct ScopeText(Scope);

impl Decode for ScopeText {
    const WHAT: &'static str = "a scope";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        decode_parsed(node, cx, Self::WHAT, |text| {
            text.parse().map(Self).map_err(|problem| format!("{problem}"))
        })
    }

    fn schema() -> Value {
        json!({ "type": "string" })
    }
}

pub(super) fn scopes(raw: &RawScopes, cx: &mut Diagnostics) -> RoleScopes {
    for scope in &raw.default {
        if is_administrative(&scope.value.0) {
            let message = format!(
                "every role that has no list of its own would have `{}`",
                scope.value.0.as_str()
            );
            cx.push(
                Diagnostic::error(OVERBROAD_SCOPES, scope.span, message)
                    .label("what administrators may do")
                    .help("give it to a role under `scopes.roles`"),
            );
        }
    }
    let mut roles = BTreeMap::new();
    for (role, scopes) in raw.roles.iter() {
        match role.parse::<Role>() {
            Ok(known) => {
                roles.insert(known, set(scopes));
            }
            Err(problem) => {
                let message = format!("`{}` cannot be the name of a role", role.value);
                cx.push(Diagnostic::error(code::INVALID_VALUE, role.span, message).label(problem.to_string()));
            }
        }
    }
    RoleScopes::new(set(&raw.default), roles)
}

fn is_administrative(scope: &Scope) -> bool {
    let everything = ["*", "legacy:full_access"];
    everything.contains(&scope.as_str()) || scope.as_str() == "admin" || scope.as_str().starts_with("admin:")
}

fn set(scopes: &[Spanned<ScopeText>]) -> ScopeSet {
    let mut set = ScopeSet::default();
    scopes.iter().for_each(|scope| set.insert(scope.value.0.clone()));
    set
}
