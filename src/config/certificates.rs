//! Files of certificates that the configuration names.

use std::path::PathBuf;

use config_text::diagnostic::{Diagnostic, Diagnostics};
use config_text::files::{Base, existing_file};
use config_text::written::Text;

use crate::config::code;
use crate::upstreams::tls;

/// A PEM file with at least one certificate, and none that is unusable.
pub(crate) fn certificates(base: Base<'_>, path: &Text, cx: &mut Diagnostics) -> Option<PathBuf> {
    let file = existing_file(base, path, cx)?;
    match tls::roots_in(&file) {
        Ok(_) => Some(file),
        Err(error) => {
            let message = format!("{} is no list of certificates", path.shown_or("this file"));
            cx.push(Diagnostic::error(code::INVALID_VALUE, path.span, message).label(error.problem));
            None
        }
    }
}
