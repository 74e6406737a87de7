//! Header names as servers read them: some map `-` and `.` to `_`, so several spellings are one name.

/// Whether a server could read `name` as `known`, which is lower case with dashes.
pub(super) fn same(name: &str, known: &str) -> bool {
    name.len() == known.len()
        && name.bytes().zip(known.bytes()).all(|(byte, expected)| match byte {
            b'_' | b'.' => expected == b'-',
            other => other.to_ascii_lowercase() == expected,
        })
}
