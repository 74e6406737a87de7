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

const REQUEST: &[u8] = b"POST /reload HTTP/1.1\r\nHost: admin\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// Asks, and does not wait for the outcome.
pub(crate) fn ask_to_reload(socket: &Path) -> Result<(), ClientError> {
    connect(socket).map(drop)
}

/// What the daemon said: whether the new configuration is live, and its JSON.
pub(crate) fn reload(socket: &Path) -> Result<(bool, serde_json::Value), ClientError> {
    let mut connection = connect(socket)?;
    let mut answer = String::new();
    connection
        .read_to_string(&mut answer)
        .map_err(|error| unreachable_socket(socket, error))?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(ClientError::Nonsense)?;
    let body = serde_json::from_str(body).map_err(|_| ClientError::Nonsense)?;
    Ok((head.starts_with("HTTP/1.1 200"), body))
}

/// A connection on which the request has been sent.
fn connect(socket: &Path) -> Result<UnixStream, ClientError> {
    let fail = |error| unreachable_socket(socket, error);
    let mut connection = UnixStream::connect(socket).map_err(fail)?;
    connection.set_read_timeout(Some(PATIENCE)).map_err(fail)?;
    connection.write_all(REQUEST).map_err(fail)?;
    Ok(connection)
}

fn unreachable_socket(socket: &Path, error: std::io::Error) -> ClientError {
    ClientError::Unreachable {
        path: socket.display().to_string(),
        error,
    }
}
