//! `version` of both files: the format they are written in.

use serde_json::{Value, json};

use super::decode::Decode;
use super::yaml::Node;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};

/// The one version that this program reads.
const VERSION: u32 = 1;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Version;

impl Decode for Version {
    const WHAT: &'static str = "a version";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        if u32::decode(node, cx)? == VERSION {
            return Some(Self);
        }
        let message = "this version of the format is not known";
        let diagnostic = Diagnostic::error(Code::UnsupportedVersion, node.span, message);
        cx.push(diagnostic.label(format!("this program reads version {VERSION}")));
        None
    }

    fn schema() -> Value {
        json!({ "const": VERSION })
    }
}
