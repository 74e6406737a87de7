//! Active health checks: each endpoint is asked over the same kind of connection that its traffic uses.

use super::endpoint::{CheckError, Endpoint};
use super::registry::Upstream;
use super::spec::{HealthCheck, HostHeader};
use crate::control::reload::publish;
use crate::live::Gateway;
use http::{HeaderValue, StatusCode, header};
use pingora_core::connectors::http::v1::Connector as HttpConnector;
use pingora_core::upstreams::peer::HttpPeer;
use pingora_http::RequestHeader;
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
    let connector = Arc::new(HttpConnector::new(None));
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
                let (gateway, connector) = (Arc::clone(&gateway), Arc::clone(&connector));
                let (upstream, endpoint) = (Arc::clone(upstream), Arc::clone(endpoint));
                tokio::spawn(async move { look_after(&gateway, &connector, &upstream, &endpoint).await });
            }
        }
    }
}

fn identity(upstream: &Arc<Upstream>) -> usize {
    Arc::as_ptr(upstream) as usize
}

async fn look_after(gateway: &Gateway, connector: &HttpConnector, upstream: &Upstream, endpoint: &Endpoint) {
    let resolved = endpoint.resolve().await;
    let Some(check) = &upstream.spec.health else {
        if let Err(error) = resolved {
            log::warn!("upstream {} endpoint {}: {error}", upstream.spec.name, endpoint.url);
        }
        return;
    };
    let started = Instant::now();
    let asked = tokio::time::timeout(check.timeout, ask(connector, upstream, endpoint, check)).await;
    let result = asked
        .unwrap_or(Err(CheckError::Timeout(check.timeout)))
        .map(|()| started.elapsed());
    let error = result.as_ref().err().map(ToString::to_string);
    if let Some(up) = endpoint.record(result, check.unhealthy_after, check.healthy_after) {
        publish(&gateway.metrics, upstream);
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

/// A GET of the check's path, with the headers the upstream's traffic carries; 2xx and 3xx are healthy.
pub(crate) async fn ask(
    connector: &HttpConnector,
    upstream: &Upstream,
    endpoint: &Endpoint,
    check: &HealthCheck,
) -> Result<(), CheckError> {
    let address = endpoint.address().await?;
    let server_name = upstream.spec.tls.server_name.as_ref().unwrap_or(&endpoint.url.host);
    let mut peer = HttpPeer::new(address, endpoint.url.tls, server_name.clone());
    peer.options.connection_timeout = Some(check.timeout);
    peer.options.total_connection_timeout = Some(check.timeout);
    peer.options.read_timeout = Some(check.timeout);
    peer.options.write_timeout = Some(check.timeout);
    peer.options.ca.clone_from(&upstream.ca);
    let connect_error = |error: Box<pingora_core::Error>| CheckError::Connect(error.etype().as_str().to_owned());
    let (mut session, _) = connector.get_http_session(&peer).await.map_err(connect_error)?;
    let answer_error = |error: Box<pingora_core::Error>| CheckError::Answer(error.etype().as_str().to_owned());
    let request = request(upstream, endpoint, check).map_err(answer_error)?;
    session
        .write_request_header(Box::new(request))
        .await
        .map_err(answer_error)?;
    session.read_response().await.map_err(answer_error)?;
    let status = session
        .resp_header()
        .map_or(StatusCode::BAD_GATEWAY, |head| head.status);
    // The rest of the answer does not matter; the connection closes.
    session.shutdown().await;
    if status.is_success() || status.is_redirection() {
        Ok(())
    } else {
        Err(CheckError::Status(status.as_u16()))
    }
}

fn request(upstream: &Upstream, endpoint: &Endpoint, check: &HealthCheck) -> pingora_core::Result<RequestHeader> {
    let path = format!("{}{}", upstream.spec.base_path, check.path);
    let mut request = RequestHeader::build("GET", path.as_bytes(), None)?;
    upstream.spec.request_headers.apply_to_request(&mut request);
    let host = match &upstream.spec.host_header {
        HostHeader::Literal(name) => name.clone(),
        HostHeader::Upstream | HostHeader::Client => {
            HeaderValue::try_from(endpoint.url.authority()).unwrap_or_else(|_| HeaderValue::from_static("localhost"))
        }
    };
    request.insert_header(header::HOST, host)?;
    request.insert_header(
        header::USER_AGENT,
        concat!("onasis-gateway/", env!("CARGO_PKG_VERSION"), " health-check"),
    )?;
    request.insert_header(header::CONNECTION, "close")?;
    Ok(request)
}
