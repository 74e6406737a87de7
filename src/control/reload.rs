//! Reload: parse, validate, build, swap. A bad file changes nothing.

use crate::config::{self, Configuration};
use crate::live::{Gateway, Snapshot};
use crate::telemetry::metrics::Metrics;
use crate::upstreams::registry::Registry;
use crate::upstreams::spec::UpstreamSpec;
use crate::upstreams::tls::{self, CertificateError};
use config_text::environment::Environment;
use rustls::RootCertStore;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// What a successful reload says.
#[derive(Debug, Clone)]
pub(crate) struct Reloaded {
    pub(crate) hash: String,
    /// Settings that need a restart to take effect.
    pub(crate) needs_restart: Vec<&'static str>,
}

/// Loads the same files again, one attempt at a time.
#[derive(Debug)]
pub(crate) struct Reloader {
    gateway: Arc<Gateway>,
    gateway_file: PathBuf,
    environment: Environment,
    one_at_a_time: Mutex<()>,
}

impl Reloader {
    pub(crate) fn new(gateway: Arc<Gateway>, gateway_file: PathBuf, environment: Environment) -> Self {
        Self {
            gateway,
            gateway_file,
            environment,
            one_at_a_time: Mutex::new(()),
        }
    }

    /// Takes the files' present content live, or says why not; the outcome is in the log, the metrics and `/health/full`.
    /// Reads files: not for async tasks.
    pub(crate) fn reload(&self) -> Result<Reloaded, String> {
        let _turn = self.one_at_a_time.lock().unwrap_or_else(PoisonError::into_inner);
        let result = self.try_reload();
        match &result {
            Ok(reloaded) => {
                log::info!("configuration reloaded: {}", reloaded.hash);
                for setting in &reloaded.needs_restart {
                    log::warn!("`{setting}` changed and takes effect with the next start");
                }
            }
            Err(report) => {
                log::error!("configuration not reloaded, the running one stays:\n{report}");
                let first_line = report.lines().next().unwrap_or_default();
                self.gateway.reload_failed(first_line.to_owned());
            }
        }
        result
    }

    fn try_reload(&self) -> Result<Reloaded, String> {
        let loaded = config::load(&self.gateway_file, &self.environment);
        let Some(configuration) = loaded.configuration else {
            return Err(loaded.diagnostics.render(&loaded.sources, false));
        };
        let old = self.gateway.snapshot();
        let needs_restart = needs_restart(&old, &configuration);
        let hash = configuration.map.hash.clone();
        let next = snapshot(configuration, &self.gateway.metrics, &old.registry).map_err(|error| error.to_string())?;
        self.gateway.replace(next);
        Ok(Reloaded { hash, needs_restart })
    }
}

fn needs_restart(old: &Snapshot, new: &Configuration) -> Vec<&'static str> {
    let (old, new) = (&old.settings, &new.settings);
    let changes = [
        ("listen", old.listen != new.listen),
        ("admin", old.admin != new.admin),
        ("workers", old.workers != new.workers),
        ("access_log", old.access_log != new.access_log),
        ("upstream_pool", old.upstream_pool != new.upstream_pool),
    ];
    changes
        .into_iter()
        .filter_map(|(name, changed)| changed.then_some(name))
        .collect()
}

/// The first snapshot, with no live state to keep.
pub(crate) fn first_snapshot(configuration: Configuration, metrics: &Metrics) -> Result<Snapshot, CertificateError> {
    let none = Registry::with_room(configuration.settings.upstream_pool);
    snapshot(configuration, metrics, &none)
}

fn snapshot(configuration: Configuration, metrics: &Metrics, old: &Registry) -> Result<Snapshot, CertificateError> {
    let Configuration { settings, map } = configuration;
    let specs = map
        .upstreams
        .iter()
        .map(|spec| Ok((spec.clone(), own_roots(spec)?)))
        .collect::<Result<Vec<_>, _>>()?;
    let registry = old.renewed(specs);
    forget_gone_endpoints(metrics, &registry);
    let route_metrics = map
        .table
        .routes()
        .iter()
        .map(|route| metrics.route(route.id.as_str()))
        .collect();
    let upstream_durations = map
        .upstreams
        .iter()
        .map(|spec| metrics.upstream_durations(&spec.name))
        .collect();
    Ok(Snapshot {
        settings,
        map,
        registry,
        route_metrics,
        upstream_durations,
    })
}

/// The metric lists exactly the endpoints of the running map.
fn forget_gone_endpoints(metrics: &Metrics, registry: &Registry) {
    metrics.upstream_up.reset();
    for upstream in registry.iter().map(Arc::as_ref) {
        metrics.publish_upstream(upstream);
    }
}

fn own_roots(spec: &UpstreamSpec) -> Result<Option<Arc<RootCertStore>>, CertificateError> {
    spec.tls.ca_file.as_deref().map(tls::roots_in).transpose()
}
