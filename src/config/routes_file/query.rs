//! `query` of a target: which of the client's parameters go on, and what is put beside them.

use serde_json::{Value, json};

use super::header_edits::carries_credentials;
use super::patterns::check_parameters;
use crate::config::code;
use crate::routes::pattern::Pattern;
use crate::routes::query::{Forward, QueryEdits};
use crate::routes::template::Template;
use config_text::decode::{Decode, Entries, decode_word};
use config_text::diagnostic::{Diagnostic, Diagnostics, Spanned};
use config_text::yaml::{Kind, Node};

config_text::record! {
    /// Changes of the query.
    pub(super) struct RawQuery as "a `query` section" {
        /// Which parameters of the client go on: `all`, `none`, or a list of names.
        forward: default("all") Forward,
        /// Put in, replacing the client's; values may use the path's parameters.
        set: default({}) Entries<Spanned<Template>>,
        /// Put in when the client sent none; values may use the path's parameters.
        default: default({}) Entries<Spanned<Template>>,
        /// Dropped.
        remove: default([]) Vec<String>,
    }
}

impl Decode for Forward {
    const WHAT: &'static str = "`all`, `none` or a list of names";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        match &node.kind {
            Kind::Sequence(_) => Vec::decode(node, cx).map(Self::Only),
            Kind::Scalar(_) | Kind::Mapping(_) | Kind::Reported => {
                let words = [("all", true), ("none", false)];
                let all = decode_word(node, &words, cx)?;
                Some(if all { Self::All } else { Self::None })
            }
        }
    }

    fn schema() -> Value {
        json!({ "anyOf": [{ "enum": ["all", "none"] }, Vec::<String>::schema()] })
    }
}

pub(super) fn query_edits(raw: Option<&RawQuery>, patterns: &[Spanned<Pattern>], cx: &mut Diagnostics) -> QueryEdits {
    let Some(raw) = raw else {
        return QueryEdits::default();
    };
    let mut pairs = |written: &Entries<Spanned<Template>>| {
        let pair = |(name, template): &(Spanned<String>, Spanned<Template>)| {
            check_parameters(template, patterns, cx);
            refuse_inline(name, template, cx);
            (name.value.clone(), template.value.clone())
        };
        written.iter().map(pair).collect()
    };
    QueryEdits {
        forward: raw.forward.clone(),
        set: pairs(&raw.set),
        default: pairs(&raw.default),
        remove: raw.remove.clone(),
    }
}

fn refuse_inline(name: &str, template: &Spanned<Template>, cx: &mut Diagnostics) {
    let literal = template.parameters().next().is_none() && !template.as_str().is_empty();
    if literal && carries_credentials(name) {
        let message = format!("the parameter `{name}` carries a credential, and its value stands here");
        let help = "send it in a request header, as `{ secret: NAME }`: queries end up in logs";
        cx.push(Diagnostic::error(code::INLINE_SECRET, template.span, message).help(help));
        cx.conceal(template.span);
    }
}
