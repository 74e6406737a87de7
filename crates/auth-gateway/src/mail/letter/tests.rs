use std::time::Duration;

use super::{Letter, in_words};

const LINK: &str = "https://auth.example.org/verify?token=abc&next=/web";
const RESET: &str = "https://auth.example.org/web/forgot";

fn letters() -> [Letter<'static>; 4] {
    let day = Duration::from_secs(86400);
    [
        Letter::VerifyEmail {
            link: LINK,
            valid_for: day,
        },
        Letter::ResetPassword {
            link: LINK,
            valid_for: Duration::from_secs(1800),
        },
        Letter::AlreadyRegistered {
            sign_in_link: LINK,
            reset_link: RESET,
        },
        Letter::PasswordChanged {
            time: "<b>noon</b>\r\nBcc: eve@example.org",
            reset_link: RESET,
        },
    ]
}

#[test]
fn every_letter_fills_its_templates_and_says_the_same_in_both() {
    for letter in letters() {
        let content = letter.write("LanOnasis");
        assert!(
            !content.subject.is_empty() && !content.subject.contains('\n'),
            "{}",
            content.letter
        );
        assert!(content.subject.contains("LanOnasis"), "{}", content.subject);
        for (name, value) in letter.values() {
            let shown = value.replace(['\r', '\n'], " ");
            assert!(content.text.contains(&shown), "{}: {name} in the text", content.letter);
            let escaped = shown.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            assert!(
                content.html.contains(&escaped),
                "{}: {name} in the HTML",
                content.letter
            );
        }
        assert!(
            !content.html.contains("<b>") && !content.text.contains("\nBcc:"),
            "{}",
            content.letter
        );
    }
}

#[test]
fn lines_of_the_text_are_short_and_links_stand_alone() {
    for letter in letters() {
        for line in letter.write("LanOnasis").text.lines() {
            assert!(line.len() <= 78 || line.starts_with("https://"), "{line}");
            assert!(!line.contains("https://") || line.starts_with("https://"), "{line}");
        }
    }
}

#[test]
fn nothing_is_loaded_from_elsewhere_when_a_letter_is_opened() {
    for letter in letters() {
        let html = letter.write("LanOnasis").html;
        assert!(
            !html.contains("<img") && !html.contains("<link") && !html.contains("<script") && !html.contains("url("),
            "{html}"
        );
    }
}

#[test]
fn the_reset_letter_reads_as_people_expect() {
    let content = Letter::ResetPassword {
        link: LINK,
        valid_for: Duration::from_secs(1800),
    }
    .write("LanOnasis");
    assert_eq!(
        (content.letter, content.subject.as_str()),
        ("reset_password", "Choose a new password for LanOnasis")
    );
    assert!(
        content.text.contains("It works once and for 30 minutes."),
        "{}",
        content.text
    );
}

#[test]
fn durations_are_said_in_their_largest_unit() {
    let cases = [
        (60, "1 minute"),
        (1800, "30 minutes"),
        (3600, "1 hour"),
        (5400, "90 minutes"),
        (86400, "1 day"),
        (172_800, "2 days"),
        (30, "0 minutes"),
    ];
    for (seconds, expected) in cases {
        assert_eq!(in_words(Duration::from_secs(seconds)), expected);
    }
}
