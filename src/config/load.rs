//! Both files to one configuration. Every problem of both is found in one run; nothing here panics on what they hold.

use std::path::{Component, Path, PathBuf};

use super::gateway_file::{GatewayFile, gateway_file};
use super::routes_file::{Surroundings, route_map};
use super::settings::{Configuration, GatewaySettings, RouteMap};
use crate::config::code;
use config_text::diagnostic::{Diagnostic, Diagnostics, Sources};
use config_text::environment::Environment;
use config_text::files::{folder_of, read_text};
use config_text::load;

/// What was made of the files, and what was wrong with them.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// `None` when there are errors.
    pub(crate) configuration: Option<Configuration>,
    pub(crate) sources: Sources,
    pub(crate) diagnostics: Diagnostics,
}

/// What was made of a route map alone.
#[cfg(test)]
#[derive(Debug)]
pub(crate) struct LoadedRoutes {
    /// `None` when there are errors.
    pub(crate) map: Option<RouteMap>,
    pub(crate) sources: Sources,
    pub(crate) diagnostics: Diagnostics,
}

/// What was made of the daemon's file alone.
#[derive(Debug)]
pub(crate) struct LoadedSettings {
    /// `None` when there are errors.
    pub(crate) settings: Option<GatewaySettings>,
    pub(crate) sources: Sources,
    pub(crate) diagnostics: Diagnostics,
}

/// Reads the daemon's file, and the route map that it names.
pub(crate) fn load(gateway_path: &Path, environment: &Environment) -> Loaded {
    let mut sources = Sources::default();
    let mut cx = Diagnostics::default();
    let parts = both(gateway_path, environment, &mut sources, &mut cx);
    let configuration = parts
        .filter(|_| !cx.has_errors())
        .map(|(settings, map)| Configuration { settings, map });
    Loaded {
        configuration,
        sources,
        diagnostics: cx,
    }
}

/// The daemon's file alone: for commands that must work while the route map has a mistake.
pub(crate) fn load_settings(gateway_path: &Path, environment: &Environment) -> LoadedSettings {
    let mut sources = Sources::default();
    let mut diagnostics = Diagnostics::default();
    let parts = gateway_parts(gateway_path, environment, &mut sources, &mut diagnostics);
    let settings = parts
        .and_then(|parts| parts.settings)
        .filter(|_| !diagnostics.has_errors());
    LoadedSettings {
        settings,
        sources,
        diagnostics,
    }
}

/// As [`load`], of a route map's text. `path` names it in diagnostics, and tells where relative paths begin.
#[cfg(test)]
pub(crate) fn load_routes(
    path: &Path,
    text: &str,
    development: &super::routes_file::Development,
    environment: &Environment,
) -> LoadedRoutes {
    let mut sources = Sources::default();
    let mut diagnostics = Diagnostics::default();
    let file = sources.add(path, text);
    let around = Surroundings {
        environment,
        folder: folder_of(path),
        development,
    };
    let map = route_map(file, &sources, &around, &mut diagnostics);
    LoadedRoutes {
        map,
        sources,
        diagnostics,
    }
}

fn both(
    gateway_path: &Path,
    environment: &Environment,
    sources: &mut Sources,
    cx: &mut Diagnostics,
) -> Option<(GatewaySettings, RouteMap)> {
    let gateway = gateway_parts(gateway_path, environment, sources, cx)?;
    let routes = gateway.routes?;
    let path = folder_of(gateway_path).join(&routes.value);
    let text = match read_text(&path) {
        Ok(text) => text,
        Err(problem) => {
            let message = format!("the route map {} {problem}", routes.shown_or("that its variables name"));
            let diagnostic = Diagnostic::error(code::FILE_NOT_FOUND, routes.span, message);
            cx.push(diagnostic.label("relative to this file"));
            return None;
        }
    };
    let file = sources.add(without_detours(&path), text);
    let around = Surroundings {
        environment,
        folder: folder_of(&path),
        development: &gateway.development,
    };
    let map = route_map(file, sources, &around, cx);
    gateway.settings.zip(map)
}

fn gateway_parts(
    gateway_path: &Path,
    environment: &Environment,
    sources: &mut Sources,
    cx: &mut Diagnostics,
) -> Option<GatewayFile> {
    let node = load::tree(gateway_path, environment, sources, cx)?;
    gateway_file(&node, folder_of(gateway_path), cx)
}

/// `conf/../routes.yaml` as `routes.yaml`, for display alone: a link may make it another file.
fn without_detours(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        let last = plain.components().next_back();
        match (component, last) {
            (Component::ParentDir, Some(Component::Normal(_))) => {
                plain.pop();
            }
            (Component::CurDir, _) => {}
            (other, _) => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests;
