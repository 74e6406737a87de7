//! The repository's text files, and how a rule is held against them.

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};

/// Files that hold nothing but tests, or what tests use: their modules are declared under `#[cfg(test)]`.
const TEST_FILES: &str = "tests.rs properties.rs testing.rs documented.rs weak_list.rs";

/// A text file of the repository; `path` is relative to its root.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    pub(crate) fn sample(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    /// The lines before the tests, numbered.
    pub(crate) fn product_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().take_while(|line| !line.starts_with("#[cfg(test)]"));
        lines.enumerate().map(|(index, line)| (index + 1, line))
    }

    pub(crate) fn complaint(&self, line: usize, what: impl Display) -> String {
        format!("{}:{line}: {what}", self.path)
    }

    /// Part of a program, rather than of a test.
    pub(crate) fn is_product(&self) -> bool {
        let in_source =
            self.path.starts_with("src/") || (self.path.starts_with("crates/") && self.path.contains("/src/"));
        let name = self.path.rsplit('/').next().unwrap_or_default();
        in_source && has_extension(&self.path, "rs") && !self.path.contains("/tests/") && !lists(TEST_FILES, name)
    }
}

/// Whether a list of words holds the word.
pub(crate) fn lists(words: &str, word: &str) -> bool {
    words.split_whitespace().any(|listed| listed == word)
}

pub(crate) fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == extension)
}

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every text file of the checkout, build outputs and hidden folders left out (but not `.ci`).
pub(crate) fn every() -> Vec<File> {
    let mut files = Vec::new();
    collect(&root(), &mut files);
    assert!(files.len() > 100, "the walk found the repository");
    files
}

fn collect(folder: &Path, files: &mut Vec<File>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy();
        if path.is_dir() {
            let is_output = path.join("CACHEDIR.TAG").exists() || (name.starts_with('.') && name != ".ci");
            if !is_output && name != "__pycache__" {
                collect(&path, files);
            }
        // In a worktree `.git` is a file.
        } else if name != ".git"
            && let Ok(text) = fs::read_to_string(&path)
        {
            let path = path.strip_prefix(root()).expect("below the root");
            files.push(File {
                path: path.to_string_lossy().into_owned(),
                text,
            });
        }
    }
}

pub(crate) fn read(path: &str) -> File {
    let text = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    File::sample(path, &text)
}

/// Holds the rule against a sample it must complain about, then against the files it is for.
pub(crate) fn enforce(rule: impl Fn(&File) -> Vec<String>, bad: &File, applies: impl Fn(&File) -> bool) {
    assert!(applies(bad), "the rule does not look at its own sample {}", bad.path);
    assert!(
        !rule(bad).is_empty(),
        "the rule finds nothing wrong in its bad sample {}",
        bad.path
    );
    let all = every();
    let looked_at: Vec<&File> = all.iter().filter(|file| applies(file)).collect();
    assert!(!looked_at.is_empty(), "the rule looks at no file");
    let complaints: Vec<String> = looked_at.into_iter().flat_map(rule).collect();
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

/// Complains about each of `words` in the product lines of Rust files, and in every line of others.
pub(crate) fn words<'w>(words: &'w [&'w str]) -> impl Fn(&File) -> Vec<String> + 'w {
    move |file| {
        let everything = file.text.lines().enumerate().map(|(index, line)| (index + 1, line));
        let lines: Vec<(usize, &str)> = if file.is_product() {
            file.product_lines().collect()
        } else {
            everything.collect()
        };
        let found = lines.iter().flat_map(|(line, text)| {
            let lower = text.to_lowercase();
            let hits = words.iter().filter(move |word| lower.contains(&word.to_lowercase()));
            hits.map(|word| file.complaint(*line, format!("`{word}`")))
        });
        found.collect()
    }
}
