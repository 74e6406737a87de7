//! The admin listener: liveness, readiness, metrics, state; on the Unix socket also reload. Never on a public address.

use super::reload::Reloader;
use crate::endpoints;
use crate::live::Gateway;
use async_trait::async_trait;
use http::{Method, Response, StatusCode, header};
use pingora_core::apps::HttpServerApp;
use pingora_core::apps::http_app::ServeHttp;
use pingora_core::protocols::http::ServerSession;
use pingora_core::protocols::l4::stream::Stream;
use serde_json::json;
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use tokio::net::{TcpListener, UnixListener, UnixSocket};
use tokio::sync::watch;

/// Connections that wait to be accepted.
const WAITING: u32 = 128;

/// What the admin listener looks at.
#[derive(Debug, Clone)]
pub(crate) struct Admin {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) reloader: Arc<Reloader>,
}

/// The application of one listener; only the socket's may change anything, as its file mode says who may use it.
struct App {
    admin: Arc<Admin>,
    may_reload: bool,
}

impl Admin {
    pub(crate) async fn serve_tcp(self: Arc<Self>, listener: TcpListener) {
        let app = Arc::new(App {
            admin: self,
            may_reload: false,
        });
        loop {
            match listener.accept().await {
                Ok((tcp, _)) => serve_connection(&app, Stream::from(tcp)),
                Err(error) => wait_after(&error).await,
            }
        }
    }

    pub(crate) async fn serve_socket(self: Arc<Self>, listener: UnixListener) {
        let app = Arc::new(App {
            admin: self,
            may_reload: true,
        });
        loop {
            match listener.accept().await {
                Ok((socket, _)) => serve_connection(&app, Stream::from(socket)),
                Err(error) => wait_after(&error).await,
            }
        }
    }
}

async fn wait_after(error: &io::Error) {
    log::error!("an admin connection could not be accepted: {error}");
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
}

fn serve_connection(app: &Arc<App>, stream: Stream) {
    let app = Arc::clone(app);
    tokio::spawn(async move {
        // One answer per connection: the admin listener has nothing to gain from keep-alive.
        let (_stop, shutdown) = watch::channel(true);
        app.process_new_http(ServerSession::new_http1(Box::new(stream)), &shutdown)
            .await;
    });
}

/// Binds the socket for its owner alone. A socket left behind by a dead process is replaced, a live one is not.
pub(crate) fn bind_socket(path: &Path) -> io::Result<UnixListener> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    if std::os::unix::net::UnixStream::connect(path).is_ok() {
        return Err(io::Error::new(
            io::ErrorKind::AddrInUse,
            "another gateway answers on it",
        ));
    }
    remove_old_socket(path)?;
    let socket = UnixSocket::new_stream()?;
    socket.bind(path)?;
    // Before it listens nobody can connect, whatever the mode that it was made with.
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    socket.listen(WAITING)
}

