//! `explain-error`: the page of a diagnostic's code.

use super::{Outcome, print};
use crate::config::code::{CODES, Code};
use std::process::ExitCode;

pub(super) fn run(code: &str) -> Outcome {
    match CODES.named(code) {
        Some(known) => print(&format!("{}\n", CODES.explanation(known))),
        None => {
            let all: Vec<&str> = CODES.all().map(Code::as_str).collect();
            eprintln!("error: there is no code `{code}`; known codes: {}", all.join(", "));
            Ok(ExitCode::from(2))
        }
    }
}
