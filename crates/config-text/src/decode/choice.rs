//! `choice!`: an enum whose values are words of the configuration file.

use crate::code;
use crate::decode::wrong_type;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::suggest::did_you_mean;
use crate::yaml::{Form, Kind, Node};

/// Declares the enum, its decoder and its schema from one text:
///
/// ```text
/// config_text::choice! {
///     /// When the HSTS header is sent.
///     pub enum HstsOn { Https = "https", Always = "always", Never = "never" }
/// }
/// ```
#[macro_export]
macro_rules! choice {
    (
        $(#[doc = $doc:literal])*
        $vis:vis enum $name:ident {
            $( $(#[doc = $variant_doc:literal])* $variant:ident = $word:literal ),+ $(,)?
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $vis enum $name {
            $( $(#[doc = $variant_doc])* $variant ),+
        }

        impl $crate::decode::Decode for $name {
            fn decode(
                node: &$crate::yaml::Node,
                cx: &mut $crate::diagnostic::Diagnostics,
            ) -> Option<Self> {
                let words = [$(($word, Self::$variant)),+];
                $crate::decode::decode_word(node, &words, cx)
            }

            fn schema() -> $crate::serde_json::Value {
                let description = $crate::decode::description(&[$($doc),*]);
                $crate::serde_json::json!({ "description": description, "enum": [$($word),+] })
            }
        }
    };
}

/// The value of the word at this node.
pub fn decode_word<T: Copy>(node: &Node, words: &[(&str, T)], cx: &mut Diagnostics) -> Option<T> {
    let known = || words.iter().map(|(word, _)| *word);
    let expected = || one_of(&known().collect::<Vec<_>>());
    let Kind::Scalar(scalar) = &node.kind else {
        wrong_type(node, &expected(), cx);
        return None;
    };
    if let Some((_, value)) = words.iter().find(|(word, _)| *word == scalar.text) {
        return Some(*value);
    }
    if node.is_null() {
        wrong_type(node, &expected(), cx);
        return None;
    }
    let written = match scalar.form {
        Form::Plain | Form::Quoted => format!("found `{}`", scalar.text),
        Form::Substituted => "found something else".to_owned(),
    };
    let message = format!("expected {}, {written}", expected());
    let help = did_you_mean(&scalar.text, known());
    cx.push(Diagnostic::error(code::INVALID_VALUE, node.span, message).maybe_help(help));
    None
}

/// "`a`, `b` or `c`".
fn one_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}
