//! A file to the tree of its values: what every program does first with a configuration file.

use std::path::Path;

use crate::code;
use crate::diagnostic::{Diagnostic, Diagnostics, Sources};
use crate::environment::Environment;
use crate::files::read_text;
use crate::yaml::{self, Node};

/// The tree of the file that was named outside of any file, as on the command line. Its text joins `sources`, so that
/// diagnostics can show it. `None`, and reported, when nothing can be made of it.
pub fn tree(path: &Path, environment: &Environment, sources: &mut Sources, cx: &mut Diagnostics) -> Option<Node> {
    let text = match read_text(path) {
        Ok(text) => text,
        Err(problem) => {
            let message = format!("`{}` {problem}", path.display());
            cx.push(Diagnostic::placeless(code::FILE_NOT_FOUND, message));
            return None;
        }
    };
    let file = sources.add(path, text);
    yaml::parse(file, sources.text(file), environment, cx)
}
