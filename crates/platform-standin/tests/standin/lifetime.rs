use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU16, Ordering};

use platform_standin::{Name, Platform, Settings, Standin, StartError};

use crate::client::{get, no_forks};

#[test]
fn port_is_closed_once_a_standin_is_dropped() {
    let standin = Standin::start(Name::Docs).unwrap();
    let address = standin.address();
    TcpStream::connect(address).unwrap();
    let _forks = no_forks();
    drop(standin);
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn stopped_standin_returns_on_its_own_port() {
    let mut platform = Platform::start().unwrap();
    let port = platform.get(Name::Legacy).port();
    let _forks = no_forks();
    platform.stop(Name::Legacy);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    platform.restart(Name::Legacy).unwrap();
    assert_eq!(platform.get(Name::Legacy).port(), port);
    assert_eq!(get(port, "/health", &[]).status, 200);
}

#[test]
fn requests_and_connections_are_counted() {
    let standin = Standin::start(Name::Docs).unwrap();
    get(standin.port(), "/health", &[]);
    get(standin.port(), "/nowhere", &[]);
    assert_eq!((standin.requests(), standin.connections()), (2, 2));
}

#[test]
fn environment_names_every_upstream_and_both_keys() {
    let platform = Platform::start().unwrap();
    let env = platform.env();
    for name in Name::ALL {
        let variable = format!("{}_URL", name.as_str().to_uppercase().replace('-', "_"));
        let value = env
            .iter()
            .find(|(key, _)| *key == variable)
            .map(|(_, value)| value.clone());
        assert_eq!(value, Some(platform.get(name).url()), "{variable}");
    }
    let others: Vec<&str> = env[10..].iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(
        others,
        [
            "AUTH_GATEWAY_BACKUP_URL",
            "SUPABASE_ANON_KEY",
            "SUPABASE_INTEL_ANON_KEY"
        ]
    );
}

#[test]
fn every_busy_port_is_named() {
    let base = free_ports();
    let _fourth = TcpListener::bind(("127.0.0.1", base + 3)).unwrap();
    let _last = TcpListener::bind(("127.0.0.1", base + 9)).unwrap();
    let error = Platform::start_on(base, Settings::default()).err().unwrap();
    let (fourth, last) = (base + 3, base + 9);
    assert_eq!(
        error.to_string(),
        format!("ports already in use: {fourth} (central-gateway), {last} (legacy); choose others with --base-port")
    );
}

#[test]
fn ports_beyond_the_last_one_are_refused() {
    let error = Platform::start_on(65530, Settings::default()).err().unwrap();
    assert!(matches!(error, StartError::PortsOutOfRange(65530)), "{error}");
}

/// The first of ten free ports in a row, below those that the kernel gives to others.
pub(crate) fn free_ports() -> u16 {
    // Apart from those of other processes and of the other tests of this one.
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    let start = 20_000 + u16::try_from(std::process::id() % 100).unwrap() * 100;
    let _forks = no_forks();
    loop {
        let base = start + TAKEN.fetch_add(10, Ordering::SeqCst);
        assert!(base < 32_000, "no ten free ports in a row");
        let free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
        if (base..base + 10).all(free) {
            return base;
        }
    }
}
