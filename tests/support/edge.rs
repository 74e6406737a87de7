//! A real edge process on free ports, with its files in a folder of its own.

use super::wait::within;
use super::{Client, Request, Response, eventually};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const BINARY: &str = env!("CARGO_BIN_EXE_onasis-gateway");

/// What an edge is started with.
#[derive(Debug)]
pub struct EdgeBuilder {
    routes: String,
    /// More keys of gateway.yaml.
    gateway: String,
    env: Vec<(String, String)>,
    files: Vec<(String, String)>,
    links: Vec<String>,
}

/// A running edge; ends when dropped.
#[derive(Debug)]
pub struct Edge {
    child: Child,
    folder: TempDir,
    env: Vec<(String, String)>,
    pub address: SocketAddr,
    pub admin: SocketAddr,
}

impl EdgeBuilder {
    /// Keys of gateway.yaml beside `listen`, `admin`, `routes` and, unless given here, `access_log` (a file).
    pub fn gateway(mut self, yaml: &str) -> Self {
        self.gateway.push_str(yaml.trim_end());
        self.gateway.push('\n');
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// A file beside the configuration.
    pub fn file(mut self, name: &str, content: &str) -> Self {
        self.files.push((name.into(), content.into()));
        self
    }

    /// A folder of the repository, linked beside the configuration under the same name.
    pub fn link(mut self, name: &str) -> Self {
        self.links.push(name.into());
        self
    }

    #[expect(
        clippy::unused_async,
        reason = "every test awaits its edge; how it starts may change"
    )]
    pub async fn start(self) -> Edge {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in &self.links {
            std::os::unix::fs::symlink(repository().join(name), folder.path().join(name)).expect("a link");
        }
        for (name, content) in &self.files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, content).expect("a file");
        }
        std::fs::write(folder.path().join("routes.yaml"), &self.routes).expect("routes.yaml");
        std::fs::write(folder.path().join("gateway.yaml"), self.gateway_yaml(folder.path())).expect("gateway.yaml");
        let mut child = command(folder.path(), &self.env)
            .arg("run")
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(folder.path().join("stderr.log")).expect("stderr.log"))
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
        let stderr = folder.path().join("stderr.log");
        let find = |prefix: &str| -> SocketAddr {
            loop {
                let line = lines.recv_timeout(Duration::from_secs(30));
                let line = line.unwrap_or_else(|_| {
                    panic!(
                        "the edge did not start:\n{}",
                        std::fs::read_to_string(&stderr).unwrap_or_default()
                    )
                });
                if let Some(url) = line.strip_prefix(prefix) {
                    return url.trim_start_matches("http://").parse().expect("an address");
                }
            }
        };
        let admin = find("admin ");
        let address = find("ready ");
        Edge {
            child,
            folder,
            env: self.env,
            address,
            admin,
        }
    }

    fn gateway_yaml(&self, folder: &Path) -> String {
        let folder = folder.display();
        let log = if self.gateway.contains("access_log:") {
            String::new()
        } else {
            format!("access_log: {{ path: \"{folder}/access.log\" }}\n")
        };
        let listen = if self.gateway.contains("listen:") {
            ""
        } else {
            "listen: [\"127.0.0.1:0\"]\n"
        };
        format!(
            "version: 1\nroutes: routes.yaml\n{listen}admin: {{ listen: \"127.0.0.1:0\", socket: \"{folder}/admin.sock\" }}\n{log}{}",
            self.gateway
        )
    }
}

fn command(folder: &Path, env: &[(String, String)]) -> Command {
    let mut command = Command::new(BINARY);
    command
        .arg("--config")
        .arg(folder.join("gateway.yaml"))
        .env_clear()
        .envs(env.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::null());
    command
}

impl Edge {
    /// An edge with this route map.
    pub fn with(routes: &str) -> EdgeBuilder {
        EdgeBuilder {
            routes: routes.to_owned(),
            gateway: String::new(),
            env: Vec::new(),
            files: Vec::new(),
            links: Vec::new(),
        }
    }

