//! A running server: start, stop, kill, start again.

use crate::programs::{Programs, run};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Starting includes the recovery after a kill.
const START_LIMIT: Duration = Duration::from_secs(60);

const BETWEEN_TRIES: Duration = Duration::from_millis(30);

/// What a commit means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// It is on the disk, as in production.
    Fsync,
    /// It outlives the server's processes, but not a loss of power: faster, for what does not test durability.
    None,
}

/// A server; it ends with this value. The methods block.
#[derive(Debug)]
pub struct Server {
    programs: Programs,
    folder: TempDir,
    durability: Durability,
    running: Option<Child>,
    databases: AtomicU32,
}

impl Server {
    /// Makes an empty cluster and starts it.
    ///
    /// # Errors
    /// When PostgreSQL is not installed (the error says how to), or does not start.
    pub fn start(durability: Durability) -> Result<Self> {
        let programs = Programs::find()?;
        let folder = tempfile::Builder::new().prefix("local-postgres-").tempdir()?;
        programs.give(folder.path())?;
        run(programs
            .command("initdb")
            .args([
                "--username=postgres",
                "--auth=trust",
                "--encoding=UTF8",
                "--no-locale",
                "--no-sync",
                "-D",
            ])
            .arg(folder.path().join("data")))?;
        let mut server = Self {
            programs,
            folder,
            durability,
            running: None,
            databases: AtomicU32::new(0),
        };
        server.restart()?;
        Ok(server)
    }

    /// Of the database `postgres`, as the superuser; it holds for the server's whole life.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// Makes an empty database and returns its URL.
    ///
    /// # Errors
    /// When the server does not do it.
    pub fn create_database(&self) -> Result<String> {
        let name = format!("d{}", self.databases.fetch_add(1, Ordering::Relaxed) + 1);
        self.psql(&format!("CREATE DATABASE {name}"))?;
        Ok(self.url_of(&name))
    }

    /// Ends the server without any chance to finish something, as a crash does.
    ///
    /// # Errors
    /// When it was not running.
    pub fn kill_9(&mut self) -> Result<()> {
        let mut postmaster = self.running.take().context("PostgreSQL is not running")?;
        // The kernel tells the others that the postmaster is gone, and they end. We wait for them: a new postmaster refuses
        // to start while they use the shared memory.
        postmaster.kill()?;
        postmaster.wait()?;
        Ok(())
    }

    /// Ends the server after breaking all its connections.
    ///
    /// # Errors
    /// When it was not running.
    pub fn stop(&mut self) -> Result<()> {
        let mut postmaster = self.running.take().context("PostgreSQL is not running")?;
        run(self
            .programs
            .command("pg_ctl")
            .args(["stop", "--mode=fast", "--silent", "-D"])
            .arg(self.data()))?;
        postmaster.wait()?;
        Ok(())
    }

    /// Starts the server again, under the same URL, and waits until it answers. Does nothing to one that runs.
    ///
    /// # Errors
    /// When it does not start; with its log.
    pub fn restart(&mut self) -> Result<()> {
        let deadline = Instant::now() + START_LIMIT;
        loop {
            if self.running.is_none() {
                self.running = Some(self.spawn()?);
            }
            if self.psql("SELECT 1").is_ok() {
                return Ok(());
            }
            // Right after a kill, processes of the former server may stand in the way for a moment.
            let ended = self.running.as_mut().map(Child::try_wait).transpose()?.flatten();
            if ended.is_some() {
                self.running = None;
            }
            if Instant::now() > deadline {
                bail!("PostgreSQL does not start: {}", self.log());
            }
            thread::park_timeout(BETWEEN_TRIES);
        }
    }

    /// No file of the server may grow beyond so many bytes, as on a full disk; `None` lifts that. It holds for connections
    /// made from now on.
    ///
    /// # Errors
    /// When the server is not running.
    pub fn limit_files(&self, bytes: Option<u64>) -> Result<()> {
        let postmaster = self.running.as_ref().context("PostgreSQL is not running")?;
        let limit = bytes.map_or("unlimited".to_owned(), |bytes| bytes.to_string());
        let limits = [format!("--pid={}", postmaster.id()), format!("--fsize={limit}:")];
        run(self.programs.as_user(Path::new("prlimit")).args(limits)).map(drop)
    }

    fn spawn(&self) -> Result<Child> {
        let durability = match self.durability {
            Durability::Fsync => "on",
            Durability::None => "off",
        };
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.folder.path().join("log"))?;
        let settings = [
            // No other server can be there: a port that is free now may be taken at the next start, or by two at once.
            "listen_addresses=".to_owned(),
            format!("unix_socket_directories={}", self.folder.path().display()),
            format!("fsync={durability}"),
            format!("full_page_writes={durability}"),
            "port=5432".to_owned(),
            "max_connections=200".to_owned(),
        ];
        let mut postgres = self.programs.command("postgres");
        postgres.arg("-D").arg(self.data());
        for setting in settings {
            postgres.arg("-c").arg(setting);
        }
        Ok(postgres.stderr(log).spawn()?)
    }

    fn psql(&self, sql: &str) -> Result<String> {
        run(self
            .programs
            .command("psql")
            .args(["--no-psqlrc", "--quiet", "-d", &self.url(), "-c", sql]))
    }

    fn url_of(&self, database: &str) -> String {
        let folder = self.folder.path().display();
        format!("postgres://postgres@localhost:5432/{database}?host={folder}")
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut postmaster) = self.running.take() {
            // The folder goes as well, so nothing needs to be finished; a failure leaves nothing to be done here.
            let _ = postmaster.kill();
            let _ = postmaster.wait();
        }
    }
}

#[cfg(test)]
mod tests;
