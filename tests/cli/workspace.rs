//! A folder with configuration files, and the command run in it.

use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

pub struct Workspace {
    folder: TempDir,
    env: Vec<(String, String)>,
}

/// What a command did.
pub struct Run {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

pub const GATEWAY: &str = "version: 1
routes: routes.yaml
listen: [\"127.0.0.1:0\"]
admin: { listen: \"127.0.0.1:0\", socket: admin.sock }
access_log: { path: \"off\" }
";

pub const ROUTES: &str = "version: 1
hosts:
  public: { names: [api.example], loopback: true }
cors:
  app:
    origins: [\"https://app.example\"]
    methods: [GET, POST]
upstreams:
  memory:
    endpoints: [\"${MEMORY_URL:-http://127.0.0.1:4100}\"]
    base_path: /functions/v1
    request_headers:
      set:
        apikey: { secret: MEMORY_KEY }
      allow: [accept, authorization]
routes:
  - id: memory-item
    about: one memory
    hosts: [public]
    path: [/memory/:id, /memories/:id]
    cors: app
    methods:
      GET: { to: memory, path: /memory-get/:id, query: { forward: none } }
      PUT, PATCH: { to: memory, path: /memory-update, json_body: { id: \":id\" } }
  - id: memory-search
    hosts: [public]
    path: /memory/search
    methods: [GET]
    to: memory
  - id: health
    hosts: [public]
    path: /health
    endpoint: health
  - id: rest
    hosts: [public]
    path: /*
    respond: { status: 404 }
";

impl Workspace {
    /// The files above, and the secret they name.
    pub fn new() -> Self {
        let workspace = Self {
            folder: tempfile::tempdir().expect("a folder"),
            env: vec![("MEMORY_KEY".into(), "s3cret-key".into())],
        };
        workspace.write("gateway.yaml", GATEWAY);
        workspace.write("routes.yaml", ROUTES);
        workspace
    }

    pub fn without_env(mut self) -> Self {
        self.env.clear();
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).expect("a file");
    }

    /// Replaces a piece of routes.yaml that must be there.
    pub fn with_routes(self, from: &str, to: &str) -> Self {
        assert!(ROUTES.contains(from), "{from}");
        self.write("routes.yaml", &ROUTES.replace(from, to));
        self
    }

    /// Runs in the folder, so that messages name the files as the operator would.
    pub fn run(&self, args: &[&str]) -> Run {
        let output = Command::new(env!("CARGO_BIN_EXE_onasis-gateway"))
            .args(["--config", "gateway.yaml"])
            .args(args)
            .current_dir(self.folder.path())
            .env_clear()
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .output()
            .expect("the command runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Run {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}