    /// One upstream `up` at `url`, reached by every path of every loopback host. `extra` is more YAML under the route.
    pub fn in_front_of(url: &str, extra: &str) -> EdgeBuilder {
        Self::with(&one_route(url, extra))
    }

    pub async fn client(&self) -> Client {
        Client::connect(self.address).await
    }

    /// One request on a connection of its own.
    pub async fn send(&self, request: &Request) -> Response {
        self.client().await.send(request).await
    }

    pub async fn get(&self, target: &str) -> Response {
        self.send(&Request::get(target)).await
    }

    pub async fn admin(&self, target: &str) -> Response {
        Client::connect(self.admin).await.send(&Request::get(target)).await
    }

    /// The value of a metric line that starts with `series`; 0 when it is not there.
    pub async fn metric(&self, series: &str) -> f64 {
        let text = self.admin("/metrics").await.text();
        let line = text.lines().find(|line| {
            line.strip_prefix(series)
                .is_some_and(|rest| rest.starts_with([' ', '{']))
        });
        line.and_then(|line| line.rsplit(' ').next())
            .map_or(0.0, |value| value.parse().expect("a number"))
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write_routes(&self, yaml: &str) {
        // Written whole and renamed, as an editor does.
        let next = self.path("routes.next");
        std::fs::write(&next, yaml).expect("a file");
        std::fs::rename(next, self.path("routes.yaml")).expect("routes.yaml");
    }

    /// `onasis-gateway ARGS` with this edge's configuration and environment.
    pub fn cli(&self, args: &[&str]) -> Output {
        command(self.folder.path(), &self.env)
            .args(args)
            .output()
            .expect("the command runs")
    }

    /// `reload --wait`, off the async threads.
    pub async fn reload(&self) -> Output {
        let mut reload = command(self.folder.path(), &self.env);
        tokio::task::spawn_blocking(move || reload.args(["reload", "--wait"]).output().expect("the command runs"))
            .await
            .expect("no panic")
    }

    /// Asks over the admin socket, as `reload --wait` does: the status and the report.
    pub async fn reload_over_socket(&self) -> (u16, String) {
        let mut socket = tokio::net::UnixStream::connect(self.path("admin.sock"))
            .await
            .expect("the admin socket");
        let request = b"POST /reload HTTP/1.1\r\nHost: admin\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        socket.write_all(request).await.expect("a request");
        let mut answer = String::new();
        within("the reload", socket.read_to_string(&mut answer))
            .await
            .expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("an HTTP answer");
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .expect("a status");
        let json: serde_json::Value = serde_json::from_str(body).expect("JSON");
        (status, json["report"].as_str().unwrap_or_default().to_owned())
    }

    /// The access-log line of a request id.
    pub async fn log_line(&self, request_id: &str) -> serde_json::Value {
        let path = self.path("access.log");
        eventually("the request is logged", || {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let line = text
                .lines()
                .find(|line| line.contains(request_id))
                .map(|line| serde_json::from_str(line).expect("JSON"));
            std::future::ready(line)
        })
        .await
    }

    pub fn stderr(&self) -> String {
        std::fs::read_to_string(self.path("stderr.log")).unwrap_or_default()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by its name, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(self.pid().to_string())
            .status()
            .expect("kill runs");
        assert!(status.success(), "kill -{name}");
    }

    /// Waits until the process has ended; its exit code.
    pub async fn exit_code(&mut self) -> Option<i32> {
        eventually("the edge ends", || {
            std::future::ready(self.child.try_wait().expect("a child"))
        })
        .await
        .code()
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The checkout's root.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The route map of `Edge::in_front_of`.
pub fn one_route(url: &str, extra: &str) -> String {
    let extra: String = extra.lines().map(|line| format!("    {line}\n")).collect();
    format!(
        "version: 1\nhosts:\n  own: {{ names: [edge.test], loopback: true }}\nupstreams:\n  up: {{ endpoints: [\"{url}\"] }}\nroutes:\n  - id: all\n    hosts: [own]\n    path: /*\n{}{extra}",
        if extra.contains("methods:") || extra.contains("to:") {
            ""
        } else {
            "    to: up\n"
        }
    )
}
