//! Starts the daemon from a valid configuration and runs it until it is asked to stop.

use super::drain;
use super::health_checks;
use super::listener::{Acceptor, OpenConnections};
use super::signals::{Asked, Signals};
use crate::config::{Configuration, GatewaySettings};
use crate::control::{admin, reload};
use crate::live::Gateway;
use crate::proxy::Edge;
use crate::telemetry::access_log::AccessLog;
use crate::telemetry::metrics::Metrics;
use crate::upstreams::tls::CertificateError;
use config_text::environment::Environment;
use pingora_core::apps::{HttpServerApp, HttpServerOptions};
use pingora_core::protocols::http::v2::server::default_h2_options;
use pingora_core::server::configuration::ServerConf;
use pingora_proxy::HttpProxy;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Why the daemon could not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    #[error("cannot listen on {address}: {error}")]
    Listen { address: SocketAddr, error: io::Error },
    #[error("cannot open the admin socket {path}: {error}")]
    AdminSocket { path: PathBuf, error: io::Error },
    #[error("cannot open the access log: {0}")]
    AccessLog(io::Error),
    #[error("cannot start: {0}")]
    Start(io::Error),
    #[error("cannot register the metrics: {0}")]
    Metrics(#[from] prometheus::Error),
    #[error("cannot read an upstream's certificates: {0}")]
    Certificates(#[from] CertificateError),
}

/// Attempts per request; how many make sense is decided per upstream.
const MAX_ATTEMPTS: usize = 16;

/// Runs until a signal ends it. `gateway_file` and `environment` are what a reload reads again.
pub(crate) fn run(
    configuration: Configuration,
    gateway_file: PathBuf,
    environment: Environment,
) -> Result<(), RunError> {
    let workers = match configuration.settings.workers {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        workers => workers,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()
        .map_err(RunError::Start)?;
    let result = runtime.block_on(serve(configuration, gateway_file, environment, workers));
    // What outlived its drain ends here.
    runtime.shutdown_background();
    result
}

async fn serve(
    configuration: Configuration,
    gateway_file: PathBuf,
    environment: Environment,
    workers: usize,
) -> Result<(), RunError> {
    let mut signals = Signals::install().map_err(RunError::Start)?;
    let settings = configuration.settings.clone();
    let metrics = Metrics::new()?;
    let access_log =
        AccessLog::open(&settings.access_log, metrics.log_lines_dropped.clone()).map_err(RunError::AccessLog)?;
    let first = reload::first_snapshot(configuration, &metrics)?;
    let gateway = Arc::new(Gateway::new(first, metrics, access_log));
    let reloader = Arc::new(reload::Reloader::new(Arc::clone(&gateway), gateway_file, environment));
    let (stop, shutdown) = watch::channel(false);

    let listeners = bind_all(&settings.listen).await?;
    let admin = admin::Admin {
        gateway: Arc::clone(&gateway),
        reloader: Arc::clone(&reloader),
    };
    let admin_address = start_admin(admin, &settings).await?;
    let proxy = Arc::new(proxy(&gateway, &settings, workers));
    let acceptor = Acceptor {
        proxy: Arc::clone(&proxy),
        gateway: Arc::clone(&gateway),
        shutdown,
        open: Arc::new(OpenConnections::default()),
    };
    let health = tokio::spawn(health_checks::check_all(Arc::clone(&gateway)));
    let addresses: Vec<SocketAddr> = listeners
        .iter()
        .filter_map(|listener| listener.local_addr().ok())
        .collect();
    for listener in listeners {
        tokio::spawn(acceptor.clone().serve(listener));
    }
    gateway.set_ready();
    announce(&addresses, admin_address);

    wait_for_stop(&mut signals, &gateway, &reloader).await;
    gateway.start_draining();
    log::info!("draining: no new connections");
    // Listeners stop; connections that wait for a request close; keep-alive ends with the request under way.
    stop.send_replace(true);
    proxy.http_cleanup().await;
    tokio::select! {
        cut_off = drain::wait(&gateway) => log::info!("stopped; {cut_off} requests were cut off"),
        () = stop_now(&mut signals) => log::warn!("stopped at once"),
    }
    health.abort();
    if let Some(path) = &settings.admin.socket {
        // A stale socket would only confuse the next start, which removes it anyway.
        drop(std::fs::remove_file(path));
    }
    gateway.access_log.finish();
    Ok(())
}

/// Every address is bound before anything is served, so that a busy port is an error and not half a daemon.
async fn bind_all(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, RunError> {
    let mut listeners = Vec::with_capacity(addresses.len());
    for &address in addresses {
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| RunError::Listen { address, error })?;
        listeners.push(listener);
    }
    Ok(listeners)
}

async fn start_admin(admin: admin::Admin, settings: &GatewaySettings) -> Result<Option<SocketAddr>, RunError> {
    let admin = Arc::new(admin);
    if let Some(path) = &settings.admin.socket {
        let listener = admin::bind_socket(path).map_err(|error| RunError::AdminSocket {
            path: path.clone(),
            error,
        })?;
        tokio::spawn(Arc::clone(&admin).serve_socket(listener));
    }
    let Some(address) = settings.admin.listen else {
        return Ok(None);
    };
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| RunError::Listen { address, error })?;
    let bound = listener.local_addr().ok();
    tokio::spawn(admin.serve_tcp(listener));
    Ok(bound)
}

fn proxy(gateway: &Arc<Gateway>, settings: &GatewaySettings, workers: usize) -> HttpProxy<Edge> {
    let conf = ServerConf {
        threads: workers,
        upstream_keepalive_pool_size: settings.upstream_pool,
        max_retries: MAX_ATTEMPTS,
        ..ServerConf::default()
    };
    let mut proxy = HttpProxy::new(
        Edge {
            gateway: Arc::clone(gateway),
        },
        Arc::new(conf),
    );
    proxy.handle_init_modules();
    let mut options = HttpServerOptions::default();
    options.h2c = true;
    options.h2_idle_timeout = Some(settings.limits.keepalive);
    proxy.server_options = Some(options);
    proxy.h2_options = Some(default_h2_options());
    proxy
}

/// One line per listener on stdout, for scripts that wait for it.
fn announce(addresses: &[SocketAddr], admin: Option<SocketAddr>) {
    let mut out = io::stdout().lock();
    if let Some(admin) = admin {
        drop(writeln!(out, "admin http://{admin}"));
    }
    for address in addresses {
        drop(writeln!(out, "ready http://{address}"));
    }
    drop(out.flush());
}

async fn wait_for_stop(signals: &mut Signals, gateway: &Gateway, reloader: &Arc<reload::Reloader>) {
    loop {
        match signals.next().await {
            Asked::Reload => {
                let reloader = Arc::clone(reloader);
                tokio::task::spawn_blocking(move || reloader.reload());
            }
            Asked::ReopenLogs => gateway.access_log.reopen(),
            Asked::Drain | Asked::StopNow => return,
        }
    }
}

async fn stop_now(signals: &mut Signals) {
    while signals.next().await != Asked::StopNow {}
}
