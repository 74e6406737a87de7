//! A loopback listener and the tasks it started, all gone (ports closed, connections cut) once it is dropped.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, mpsc};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::tls::Certificate;

pub(crate) type Stream = Either<TcpStream, TlsStream<TcpStream>>;

/// Shared by every stand-in of the process, so that a test may start them from plain code and drop them in async code.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("standin")
        .enable_all()
        .build()
        .expect("a process that may open sockets and threads can start a runtime")
});

pub(crate) struct Listening {
    address: SocketAddr,
    scheme: &'static str,
    connections: Arc<AtomicUsize>,
    tasks: Tasks,
}

/// For sockets whose making needs a runtime at hand.
pub(crate) fn inside_runtime<T>(make: impl FnOnce() -> T) -> T {
    let _inside = RUNTIME.enter();
    make()
}

/// Starts tasks that end together with the listener they belong to.
#[derive(Clone)]
pub(crate) struct Tasks {
    cancel: CancellationToken,
    tracker: TaskTracker,
}

impl Listening {
    /// Accepts on `address` and hands each connection, with its number counted from 0, to `each`.
    pub(crate) fn start<F, Fut>(
        address: SocketAddr,
        certificate: Option<&Certificate>,
        each: F,
    ) -> io::Result<Listening>
    where
        F: Fn(Stream, usize, Tasks) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let listener = inside_runtime(|| tokio::net::TcpListener::from_std(listener))?;
        let tls = certificate.map(Certificate::acceptor);
        let scheme = if tls.is_some() { "https" } else { "http" };
        let tasks = Tasks {
            cancel: CancellationToken::new(),
            tracker: TaskTracker::new(),
        };
        let connections = Arc::new(AtomicUsize::new(0));

        let (each, spawner, count) = (Arc::new(each), tasks.clone(), connections.clone());
        tasks.spawn(async move {
            loop {
                let Ok((tcp, _)) = listener.accept().await else {
                    // Out of file descriptors, most likely: the ones in use must be given time to close.
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    continue;
                };
                let number = count.fetch_add(1, Ordering::SeqCst);
                let (each, tasks, tls) = (each.clone(), spawner.clone(), tls.clone());
                spawner.spawn(async move {
                    // Small writes must leave at once: tests and event streams look at single bytes.
                    let _ = tcp.set_nodelay(true);
                    let stream = match tls {
                        None => Either::Left(tcp),
                        Some(tls) => match tls.accept(tcp).await {
                            Ok(stream) => Either::Right(stream),
                            Err(_) => return,
                        },
                    };
                    each(stream, number, tasks).await;
                });
            }
        });
        Ok(Listening {
            address,
            scheme,
            connections,
            tasks,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let Tasks { cancel, tracker } = self.tasks.clone();
        cancel.cancel();
        tracker.close();
        let (gone, wait) = mpsc::channel::<()>();
        RUNTIME.spawn(async move {
            tracker.wait().await;
            drop(gone);
        });
        // Bounded, for a script that never yields; a listener dropped by one of its own tasks must not wait for itself.
        let _ = wait.recv_timeout(Duration::from_secs(5));
    }
}

impl Tasks {
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let cancel = self.cancel.clone();
        self.tracker.spawn_on(
            async move {
                cancel.run_until_cancelled_owned(task).await;
            },
            RUNTIME.handle(),
        );
    }
}

impl<F> hyper::rt::Executor<F> for Tasks
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, task: F) {
        self.spawn(task);
    }
}
