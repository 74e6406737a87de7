//! Addresses where no connection comes about: refused at once, or never answered.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};

use crate::listening::inside_runtime;
use crate::standin::loopback;

/// A port that refuses every connection. It stays reserved, so that no other test gets it by chance.
pub struct Refused {
    address: SocketAddr,
    _bound: TcpSocket,
}

/// A port whose connection attempts go unanswered, like those to a host that drops packets.
pub struct Unreachable {
    address: SocketAddr,
    _listener: TcpListener,
    _queued: Vec<TcpStream>,
}

impl Refused {
    pub fn reserve() -> io::Result<Refused> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(loopback(0))?;
        Ok(Refused {
            address: socket.local_addr()?,
            _bound: socket,
        })
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }
}

impl Unreachable {
    /// Fills the queue of a listener that never accepts; the kernel then ignores whoever comes next.
    pub fn start() -> io::Result<Unreachable> {
        let listener = inside_runtime(|| {
            let socket = TcpSocket::new_v4()?;
            socket.bind(loopback(0))?;
            socket.listen(1)
        })?;
        let address = listener.local_addr()?;
        let mut queued = Vec::new();
        loop {
            match TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
                Ok(stream) => queued.push(stream),
                Err(error) if error.kind() == io::ErrorKind::TimedOut => break,
                Err(error) => return Err(error),
            }
        }
        Ok(Unreachable {
            address,
            _listener: listener,
            _queued: queued,
        })
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }
}
