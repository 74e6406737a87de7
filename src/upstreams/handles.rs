//! What the digest of a connection carries of ours, so that a request finds it again.

use super::abort_handle::AbortHandle;
use super::loan::Loan;
use pingora_core::Result;
use pingora_core::protocols::l4::stream::Stream;
use pingora_core::protocols::raw_connect::ProxyDigest;
use pingora_core::protocols::{Digest, GetProxyDigest};
use std::sync::Arc;

/// Of one connection.
#[derive(Debug)]
pub(crate) struct Handles {
    pub(crate) abort: Arc<AbortHandle>,
    /// Of a connection that is not Pingora's to keep.
    pub(crate) loan: Option<Arc<Loan>>,
}

impl Handles {
    pub(crate) fn of(digest: &Digest) -> Option<&Self> {
        digest.proxy_digest.as_ref()?.user_data.as_ref()?.downcast_ref()
    }

    /// A proxy digest is the place where Pingora lets a connection carry data of ours; there is no forward proxy.
    pub(crate) fn attach(self, stream: &mut Stream) -> Result<()> {
        let no_proxy = pingora_http::ResponseHeader::build_no_case(200, None)?;
        stream.set_proxy_digest(ProxyDigest::new(Box::new(no_proxy), Some(Box::new(self))));
        Ok(())
    }
}
