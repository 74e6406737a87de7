//! `version` of both files: the format they are written in.

use serde_json::{Value, json};

use crate::code;
use crate::decode::Decode;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::yaml::{Form, Kind, Node};

/// The one version that this program reads.
const VERSION: u32 = 1;

/// Whether the file is of this version, as far as one can tell: of another one no key means what it means here, so the
/// version is all that is said about it.
pub fn is_supported(file: &Node, cx: &mut Diagnostics) -> bool {
    let Kind::Mapping(entries) = &file.kind else {
        return true;
    };
    let Some((_, node)) = entries.iter().find(|(key, _)| key.value == "version") else {
        return true;
    };
    let is_other = |text: &str| text.parse::<u32>().is_ok_and(|version| version != VERSION);
    let other = matches!(&node.kind, Kind::Scalar(scalar) if scalar.form != Form::Quoted && is_other(&scalar.text));
    if other {
        Version::decode(node, cx);
    }
    !other
}

/// The version that this program reads, and no other.
#[derive(Clone, Copy, Debug)]
pub struct Version;

impl Decode for Version {
    const WHAT: &'static str = "a version";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        if u32::decode(node, cx)? == VERSION {
            return Some(Self);
        }
        let message = "this version of the format is not known";
        let diagnostic = Diagnostic::error(code::UNSUPPORTED_VERSION, node.span, message);
        cx.push(diagnostic.label(format!("this program reads version {VERSION}")));
        None
    }

    fn schema() -> Value {
        json!({ "const": VERSION })
    }
}
