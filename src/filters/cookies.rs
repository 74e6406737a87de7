//! Joins the cookie crumbs of an HTTP/2 request for HTTP/1 upstreams (RFC 9113 section 8.2.3).

use http::{HeaderMap, HeaderValue, header::COOKIE};

/// Several `cookie` lines become one, joined by `; `.
pub(crate) fn join_crumbs(request: &mut HeaderMap) {
    let crumbs: Vec<&[u8]> = request.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if crumbs.len() < 2 {
        return;
    }
    let joined = HeaderValue::from_bytes(&crumbs.join(&b"; "[..]));
    // Joining valid values with a valid separator is valid.
    if let Ok(joined) = joined {
        request.insert(COOKIE, joined);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crumbs_become_one_line_in_their_order() {
        let mut request = HeaderMap::new();
        for crumb in ["a=1", "b=2", "c=\"3\""] {
            request.append(COOKIE, HeaderValue::from_static(crumb));
        }
        join_crumbs(&mut request);
        let lines: Vec<&[u8]> = request.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
        assert_eq!(lines, [&b"a=1; b=2; c=\"3\""[..]]);
    }
}
