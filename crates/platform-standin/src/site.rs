//! What all connections of one stand-in share.

use std::sync::atomic::AtomicUsize;

use crate::name::Name;
use crate::settings::Settings;

pub(crate) struct Site {
    pub(crate) name: Name,
    pub(crate) settings: Settings,
    pub(crate) requests: AtomicUsize,
}
