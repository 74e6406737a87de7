//! The HTTP interface: one endpoint a file under `endpoints`, all of them in `router`, everything around them here.

pub mod router;
pub mod route;
mod endpoints;
mod middleware;
mod observe;
mod security_headers;
mod answer;
mod cors;
mod panics;
mod deadline;
mod rate_limit;
mod body;
mod credential;
mod cookies;
mod secret;
mod client_address;
mod request_id;
mod probe;
mod error;
pub mod admin;
mod serve;
mod termination;

pub use crate::config::origin::{InvalidOrigin, OriginPattern};
pub use body::{BodyLimits, Fields, OptionalFields};
pub use client_address::{ClientAddress, TrustedProxies};
pub use cookies::{CookieWriter, DisplayedUser, SESSION_COOKIE, USER_COOKIE};
pub use cors::{CorsPolicy, OriginVerdict};
pub use credential::{API_KEY_PREFIXES, Carrier, Credential, Presented};
pub use error::{Refusal, Shape};
pub use middleware::BaseSettings;
pub use probe::{Check, Probe, Readiness};
pub use rate_limit::{Allowance, RateLimits};
pub use request_id::{RequestId, X_REQUEST_ID};
pub use secret::Secret;
pub use serve::{ConnectionLimits, serve};
pub use termination::terminated;
