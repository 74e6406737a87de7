//! Scripts without a memory: the answer, or its absence, is always the same.

use std::future::Future;
use std::io;
use std::pin::Pin;

use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::Conn;

/// What a script returns: the rest of the connection's life.
pub type Script = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

/// A complete `200 OK` with this body, for scripts that answer bytes.
pub fn ok(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// Accepts, reads, and never answers.
pub fn black_hole() -> impl Fn(Conn) -> Script + Send + Sync + 'static {
    |mut conn| Box::pin(async move { conn.until_closed().await })
}

/// These bytes for every request, on connections that stay open.
pub fn fixed(answer: impl Into<Vec<u8>>) -> impl Fn(Conn) -> Script + Send + Sync + 'static {
    let answer = answer.into();
    move |mut conn| {
        let answer = answer.clone();
        Box::pin(async move {
            while conn.read_request().await?.is_some() {
                conn.write(&answer).await?;
            }
            Ok(())
        })
    }
}

/// Announces 1,000 bytes, sends 500 and closes.
pub fn truncated_length() -> impl Fn(Conn) -> Script + Send + Sync + 'static {
    let half = "x".repeat(500);
    once(format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 1000\r\n\r\n{half}"
    ))
}

/// Sends a chunk of 500 bytes, half of the next one, and closes.
pub fn truncated_chunked() -> impl Fn(Conn) -> Script + Send + Sync + 'static {
    let (whole, half) = ("x".repeat(0x1f4), "y".repeat(0xfa));
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n";
    once(format!("{head}1f4\r\n{whole}\r\n1f4\r\n{half}"))
}

/// Answers an upgrade the moment its head is complete, then returns every byte it gets.
pub fn instant_101() -> impl Fn(Conn) -> Script + Send + Sync + 'static {
    |mut conn| {
        Box::pin(async move {
            let Some(head) = conn.read_head().await? else {
                return Ok(());
            };
            let key = head.header("sec-websocket-key").unwrap_or_default();
            let accept = derive_accept_key(key.as_bytes());
            let answer = format!(
                "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: {accept}\r\n\r\n"
            );
            conn.write(answer).await?;
            loop {
                let bytes = conn.read().await?;
                if bytes.is_empty() {
                    return conn.close().await;
                }
                conn.write(bytes).await?;
            }
        })
    }
}

/// These bytes after the first request, and the end of the connection.
fn once(answer: String) -> impl Fn(Conn) -> Script + Send + Sync + 'static {
    move |mut conn| {
        let answer = answer.clone();
        Box::pin(async move {
            if conn.read_request().await?.is_some() {
                conn.write(answer).await?;
            }
            conn.close().await
        })
    }
}
