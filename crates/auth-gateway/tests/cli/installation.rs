//! A data folder, the commands run on it, and the program serving from it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) const PASSWORD: &str = "nine green bottles by the wall";

/// An empty folder for one gateway's data.
pub(crate) struct Installation {
    folder: TempDir,
    /// Given to every command.
    options: Vec<String>,
    variables: Vec<(String, String)>,
    umask: &'static str,
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Installation {
    /// Nothing is there yet.
    pub(crate) fn empty() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let options = vec!["--data".to_owned(), folder.path().join("data").display().to_string()];
        Self {
            folder,
            options,
            variables: Vec::new(),
            umask: "022",
        }
    }

    /// With the tables of its SQLite database.
    pub(crate) fn migrated() -> Self {
        let installation = Self::empty();
        installation.done(&["migrate"]);
        installation
    }

    /// With a configuration file, whose issuer is on loopback.
    pub(crate) fn configured(more: &str) -> Self {
        let mut installation = Self::empty();
        let text = format!("version: 1\nissuer: http://127.0.0.1:4000\nadmin: \"127.0.0.1:0\"\n{more}");
        let path = installation.folder.path().join("auth.yaml");
        std::fs::write(&path, text).expect("written");
        installation
            .options
            .extend(["--config".to_owned(), path.display().to_string()]);
        installation
    }

    pub(crate) fn with_option(mut self, name: &str, value: &str) -> Self {
        self.options.extend([name.to_owned(), value.to_owned()]);
        self
    }

    pub(crate) fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Commands run where files are made open to all, unless a program says otherwise.
    pub(crate) fn with_no_umask(mut self) -> Self {
        self.umask = "000";
        self
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A path beside the data.
    pub(crate) fn beside(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.run_with(arguments, "")
    }

    pub(crate) fn run_with(&self, arguments: &[&str], stdin: &str) -> Run {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program");
        let written = child.stdin.take().expect("piped").write_all(stdin.as_bytes());
        // A command that reads nothing may have ended already.
        drop(written);
        let output = child.wait_with_output().expect("ended");
        Run {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    /// A command whose stdout nobody reads.
    pub(crate) fn run_unread(&self, arguments: &[&str]) -> Run {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("ended");
        Run {
            code: output.status.code(),
            stdout: String::new(),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    /// A command that must succeed: its stdout.
    pub(crate) fn done(&self, arguments: &[&str]) -> String {
        self.done_with(arguments, "")
    }

    pub(crate) fn done_with(&self, arguments: &[&str], stdin: &str) -> String {
        let run = self.run_with(arguments, stdin);
        assert_eq!(run.code, Some(0), "{arguments:?}: {run:?}");
        run.stdout
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["-o", "json"]).collect();
        serde_json::from_str(&self.done(&arguments)).expect("JSON")
    }

    /// A verified user with `PASSWORD`; their id.
    pub(crate) fn user(&self, email: &str) -> String {
        let arguments = [
            "users",
            "create",
            email,
            "--verified",
            "--name",
            "Ada Lovelace",
            "-o",
            "json",
        ];
        let made: Value = serde_json::from_str(&self.done_with(&arguments, PASSWORD)).expect("JSON");
        made["id"].as_str().expect("an id").to_owned()
    }

    pub(crate) fn serve(&self) -> Serving {
        let mut child = self
            .command(&["serve", "--listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program");
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("a line");
        let url = line.trim().strip_prefix("ready ").expect("ready").to_owned();
        Serving {
            child,
            url,
            _stdout: stdout,
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", &format!("umask {}; exec \"$0\" \"$@\"", self.umask)])
            .arg(env!("CARGO_BIN_EXE_auth-gateway"))
            .args(arguments)
            .args(&self.options)
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// What is in the data folder, by name.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.data()).expect("a folder");
        let name = |entry: std::io::Result<std::fs::DirEntry>| entry.expect("an entry").file_name();
        let mut names: Vec<String> = entries.map(|entry| name(entry).display().to_string()).collect();
        names.sort();
        names
    }

    /// The files below the data folder that hold `text` in clear.
    pub(crate) fn files_with(&self, text: impl AsRef<[u8]>) -> Vec<String> {
        let mut found = Vec::new();
        search(&self.data(), text.as_ref(), &mut found);
        found
    }
}

fn search(folder: &Path, text: &[u8], found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            search(&path, text, found);
        } else if std::fs::read(&path)
            .expect("a file")
            .windows(text.len())
            .any(|window| window == text)
        {
            found.push(path.display().to_string());
        }
    }
}

/// The program, serving; ends with this value.
pub(crate) struct Serving {
    child: Child,
    pub(crate) url: String,
    _stdout: BufReader<ChildStdout>,
}

impl Serving {
    pub(crate) async fn post(&self, path: &str, key: Option<&str>, body: &Value) -> (u16, Value) {
        let request = reqwest::Client::new().post(format!("{}{path}", self.url)).json(body);
        let request = match key {
            Some(key) => request.header("x-api-key", key),
            None => request,
        };
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or(Value::Null))
    }

    pub(crate) async fn login(&self, email: &str) -> u16 {
        let body = serde_json::json!({"email": email, "password": PASSWORD});
        self.post("/v1/auth/login", None, &body).await.0
    }

    /// Host and port.
    pub(crate) fn address(&self) -> &str {
        self.url.strip_prefix("http://").expect("a URL")
    }

    /// Ends as a service manager ends it.
    pub(crate) fn terminate(mut self) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status().expect("kill");
        assert!(sent.success());
        assert!(self.child.wait().expect("ended").success());
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Ids and times become `x` and `0`, figure by figure, so that columns keep their width.
pub(crate) fn masked(text: &str) -> String {
    let is_id = |word: &str| word.len() == 36 && word.bytes().filter(|byte| *byte == b'-').count() == 4;
    let is_time = |word: &str| word.len() == 24 && word.ends_with('Z') && word.contains('T');
    let mut masked = String::new();
    for word in text.split_inclusive([' ', '\n', '"']) {
        let (core, end) = word.split_at(word.trim_end_matches([' ', '\n', '"']).len());
        if is_id(core) {
            masked.extend(core.chars().map(|c| if c == '-' { '-' } else { 'x' }));
        } else if is_time(core) {
            masked.extend(core.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }));
        } else {
            masked.push_str(core);
        }
        masked.push_str(end);
    }
    masked
}

/// Polls until `found` finds something.
pub(crate) async fn eventually<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(Instant::now() < deadline, "did not happen: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
