//! An upstream as configured: validated, immutable, compared on reload.

use crate::filters::header_edits::HeaderEdits;
use crate::routes::route::Timeouts;
use http::HeaderValue;
use rustls::pki_types::ServerName;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// `http://host:port` or `https://host:port`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct EndpointUrl {
    /// Of https: the name its certificate must be for, unless the upstream's settings name another.
    pub(crate) tls_name: Option<ServerName<'static>>,
    /// Lower case; an IPv6 address without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    authority: HeaderValue,
}

impl EndpointUrl {
    /// Parses a base URL without path, query or credentials.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let uri: http::Uri = text
            .parse()
            .map_err(|_| "not a URL such as http://127.0.0.1:3000".to_owned())?;
        let tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err("an endpoint starts with http:// or https://".to_owned()),
        };
        let authority = uri.authority().ok_or_else(|| "an endpoint names a host".to_owned())?;
        if authority.as_str().contains('@') {
            return Err("an endpoint has no user name or password".to_owned());
        }
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err("an endpoint has no path; put it into the upstream's base_path".to_owned());
        }
        let host = authority
            .host()
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_ascii_lowercase();
        if host.is_empty() {
            return Err("an endpoint names a host".to_owned());
        }
        let written_port = authority.as_str()[authority.host().len()..].strip_prefix(':');
        let port = match written_port.map(str::parse::<u16>) {
            None => default_port(tls),
            Some(Ok(port)) if port > 0 => port,
            Some(_) => return Err("an endpoint's port is 1 to 65535".to_owned()),
        };
        let authority = HeaderValue::try_from(authority_of(tls, &host, port))
            .map_err(|_| "an endpoint's host cannot be sent as a header".to_owned())?;
        let tls_name = tls.then(|| ServerName::try_from(host.clone())).transpose();
        Ok(Self {
            tls_name: tls_name.map_err(|_| "an https endpoint's host is a name or an address".to_owned())?,
            host,
            port,
            authority,
        })
    }

    pub(crate) fn is_tls(&self) -> bool {
        self.tls_name.is_some()
    }

    /// Host and port as they stand in a `Host` header: a scheme's default port is left out.
    pub(crate) fn authority(&self) -> &HeaderValue {
        &self.authority
    }

    pub(crate) fn authority_text(&self) -> &str {
        self.authority.to_str().unwrap_or_default()
    }
}

fn authority_of(tls: bool, host: &str, port: u16) -> String {
    let host = match host.parse::<IpAddr>() {
        Ok(IpAddr::V6(ip)) => format!("[{ip}]"),
        _ => host.to_owned(),
    };
    if port == default_port(tls) {
        host
    } else {
        format!("{host}:{port}")
    }
}

const fn default_port(tls: bool) -> u16 {
    if tls { 443 } else { 80 }
}

impl fmt::Display for EndpointUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}://{}",
            if self.is_tls() { "https" } else { "http" },
            self.authority_text()
        )
    }
}

/// Which `Host` an upstream gets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum HostHeader {
    /// The endpoint's own authority.
    #[default]
    Upstream,
    /// The one the client sent.
    Client,
    Literal(HeaderValue),
}

/// How an upstream is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HealthCheck {
    pub(crate) path: String,
    pub(crate) interval: Duration,
    pub(crate) timeout: Duration,
    /// Failures in a row after which an endpoint is down.
    pub(crate) unhealthy_after: u32,
    /// Successes in a row after which it is up again.
    pub(crate) healthy_after: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct UpstreamTls {
    pub(crate) server_name: Option<ServerName<'static>>,
    /// PEM certificates trusted instead of the system's.
    pub(crate) ca_file: Option<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UpstreamSpec {
    pub(crate) name: String,
    pub(crate) endpoints: Vec<EndpointUrl>,
    pub(crate) backup: Vec<EndpointUrl>,
    /// Empty, or `/path` without a trailing slash.
    pub(crate) base_path: String,
    pub(crate) host_header: HostHeader,
    pub(crate) tls: UpstreamTls,
    pub(crate) health: Option<HealthCheck>,
    pub(crate) critical: bool,
    pub(crate) service: Option<String>,
    pub(crate) pool_idle: Duration,
    pub(crate) timeouts: Timeouts,
    pub(crate) request_headers: HeaderEdits,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_bare_base_urls() {
        let cases = [
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("https://Api.Example/", "https://api.example"),
            ("http://[::1]:80", "http://[::1]"),
        ];
        for (text, expected) in cases {
            assert_eq!(EndpointUrl::parse(text).expect(text).to_string(), expected);
        }
        for (text, problem) in [
            ("ftp://a", "http://"),
            ("http://u:p@a", "password"),
            ("http://a/x", "base_path"),
            ("http://a?x", "base_path"),
            ("http://a:0", "port"),
            ("http://a:65536", "port"),
            ("http://a:", "port"),
            ("https://a$b", "name or an address"),
            ("nonsense", "http"),
        ] {
            let error = EndpointUrl::parse(text).expect_err(text);
            assert!(error.contains(problem), "{text}: {error}");
        }
    }
}
