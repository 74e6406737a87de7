//! The two cookies of a browser session: the secret handle, and what pages may show.

use super::secret::Secret;
use http::{HeaderMap, HeaderValue, header};
use serde::Serialize;
use std::time::Duration;

/// Holds the session's opaque handle; scripts can't read it.
pub const SESSION_COOKIE: &str = "lanonasis_session";
/// Holds `{id, email, role}` as URL-encoded JSON for scripts to show; it proves nothing.
pub const USER_COOKIE: &str = "lanonasis_user";

/// What pages may show of the signed-in user.
#[derive(Debug, Clone, Serialize)]
pub struct DisplayedUser<'u> {
    pub id: &'u str,
    pub email: &'u str,
    pub role: &'u str,
}

/// The attributes that both cookies share, so that clearing hits what was set.
#[derive(Debug, Clone)]
pub struct CookieWriter {
    attributes: String,
}

impl CookieWriter {
    /// `domain` as in the attribute, such as `.example.org`; none makes host-only cookies. `secure` is false on loopback
    /// only: browsers refuse SameSite=None without Secure (RFC 6265bis section 5.7).
    pub fn new(domain: Option<&str>, secure: bool) -> Self {
        let domain = domain.map_or_else(String::new, |domain| format!("; Domain={domain}"));
        let reach = if secure {
            "; Secure; SameSite=None"
        } else {
            "; SameSite=Lax"
        };
        Self {
            attributes: format!("; Path=/{domain}{reach}"),
        }
    }

    /// The `Set-Cookie` values of a new session. `lifetime` is the session's absolute one, in whole seconds.
    pub fn set(&self, handle: &Secret, user: &DisplayedUser<'_>, lifetime: Duration) -> [HeaderValue; 2] {
        let shown = serde_json::to_vec(user).expect("three texts");
        let mut session = self.value(SESSION_COOKIE, handle.expose(), lifetime, "; HttpOnly");
        session.set_sensitive(true);
        [session, self.value(USER_COOKIE, &url_encoded(&shown), lifetime, "")]
    }

    /// The `Set-Cookie` values that remove both.
    pub fn clear(&self) -> [HeaderValue; 2] {
        [
            self.value(SESSION_COOKIE, "", Duration::ZERO, "; HttpOnly"),
            self.value(USER_COOKIE, "", Duration::ZERO, ""),
        ]
    }

    fn value(&self, name: &str, value: &str, lifetime: Duration, more: &str) -> HeaderValue {
        let text = format!(
            "{name}={value}; Max-Age={}{}{more}",
            lifetime.as_secs(),
            self.attributes
        );
        HeaderValue::try_from(text).expect("handles are ASCII and the rest is encoded")
    }
}

/// All values of a cookie, over all `Cookie` lines.
pub(crate) fn cookie_values<'h>(headers: &'h HeaderMap, name: &str) -> impl Iterator<Item = &'h str> {
    let lines = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok());
    let pairs = lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs
        .filter(move |(found, _)| *found == name)
        .map(|(_, value)| value.trim_matches('"'))
}

/// As JavaScript's `encodeURIComponent` does.
fn url_encoded(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(values: [HeaderValue; 2]) -> String {
        values.map(|value| value.to_str().expect("ASCII").to_owned()).join("\n")
    }

    #[test]
    fn cookies_are_secure_outside_loopback_and_cleared_with_the_same_attributes() {
        let user = DisplayedUser {
            id: "u1",
            email: "zoë@example.org",
            role: "user",
        };
        let handle = Secret::new("hdl");
        let day = Duration::from_secs(86_400);
        let production = CookieWriter::new(Some(".example.org"), true);
        let loopback = CookieWriter::new(None, false);
        let all = [
            texts(production.set(&handle, &user, day)),
            texts(production.clear()),
            texts(loopback.set(&handle, &user, day)),
            texts(loopback.clear()),
        ];
        insta::assert_snapshot!(all.join("\n"), @r"
        lanonasis_session=hdl; Max-Age=86400; Path=/; Domain=.example.org; Secure; SameSite=None; HttpOnly
        lanonasis_user=%7B%22id%22%3A%22u1%22%2C%22email%22%3A%22zo%C3%AB%40example.org%22%2C%22role%22%3A%22user%22%7D; Max-Age=86400; Path=/; Domain=.example.org; Secure; SameSite=None
        lanonasis_session=; Max-Age=0; Path=/; Domain=.example.org; Secure; SameSite=None; HttpOnly
        lanonasis_user=; Max-Age=0; Path=/; Domain=.example.org; Secure; SameSite=None
        lanonasis_session=hdl; Max-Age=86400; Path=/; SameSite=Lax; HttpOnly
        lanonasis_user=%7B%22id%22%3A%22u1%22%2C%22email%22%3A%22zo%C3%AB%40example.org%22%2C%22role%22%3A%22user%22%7D; Max-Age=86400; Path=/; SameSite=Lax
        lanonasis_session=; Max-Age=0; Path=/; SameSite=Lax; HttpOnly
        lanonasis_user=; Max-Age=0; Path=/; SameSite=Lax
        ");
    }
}
