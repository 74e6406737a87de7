//! What endpoints share: the use cases, the readiness, the cookies.

use std::sync::Arc;

use async_trait::async_trait;
use axum::extract::FromRef;
use tokio::sync::{Semaphore, watch};

use super::cookies::CookieWriter;
use super::probe::{Check, Probe, Readiness};
use crate::app::App;

/// Revocation feeds open at once.
const FEEDS: usize = 64;

/// The state of every endpoint.
#[derive(Clone)]
pub(crate) struct Gateway {
    pub(crate) app: Arc<App>,
    pub(crate) cookies: Arc<CookieWriter>,
    pub(crate) feeds: Arc<Semaphore>,
    probe: Arc<Probe>,
    draining: Arc<watch::Sender<bool>>,
}

struct Dependencies {
    app: Arc<App>,
    draining: watch::Receiver<bool>,
}

impl Gateway {
    pub(crate) fn new(app: Arc<App>) -> Self {
        let draining = Arc::new(watch::Sender::new(false));
        let dependencies = Dependencies {
            app: Arc::clone(&app),
            draining: draining.subscribe(),
        };
        let cookies = CookieWriter::new(app.settings.cookies.domain.as_deref(), app.settings.cookies.secure);
        Self {
            app,
            cookies: Arc::new(cookies),
            feeds: Arc::new(Semaphore::new(FEEDS)),
            probe: Arc::new(Probe::new(Arc::new(dependencies))),
            draining,
        }
    }

    /// Turns true when the program is about to end.
    pub(crate) fn draining(&self) -> watch::Receiver<bool> {
        self.draining.subscribe()
    }

    pub(crate) fn probe(&self) -> Arc<Probe> {
        Arc::clone(&self.probe)
    }

    /// From now on the program is not ready, and feeds end.
    pub(crate) fn drain(&self) {
        self.draining.send_replace(true);
    }
}

impl FromRef<Gateway> for Arc<Probe> {
    fn from_ref(gateway: &Gateway) -> Self {
        gateway.probe()
    }
}

impl FromRef<Gateway> for Arc<App> {
    fn from_ref(gateway: &Gateway) -> Self {
        Arc::clone(&gateway.app)
    }
}

#[async_trait]
impl Readiness for Dependencies {
    fn issuer(&self) -> Option<String> {
        Some(self.app.settings.issuer.as_str().to_owned())
    }

    async fn database(&self) -> Check {
        if self.app.store.head().await.is_err() {
            return Check::Fail("the database does not answer");
        }
        match self.app.can_write().await {
            true => Check::Pass,
            false => Check::Fail("the database can not be written"),
        }
    }

    async fn sessions(&self) -> Check {
        match self.app.freshness.current().await {
            Ok(_) => Check::Pass,
            Err(_) => Check::Fail("sessions can not be read"),
        }
    }

    async fn signing_keys(&self) -> Check {
        match self.app.keys.current() {
            Ok(_) => Check::Pass,
            Err(_) => Check::Fail("there is no key to sign with"),
        }
    }

    async fn mail(&self) -> Check {
        match self.app.mail_delivers() {
            true => Check::Pass,
            false => Check::Fail("mail does not leave"),
        }
    }

    fn draining(&self) -> bool {
        *self.draining.borrow()
    }
}
