//! The file and the command line to settings. Every problem is found in one run; nothing here panics on what the file holds.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use config_text::diagnostic::{Diagnostic, Diagnostics, Sources};
use config_text::environment::Environment;
use config_text::files::folder_of;
use config_text::yaml::Node;

use super::code::NO_CONFIGURATION;
use super::file::{self, Surroundings};
use super::issuer::Issuer;
use super::overrides::Overrides;
use super::settings::Settings;

/// Where a server without a file listens.
const DEVELOPMENT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 4000);

/// What was made of the file, and what was wrong with it.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// `None` when there are errors.
    pub(crate) settings: Option<Settings>,
    pub(crate) sources: Sources,
    pub(crate) diagnostics: Diagnostics,
}

/// Without a file, a server for this machine alone: everything has its default, the issuer is the listener.
pub(crate) fn load(file: Option<&Path>, overrides: &Overrides, environment: &Environment) -> Loaded {
    let mut sources = Sources::default();
    let mut cx = Diagnostics::default();
    let made = match file {
        Some(path) => {
            let around = Surroundings {
                environment,
                overrides,
                folder: folder_of(path),
            };
            let node = config_text::load::tree(path, environment, &mut sources, &mut cx);
            node.and_then(|node| file::settings(&node, around, &mut cx))
        }
        None => without_a_file(overrides, environment, &mut sources, &mut cx),
    };
    Loaded {
        settings: made.filter(|_| !cx.has_errors()),
        sources,
        diagnostics: cx,
    }
}

fn without_a_file(
    overrides: &Overrides,
    environment: &Environment,
    sources: &mut Sources,
    cx: &mut Diagnostics,
) -> Option<Settings> {
    let listen = overrides.listen.unwrap_or(DEVELOPMENT);
    if !listen.ip().to_canonical().is_loopback() {
        let message = format!("{listen} can be reached by others, and there is no configuration file");
        let help = "write one with `version` and `issuer`, and name it: `--config FILE`";
        cx.push(Diagnostic::placeless(NO_CONFIGURATION, message).help(help));
    }
    if overrides.data.is_none() {
        let message = "there is no configuration file, and no folder to keep data in";
        cx.push(Diagnostic::placeless(NO_CONFIGURATION, message).help("add `--data DIR`, or `--config FILE`"));
    }
    if cx.has_errors() {
        return None;
    }
    let text = format!("version: 1\nissuer: {}\nadmin: off\n", Issuer::of_listener(listen));
    let node: Node = config_text::yaml::parse(sources.add("(no file)", text.as_str()), &text, environment, cx)?;
    let overrides = Overrides {
        listen: Some(listen),
        ..overrides.clone()
    };
    let around = Surroundings {
        environment,
        overrides: &overrides,
        folder: Path::new(""),
    };
    file::settings(&node, around, cx)
}

#[cfg(test)]
mod tests;
