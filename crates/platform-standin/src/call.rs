//! A request as an upstream's answers want it: complete, with its path, parameters, JSON and credential at hand.

use bytes::Bytes;
use http::{HeaderMap, Method, Uri};
use serde_json::Value;

use crate::anon_keys::{DEMO_ANON_KEY, DEMO_INTEL_ANON_KEY};

pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Call {
    pub(crate) fn path(&self) -> &str {
        self.uri.path()
    }

    /// The path's segments, without empty ones.
    pub(crate) fn segments(&self) -> Vec<&str> {
        self.path().split('/').filter(|segment| !segment.is_empty()).collect()
    }

    /// A query parameter, as written (nothing here needs it decoded).
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let pairs = self.uri.query()?.split('&');
        pairs
            .filter_map(|pair| pair.split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body, if it is a JSON object.
    pub(crate) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok().filter(Value::is_object)
    }

    /// A text field of the JSON body.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        self.json()?.get(name)?.as_str().map(str::to_owned)
    }

    /// Whether the caller brought a credential: the anonymous key, which the edge adds for callers without one, is none.
    pub(crate) fn has_credential(&self) -> bool {
        let api_key = self.header("x-api-key").is_some_and(|key| !key.is_empty());
        let authorization = self.header("authorization").is_some_and(|value| {
            let token = value.strip_prefix("Bearer").unwrap_or(value).trim();
            !token.is_empty() && token != DEMO_ANON_KEY && token != DEMO_INTEL_ANON_KEY
        });
        api_key || authorization
    }
}
