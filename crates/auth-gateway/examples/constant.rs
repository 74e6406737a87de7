//! The auth gateway's HTTP server with everything around its endpoints, answering a constant: what introspection is
//! measured against. Give an address as the argument.
#![expect(clippy::print_stdout, reason = "it says where it listens")]

use std::sync::Arc;

use auth_gateway::http::route::{post, router};
use auth_gateway::http::{BaseSettings, ConnectionLimits, OptionalFields, serve};
use auth_gateway::telemetry::metrics::Metrics;
use serde_json::Value;
use tokio::net::TcpListener;

/// As long as an introspection's answer.
const ANSWER: [(&str, &str); 1] = [("answer", CONSTANT)];
const CONSTANT: &str = concat!(
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789",
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789",
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789",
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789",
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789",
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789",
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789",
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789",
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789",
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789",
);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    tracing::subscriber::set_global_default(auth_gateway::telemetry::log::subscriber("info", std::io::stderr)?)?;
    let metrics = Arc::new(Metrics::new()?);
    // It reads the request's body, as introspection must.
    let table = vec![post("/v1/auth/introspect", async |_: OptionalFields<Value>| {
        axum::Json(serde_json::Map::from_iter(
            ANSWER.map(|(name, value)| (name.to_owned(), Value::from(value))),
        ))
    })];
    let router = router(table, (), &BaseSettings::default(), &metrics);
    let listener = TcpListener::bind(address).await?;
    println!("ready http://{}", listener.local_addr()?);
    serve(
        listener,
        router,
        ConnectionLimits::default(),
        metrics,
        std::future::pending(),
    )
    .await;
    Ok(())
}
