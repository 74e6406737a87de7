//! `methods`: a mapping from methods to targets, or a list of methods for the target written on the route.

use serde_json::{Value, json};

use super::target::{Holder, RawTarget, Scope, target};
use crate::config::code;
use crate::routes::method::MethodSet;
use crate::routes::target::Target;
use config_text::decode::{Decode, wrong_type};
use config_text::diagnostic::{Diagnostic, Diagnostics, Spanned};
use config_text::written::decode_parsed;
use config_text::yaml::{Kind, Node};

const NAMES: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// The key for every method that no other key of the mapping names.
const REST: &str = "any";

#[derive(Clone, Debug)]
pub(super) enum RawMethods {
    List(Vec<Spanned<MethodSet>>),
    /// The target is `None` when it was reported.
    Targets(Vec<(Spanned<String>, Option<Holder<RawTarget>>)>),
}

impl Decode for MethodSet {
    const WHAT: &'static str = "a method";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        decode_parsed(node, cx, Self::WHAT, Self::parse)
    }

    fn schema() -> Value {
        json!({ "enum": NAMES.iter().chain(&[REST]).collect::<Vec<_>>() })
    }
}

impl Decode for RawMethods {
    const WHAT: &'static str = "a mapping from methods to targets, or a list of methods";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        match &node.kind {
            Kind::Sequence(_) => Vec::decode(node, cx).map(Self::List),
            Kind::Mapping(entries) => {
                let read = |(key, value): &(Spanned<String>, Node)| (key.clone(), Holder::decode(value, cx));
                Some(Self::Targets(entries.iter().map(read).collect()))
            }
            Kind::Scalar(_) | Kind::Reported => {
                wrong_type(node, Self::WHAT, cx);
                None
            }
        }
    }

    fn schema() -> Value {
        let one = NAMES.join("|");
        json!({ "anyOf": [
            {
                "type": "object",
                "propertyNames": { "pattern": format!("^({REST}|({one})( *, *({one}))*)$") },
                "additionalProperties": RawTarget::schema(),
                "minProperties": 1,
            },
            { "type": "array", "items": MethodSet::schema(), "minItems": 1 },
        ] })
    }
}

/// The union of a list of methods.
pub(super) fn listed(methods: &[Spanned<MethodSet>], cx: &mut Diagnostics) -> MethodSet {
    let mut union = MethodSet::default();
    for set in methods {
        let twice = union.intersection(set.value);
        if !twice.is_empty() {
            let message = format!("the route names {twice} twice");
            cx.push(Diagnostic::error(code::INVALID_VALUE, set.span, message));
        }
        union = union.union(set.value);
    }
    union
}

/// Disjoint sets with their targets; `None` stands for a target that was reported.
pub(super) fn targets(
    written: &[(Spanned<String>, Option<Holder<RawTarget>>)],
    scope: Scope<'_>,
    cx: &mut Diagnostics,
) -> Option<Vec<(MethodSet, Target)>> {
    let mut named: Vec<(MethodSet, &Spanned<String>)> = Vec::new();
    for (key, _) in written.iter().filter(|(key, _)| key.trim() != REST) {
        match MethodSet::parse(key) {
            Ok(set) => {
                refuse_second(set, key, &named, cx);
                named.push((set, key));
            }
            Err(problem) => {
                let message = format!("`{}` is not a method or a list of them", key.value);
                cx.push(Diagnostic::error(code::INVALID_VALUE, key.span, message).label(problem));
            }
        }
    }
    let all_named = named.iter().fold(MethodSet::default(), |all, (set, _)| all.union(*set));
    // HEAD stays with GET unless it has a key of its own.
    let rest = MethodSet::ANY.minus(all_named.with_implied_head());
    let read = |(key, holder): &(Spanned<String>, Option<Holder<RawTarget>>)| {
        let whose = Spanned::new(format!("the method `{}`", key.value), key.span);
        let made = holder.as_ref().and_then(|holder| target(holder, &whose, scope, cx))?;
        let set = match key.trim() {
            REST => rest,
            _ => MethodSet::parse(key).ok()?,
        };
        Some((set, made))
    };
    // Every target is read before the first bad one costs the route.
    let read: Vec<Option<(MethodSet, Target)>> = written.iter().map(read).collect();
    read.into_iter().collect()
}

fn refuse_second(set: MethodSet, key: &Spanned<String>, named: &[(MethodSet, &Spanned<String>)], cx: &mut Diagnostics) {
    for (earlier, first) in named {
        let twice = set.intersection(*earlier);
        if !twice.is_empty() {
            let message = format!("{twice} has two targets");
            cx.push(
                Diagnostic::error(code::CONFLICTING_TARGET, key.span, message)
                    .label("second time")
                    .note_at(first.span, "first time"),
            );
        }
    }
}
