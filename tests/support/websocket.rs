//! WebSocket handshakes by hand: what matters is the tunnel, not the frames.

use super::{Client, Request};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The handshake a browser sends.
pub fn handshake(target: &str) -> Request {
    Request::get(target)
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
}

/// Opens a tunnel; panics unless it is accepted.
pub async fn open(address: SocketAddr, request: &Request) -> TcpStream {
    let mut client = Client::connect(address).await;
    let response = client.send(request).await;
    assert_eq!(response.status, 101, "{}", response.text());
    assert_eq!(
        response.header("sec-websocket-accept"),
        Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    );
    client.into_stream()
}

/// Sends bytes through a tunnel to an upstream that returns them; `false` when the tunnel is gone.
pub async fn echoes(tunnel: &mut TcpStream, bytes: &[u8]) -> bool {
    let mut answer = vec![0; bytes.len()];
    let exchange = async {
        tunnel.write_all(bytes).await?;
        tunnel.read_exact(&mut answer).await
    };
    match tokio::time::timeout(std::time::Duration::from_secs(20), exchange).await {
        Ok(Ok(_)) => answer == bytes,
        Ok(Err(_)) | Err(_) => false,
    }
}
