//! `serve`: listeners, the use cases behind them, and the work that is done now and then, until TERM.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use config_text::environment::Environment;
use event_store::checkpoint::Folder;
use sd_notify::NotifyState;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::alone;
use super::assemble::{Assembled, Purpose, assemble, checkpoint_signer};
use super::{Outcome, REFUSED_CONFIGURATION, block_on};
use crate::app::App;
use crate::app::checkpoints::keep_signing;
use crate::cli::{Place, Serve};
use crate::config::Settings;
use crate::config::settings::LogLevel;
use crate::deliveries::Deliveries;
use crate::http::gateway::Gateway;
use crate::http::router;
use crate::http::settings::connection_limits;
use crate::http::{admin, serve, terminated};
use crate::telemetry::{log, log_queue, metrics::Metrics};

/// Between two rounds of what is done now and then; shorter where keys rotate faster.
const TENDING: Duration = Duration::from_secs(10);
const SHORTEST_TENDING: Duration = Duration::from_millis(100);
/// What waits to be sent gets so long at the end.
const MAIL_DRAIN: Duration = Duration::from_secs(5);

pub(super) fn run(place: &Place, options: &Serve, environment: &Environment) -> Outcome {
    let Some(settings) = super::settings(place, options.listen, environment) else {
        return Ok(ExitCode::from(REFUSED_CONFIGURATION));
    };
    let filter = match settings.log {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
        LogLevel::Trace => "trace",
    };
    let metrics = Arc::new(Metrics::new()?);
    let (lines, _until_written) = log_queue::queue(std::io::stderr());
    log_queue::count_dropped(&lines, metrics.registry())?;
    tracing::subscriber::set_global_default(log::subscriber(filter, lines)?)?;
    log::report_panics_by_place();
    block_on(work(settings, metrics))
}

async fn work(settings: Settings, metrics: Arc<Metrics>) -> Outcome {
    let listener = bind(settings.listen).await?;
    let settings = settings.bound_to(listener.local_addr()?);
    let admin_listener = match settings.admin {
        Some(address) => Some(bind(address).await?),
        None => None,
    };
    let Assembled { app, mail_worker } = assemble(settings, Purpose::Serve, &metrics).await?;
    let _serving = alone::serving(&app.settings)?;
    invite_first_administrator(&app).await?;
    let signing = tokio::spawn(sign_checkpoints(&app)?);
    let deliveries = Deliveries::start(&app.settings.deliveries, &app.store, &app.clock, &metrics).await?;
    let gateway = Gateway::new(Arc::clone(&app));
    let (stop_tending, stopped) = oneshot::channel();
    let tending = tokio::spawn(tend(Arc::clone(&app), stopped));
    let following = app.follow_up();
    answer(listener, admin_listener, &gateway, &metrics).await?;
    signing.abort();
    deliveries.stop().await;
    drop((following, stop_tending));
    tending.await?;
    // Where another gateway still uses it, the last one does.
    if let Err(error) = app.store.empty_write_ahead_log().await {
        tracing::warn!(%error, "the write-ahead log was not emptied");
    }
    drop((gateway, app));
    let_letters_leave(mail_worker).await;
    Ok(ExitCode::SUCCESS)
}

async fn let_letters_leave(mail_worker: JoinHandle<()>) {
    if tokio::time::timeout(MAIL_DRAIN, mail_worker).await.is_err() {
        tracing::warn!("letters that could not be delivered in time are lost");
    }
}

/// Until TERM, and then until the requests under way have their answers.
async fn answer(
    listener: TcpListener,
    admin_listener: Option<TcpListener>,
    gateway: &Gateway,
    metrics: &Arc<Metrics>,
) -> anyhow::Result<()> {
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let until_stopped = |mut stopped: tokio::sync::watch::Receiver<bool>| async move {
        let _ = stopped.wait_for(|stop| *stop).await;
    };
    let limits = connection_limits(&gateway.app.settings);
    let served_by = |listener, router| {
        let until_stopped = until_stopped(stopped.clone());
        serve(listener, router, limits.clone(), Arc::clone(metrics), until_stopped)
    };
    // Whoever reads the line may end the program at once.
    let signal = terminated()?;
    super::print(&format!("ready http://{}\n", listener.local_addr()?))?;
    tell_service_manager(NotifyState::Ready);
    let served = served_by(listener, router::router(gateway, metrics));
    let administered = async {
        if let Some(listener) = admin_listener {
            served_by(listener, admin::router(gateway.probe(), Arc::clone(metrics))).await;
        }
    };
    let signalled = async {
        signal.await;
        tracing::info!("stopping: requests under way may finish");
        tell_service_manager(NotifyState::Stopping);
        gateway.drain();
        let _ = stop.send(true);
    };
    tokio::join!(served, administered, signalled);
    Ok(())
}

async fn bind(address: std::net::SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("listening on {address}"))
}

/// systemd waits to be told (sd_notify(3)); without one that asked, in `NOTIFY_SOCKET`, this does nothing.
fn tell_service_manager(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(false, &[state]) {
        tracing::warn!(%error, "the service manager could not be told");
    }
}

/// Printed to the operator's terminal once, and never logged.
async fn invite_first_administrator(app: &App) -> anyhow::Result<()> {
    if let Some(token) = app.first_administrator_token().await? {
        eprintln!("\nThere is no administrator yet. Make the first one within 24 hours:\n");
        eprintln!(
            "  curl {}/v1/auth/setup -H 'content-type: application/json' \\",
            app.settings.issuer.as_str()
        );
        eprintln!(
            "    -d '{{\"token\":\"{}\",\"email\":\"you@example.org\",\"password\":\"…\"}}'\n",
            token.expose()
        );
    }
    Ok(())
}

/// The work of signing, to be spawned.
fn sign_checkpoints(app: &App) -> anyhow::Result<impl Future<Output = ()> + use<>> {
    let wish = &app.settings.checkpoints;
    let folder =
        Folder::open(&wish.folder).with_context(|| format!("the folder of checkpoints {}", wish.folder.display()))?;
    let signer = Arc::new(checkpoint_signer(&app.settings)?);
    let checkpointer = app.store.checkpointer(signer).keep_in(Arc::new(folder));
    Ok(keep_signing(checkpointer, wish.every, Arc::clone(&app.clock)))
}

/// Until it is stopped; then once more, whatever the database says: what is left to be done does not depend on it.
async fn tend(app: Arc<App>, mut stopped: oneshot::Receiver<()>) {
    let keys = app.settings.signing_keys;
    let soonest = keys.publish_ahead.min(keys.rotate_every).min(keys.overlap);
    let mut rounds = tokio::time::interval((soonest / 2).clamp(SHORTEST_TENDING, TENDING));
    let mut goes_on = true;
    while goes_on {
        goes_on = tokio::select! {
            _ = rounds.tick() => true,
            _ = &mut stopped => false,
        };
        if let Err(error) = app.tend().await {
            tracing::warn!(%error, "what is done now and then could not be done");
        }
    }
}
