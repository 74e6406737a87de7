//! Where a browser may be sent after it signed in: our own pages, and origins of the configuration. Nowhere else.

use super::App;

impl App {
    /// A path of ours (`/…`, but not `//host` in any disguise), or a URL with an allowed origin.
    pub(crate) fn may_return_to(&self, target: &str) -> bool {
        let is_plain = target.chars().all(|c| c.is_ascii_graphic() && c != '\\');
        let Some(origin) = origin_of(target) else {
            return is_plain && target.starts_with('/') && !target.starts_with("//");
        };
        is_plain
            && (origin == self.settings.issuer.origin()
                || self.settings.return_to.iter().any(|allowed| allowed.matches(origin)))
    }
}

/// `https://host` of `https://host/path`, without anything that a browser could read as another host.
fn origin_of(target: &str) -> Option<&str> {
    let (scheme, rest) = target.split_once("://")?;
    if !matches!(scheme, "http" | "https") {
        return None;
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = &rest[..end];
    (!host.contains('@')).then(|| &target[..scheme.len() + 3 + host.len()])
}

#[cfg(test)]
mod tests {
    use super::origin_of;

    #[test]
    fn an_origin_ends_where_the_path_begins() {
        let cases = [
            ("https://app.example.org/a?b", Some("https://app.example.org")),
            ("https://app.example.org", Some("https://app.example.org")),
            ("https://app.example.org@evil.example/", None),
            ("javascript://app.example.org/%0aalert(1)", None),
            ("/dashboard", None),
        ];
        for (target, origin) in cases {
            assert_eq!(origin_of(target), origin, "{target}");
        }
    }
}
