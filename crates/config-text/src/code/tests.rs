use super::{Codes, INVALID_VALUE, UNKNOWN_KEY};

mod own {
    crate::codes! {
        pub(super) NO_ROOM = "no-room",
        pub(super) TOO_BUSY = "too-busy",
    }

    pub(super) const CODES: super::Codes = super::Codes::new(
        ALL,
        "# Errors\n\n## unknown-key\n\nA key.\n\n## no-room\n\nFull.\n\n## too-busy\n\nLater.\n",
    );
}

#[test]
fn a_program_has_the_codes_of_the_text_and_then_its_own() {
    let all: Vec<&str> = own::CODES.all().map(super::Code::as_str).collect();
    assert_eq!(all[..2], ["file-not-found", "too-large"]);
    assert_eq!(all[all.len() - 3..], ["unset-secret", "no-room", "too-busy"]);
}

#[test]
fn a_code_is_found_by_its_text() {
    assert_eq!(own::CODES.named("no-room"), Some(own::NO_ROOM));
    assert_eq!(own::CODES.named("invalid-value"), Some(INVALID_VALUE));
    assert_eq!(own::CODES.named("no_room"), None);
}

#[test]
fn an_explanation_is_the_section_under_the_code() {
    assert_eq!(own::CODES.explanation(UNKNOWN_KEY), "A key.");
    assert_eq!(own::CODES.explanation(own::TOO_BUSY), "Later.");
    assert_eq!(own::CODES.explanation(INVALID_VALUE), "");
}

#[test]
fn a_page_that_misses_a_code_is_no_explanation() {
    let (headings, codes) = own::CODES.is_explained().unwrap_err();
    assert_eq!(headings, ["unknown-key", "no-room", "too-busy"]);
    assert_eq!(codes.len(), 18);
}
