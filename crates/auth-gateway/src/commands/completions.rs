//! `completions` and `man`: generated from the command line's own description.

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Outcome, print};
use crate::cli::Cli;

pub(super) fn shell(shell: Shell) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "auth-gateway", &mut script);
    print(&String::from_utf8(script)?)
}

pub(super) fn manual() -> Outcome {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page)?;
    print(&String::from_utf8(page)?)
}
