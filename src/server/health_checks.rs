//! Checks every endpoint of the running configuration when it is due.

use crate::live::Gateway;
use crate::upstreams::endpoint::Endpoint;
use crate::upstreams::health;
use crate::upstreams::registry::Upstream;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How often it is looked whether a check is due.
const TICK: Duration = Duration::from_millis(100);
/// Names of endpoints that are not checked are looked up again this often.
const RESOLVE_EVERY: Duration = Duration::from_secs(30);

/// Checks every upstream of the running configuration, for ever. A reload is noticed at the next tick.
pub(crate) async fn check_all(gateway: Arc<Gateway>) {
    let mut due: HashMap<usize, Instant> = HashMap::new();
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let snapshot = gateway.snapshot();
        // An upstream's address stands for its life: a changed upstream is a new one, due at once.
        let alive: Vec<usize> = snapshot.registry.iter().map(identity).collect();
        due.retain(|known, _| alive.contains(known));
        for upstream in snapshot.registry.iter() {
            let next = due.entry(identity(upstream)).or_insert_with(Instant::now);
            if *next > Instant::now() {
                continue;
            }
            *next = Instant::now()
                + upstream
                    .spec
                    .health
                    .as_ref()
                    .map_or(RESOLVE_EVERY, |check| check.interval);
            for endpoint in &upstream.endpoints {
                let gateway = Arc::clone(&gateway);
                let (upstream, endpoint) = (Arc::clone(upstream), Arc::clone(endpoint));
                tokio::spawn(async move { look_after(&gateway, &upstream, &endpoint).await });
            }
        }
    }
}

fn identity(upstream: &Arc<Upstream>) -> usize {
    Arc::as_ptr(upstream) as usize
}

async fn look_after(gateway: &Gateway, upstream: &Upstream, endpoint: &Endpoint) {
    let resolved = endpoint.resolve().await;
    let Some(check) = &upstream.spec.health else {
        if let Err(error) = resolved {
            log::warn!("upstream {} endpoint {}: {error}", upstream.spec.name, endpoint.url);
        }
        return;
    };
    let started = Instant::now();
    let result = health::ask(upstream, endpoint, check).await.map(|()| started.elapsed());
    let error = result.as_ref().err().map(ToString::to_string);
    if let Some(up) = endpoint.record(result, check.unhealthy_after, check.healthy_after) {
        gateway.metrics.publish_upstream(upstream);
        match error {
            Some(error) if !up => log::warn!(
                "upstream {} endpoint {} is down: {error}",
                upstream.spec.name,
                endpoint.url
            ),
            _ => log::info!("upstream {} endpoint {} is up again", upstream.spec.name, endpoint.url),
        }
    }
}
