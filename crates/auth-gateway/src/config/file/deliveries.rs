//! `deliveries`: who is told of what happened.

use std::collections::HashMap;

use config_text::decode::Decode;
use config_text::diagnostic::{Diagnostic, Diagnostics, Span, Spanned};
use config_text::environment::Environment;
use config_text::secret::{SecretName, reveal};
use config_text::suggest::did_you_mean;
use config_text::written::decode_parsed;
use config_text::yaml::Node;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::config::code::{DUPLICATE_NAME, SHORT_SECRET};
use crate::config::settings::{Delivery, EventFilter, Webhook};
use crate::config::url::Url;
use crate::domain::kinds::KINDS;

/// Shorter ones could be found by trying.
const SHORTEST_SECRET: usize = 24;

config_text::record! {
    /// A receiver of what happened: a signed POST of JSON for each event, at least once and in order.
    pub(super) struct RawDelivery as "a delivery" {
        /// The receiver's name in logs and metrics; its position in the log is kept under it.
        name: required Spanned<DeliveryName>,
        /// Where events are posted.
        url: required Url,
        /// What signs them: at least 24 characters.
        secret: required SecretName,
        /// Kinds of events, such as `session.started`, or `session.*` for all that begin so.
        events: default(["*"]) Vec<EventPattern>,
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct DeliveryName(String);

impl Decode for DeliveryName {
    const WHAT: &'static str = "a name";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        decode_parsed(node, cx, Self::WHAT, |text| {
            let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            match (1..=64).contains(&text.len()) && text.bytes().all(plain) {
                true => Ok(Self(text.to_owned())),
                false => Err("a name is 1 to 64 lower-case letters, digits and dashes".to_owned()),
            }
        })
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^[a-z0-9-]{1,64}$" })
    }
}

#[derive(Clone, Debug)]
pub(super) struct EventPattern(String);

impl Decode for EventPattern {
    const WHAT: &'static str = "a kind of event";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        decode_parsed(node, cx, Self::WHAT, |text| {
            let words = text.strip_suffix(".*").unwrap_or(text);
            let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            match text == "*" || words.split('.').all(word) {
                true => happens(text).map(|()| Self(text.to_owned())),
                false => Err("write a kind such as `session.started`, `session.*`, or `*`".to_owned()),
            }
        })
    }

    fn schema() -> Value {
        json!({ "type": "string", "pattern": r"^(\*|[a-z_]+(\.[a-z_]+)*(\.\*)?)$" })
    }
}

/// A receiver that waits for what is misspelt would be told nothing, and its place in the log would move on.
fn happens(pattern: &str) -> Result<(), String> {
    let family = |kind: &&str| {
        pattern
            .strip_suffix(".*")
            .is_some_and(|family| family_of(kind) == family)
    };
    if pattern == "*" || KINDS.contains(&pattern) || KINDS.iter().any(family) {
        return Ok(());
    }
    let families = KINDS.map(|kind| format!("{}.*", family_of(kind)));
    let known = KINDS.into_iter().chain(families.iter().map(String::as_str));
    Err(did_you_mean(pattern, known).unwrap_or_else(|| "no event is of this kind".to_owned()))
}

fn family_of(kind: &str) -> &str {
    kind.split_once('.').map_or(kind, |(family, _)| family)
}

pub(super) fn deliveries(raw: &[RawDelivery], environment: &Environment, cx: &mut Diagnostics) -> Vec<Delivery> {
    refuse_repeated_names(raw, cx);
    let made = raw.iter().filter_map(|raw| {
        let all = raw.events.iter().any(|pattern| pattern.0 == "*");
        let named = || raw.events.iter().map(|pattern| pattern.0.clone()).collect();
        Some(Delivery {
            name: raw.name.value.0.clone(),
            webhook: Webhook {
                url: raw.url.clone(),
                secret: signing_secret(&raw.secret, environment, cx)?,
            },
            events: if all {
                EventFilter::All
            } else {
                EventFilter::Some(named())
            },
        })
    });
    made.collect()
}

fn refuse_repeated_names(raw: &[RawDelivery], cx: &mut Diagnostics) {
    let mut seen: HashMap<&DeliveryName, Span> = HashMap::new();
    for name in raw.iter().map(|raw| &raw.name) {
        if let Some(first) = seen.get(&name.value) {
            let message = format!("two deliveries are called `{}`", name.value.0);
            cx.push(
                Diagnostic::error(DUPLICATE_NAME, name.span, message)
                    .label("second time")
                    .note_at(*first, "first time"),
            );
        } else {
            seen.insert(&name.value, name.span);
        }
    }
}

/// A secret that others verify signatures with.
pub(super) fn signing_secret(
    name: &SecretName,
    environment: &Environment,
    cx: &mut Diagnostics,
) -> Option<SecretString> {
    let SecretName(name) = name;
    let secret = reveal(name, environment, cx)?;
    if secret.expose_secret().len() < SHORTEST_SECRET {
        let message = format!("the secret `{}` is too short to sign with", name.value);
        let label = format!("at least {SHORTEST_SECRET} characters, best 32 random bytes in base64");
        cx.push(Diagnostic::error(SHORT_SECRET, name.span, message).label(label));
        return None;
    }
    Some(secret)
}
