//! A daemon whose standard output the test reads line by line, for what `Edge` does not show.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

/// Ends when dropped.
pub(crate) struct Daemon {
    child: Child,
    lines: Receiver<String>,
}

impl Daemon {
    /// Starts with `gateway.yaml` of `folder`, in an environment of its own.
    pub(crate) fn start(folder: &Path, env: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_onasis-gateway"))
            .arg("--config")
            .arg(folder.join("gateway.yaml"))
            .arg("run")
            .env_clear()
            .envs(env.iter().copied())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(folder.join("stderr.log")).expect("stderr.log"))
            .spawn()
            .expect("the edge starts");
        let stdout = child.stdout.take().expect("piped");
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            BufReader::new(stdout)
                .lines()
                .map_while(Result::ok)
                .for_each(|line| drop(sender.send(line)));
        });
        Self { child, lines }
    }

    /// The next line.
    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(Duration::from_secs(20)).expect("a line")
    }

    /// The address in the next line, which starts with this word.
    pub(crate) fn address(&self, word: &str) -> SocketAddr {
        let line = self.line();
        let url = line.strip_prefix(word).unwrap_or_else(|| panic!("not {word}: {line}"));
        url.trim().trim_start_matches("http://").parse().expect("an address")
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to stop; every line it still says.
    pub(crate) fn stop(mut self) -> Vec<String> {
        let kill = Command::new("kill")
            .arg(self.child.id().to_string())
            .status()
            .expect("kill runs");
        assert!(kill.success());
        let lines = std::iter::from_fn(|| self.lines.recv_timeout(Duration::from_secs(20)).ok()).collect();
        assert_eq!(self.child.wait().expect("a child").code(), Some(0));
        lines
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
