//! The id of a request: kept when the client sent a valid one, made otherwise; sent upstream, returned, logged.

use http::{HeaderMap, HeaderName, HeaderValue};
use identity_contract::{REQUEST_ID_HEADER, is_request_id};
use uuid::Uuid;

pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static(REQUEST_ID_HEADER);

/// A UUID or 32 hexadecimal digits, as the client wrote it, or a UUID version 7 (RFC 9562).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestId(HeaderValue);

impl RequestId {
    /// The client's id if there is exactly one and it is valid; a new one otherwise.
    pub(crate) fn assign(headers: &HeaderMap) -> Self {
        let mut sent = headers.get_all(X_REQUEST_ID).iter();
        match (sent.next(), sent.next()) {
            (Some(value), None) if is_request_id(value.as_bytes()) => Self(value.clone()),
            _ => Self::generate(),
        }
    }

    pub(crate) fn generate() -> Self {
        let mut text = Uuid::encode_buffer();
        let id = Uuid::now_v7().hyphenated().encode_lower(&mut text);
        Self(HeaderValue::from_str(id).unwrap_or_else(|_| HeaderValue::from_static("")))
    }

    /// Before a request was looked at.
    pub(crate) const fn unassigned() -> Self {
        Self(HeaderValue::from_static(""))
    }

    pub(crate) fn header_value(&self) -> &HeaderValue {
        &self.0
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assigned(sent: &[&'static str]) -> String {
        let mut headers = HeaderMap::new();
        for value in sent {
            headers.append(X_REQUEST_ID, HeaderValue::from_static(value));
        }
        RequestId::assign(&headers).as_str().to_owned()
    }

    #[test]
    fn a_valid_id_is_kept_as_sent() {
        for id in [
            "0190b2f0-7d5c-7c3a-9b1e-2f6a1c0d9e8f",
            "0190B2F07D5C7C3A9B1E2F6A1C0D9E8F",
        ] {
            assert_eq!(assigned(&[id]), id);
        }
    }

    #[test]
    fn anything_else_gets_a_new_version_7_uuid() {
        let bad: [&[&'static str]; 5] = [
            &[],
            &["short"],
            &["0190b2f0-7d5c-7c3a-9b1e_2f6a1c0d9e8f"],
            &["zz90b2f07d5c7c3a9b1e2f6a1c0d9e8f"],
            &["0190b2f07d5c7c3a9b1e2f6a1c0d9e8f", "0190b2f07d5c7c3a9b1e2f6a1c0d9e8f"],
        ];
        for sent in bad {
            let id = assigned(sent);
            assert_eq!(
                Uuid::parse_str(&id).expect("a UUID").get_version_num(),
                7,
                "{sent:?} -> {id}"
            );
        }
    }
}
