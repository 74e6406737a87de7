use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use platform_standin::Name;

use crate::client::{get, no_forks};
use crate::lifetime::free_ports;

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    fn exit_code(&mut self) -> Option<i32> {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status.code();
            }
            assert!(Instant::now() < deadline, "still running");
            std::thread::yield_now();
        }
    }
}

fn demo(arguments: &[&str]) -> Running {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onasis-demo"));
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    let _forks = no_forks();
    Running(command.spawn().unwrap())
}

#[test]
fn command_prints_addresses_writes_the_environment_and_ends_on_signals() {
    for signal in ["TERM", "INT"] {
        let folder = std::env::temp_dir().join(format!("onasis-demo-{}-{signal}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("standins.env");
        let mut demo = demo(&["--base-port", "0", "--env-file", file.to_str().unwrap()]);

        let lines = BufReader::new(demo.0.stdout.take().unwrap())
            .lines()
            .map(Result::unwrap);
        let lines: Vec<String> = lines.take(11).collect();
        let names: Vec<&str> = lines.iter().map(|line| line.split(' ').next().unwrap()).collect();
        assert_eq!(names[..10], Name::ALL.map(Name::as_str));
        assert_eq!(names[10], "ready");

        let (_, url) = lines[8].split_once(" http://127.0.0.1:").unwrap();
        assert_eq!(get(url.parse().unwrap(), "/health", &[]).json()["service"], "docs");
        let env = std::fs::read_to_string(&file).unwrap();
        assert!(env.contains(&format!("DOCS_URL=http://127.0.0.1:{url}\n")), "{env}");

        let kill = format!("kill -{signal} {}", demo.0.id());
        let mut kill = {
            let _forks = no_forks();
            Running(Command::new("sh").args(["-c", &kill]).spawn().unwrap())
        };
        assert_eq!(kill.exit_code(), Some(0));
        assert_eq!(demo.exit_code(), Some(0), "{signal}");
        std::fs::remove_dir_all(folder).unwrap();
    }
}

#[test]
fn command_names_the_busy_port_and_fails() {
    let base = free_ports();
    let _busy = TcpListener::bind(("127.0.0.1", base + 5)).unwrap();
    let mut demo = demo(&["--base-port", &base.to_string()]);
    assert_eq!(demo.exit_code(), Some(1));
    let mut text = String::new();
    demo.0.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    let busy = base + 5;
    assert_eq!(
        text,
        format!("onasis-demo: ports already in use: {busy} (mcp-ws); choose others with --base-port\n")
    );
}

#[test]
fn interval_must_be_a_time() {
    let mut demo = demo(&["--sse-interval", "soon"]);
    assert_eq!(demo.exit_code(), Some(2));
}
