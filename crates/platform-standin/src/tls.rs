//! A throw-away certificate authority with one server certificate, so that tests can trust, or refuse, an HTTPS upstream.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

#[derive(Clone)]
pub struct Certificate {
    ca_pem: String,
    server: Arc<ServerConfig>,
}

impl Certificate {
    /// A server certificate for these DNS names and IP addresses, and an authority of its own that signed it.
    pub fn for_names(names: &[&str]) -> Certificate {
        let ca_key = KeyPair::generate().expect("ring makes keys");
        let mut ca = CertificateParams::default();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        ca.distinguished_name.push(DnType::CommonName, "Stand-in authority");
        let ca_pem = ca
            .self_signed(&ca_key)
            .expect("the authority's parameters are fixed")
            .pem();
        let issuer = Issuer::new(ca, ca_key);

        let key = KeyPair::generate().expect("ring makes keys");
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut leaf = CertificateParams::new(names).expect("a test names hosts and addresses in ASCII");
        leaf.distinguished_name.push(DnType::CommonName, "Stand-in");
        leaf.use_authority_key_identifier_extension = true;
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let leaf = leaf.signed_by(&key, &issuer).expect("the authority has just been made");

        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("rcgen writes PKCS #8");
        let server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| {
                builder
                    .with_no_client_auth()
                    .with_single_cert(vec![leaf.der().clone()], key)
            })
            .expect("the key belongs to the certificate");
        Certificate {
            ca_pem,
            server: Arc::new(server),
        }
    }

    /// The authority's certificate: a client that trusts it trusts the server.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.server.clone())
    }
}
