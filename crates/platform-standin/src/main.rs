//! `onasis-demo`: the ten stand-ins on ten ports in a row, until it is told to end.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use platform_standin::{Name, Platform, Settings};
use tokio::signal::unix::{SignalKind, signal};

/// Stand-ins for the platform's upstreams, on loopback.
///
/// Each answers believably, has GET /health, and answers a request with the header `x-standin-echo: 1` with what it received.
#[derive(Parser)]
#[command(
    version,
    after_help = "Examples:\n  \
        onasis-demo                                  # ports 4100 to 4109\n  \
        onasis-demo --base-port 5100 --env-file .demo/standins.env\n  \
        curl -H 'x-standin-echo: 1' http://127.0.0.1:4100/any/path?q=1"
)]
struct Arguments {
    /// Port of the first stand-in; the others follow in a row. 0 takes ten free ports.
    #[arg(long, value_name = "PORT", default_value_t = 4100)]
    base_port: u16,

    /// Time between two events of mcp-sse, such as 3s or 500ms.
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = duration)]
    sse_interval: Duration,

    /// Write the variables that point the route map at the stand-ins to this file, as KEY=VALUE lines.
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("onasis-demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn run(arguments: Arguments) -> anyhow::Result<()> {
    // Before `ready` is said: whoever reads it may end this process at once.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;

    let settings = Settings {
        sse_interval: arguments.sse_interval,
    };
    let platform = Platform::start_on(arguments.base_port, settings)?;
    if let Some(file) = &arguments.env_file {
        let lines: String = platform
            .env()
            .iter()
            .map(|(key, value)| format!("{key}={value}\n"))
            .collect();
        std::fs::write(file, lines).with_context(|| format!("cannot write {}", file.display()))?;
    }
    announce(&platform)?;

    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

fn announce(platform: &Platform) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for name in Name::ALL {
        writeln!(out, "{name} {}", platform.url(name))?;
    }
    writeln!(out, "ready")?;
    Ok(out.flush()?)
}

fn duration(text: &str) -> Result<Duration, String> {
    let parsed = text
        .parse::<jiff::SignedDuration>()
        .ok()
        .and_then(|time| Duration::try_from(time).ok());
    parsed
        .filter(|time| !time.is_zero())
        .ok_or_else(|| "not a time such as 3s or 500ms".to_owned())
}
