//! Opens heads for editing, and drops the memory of how either side wrote its header names.
//!
//! Pingora keeps a second map for it, which doubles the cost of every header edit, and reads every name anew. Names are
//! case-insensitive (RFC 9110 section 5.1); both sides get most of them in lower case, as over HTTP/2, and as behind
//! HAProxy.

use http::{HeaderMap, Request, Response, StatusCode, request, response};
use pingora_http::{RequestHeader, ResponseHeader};

/// Keeps requests whose target is not exactly their URI: an absolute form, or bytes that are no URI.
pub(crate) fn forget(request: &mut RequestHeader) {
    let target_is_uri = request
        .uri
        .path_and_query()
        .is_some_and(|target| target.as_str().as_bytes() == request.raw_path());
    if request.has_case() && target_is_uri && request.uri.authority().is_none() {
        edit(request, |_| ());
    }
}

/// Edits the fields of a request whose target will be set anew: of one that is not exactly its URI only the URI stays.
pub(crate) fn edit<T>(request: &mut RequestHeader, edit: impl FnOnce(&mut HeaderMap) -> T) -> T {
    let empty = RequestHeader::from(Request::new(()).into_parts().0);
    let mut parts: request::Parts = std::mem::replace(request, empty).into();
    let result = edit(&mut parts.headers);
    *request = RequestHeader::from(parts);
    result
}

/// Edits the fields of an answer. A WebSocket handshake's stay as its upstream wrote them: some clients read them
/// literally.
pub(crate) fn edit_answer(answer: &mut ResponseHeader, edit: impl FnOnce(&mut HeaderMap)) {
    let handshake = (answer.status == StatusCode::SWITCHING_PROTOCOLS).then(|| answer.clone());
    let empty = ResponseHeader::from(Response::new(()).into_parts().0);
    let mut parts: response::Parts = std::mem::replace(answer, empty).into();
    edit(&mut parts.headers);
    *answer = ResponseHeader::from(parts);
    if let Some(Ok(written)) = handshake.map(|handshake| written_like(&handshake, answer)) {
        *answer = written;
    }
}

/// `answer` with the names it shares with `handshake` as those are written.
fn written_like(handshake: &ResponseHeader, answer: &ResponseHeader) -> pingora_core::Result<ResponseHeader> {
    let mut written = ResponseHeader::build(answer.status, Some(answer.headers.len()))?;
    written.set_version(answer.version);
    for (name, value) in &answer.headers {
        let known = handshake
            .case_header_iter()
            .find(|(known, _)| known.as_slice().eq_ignore_ascii_case(name.as_str().as_bytes()));
        match known {
            Some((known, _)) => written.append_header(known.clone(), value.clone())?,
            None => written.append_header(name, value.clone())?,
        };
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

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
        let names = |status: u16| {
            let mut answer = ResponseHeader::build(status, None).expect("a valid head");
            for (name, value) in [("Set-Cookie", "a=1; Path=/"), ("X-Two", "1"), ("Set-Cookie", "b=2")] {
                answer.append_header(name, value).expect("a valid header");
            }
            let mut expected = answer.headers.clone();
            expected.insert("x-new", HeaderValue::from_static("1"));
            edit_answer(&mut answer, |headers| {
                headers.insert("x-new", HeaderValue::from_static("1"));
            });
            assert_eq!((answer.status.as_u16(), &answer.headers), (status, &expected));
            let mut wire = Vec::new();
            answer.header_to_h1_wire(&mut wire);
            let lines = String::from_utf8(wire).expect("UTF-8");
            let names = lines
                .lines()
                .filter_map(|line| Some(line.split_once(": ")?.0.to_owned()));
            names.collect::<Vec<_>>()
        };
        assert_eq!(names(200), ["Set-Cookie", "Set-Cookie", "x-two", "x-new"]);
        assert_eq!(names(101), ["Set-Cookie", "Set-Cookie", "X-Two", "x-new"]);
    }
}