/// Nothing else than a socket: a mistyped path may be that of a file which somebody needs.
fn remove_old_socket(path: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Ok(there) if there.file_type().is_socket() => std::fs::remove_file(path),
        Ok(_) => Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            format!(
                "{} is no socket and stays: move it away, or let `admin.socket` name another path",
                path.display()
            ),
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

#[async_trait]
impl ServeHttp for App {
    async fn response(&self, session: &mut ServerSession) -> Response<Vec<u8>> {
        let request = session.req_header();
        match (&request.method, request.uri.path()) {
            (&Method::GET | &Method::HEAD, "/livez") => text(StatusCode::OK, "alive\n"),
            (&Method::GET | &Method::HEAD, "/readyz") => self.readiness(),
            (&Method::GET | &Method::HEAD, "/metrics") => self.metrics(),
            (&Method::GET | &Method::HEAD, "/state") => self.state(),
            (&Method::POST, "/reload") if self.may_reload => self.reload().await,
            (_, "/reload") if self.may_reload => text(StatusCode::METHOD_NOT_ALLOWED, "reload takes POST\n"),
            (_, "/livez" | "/readyz" | "/metrics" | "/state") => {
                text(StatusCode::METHOD_NOT_ALLOWED, "this path takes GET\n")
            }
            _ => text(
                StatusCode::NOT_FOUND,
                "the admin listener serves /livez /readyz /metrics /state\n",
            ),
        }
    }
}

impl App {
    fn readiness(&self) -> Response<Vec<u8>> {
        let gateway = &self.admin.gateway;
        match (gateway.is_ready(), gateway.is_draining()) {
            (true, _) => text(StatusCode::OK, "ready\n"),
            (false, true) => text(StatusCode::SERVICE_UNAVAILABLE, "draining\n"),
            (false, false) => text(StatusCode::SERVICE_UNAVAILABLE, "starting\n"),
        }
    }

    fn metrics(&self) -> Response<Vec<u8>> {
        use std::sync::atomic::Ordering::Relaxed;
        let gateway = &self.admin.gateway;
        let gauge = |count: &std::sync::atomic::AtomicU64| i64::try_from(count.load(Relaxed)).unwrap_or(i64::MAX);
        gateway.metrics.inflight.set(gauge(&gateway.open.requests));
        gateway.metrics.websockets.set(gauge(&gateway.open.websockets));
        gateway.metrics.sse.set(gauge(&gateway.open.sse));
        answer(
            StatusCode::OK,
            prometheus::TEXT_FORMAT,
            gateway.metrics.render().into_bytes(),
        )
    }

    fn state(&self) -> Response<Vec<u8>> {
        let gateway = &self.admin.gateway;
        json_answer(StatusCode::OK, &endpoints::state(gateway, &gateway.snapshot()))
    }

    async fn reload(&self) -> Response<Vec<u8>> {
        let reloader = Arc::clone(&self.admin.reloader);
        match tokio::task::spawn_blocking(move || reloader.reload()).await {
            Ok(Ok(reloaded)) => json_answer(
                StatusCode::OK,
                &json!({ "reloaded": true, "hash": reloaded.hash, "needs_restart": reloaded.needs_restart }),
            ),
            Ok(Err(report)) => json_answer(
                StatusCode::UNPROCESSABLE_ENTITY,
                &json!({ "reloaded": false, "report": report }),
            ),
            Err(error) => json_answer(
                StatusCode::INTERNAL_SERVER_ERROR,
                &json!({ "reloaded": false, "report": error.to_string() }),
            ),
        }
    }
}

fn text(status: StatusCode, body: &str) -> Response<Vec<u8>> {
    answer(status, "text/plain; charset=utf-8", body.as_bytes().to_vec())
}

fn json_answer(status: StatusCode, body: &serde_json::Value) -> Response<Vec<u8>> {
    answer(status, "application/json", format!("{body}\n").into_bytes())
}

fn answer(status: StatusCode, content_type: &str, body: Vec<u8>) -> Response<Vec<u8>> {
    let built = Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, content_type)
        .header(header::CONTENT_LENGTH, body.len())
        .header(header::CACHE_CONTROL, "no-store")
        .body(body);
    built.unwrap_or_else(|_| Response::new(Vec::new()))
}

#[cfg(test)]
mod tests {
    use super::bind_socket;
    use std::os::unix::fs::PermissionsExt;

    #[tokio::test]
    async fn a_file_at_the_path_of_the_socket_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("edge.yaml");
        std::fs::write(&path, "version: 1\n").expect("written");
        let refused = bind_socket(&path).expect_err("it is no socket").to_string();
        assert!(
            refused.contains("edge.yaml") && refused.contains("admin.socket"),
            "{refused}"
        );
        assert_eq!(std::fs::read_to_string(&path).expect("still there"), "version: 1\n");
    }

    #[tokio::test]
    async fn a_socket_left_behind_is_replaced_by_one_for_its_owner_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("admin.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).expect("bound"));
        let _listener = bind_socket(&path).expect("replaced");
        let mode = std::fs::metadata(&path).expect("a socket").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let refused = bind_socket(&path).expect_err("somebody listens");
        assert_eq!(refused.kind(), std::io::ErrorKind::AddrInUse);
    }
}
