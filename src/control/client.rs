//! The command line's side of the admin socket.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// Why a running gateway could not be asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    #[error("no gateway answers on {path}: {error} (is it running, and may you open the socket?)")]
    Unreachable { path: String, error: std::io::Error },
    #[error("the gateway gave no usable answer")]
    Nonsense,
}

/// A reload may wait for a slow disk, not for ever.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the daemon said: whether the new configuration is live, and its JSON.
pub(crate) fn reload(socket: &Path) -> Result<(bool, serde_json::Value), ClientError> {
    let fail = |error| ClientError::Unreachable {
        path: socket.display().to_string(),
        error,
    };
    let mut connection = UnixStream::connect(socket).map_err(fail)?;
    connection.set_read_timeout(Some(PATIENCE)).map_err(fail)?;
    connection
        .write_all(b"POST /reload HTTP/1.1\r\nHost: admin\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        .map_err(fail)?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).map_err(fail)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(ClientError::Nonsense)?;
    let body = serde_json::from_str(body).map_err(|_| ClientError::Nonsense)?;
    Ok((head.starts_with("HTTP/1.1 200"), body))
}
