//! What the command line says in the file's stead.

use std::net::SocketAddr;
use std::path::PathBuf;

use secrecy::SecretString;

/// `None`: what the file says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overrides {
    pub(crate) data: Option<PathBuf>,
    pub(crate) database_url: Option<SecretString>,
    pub(crate) listen: Option<SocketAddr>,
}
