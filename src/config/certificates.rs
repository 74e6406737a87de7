//! Files of certificates that the configuration names.

use std::path::PathBuf;

use config_text::diagnostic::{Diagnostic, Diagnostics};
use config_text::files::{Base, existing_file};
use config_text::written::Text;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::config::code;

/// A PEM file with at least one certificate.
pub(crate) fn certificates(base: Base<'_>, path: &Text, cx: &mut Diagnostics) -> Option<PathBuf> {
    let file = existing_file(base, path, cx)?;
    let count = CertificateDer::pem_file_iter(&file).and_then(|all| {
        let all: Result<Vec<_>, _> = all.collect();
        all.map(|all| all.len())
    });
    let problem = match count {
        Ok(0) => "there is no certificate in it".to_owned(),
        Ok(_) => return Some(file),
        Err(error) => format!("it is not PEM: {error}"),
    };
    let message = format!("{} is no list of certificates", path.shown_or("this file"));
    cx.push(Diagnostic::error(code::INVALID_VALUE, path.span, message).label(problem));
    None
}
