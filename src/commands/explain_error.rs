//! `explain-error`: the page of a diagnostic's code.

use super::{Outcome, print};
use crate::diagnostic::{Code, explanation};
use std::process::ExitCode;

pub(super) fn run(code: &str) -> Outcome {
    match Code::ALL.iter().find(|known| known.as_str() == code) {
        Some(known) => print(&format!("{}\n", explanation(*known).trim())),
        None => {
            let all: Vec<&str> = Code::ALL.iter().map(|known| known.as_str()).collect();
            eprintln!("error: there is no code `{code}`; known codes: {}", all.join(", "));
            Ok(ExitCode::from(2))
        }
    }
}
