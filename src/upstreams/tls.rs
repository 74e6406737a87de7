//! TLS to upstreams: whose certificates are trusted, which name they must be for, and the handshake.
//!
//! Why it is not Pingora's: decision 0011.

use pingora_core::{ErrorType, OrErr};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A file of certificates cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", path.display())]
pub(crate) struct CertificateError {
    path: PathBuf,
    pub(crate) problem: String,
}

/// The certificates that the system trusts.
pub(crate) fn system_roots() -> Arc<RootCertStore> {
    let found = rustls_native_certs::load_native_certs();
    for error in found.errors {
        log::warn!("certificates of the system: {error}");
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    Arc::new(roots)
}

/// The certificates of a PEM file.
pub(crate) fn roots_in(path: &Path) -> Result<Arc<RootCertStore>, CertificateError> {
    let fail = |problem: String| CertificateError {
        path: path.to_owned(),
        problem,
    };
    let not_pem = |error| fail(format!("it is not PEM: {error}"));
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(not_pem)? {
        let unusable = |error| fail(format!("a certificate in it cannot be used: {error}"));
        roots.add(certificate.map_err(not_pem)?).map_err(unusable)?;
    }
    if roots.is_empty() {
        return Err(fail("there is no certificate in it".to_owned()));
    }
    Ok(Arc::new(roots))
}

/// How one upstream is spoken to. It remembers sessions, so it is made once and shared by the upstream's connections.
pub(crate) fn client_config(roots: Arc<RootCertStore>) -> Arc<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has a cipher suite for every default version")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Arc::new(config)
}

/// The client's side of the handshake with one endpoint.
pub(crate) struct TlsClient {
    connector: TlsConnector,
    server_name: ServerName<'static>,
}

impl TlsClient {
    pub(crate) fn new(config: &Arc<ClientConfig>, server_name: ServerName<'static>) -> Self {
        Self {
            connector: TlsConnector::from(Arc::clone(config)),
            server_name,
        }
    }

    /// How long it may take is the caller's business.
    pub(crate) async fn handshake(&self, tcp: TcpStream) -> pingora_core::Result<TlsStream<TcpStream>> {
        self.connector
            .connect(self.server_name.clone(), tcp)
            .await
            .or_err(ErrorType::TLSHandshakeFailure, "TLS handshake")
    }
}

impl std::fmt::Debug for TlsClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("TlsClient").field(&self.server_name).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_certificates_holds_certificates_that_can_be_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let block = |content: &str| format!("-----BEGIN CERTIFICATE-----\n{content}\n-----END CERTIFICATE-----\n");
        for (text, problem) in [
            (String::new(), "there is no certificate in it"),
            (block("?"), "it is not PEM"),
            (block("bm9uc2Vuc2U="), "a certificate in it cannot be used"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = roots_in(&path).unwrap_err();
            assert!(error.problem.starts_with(problem), "{error}");
        }
    }
}
