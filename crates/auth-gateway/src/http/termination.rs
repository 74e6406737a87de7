//! The signals that end the program.

use std::io;
use tokio::signal::unix::{SignalKind, signal};

/// Completes at the first TERM or INT.
///
/// # Errors
/// When the process may not handle signals.
pub fn terminated() -> io::Result<impl Future<Output = ()> + Send> {
    let mut term = signal(SignalKind::terminate())?;
    let mut int = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
    })
}
