//! `auth.yaml`: from its text to settings, once. Every mistake is found in one run.

pub(crate) mod code;
mod file;
pub(crate) mod issuer;
mod load;
pub(crate) mod origin;
mod overrides;
mod schema;
pub(crate) mod settings;
pub(crate) mod url;

pub(crate) use load::{Loaded, load};
pub(crate) use overrides::Overrides;
pub(crate) use schema::schema;
pub(crate) use settings::Settings;
