//! Values that a file only names, `{ secret: NAME }`: they come from outside of it and are never shown.

use secrecy::SecretString;
use serde_json::Value;

use crate::code;
use crate::decode::Decode;
use crate::diagnostic::{Diagnostic, Diagnostics, Spanned};
use crate::environment::{Environment, SecretError};
use crate::yaml::{Kind, Node};

crate::record! {
    /// A value from outside the file: the systemd credential of that name, else the file named by the variable `NAME_FILE`,
    /// else the variable `NAME`.
    struct RawSecret as "a secret" {
        /// The secret's name.
        secret: required Spanned<String>,
    }
}

/// The name of a secret. Its value in its stead is refused, and not shown.
#[derive(Clone, Debug)]
pub struct SecretName(pub Spanned<String>);

impl Decode for SecretName {
    const WHAT: &'static str = "a secret";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        if matches!(node.kind, Kind::Scalar(_)) && !node.is_null() {
            let message = "a secret's value stands here";
            cx.push(
                Diagnostic::error(code::INLINE_SECRET, node.span, message)
                    .label("written in the file, or filled in as an ordinary variable")
                    .help("name it, and supply it from outside: `{ secret: NAME }`"),
            );
            cx.conceal(node.span);
            return None;
        }
        RawSecret::decode(node, cx).map(|raw| Self(raw.secret))
    }

    fn schema() -> Value {
        RawSecret::schema()
    }
}

/// The value of the secret of this name; `None`, and reported, when it cannot be had.
pub fn reveal(name: &Spanned<String>, environment: &Environment, cx: &mut Diagnostics) -> Option<SecretString> {
    environment
        .secret(name)
        .map_err(|error| cx.push(unset(name, &error)))
        .ok()
}

fn unset(name: &Spanned<String>, error: &SecretError) -> Diagnostic {
    let message = format!("the secret `{}` cannot be had", name.value);
    let diagnostic = Diagnostic::error(code::UNSET_SECRET, name.span, message).label(error.to_string());
    match error {
        SecretError::Unset => diagnostic.help(format!(
            "supply the systemd credential `{name}`, a file named by the variable `{name}_FILE`, or the variable `{name}`",
            name = name.value
        )),
        SecretError::NotAName
        | SecretError::Empty(_)
        | SecretError::Unreadable { .. }
        | SecretError::TooLarge(_)
        | SecretError::NotText(_) => diagnostic,
    }
}

#[cfg(test)]
mod tests;
