//! Joins the cookie crumbs of an HTTP/2 request for HTTP/1 upstreams (RFC 9113 section 8.2.3).

use http::{HeaderValue, header::COOKIE};
use pingora_http::RequestHeader;

/// Several `cookie` lines become one, joined by `; `.
pub(crate) fn join_crumbs(request: &mut RequestHeader) {
    let crumbs: Vec<&[u8]> = request
        .headers
        .get_all(COOKIE)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    if crumbs.len() < 2 {
        return;
    }
    let joined = HeaderValue::from_bytes(&crumbs.join(&b"; "[..]));
    // Joining valid values with a valid separator is valid, and replacing lines cannot overflow the map.
    if let Ok(joined) = joined {
        drop(request.insert_header(COOKIE, joined));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crumbs_become_one_line_in_their_order() {
        let mut request = RequestHeader::build("GET", b"/", None).expect("a valid head");
        for crumb in ["a=1", "b=2", "c=\"3\""] {
            request.append_header(COOKIE, crumb).expect("a valid header");
        }
        join_crumbs(&mut request);
        let lines: Vec<&[u8]> = request
            .headers
            .get_all(COOKIE)
            .iter()
            .map(HeaderValue::as_bytes)
            .collect();
        assert_eq!(lines, [&b"a=1; b=2; c=\"3\""[..]]);
    }
}
