//! One stand-in: an upstream of the platform on a loopback port of its own.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::listening::Listening;
use crate::name::Name;
use crate::serve;
use crate::settings::Settings;
use crate::site::Site;
use crate::tls::Certificate;

/// Ends when dropped: the port is closed and every connection cut by then.
pub struct Standin {
    site: Arc<Site>,
    listening: Listening,
}

impl Standin {
    /// On a free port of 127.0.0.1.
    pub fn start(name: Name) -> io::Result<Standin> {
        Standin::start_on(name, loopback(0), Settings::default())
    }

    pub fn start_on(name: Name, address: SocketAddr, settings: Settings) -> io::Result<Standin> {
        Standin::listen(name, address, settings, None)
    }

    /// The same over TLS.
    pub fn start_tls(name: Name, certificate: &Certificate) -> io::Result<Standin> {
        Standin::listen(name, loopback(0), Settings::default(), Some(certificate))
    }

    fn listen(name: Name, address: SocketAddr, settings: Settings, tls: Option<&Certificate>) -> io::Result<Standin> {
        let site = Arc::new(Site {
            name,
            settings,
            requests: AtomicUsize::new(0),
        });
        let shared = site.clone();
        let listening = Listening::start(address, tls, move |stream, _, tasks| {
            serve::connection(stream, shared.clone(), tasks)
        })?;
        Ok(Standin { site, listening })
    }

    pub fn name(&self) -> Name {
        self.site.name
    }

    /// `http://127.0.0.1:PORT`, or `https://…` with TLS.
    pub fn url(&self) -> String {
        self.listening.url()
    }

    pub fn address(&self) -> SocketAddr {
        self.listening.address()
    }

    pub fn port(&self) -> u16 {
        self.address().port()
    }

    /// Connections accepted so far.
    pub fn connections(&self) -> usize {
        self.listening.connections()
    }

    /// Requests received so far, health checks included.
    pub fn requests(&self) -> usize {
        self.site.requests.load(Ordering::SeqCst)
    }
}

pub(crate) fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}
