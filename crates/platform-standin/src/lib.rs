//! Stand-ins for the platform's upstreams, for the demo and the tests; never for the products.
//!
//! [`Platform`] starts all ten, [`Standin`] one; both answer believably, or with exactly what they received when a request
//! carries `x-standin-echo: 1`. [`scripted`] has upstreams that misbehave to order, byte by byte. Everything runs on
//! a runtime of its own, so that plain and async tests can use it alike, and ends when it is dropped.

mod anon_keys;
mod answer;
mod call;
mod echo;
mod listening;
mod name;
mod platform;
pub mod scripted;
mod serve;
mod settings;
mod site;
mod standin;
mod tape;
mod tls;
mod upstreams;
mod wire;

pub use anon_keys::{DEMO_ANON_KEY, DEMO_INTEL_ANON_KEY};
pub use name::Name;
pub use platform::{Platform, StartError};
pub use settings::Settings;
pub use standin::Standin;
pub use tls::Certificate;
