//! How the real program is started: its configuration, its data, what it prints.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use super::gateway::{Database, Served};

/// Nothing waits for its turn in tests, except where a test is about waiting.
const CONFIGURATION: &str = r#"version: 1
issuer: https://auth.example.org
admin: off
cookies: { domain: example.org }
trusted_proxies: ["127.0.0.1/32"]
cors_origins: ["https://app.example.org"]
return_to: ["https://app.example.org"]
rate_limits: { default: { requests: 1000000, window: 1s } }
log: { level: debug }
drain: 2s
"#;

/// The program ends, and its folder goes, when the test's process does, however that ends. Nobody else holds its output.
const UNTIL_STDIN_CLOSES: &str = r#"folder=$1; shift; "$@" & serving=$!; exec >/dev/null 2>&1; cat; kill -TERM $serving; wait $serving; rm -rf "$folder""#;

/// A start that has not happened yet.
pub(crate) struct Start {
    /// It goes when the program ends.
    folder: PathBuf,
    configuration: PathBuf,
    data: PathBuf,
    database: Database,
    /// Words of the command line that the file does not have to say.
    stated: Vec<String>,
    variables: Vec<(String, String)>,
    /// Whether what it logs is read.
    is_read: bool,
}

impl Start {
    /// With more lines of configuration: what is written again replaces.
    pub(crate) fn new(more: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder").keep();
        let configuration = folder.join("auth.yaml");
        let mut text = CONFIGURATION.to_owned();
        for line in more.lines() {
            let key = line.split(':').next().unwrap_or_default();
            text = text
                .lines()
                .filter(|old| old.split(':').next() != Some(key))
                .map(|old| format!("{old}\n"))
                .collect::<String>()
                + line
                + "\n";
        }
        std::fs::write(&configuration, text).expect("written");
        Self::in_folder(folder, configuration)
    }

    /// With a file that is there.
    pub(crate) fn as_written(configuration: &Path) -> Self {
        let folder = tempfile::tempdir().expect("a folder").keep();
        Self::in_folder(folder, configuration.to_owned())
    }

    fn in_folder(folder: PathBuf, configuration: PathBuf) -> Self {
        Self {
            data: folder.join("data"),
            folder,
            configuration,
            database: Database::Sqlite,
            stated: vec!["--listen".to_owned(), "127.0.0.1:0".to_owned()],
            variables: Vec::new(),
            is_read: true,
        }
    }

    /// With the data of another.
    pub(crate) fn keeping(mut self, data: &Path) -> Self {
        self.data = data.to_owned();
        self
    }

    pub(crate) fn on(mut self, database: &Database) -> Self {
        self.database = database.clone();
        self
    }

    pub(crate) fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The file says where to listen.
    pub(crate) fn without_listen(mut self) -> Self {
        self.stated.clear();
        self
    }

    /// Nobody reads what it logs.
    pub(crate) fn unread(mut self) -> Self {
        self.is_read = false;
        self
    }

    /// Until it is ready.
    pub(crate) fn go(self) -> Served {
        self.try_go().unwrap_or_else(|log| panic!("did not start: {log}"))
    }

    /// Until it is ready, or what it said before it ended.
    pub(crate) fn try_go(self) -> Result<Served, String> {
        let mut child = self.command().spawn().expect("a shell");
        let log = Arc::new(Mutex::new(String::new()));
        let stderr = child.stderr.take().expect("piped");
        let (unread, followed) = match self.is_read {
            true => (None, Some(follow(stderr, Arc::clone(&log)))),
            false => (Some(stderr), None),
        };
        let (reader, printed_token) = followed.unzip();
        let stdin: Option<ChildStdin> = child.stdin.take();
        let Some(base) = ready(child.stdout.take().expect("piped")) else {
            drop(stdin);
            drop(child.wait());
            return Err(log.lock().expect("not poisoned").clone());
        };
        Ok(Served {
            base,
            data: self.data,
            configuration: self.configuration,
            database: self.database,
            printed_token: printed_token.map(Mutex::new),
            setup_token: OnceLock::new(),
            stdin,
            log,
            reader,
            _unread: unread,
            child,
        })
    }

    fn command(&self) -> Command {
        let mut command = Command::new("sh");
        command
            .args(["-c", UNTIL_STDIN_CLOSES, "sh"])
            .arg(&self.folder)
            .arg(env!("CARGO_BIN_EXE_auth-gateway"))
            .arg("serve")
            .args(&self.stated)
            .arg("--config")
            .arg(&self.configuration);
        // Where the file names the data, it is the same folder.
        let text = std::fs::read_to_string(&self.configuration).expect("written");
        if !text.lines().any(|line| line.starts_with("data:")) {
            command.arg("--data").arg(&self.data);
        }
        if let Database::Postgres(url) = &self.database {
            command.args(["--database-url", url]);
            if !text.lines().any(|line| line.starts_with("database:")) {
                let migrated = std::fs::write(&self.configuration, text + "database: { migrate_at_start: true }\n");
                migrated.expect("written");
            }
        }
        // Ctrl-C ends the test; the test's end ends this.
        command
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        command
    }
}

fn follow(stderr: impl Read + Send + 'static, log: Arc<Mutex<String>>) -> (JoinHandle<()>, mpsc::Receiver<String>) {
    let (tell, told) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            if let Some((_, rest)) = line.split_once(r#""token":""#) {
                let _ = tell.send(until(rest, '"'));
            }
            let mut log = log.lock().expect("not poisoned");
            log.push_str(&line);
            log.push('\n');
        }
    });
    (reader, told)
}

/// The address in the line which says that it serves; `None` when it ended instead.
fn ready(stdout: impl Read + Send + 'static) -> Option<String> {
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if let Some(address) = line.strip_prefix("ready ") {
                let _ = tell.send(address.to_owned());
            }
        }
    });
    told.recv_timeout(Duration::from_secs(60)).ok()
}

fn until(text: &str, end: char) -> String {
    text.split(end).next().unwrap_or_default().to_owned()
}
