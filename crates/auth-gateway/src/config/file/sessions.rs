//! `cookies`, `sessions`, `tokens` and `signing_keys`: how long what proves a login holds, and where it is sent.

use config_text::bounded::{Patience, TimeLimit, Within};
use config_text::code;
use config_text::diagnostic::{Diagnostic, Diagnostics, Spanned};
use config_text::units::write_duration;
use config_text::written::Text;

use crate::config::code::{CONFLICTING_VALUES, FOREIGN_COOKIE_DOMAIN};
use crate::config::issuer::Issuer;
use crate::config::settings::{Cookies, Sessions, SigningKeys, Tokens};
use crate::config::url::is_host_name;

config_text::record! {
    /// The cookies of a browser's session.
    pub(super) struct RawCookies as "the `cookies` section" {
        /// The domain whose hosts get them, such as `example.org`; without it the issuer's host alone.
        domain: optional Text,
        /// `auto` sends them over TLS alone when the issuer is `https`; `always` in any case.
        secure: default("auto") RawSecure,
    }
}

config_text::choice! {
    /// Whether browsers send cookies over TLS alone.
    pub(super) enum RawSecure {
        Auto = "auto",
        Always = "always",
    }
}

config_text::record! {
    /// How long a login lasts.
    pub(super) struct RawSessions as "the `sessions` section" {
        /// A session that is not used for this long ends.
        idle: default("14d") Spanned<TimeLimit>,
        /// However much it is used, a session ends after this.
        absolute: default("30d") Spanned<TimeLimit>,
    }
}

config_text::record! {
    /// What a login gets, and for how long it holds.
    pub(super) struct RawTokens as "the `tokens` section" {
        /// How long an access token holds; at most a day, since who reads it alone does not hear of its end.
        access_ttl: default("15m") Spanned<Within<1, 86_400>>,
        /// A refresh token that is not used for this long is void.
        refresh_ttl: default("14d") Spanned<TimeLimit>,
        /// For this long after it was used, a refresh token gets the same answer again; at most a minute.
        refresh_grace: default("10s") Within<0, 60>,
        /// How long the identity that introspection signs for upstreams holds; at most fifteen minutes.
        assertion_ttl: default("5m") Within<1, 900>,
        /// Who access tokens are for; without it, the issuer.
        audience: default([]) Vec<Spanned<String>>,
    }
}

config_text::record! {
    /// The keys that sign tokens.
    pub(super) struct RawSigningKeys as "the `signing_keys` section" {
        /// How long a key signs.
        rotate_every: default("30d") Spanned<TimeLimit>,
        /// How long it is still accepted and published afterwards.
        overlap: default("1d") Spanned<TimeLimit>,
        /// How long before it signs it is published, so that caches know it in time.
        publish_ahead: default("1d") Spanned<Patience>,
    }
}

pub(super) fn cookies(raw: &RawCookies, issuer: &Issuer, cx: &mut Diagnostics) -> Cookies {
    let domain = raw.domain.as_ref().map(|domain| {
        check_domain(domain, issuer, cx);
        domain.value.trim_start_matches('.').to_ascii_lowercase()
    });
    let secure = match raw.secure {
        RawSecure::Auto => issuer.is_secure(),
        RawSecure::Always => true,
    };
    Cookies { domain, secure }
}

/// Browsers drop a cookie for a domain that the answering host is not in (RFC 6265 section 5.3).
fn check_domain(domain: &Text, issuer: &Issuer, cx: &mut Diagnostics) {
    let name = domain
        .value
        .strip_prefix('.')
        .unwrap_or(&domain.value)
        .to_ascii_lowercase();
    let shown = domain.shown_or("this");
    if !is_host_name(&name)
        || !name.contains('.')
        || name.split('.').all(|label| label.bytes().all(|b| b.is_ascii_digit()))
    {
        let message = format!("{shown} is not a domain");
        cx.push(Diagnostic::error(code::INVALID_VALUE, domain.span, message).label("such as `example.org`"));
        return;
    }
    let host = issuer.host();
    let within = host == name || host.strip_suffix(&name).is_some_and(|rest| rest.ends_with('.'));
    if !within {
        let message = format!("browsers would drop cookies of {shown}: the issuer is `{host}`");
        cx.push(
            Diagnostic::error(FOREIGN_COOKIE_DOMAIN, domain.span, message)
                .label("the issuer's host, or a domain that it is in"),
        );
    }
}

pub(super) fn sessions(raw: &RawSessions, cx: &mut Diagnostics) -> Sessions {
    if raw.idle.value > raw.absolute.value {
        let message = "a session would end before it could be idle for this long";
        let limit = write_duration(raw.absolute.value.0);
        cx.push(
            Diagnostic::error(CONFLICTING_VALUES, raw.idle.span, message)
                .label(format!("at most `sessions.absolute`, {limit}")),
        );
    }
    Sessions {
        idle: raw.idle.value.0,
        absolute: raw.absolute.value.0,
    }
}

pub(super) fn tokens(raw: &RawTokens, issuer: &Issuer, sessions: Sessions, cx: &mut Diagnostics) -> Tokens {
    if raw.refresh_ttl.value.0 > sessions.absolute {
        let message = "a refresh token never outlives its session";
        let limit = write_duration(sessions.absolute);
        let place = raw.refresh_ttl.span;
        cx.push(
            Diagnostic::error(CONFLICTING_VALUES, place, message)
                .label(format!("at most `sessions.absolute`, {limit}")),
        );
    }
    for audience in &raw.audience {
        if audience.is_empty() || audience.chars().any(|c| c.is_whitespace() || c.is_control()) {
            let message = "an audience is a name or a URL without spaces";
            cx.push(Diagnostic::error(code::INVALID_VALUE, audience.span, message));
        }
    }
    let named: Vec<String> = raw.audience.iter().map(|audience| audience.value.clone()).collect();
    Tokens {
        access_ttl: raw.access_ttl.value.0,
        refresh_ttl: raw.refresh_ttl.value.0,
        refresh_grace: raw.refresh_grace.0,
        assertion_ttl: raw.assertion_ttl.0,
        audience: if named.is_empty() {
            vec![issuer.to_string()]
        } else {
            named
        },
    }
}

pub(super) fn signing_keys(raw: &RawSigningKeys, tokens: &Tokens, cx: &mut Diagnostics) -> SigningKeys {
    let longest_token = tokens.access_ttl.max(tokens.assertion_ttl);
    if raw.overlap.value.0 < longest_token {
        let message = "tokens would still live when the key that signed them is forgotten";
        let limit = write_duration(longest_token);
        cx.push(
            Diagnostic::error(CONFLICTING_VALUES, raw.overlap.span, message)
                .label(format!("at least as long as any token lives, {limit}")),
        );
    }
    if raw.publish_ahead.value.0 >= raw.rotate_every.value.0 {
        let message = "the next key would have to be published before the one in use";
        let limit = write_duration(raw.rotate_every.value.0);
        cx.push(
            Diagnostic::error(CONFLICTING_VALUES, raw.publish_ahead.span, message)
                .label(format!("shorter than `signing_keys.rotate_every`, {limit}")),
        );
    }
    SigningKeys {
        rotate_every: raw.rotate_every.value.0,
        overlap: raw.overlap.value.0,
        publish_ahead: raw.publish_ahead.value.0,
    }
}
