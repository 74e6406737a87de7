//! Checkpoints as text, as signed notes, and in a folder.

use super::*;

const ORIGIN: &str = "auth.example.org/log";

fn signer() -> LocalSigner {
    LocalSigner::from_seed(ORIGIN, &[7; 32]).unwrap()
}

fn checkpoint() -> Checkpoint {
    Checkpoint {
        origin: ORIGIN.to_owned(),
        size: 42,
        root: [9; 32],
    }
}

/// The signature is OpenSSL's, from the same seed; key id and key text were computed by the text of the specification.
const NOTE: &str = "auth.example.org/log\n42\nCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=\n\n— auth.example.org/log tthq9eU4SMtI5FSJK9zoOIhu2QB+3b5EWGm9us1R9yXWGqmjM9/bvxb2+NJT3lcjgTgp6B2OjjK3u2CnEI4DWgx1XQo=\n";
const KEY: &str = "auth.example.org/log+b6d86af5+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs";

#[test]
fn a_signed_checkpoint_is_that_of_the_specification() {
    assert_eq!(checkpoint().sign(&signer()).unwrap(), NOTE);
    assert_eq!(signer().key().to_string(), KEY);
}

#[test]
fn a_checkpoint_opens_with_its_key_alone() {
    let key: Key = KEY.parse().unwrap();
    assert_eq!(Checkpoint::open(NOTE, &key), Ok(checkpoint()));
    let other = LocalSigner::from_seed(ORIGIN, &[8; 32]).unwrap();
    let refused = Checkpoint::open(NOTE, other.key());
    assert!(matches!(refused, Err(NoteError::NotSigned { .. })), "{refused:?}");
}

#[test]
fn a_note_of_another_implementation_opens() {
    let key: Key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
        .parse()
        .unwrap();
    let text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    let note = format!(
        "{text}\n\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    );
    assert_eq!(open_note(&note, &key), Ok(text));
}

#[test]
fn any_change_of_the_text_is_refused() {
    let key = signer().key().clone();
    for (from, to) in [("42", "41"), ("CQkJ", "CQkK"), ("example.org/log", "example.org/lag")] {
        let refused = Checkpoint::open(&NOTE.replacen(from, to, 1), &key);
        assert!(
            matches!(refused, Err(NoteError::WrongSignature { .. })),
            "{from}: {refused:?}"
        );
    }
    for cut in 0..NOTE.len() {
        let part = NOTE.get(..cut).unwrap_or_default();
        assert!(Checkpoint::open(part, &key).is_err(), "{part:?}");
    }
}

#[test]
fn signatures_of_others_are_passed_over() {
    let witness = LocalSigner::from_seed("witness.example.org", &[1; 32]).unwrap();
    let line = sign_note(&checkpoint().to_text(), &witness).unwrap();
    let line = line.lines().last().unwrap().to_owned();
    let both = format!("{NOTE}{line}\n");
    assert_eq!(Checkpoint::open(&both, signer().key()), Ok(checkpoint()));
}

#[test]
fn a_checkpoint_of_another_log_is_refused() {
    let other = Checkpoint {
        origin: "other.example.org/log".to_owned(),
        ..checkpoint()
    };
    let note = other.sign(&signer()).unwrap();
    let refused = Checkpoint::open(&note, signer().key());
    assert_eq!(refused, Err(NoteError::OtherOrigin { origin: other.origin }));
}

#[test]
fn signed_text_that_is_no_checkpoint_is_refused() {
    let cases = [
        ("", "no origin"),
        ("auth.example.org/log\n", "no size"),
        ("auth.example.org/log\n042\n", "the size is not a decimal number"),
        ("auth.example.org/log\n42\n", "no root"),
        ("auth.example.org/log\n42\nAAAA\n", "the root is not 32 bytes of base64"),
    ];
    for (text, expected) in cases {
        let note = sign_note(text, &signer()).unwrap();
        let refused = Checkpoint::open(&note, signer().key());
        // An empty text leaves no line before the blank one.
        let expected = if text.is_empty() {
            "no blank line before signatures"
        } else {
            expected
        };
        assert_eq!(refused, Err(NoteError::Malformed(expected)), "{text:?}");
    }
}

#[test]
fn keys_are_refused_unless_whole() {
    for text in [
        "",
        "name",
        "name+00000000",
        "a b+00000000+AAAA",
        &KEY.replace("+", "+0"),
        &KEY[..KEY.len() - 2],
    ] {
        assert!(text.parse::<Key>().is_err(), "{text}");
    }
    let wrong_name = KEY.replacen("auth", "outh", 1);
    assert!(wrong_name.parse::<Key>().is_err());
    assert!(Key::new("two words", [0; 32]).is_err());
}

#[test]
fn a_folder_keeps_every_checkpoint_and_knows_the_latest() {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::open(place.path().join("checkpoints")).unwrap();
    assert_eq!(folder.latest().unwrap(), None);
    folder.keep(9, &note(9, 1), Former::Continued).unwrap();
    folder.keep(10, &note(10, 1), Former::Continued).unwrap();
    assert_eq!(folder.latest().unwrap(), Some(note(10, 1)));
    let mut names: Vec<String> = std::fs::read_dir(place.path().join("checkpoints"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "00000000000000000009.checkpoint",
            "00000000000000000010.checkpoint",
            "latest.checkpoint"
        ]
    );
}

fn note(size: u64, root: u8) -> String {
    let checkpoint = Checkpoint {
        origin: ORIGIN.to_owned(),
        size,
        root: [root; 32],
    };
    checkpoint.sign(&signer()).unwrap()
}

#[test]
fn a_folder_loses_no_checkpoint_to_one_that_contradicts_it() {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::open(place.path()).unwrap();
    folder.keep(9, &note(9, 1), Former::Continued).unwrap();
    folder.keep(10, &note(10, 1), Former::Continued).unwrap();
    // Again, as after a failure.
    folder.keep(10, &note(10, 1), Former::Continued).unwrap();
    let refused = |size, root| match folder.keep(size, &note(size, root), Former::Continued) {
        Err(KeepError::Contradicted { kept, .. }) => kept,
        other => panic!("{other:?}"),
    };
    assert_eq!((refused(8, 1), refused(9, 1), refused(10, 2)), (10, 10, 10));
    assert_eq!(folder.latest().unwrap(), Some(note(10, 1)));
    std::fs::remove_file(place.path().join("latest.checkpoint")).unwrap();
    assert_eq!(refused(9, 2), 9);

    folder.keep(9, &note(9, 2), Former::Dropped).unwrap();
    assert_eq!(folder.latest().unwrap(), Some(note(9, 2)));
}
