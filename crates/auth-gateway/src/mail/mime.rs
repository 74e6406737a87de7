//! A message in the form of mail (RFC 5322): plain text first, HTML as the alternative.

use std::time::{Duration, UNIX_EPOCH};

use lettre::message::{
    Body, Mailbox, MultiPart, SinglePart,
    header::{ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue},
};

use super::{message::Message, transport::SendError};

/// How the parts are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// As any mail server can carry it.
    Transport,
    /// As it reads, for files that people and tests look into.
    Readable,
}

/// Composes the mail `from` a mailbox such as `LanOnasis <no-reply@example.org>`.
pub(crate) fn compose(message: &Message, from: &Mailbox, encoding: Encoding) -> Result<lettre::Message, SendError> {
    let written = UNIX_EPOCH + Duration::from_millis(u64::try_from(message.written().0).unwrap_or(0));
    let parts = MultiPart::alternative()
        .boundary(message.id().simple().to_string())
        .singlepart(part(ContentType::TEXT_PLAIN, message.text(), encoding))
        .singlepart(part(ContentType::TEXT_HTML, message.html(), encoding));
    lettre::Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, message.to().clone()))
        .subject(message.subject())
        .date(written)
        .message_id(Some(format!("<{}@{}>", message.id(), from.email.domain())))
        .header(AutoSubmitted)
        .multipart(parts)
        .map_err(|_| SendError::Uncomposable)
}

fn part(content_type: ContentType, text: &str, encoding: Encoding) -> SinglePart {
    let builder = SinglePart::builder().header(content_type);
    match encoding {
        Encoding::Transport => builder.body(text.to_owned()),
        Encoding::Readable => builder.body(Body::dangerous_pre_encoded(
            text.into(),
            ContentTransferEncoding::Binary,
        )),
    }
}

/// RFC 3834 section 5: nobody's out-of-office notice answers us.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use event_store::Timestamp;
    use uuid::Uuid;

    use super::{Encoding, compose};
    use crate::mail::message::{Content, Message};

    fn composed(encoding: Encoding) -> String {
        let content = Content {
            letter: "test",
            subject: "Grüße".into(),
            text: format!("Grüße\n{}\n", "x".repeat(1200)),
            html: "<p>hello</p>".into(),
        };
        let message = Message::new(
            Uuid::from_u128(1),
            "ada@example.org",
            content,
            Timestamp(1_700_000_000_000),
        )
        .unwrap();
        let from = "LanOnasis <no-reply@example.org>".parse().unwrap();
        String::from_utf8(compose(&message, &from, encoding).unwrap().formatted()).unwrap()
    }

    #[test]
    fn the_text_comes_first_and_the_headers_are_complete() {
        let mail = composed(Encoding::Transport);
        let (head, body) = mail.split_once("\r\n\r\n").unwrap();
        for header in [
            "From: LanOnasis <no-reply@example.org>",
            "To: ada@example.org",
            "Date: Tue, 14 Nov 2023 22:13:20 +0000",
            "Auto-Submitted: auto-generated",
            "Message-ID: <00000000-0000-0000-0000-000000000001@example.org>",
            "MIME-Version: 1.0",
            "Content-Type: multipart/alternative;",
            "Subject: =?utf-8?",
        ] {
            assert!(head.contains(header), "{header} in {head}");
        }
        assert!(body.find("text/plain").unwrap() < body.find("text/html").unwrap());
    }

    #[test]
    fn what_goes_over_the_wire_keeps_its_limits_and_what_goes_to_a_file_is_readable() {
        let mail = composed(Encoding::Transport);
        assert!(mail.is_ascii() && mail.lines().all(|line| line.len() <= 998));
        assert!(composed(Encoding::Readable).contains(&format!("Grüße\n{}", "x".repeat(1200))));
    }
}
