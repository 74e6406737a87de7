//! Signals: HUP reloads, TERM and INT drain, a second INT stops at once, USR1 reopens the log.

use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What the operator asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Reload,
    Drain,
    ReopenLogs,
    StopNow,
}

/// The daemon's signal handlers. Made before anything else, since HUP's and USR1's default is to kill.
pub(super) struct Signals {
    hangup: Signal,
    terminate: Signal,
    interrupt: Signal,
    quit: Signal,
    user1: Signal,
    interrupted: bool,
}

impl Signals {
    pub(super) fn install() -> io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            user1: signal(SignalKind::user_defined1())?,
            interrupted: false,
        })
    }

    pub(super) async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.hangup.recv() => Asked::Reload,
            _ = self.terminate.recv() => Asked::Drain,
            _ = self.quit.recv() => Asked::Drain,
            _ = self.user1.recv() => Asked::ReopenLogs,
            _ = self.interrupt.recv() => {
                if std::mem::replace(&mut self.interrupted, true) { Asked::StopNow } else { Asked::Drain }
            }
        }
    }
}
