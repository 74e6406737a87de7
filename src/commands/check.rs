//! `check`: is the configuration right, and with `--connect`, does every endpoint answer?

use super::{Outcome, REFUSED_CONFIGURATION, load};
use crate::cli::Check;
use crate::config::Configuration;
use crate::control::reload;
use crate::telemetry::metrics::Metrics;
use crate::upstreams::endpoint::CheckError;
use crate::upstreams::health;
use crate::upstreams::registry::Registry;
use crate::upstreams::spec::HealthCheck;
use config_text::environment::Environment;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

pub(super) fn run(gateway_file: &Path, environment: &Environment, options: &Check) -> Outcome {
    let Some(configuration) = load(gateway_file, environment) else {
        return Ok(ExitCode::from(REFUSED_CONFIGURATION));
    };
    eprintln!(
        "onasis-gateway: configuration {} is ok ({} routes, {} upstreams, map {})",
        gateway_file.display(),
        configuration.map.table.routes().len(),
        configuration.map.upstreams.len(),
        configuration.map.hash,
    );
    if options.connect {
        connect(configuration)
    } else {
        Ok(ExitCode::SUCCESS)
    }
}

fn connect(configuration: Configuration) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let snapshot = reload::first_snapshot(configuration, &Metrics::new()?)?;
    let failures = runtime.block_on(ask_all(&snapshot.registry));
    Ok(if failures == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Asks each endpoint once, one line each; returns how many failed.
async fn ask_all(registry: &Registry) -> usize {
    let mut failures = 0;
    for upstream in registry.iter() {
        let any_answer = HealthCheck {
            path: "/".to_owned(),
            interval: Duration::ZERO,
            timeout: Duration::from_secs(5),
            unhealthy_after: 1,
            healthy_after: 1,
        };
        let check = upstream.spec.health.as_ref().unwrap_or(&any_answer);
        for endpoint in &upstream.endpoints {
            let result = health::ask(upstream, endpoint, check).await;
            // Without a health path, any answer proves the connection.
            let answered = matches!(result, Err(CheckError::Status(_))) && upstream.spec.health.is_none();
            let backup = if endpoint.backup { " (backup)" } else { "" };
            match result {
                Err(error) if !answered => {
                    failures += usize::from(!endpoint.backup);
                    eprintln!("{}: {}{backup} failed: {error}", upstream.spec.name, endpoint.url);
                }
                _ => eprintln!("{}: {}{backup} ok", upstream.spec.name, endpoint.url),
            }
        }
    }
    failures
}
