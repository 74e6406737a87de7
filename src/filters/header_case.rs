//! Drops the memory of how either side wrote its header names.
//!
//! Pingora keeps a second map for it, which doubles the cost of every header edit. Names are case-insensitive
//! (RFC 9110 section 5.1); both sides get most of them in lower case, as over HTTP/2, and as behind HAProxy.

use http::{StatusCode, request, response};
use pingora_http::{RequestHeader, ResponseHeader};

/// Keeps requests whose target is not exactly their URI: an absolute form, or bytes that are no URI.
pub(crate) fn forget(request: &mut RequestHeader) {
    let target_is_uri = request
        .uri
        .path_and_query()
        .is_some_and(|target| target.as_str().as_bytes() == request.raw_path());
    if !request.has_case() || !target_is_uri || request.uri.authority().is_some() {
        return;
    }
    // Building `GET /` cannot fail.
    if let Ok(empty) = RequestHeader::build_no_case("GET", b"/", None) {
        let parts: request::Parts = std::mem::replace(request, empty).into();
        *request = RequestHeader::from(parts);
    }
}

/// Leaves a WebSocket handshake as its upstream wrote it: some clients read it literally.
pub(crate) fn forget_in_answer(answer: &mut ResponseHeader) {
    if !answer.has_case() || answer.status == StatusCode::SWITCHING_PROTOCOLS {
        return;
    }
    // Building a status that was received cannot fail.
    if let Ok(empty) = ResponseHeader::build_no_case(answer.status, None) {
        let parts: response::Parts = std::mem::replace(answer, empty).into();
        *answer = ResponseHeader::from(parts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_but_the_case_is_kept() {
        let mut request = RequestHeader::build("POST", b"/a%20b?x=1", None).expect("a valid head");
        for (name, value) in [("Cookie", "a=1"), ("X-Two", "1"), ("Cookie", "b=2")] {
            request.append_header(name, value).expect("a valid header");
        }
        request.set_version(http::Version::HTTP_11);
        let before = (
            request.method.clone(),
            request.uri.clone(),
            request.version,
            request.headers.clone(),
        );
        forget(&mut request);
        assert!(!request.has_case());
        assert_eq!(
            before,
            (
                request.method.clone(),
                request.uri.clone(),
                request.version,
                request.headers.clone()
            )
        );
        assert_eq!(request.raw_path(), b"/a%20b?x=1");
    }

    #[test]
    fn a_target_that_is_no_plain_uri_is_left_alone() {
        let mut request = RequestHeader::build("GET", b"/caf\xc3\xa9\xff", None).expect("a valid head");
        let raw = request.raw_path().to_vec();
        forget(&mut request);
        assert_eq!(request.raw_path(), raw);
        assert!(request.has_case());
    }

    #[test]
    fn an_answer_keeps_all_but_the_case_and_a_handshake_keeps_that_too() {
        let mut answer = ResponseHeader::build(200, None).expect("a valid head");
        for (name, value) in [("Set-Cookie", "a=1; Path=/"), ("X-Two", "1"), ("Set-Cookie", "b=2")] {
            answer.append_header(name, value).expect("a valid header");
        }
        let mut handshake = ResponseHeader::build(101, None).expect("a valid head");
        let before = (answer.status, answer.headers.clone());
        forget_in_answer(&mut answer);
        forget_in_answer(&mut handshake);
        assert!(!answer.has_case() && handshake.has_case());
        assert_eq!(before, (answer.status, answer.headers.clone()));
    }
}
