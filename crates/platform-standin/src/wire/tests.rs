use super::*;

fn read(text: &str) -> (Head, Result<bool, Malformed>, Body, String) {
    let head = Head::parse(text.as_bytes()).unwrap().unwrap();
    let mut rest = BytesMut::from(&text.as_bytes()[head.raw.len()..]);
    let mut reader = head.body().unwrap();
    let complete = reader.read(&mut rest);
    (head, complete, reader.body, String::from_utf8(rest.to_vec()).unwrap())
}

#[test]
fn head_keeps_order_duplicates_and_the_target_as_written() {
    let text = "GET /a%2Fb//?q=%zz#x HTTP/1.1\r\nB: 1\r\nA:  2 \r\nb: 3\r\n\r\n";
    let head = Head::parse(text.as_bytes()).unwrap().unwrap();
    assert_eq!(head.target, "/a%2Fb//?q=%zz#x");
    let headers: Vec<_> = head
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(headers, [("b", "1"), ("a", "2"), ("b", "3")]);
    assert_eq!(head.raw, text.as_bytes());
    assert_eq!(head.header_values("b"), ["1", "3"]);
}

#[test]
fn incomplete_head_is_awaited_and_nonsense_is_refused() {
    assert_eq!(Head::parse(b"GET / HTTP/1.1\r\nA: 1\r\n"), Ok(None));
    assert_eq!(Head::parse(b"\x81\x85abcd"), Err(Malformed));
    assert_eq!(Head::parse(b"0\r\n\r\nGET / HTTP/1.1\r\n\r\n"), Err(Malformed));
}

#[test]
fn body_ends_where_its_length_says() {
    let (_, complete, body, rest) = read("POST / HTTP/1.1\r\ncontent-length: 3\r\n\r\nabcGET /");
    assert_eq!(
        (complete, body.decoded.as_slice(), rest.as_str()),
        (Ok(true), b"abc".as_slice(), "GET /")
    );

    let (_, complete, body, rest) = read("POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\nabc");
    assert_eq!(
        (complete, body.decoded.as_slice(), rest.as_str()),
        (Ok(false), b"abc".as_slice(), "")
    );
}

#[test]
fn chunked_body_is_given_with_and_without_its_framing() {
    let framed = "3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\n";
    let text = format!("POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n{framed}GET /");
    let (_, complete, body, rest) = read(&text);
    assert_eq!((complete, rest.as_str()), (Ok(true), "GET /"));
    assert_eq!(
        body,
        Body {
            decoded: b"abcde".to_vec(),
            raw: framed.as_bytes().to_vec()
        }
    );
}

#[test]
fn chunked_body_may_arrive_byte_by_byte() {
    let text = "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n";
    let mut reader = Head::parse(text.as_bytes()).unwrap().unwrap().body().unwrap();
    let mut input = BytesMut::new();
    let framed = "3\r\nabc\r\n0\r\n\r\n";
    for (position, byte) in framed.bytes().enumerate() {
        input.extend_from_slice(&[byte]);
        assert_eq!(
            reader.read(&mut input),
            Ok(position + 1 == framed.len()),
            "after byte {position}"
        );
    }
    assert_eq!(
        reader.body,
        Body {
            decoded: b"abc".to_vec(),
            raw: framed.as_bytes().to_vec()
        }
    );
}

#[test]
fn broken_framing_is_refused() {
    for body in ["x\r\n", "3\r\nabcd\r\n0\r\n\r\n", "3\r\nabcxx0\r\n\r\n"] {
        let text = format!("POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n{body}");
        assert_eq!(read(&text).1, Err(Malformed), "{body:?}");
    }
    let head = Head::parse(b"POST / HTTP/1.1\r\ncontent-length: 1x\r\n\r\n")
        .unwrap()
        .unwrap();
    assert!(head.body().is_err());
}
