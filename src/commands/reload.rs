//! `reload`: asks a running gateway to read its files again.

use super::{Outcome, load_settings, print};
use crate::cli::Reload;
use crate::control::client;
use config_text::environment::Environment;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub(super) fn run(gateway_file: &Path, environment: &Environment, options: &Reload) -> Outcome {
    let Some(socket) = socket(gateway_file, environment, options)? else {
        return Ok(ExitCode::FAILURE);
    };
    if !options.wait {
        client::ask_to_reload(&socket)?;
        return Ok(ExitCode::SUCCESS);
    }
    let (live, answer) = client::reload(&socket)?;
    if !live {
        eprintln!(
            "{}",
            answer["report"]
                .as_str()
                .unwrap_or("the gateway refused the configuration")
                .trim_end()
        );
        eprintln!("\nonasis-gateway: not reloaded, the running configuration stays");
        return Ok(ExitCode::FAILURE);
    }
    for setting in answer["needs_restart"].as_array().into_iter().flatten() {
        eprintln!("warning: {setting} changed and takes effect with the next start");
    }
    print(&format!(
        "reloaded, configuration {}\n",
        answer["hash"].as_str().unwrap_or_default()
    ))
}

/// The named socket, or the configuration's: a file with a mistake in it must not keep the operator from naming one.
fn socket(gateway_file: &Path, environment: &Environment, options: &Reload) -> anyhow::Result<Option<PathBuf>> {
    if let Some(socket) = &options.socket {
        return Ok(Some(socket.clone()));
    }
    let Some(settings) = load_settings(gateway_file, environment) else {
        eprintln!("onasis-gateway: not reloaded; the running gateway was not asked");
        return Ok(None);
    };
    match settings.admin.socket {
        Some(socket) => Ok(Some(socket)),
        None => anyhow::bail!("the configuration has no admin socket; send the process a HUP, or set admin.socket"),
    }
}
