//! One health check: an endpoint is asked over the same kind of connection that its traffic uses, and a fresh one.

use super::endpoint::{CheckError, Endpoint};
use super::registry::Upstream;
use super::spec::{HealthCheck, HostHeader};
use crate::filters::header_case;
use http::header;
use pingora_core::protocols::http::v1::client::HttpSession;
use pingora_http::RequestHeader;

/// A GET of the check's path, with the headers the upstream's traffic carries; 2xx and 3xx are healthy.
pub(crate) async fn ask(upstream: &Upstream, endpoint: &Endpoint, check: &HealthCheck) -> Result<(), CheckError> {
    let asked = tokio::time::timeout(check.timeout, ask_unhurried(upstream, endpoint, check)).await;
    asked.unwrap_or(Err(CheckError::Timeout(check.timeout)))
}

async fn ask_unhurried(upstream: &Upstream, endpoint: &Endpoint, check: &HealthCheck) -> Result<(), CheckError> {
    let address = endpoint.address().await?;
    let connect_error = |error: Box<pingora_core::Error>| CheckError::Connect(error.etype().as_str().to_owned());
    let stream = endpoint.connector.open_stream(address).await.map_err(connect_error)?;
    let mut session = HttpSession::new(Box::new(stream));
    let answer_error = |error: Box<pingora_core::Error>| CheckError::Answer(error.etype().as_str().to_owned());
    let request = request(upstream, endpoint, check).map_err(answer_error)?;
    session
        .write_request_header(Box::new(request))
        .await
        .map_err(answer_error)?;
    session.read_response().await.map_err(answer_error)?;
    let status = session.resp_header().map(|head| head.status);
    let status = status.ok_or_else(|| CheckError::Answer("no head".to_owned()))?;
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
    header_case::edit(&mut request, |headers| upstream.spec.request_headers.apply(headers));
    let host = match &upstream.spec.host_header {
        HostHeader::Literal(name) => name.clone(),
        HostHeader::Upstream | HostHeader::Client => endpoint.url.authority().clone(),
    };
    request.insert_header(header::HOST, host)?;
    request.insert_header(
        header::USER_AGENT,
        concat!("onasis-gateway/", env!("CARGO_PKG_VERSION"), " health-check"),
    )?;
    request.insert_header(header::CONNECTION, "close")?;
    Ok(request)
}
