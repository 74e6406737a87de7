//! `redirect`: where clients go instead.

use http::{StatusCode, Uri};
use serde_json::{Value, json};

use super::patterns::check_parameters;
use crate::config::code;
use crate::routes::pattern::Pattern;
use crate::routes::target::Redirect;
use crate::routes::template::Template;
use config_text::decode::Decode;
use config_text::diagnostic::{Diagnostic, Diagnostics, Spanned};
use config_text::yaml::Node;
use std::borrow::Cow;

config_text::record! {
    /// An answer that sends the client elsewhere.
    pub(super) struct RawRedirect as "a redirect" {
        /// A URL or an absolute path; may use the path's parameters, but not in the host.
        to: needed Spanned<Template>,
        /// 301, 302, 303, 307 or 308.
        status: default(302) RedirectStatus,
        /// Whether the client's query moves along.
        query: default("keep") QueryRule,
    }
}

config_text::choice! {
    /// What becomes of the client's query.
    pub(super) enum QueryRule {
        Keep = "keep",
        Drop = "drop",
    }
}

const STATUSES: [u16; 5] = [301, 302, 303, 307, 308];

#[derive(Clone, Copy, Debug)]
pub(super) struct RedirectStatus(StatusCode);

impl Decode for RedirectStatus {
    const WHAT: &'static str = "a redirect's status";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        let number = u16::decode(node, cx)?;
        match StatusCode::from_u16(number) {
            Ok(status) if STATUSES.contains(&number) => Some(Self(status)),
            Ok(_) | Err(_) => {
                let message = "this is not the status of a redirect";
                let label = "must be 301, 302, 303, 307 or 308";
                cx.push(Diagnostic::error(code::INVALID_VALUE, node.span, message).label(label));
                None
            }
        }
    }

    fn schema() -> Value {
        json!({ "enum": STATUSES })
    }
}

pub(super) fn redirect(raw: &RawRedirect, patterns: &[Spanned<Pattern>], cx: &mut Diagnostics) -> Option<Redirect> {
    let to = raw.to.as_ref()?;
    check_parameters(to, patterns, cx);
    if let Err(problem) = check_location(to) {
        let message = "this is not a place to redirect to";
        cx.push(Diagnostic::error(code::INVALID_VALUE, to.span, message).label(problem));
    }
    Some(Redirect {
        to: to.value.clone(),
        status: raw.status.0,
        keep_query: raw.query == QueryRule::Keep,
    })
}

/// A parameter in the host would let whoever writes the link choose where the client goes.
fn check_location(to: &Template) -> Result<(), &'static str> {
    let text = to.as_str();
    let absolute = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match absolute {
        Some(rest) => {
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            if Template::parse(authority).parameters().next().is_some() {
                return Err("the host of a redirect has no parameters");
            }
            if authority.is_empty() || authority.contains('@') {
                return Err("a URL names a host, and no user");
            }
        }
        None if !text.starts_with('/') || text.starts_with("//") => {
            return Err("a redirect goes to `https://…`, `http://…` or `/…`");
        }
        None => {}
    }
    let filled = to.fill(|_| Cow::Borrowed("x"));
    let without_fragment = filled.split('#').next().unwrap_or_default();
    let parsed: Result<Uri, _> = without_fragment.parse();
    parsed
        .map(drop)
        .map_err(|_| "a URL has no spaces and only ASCII characters")
}
