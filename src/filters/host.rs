//! The host a request is for: one helper decides it, for HTTP/1 and HTTP/2 alike.

use http::{HeaderValue, header};
use pingora_http::RequestHeader;
use std::borrow::Cow;
use std::net::IpAddr;

/// Why a request's host is refused (answered 400).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidHost {
    #[error("the request names no host")]
    Missing,
    #[error("the request names several hosts")]
    Several,
    #[error("the request's host is not a valid host name")]
    Malformed,
}

/// The host name in lower case, without its port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Host<'a>(Cow<'a, str>);

impl<'a> Host<'a> {
    /// `:authority` or the absolute form win over `Host` (RFC 9112 section 3.2.2), but must agree with it.
    pub(crate) fn of(request: &'a RequestHeader) -> Result<Self, InvalidHost> {
        let mut lines = request.headers.get_all(header::HOST).iter();
        let line = lines.next();
        if lines.next().is_some() {
            return Err(InvalidHost::Several);
        }
        let line = line
            .map(|value| value.to_str().map_err(|_| InvalidHost::Malformed))
            .transpose()?;
        let authority = request.uri.authority().map(http::uri::Authority::as_str);
        match (authority, line) {
            (Some(authority), Some(line)) if !authority.eq_ignore_ascii_case(line) => Err(InvalidHost::Several),
            (Some(text), _) | (None, Some(text)) => Self::parse(text),
            (None, None) => Err(InvalidHost::Missing),
        }
    }

    fn parse(text: &'a str) -> Result<Self, InvalidHost> {
        let name = match text.strip_prefix('[') {
            Some(rest) => rest.split_once(']').map(|(ip, port)| (ip, port.strip_prefix(':'))),
            None => Some(
                text.split_once(':')
                    .map_or((text, None), |(name, port)| (name, Some(port))),
            ),
        };
        let (name, port) = name.ok_or(InvalidHost::Malformed)?;
        let port_is_valid = port.is_none_or(|port| port.is_empty() || port.parse::<u16>().is_ok());
        let valid = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b':');
        if name.is_empty() || !port_is_valid || !name.bytes().all(valid) {
            return Err(InvalidHost::Malformed);
        }
        // A fully qualified name with its final dot is the same host.
        let name = name.strip_suffix('.').unwrap_or(name);
        let name = if name.bytes().any(|b| b.is_ascii_uppercase()) {
            Cow::Owned(name.to_ascii_lowercase())
        } else {
            Cow::Borrowed(name)
        };
        Ok(Self(name))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// `localhost` and the loopback addresses.
    pub(crate) fn is_loopback(&self) -> bool {
        self.0 == "localhost" || self.0.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

/// The host as the client wrote it, port included, for `X-Forwarded-Host`.
pub(crate) fn as_written(request: &RequestHeader) -> Option<HeaderValue> {
    match request.uri.authority() {
        Some(authority) => HeaderValue::from_str(authority.as_str()).ok(),
        None => request.headers.get(header::HOST).cloned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(target: &str, hosts: &[&'static str]) -> RequestHeader {
        let mut head = RequestHeader::build("GET", b"/", None).expect("a valid head");
        head.set_uri(target.parse().expect("a URI"));
        for host in hosts {
            head.append_header(header::HOST, *host).expect("a valid header");
        }
        head
    }

    #[test]
    fn the_host_is_lower_case_and_without_port() {
        let cases = [
            ("Api.Example:8080", "api.example"),
            ("localhost", "localhost"),
            ("[::1]:80", "::1"),
            ("127.0.0.1", "127.0.0.1"),
            ("a.example.", "a.example"),
        ];
        for (sent, expected) in cases {
            assert_eq!(Host::of(&request("/", &[sent])).expect(sent).as_str(), expected);
        }
        assert_eq!(
            Host::of(&request("http://a.example/x", &[]))
                .expect("authority")
                .as_str(),
            "a.example"
        );
        assert!(Host::of(&request("/", &["[::1]"])).expect("valid").is_loopback());
        assert!(Host::of(&request("/", &["127.3.2.1:1"])).expect("valid").is_loopback());
        assert!(
            !Host::of(&request("/", &["localhost.evil.example"]))
                .expect("valid")
                .is_loopback()
        );
    }

    #[test]
    fn missing_several_and_malformed_hosts_are_refused() {
        let cases: [(&str, &[&'static str], InvalidHost); 7] = [
            ("/", &[], InvalidHost::Missing),
            ("/", &["a", "a"], InvalidHost::Several),
            ("http://a.example/", &["b.example"], InvalidHost::Several),
            ("/", &["a b"], InvalidHost::Malformed),
            ("/", &["a:99999"], InvalidHost::Malformed),
            ("/", &["user@a"], InvalidHost::Malformed),
            ("/", &[""], InvalidHost::Malformed),
        ];
        for (target, hosts, expected) in cases {
            assert_eq!(Host::of(&request(target, hosts)), Err(expected), "{hosts:?}");
        }
    }
}
