//! "Did you mean": the known word nearest to a misspelt one.

/// Longer words are no typos, and comparing them costs time.
const MAX_LENGTH: usize = 64;

/// The candidate within about a third of the word's length of edits, if there is one.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > MAX_LENGTH {
        return None;
    }
    let word = plain(word);
    let allowed = (word.len() / 3).max(1);
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= MAX_LENGTH)
        .map(|candidate| (distance(&word, &plain(candidate)), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The same as a help line.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    closest(word, candidates).map(|found| format!("did you mean `{found}`?"))
}

/// Case and the choice between `-` and `_` are what people misremember first: they cost nothing.
fn plain(word: &str) -> Vec<char> {
    word.chars()
        .map(|c| if c == '-' { '_' } else { c.to_ascii_lowercase() })
        .collect()
}

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before_last[j - 2] + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::{closest, did_you_mean};

    #[test]
    fn a_slip_of_the_finger_finds_its_word() {
        let known = ["endpoints", "backup", "base_path", "host_header", "health", "to", "tls"];
        let cases = [
            ("endpoits", Some("endpoints")),
            ("endpiotns", Some("endpoints")),
            ("base-path", Some("base_path")),
            ("basePath", Some("base_path")),
            ("Health", Some("health")),
            ("heath", Some("health")),
            ("ot", Some("to")),
            ("tsl", Some("tls")),
            ("HEALTH", Some("health")),
            ("timeouts", None),
            ("backlog", None),
            ("x", None),
            ("", None),
        ];
        for (word, expected) in cases {
            assert_eq!(closest(word, known), expected, "{word}");
        }
    }

    #[test]
    fn the_nearest_of_several_wins() {
        assert_eq!(
            closest("supabase-intl", ["supabase", "supabase-intel"]),
            Some("supabase-intel")
        );
    }

    #[test]
    fn a_word_too_long_to_be_a_typo_has_no_suggestion() {
        let long = "a".repeat(1_000_000);
        assert_eq!(closest(&long, ["a"]), None);
        assert_eq!(closest("a", [long.as_str()]), None);
    }

    #[test]
    fn the_suggestion_is_a_question() {
        let help = did_you_mean("dosc", ["docs"]);
        assert_eq!(help.as_deref(), Some("did you mean `docs`?"));
    }
}
