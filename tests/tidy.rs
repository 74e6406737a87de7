//! House rules that neither the compiler nor clippy can check. Each rule is a function from text to complaints, so that
//! it is shown to complain about a bad sample before it is believed about the repository.

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};

/// The edge's modules in reading order: each uses only those after it. A better order is changed here, in `src/lib.rs`
/// and in `docs/ARCHITECTURE.md`.
const READING_ORDER: &str = "commands cli server control proxy connection endpoints answer live telemetry config upstreams routes filters diagnostic";
const MAX_FILE_LINES: usize = 400;
const MAX_DECISION_LINES: usize = 50;
/// Words of the files that no one could say the subject of.
const VAGUE_NAMES: &str = "utils util helpers helper common misc manager";
/// What a client in the field answers by sending its credentials past the gateway.
const LEAKING_PHRASES: [&str; 6] = [
    "authentication required",
    "invalid jwt",
    "missing authorization header",
    "token is not active or has expired",
    "cannot get /",
    "route_not_found",
];
/// Statuses that refuse nothing, and may be named anywhere.
const FRIENDLY_STATUSES: &str = "CONTINUE SWITCHING_PROTOCOLS OK CREATED ACCEPTED NO_CONTENT RESET_CONTENT PARTIAL_CONTENT \
    MOVED_PERMANENTLY FOUND SEE_OTHER NOT_MODIFIED TEMPORARY_REDIRECT PERMANENT_REDIRECT";
/// Files that hold nothing but tests of the file they stand under.
const TEST_FILES: &str = "tests.rs properties.rs";
/// Who else may name an error status, and why.
const CHOOSES_STATUSES: [&str; 4] = [
    // The table itself.
    "src/answer/denied.rs",
    // Answers operators on a listener of its own.
    "src/control/admin.rs",
    // `/health` reports 503 to monitors; nothing is refused.
    "src/endpoints/health.rs",
    // 408 before there is a request that could be refused.
    "src/connection.rs",
];

/// A text file of the repository; `path` is relative to its root.
struct File {
    path: String,
    text: String,
}

impl File {
    fn sample(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    /// The lines before the tests, numbered.
    fn product_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().take_while(|line| !line.starts_with("#[cfg(test)]"));
        lines.enumerate().map(|(index, line)| (index + 1, line))
    }

    fn complaint(&self, line: usize, what: impl Display) -> String {
        format!("{}:{line}: {what}", self.path)
    }

    /// Part of a program, rather than of a test.
    fn is_product(&self) -> bool {
        let in_source =
            self.path.starts_with("src/") || (self.path.starts_with("crates/") && self.path.contains("/src/"));
        let name = self.path.rsplit('/').next().unwrap_or_default();
        in_source && has_extension(&self.path, "rs") && !self.path.contains("/tests/") && !lists(TEST_FILES, name)
    }

    /// The module of the edge it belongs to.
    fn module(&self) -> Option<&str> {
        let below = self.path.strip_prefix("src/")?;
        let name = below.split('/').next()?;
        let name = name.strip_suffix(".rs").unwrap_or(name);
        position(name).map(|_| name)
    }
}

/// Whether a list of words holds the word.
fn lists(words: &str, word: &str) -> bool {
    words.split_whitespace().any(|listed| listed == word)
}

fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == extension)
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every text file of the checkout, build outputs and hidden folders left out (but not `.ci`).
fn repository() -> Vec<File> {
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
        } else if let Ok(text) = fs::read_to_string(&path) {
            let path = path.strip_prefix(root()).expect("below the root");
            files.push(File {
                path: path.to_string_lossy().into_owned(),
                text,
            });
        }
    }
}

fn read(path: &str) -> File {
    let text = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    File::sample(path, &text)
}

/// Holds the rule against a sample it must complain about, then against the files it is for.
fn enforce(rule: impl Fn(&File) -> Vec<String>, bad: &File, applies: impl Fn(&File) -> bool) {
    assert!(applies(bad), "the rule does not look at its own sample {}", bad.path);
    assert!(
        !rule(bad).is_empty(),
        "the rule finds nothing wrong in its bad sample {}",
        bad.path
    );
    let all = repository();
    let looked_at: Vec<&File> = all.iter().filter(|file| applies(file)).collect();
    assert!(!looked_at.is_empty(), "the rule looks at no file");
    let complaints: Vec<String> = looked_at.into_iter().flat_map(rule).collect();
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn modules_use_only_those_below_them() {
    let lib = read("src/lib.rs");
    let declared: Vec<&str> = lib
        .text
        .lines()
        .filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'))
        .collect();
    assert_eq!(
        declared.join(" "),
        READING_ORDER,
        "src/lib.rs lists the modules in reading order"
    );
    let upward = |file: &File| {
        let own = file.module().and_then(position).expect("in a module");
        let uses = file.product_lines().flat_map(|(line, text)| {
            let used = text.split("crate::").skip(1).map(leading_word);
            used.map(move |used| (line, used)).collect::<Vec<_>>()
        });
        uses.filter(|(_, used)| position(used).is_some_and(|used| used < own))
            .map(|(line, used)| file.complaint(line, format!("`{used}` stands above it in src/lib.rs")))
            .collect()
    };
    let bad = File::sample("src/routes/table.rs", "use crate::proxy::Edge;");
    enforce(upward, &bad, |file| file.is_product() && file.module().is_some());
}

fn position(module: &str) -> Option<usize> {
    READING_ORDER.split_whitespace().position(|known| known == module)
}

fn leading_word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    &text[..end.unwrap_or(text.len())]
}

#[test]
fn no_file_is_longer_than_a_reader_can_hold() {
    let too_long = |file: &File| match file.product_lines().count() {
        lines if lines > MAX_FILE_LINES => vec![file.complaint(lines, format!("more than {MAX_FILE_LINES} lines"))],
        _ => Vec::new(),
    };
    let bad = File::sample("src/long.rs", &"\n".repeat(MAX_FILE_LINES + 1));
    enforce(too_long, &bad, File::is_product);
}

#[test]
fn every_file_says_first_what_it_is() {
    let silent = |file: &File| match file.text.starts_with("//! ") {
        true => Vec::new(),
        false => vec![file.complaint(1, "does not begin with `//!`")],
    };
    enforce(silent, &File::sample("src/x.rs", "use std::io;"), File::is_product);
}

#[test]
fn files_are_named_after_their_subject() {
    let vague = |file: &File| {
        let stems = file
            .path
            .split('/')
            .map(|part| part.split('.').next().unwrap_or_default());
        let found = stems.filter(|stem| lists(VAGUE_NAMES, stem));
        found
            .map(|stem| file.complaint(1, format!("`{stem}` names no subject")))
            .collect()
    };
    enforce(vague, &File::sample("src/routes/utils.rs", ""), |file| {
        has_extension(&file.path, "rs")
    });
}

/// Complains about each of `words` in the product lines of Rust files, and in every line of others.
fn words<'w>(words: &'w [&'w str]) -> impl Fn(&File) -> Vec<String> + 'w {
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

fn is_this_test(file: &File) -> bool {
    file.path == "tests/tidy.rs"
}

#[test]
fn nothing_is_left_to_do() {
    let promises = [
        "TODO:",
        "TODO(",
        "FIXME",
        "XXX:",
        "todo!(",
        "unimplemented!(",
        "// ---",
        "// ===",
    ];
    enforce(words(&promises), &File::sample("src/x.rs", "// FIXME later"), |file| {
        !is_this_test(file) && file.path != "Cargo.lock"
    });
}

#[test]
fn nothing_is_unwrapped_outside_tests() {
    let bad = File::sample("src/x.rs", "value.unwrap();");
    enforce(words(&[".unwrap()"]), &bad, File::is_product);
}

#[test]
fn error_statuses_are_chosen_in_one_table() {
    let chosen = |file: &File| {
        let statuses = file.product_lines().flat_map(|(line, text)| {
            let named = text.split("StatusCode::").skip(1).map(leading_word);
            let is_constant = |name: &&str| name.chars().all(|c| c.is_ascii_uppercase() || c == '_');
            let errors = named.filter(is_constant).filter(|name| !lists(FRIENDLY_STATUSES, name));
            let written = ["HTTP/1.1 4", "HTTP/1.1 5"]
                .into_iter()
                .filter(|start| text.contains(start));
            errors.chain(written).map(move |name| (line, name)).collect::<Vec<_>>()
        });
        statuses
            .map(|(line, name)| {
                file.complaint(line, format!("{name}: refusals are `Denied`s, in src/answer/denied.rs"))
            })
            .collect()
    };
    let bad = File::sample("src/proxy/x.rs", "return StatusCode::BAD_GATEWAY;");
    enforce(chosen, &bad, |file| {
        file.path.starts_with("src/") && file.is_product() && !CHOOSES_STATUSES.contains(&file.path.as_str())
    });
}

#[test]
fn no_answer_makes_a_client_send_its_credentials_past_the_gateway() {
    let bad = File::sample("src/x.rs", "\"Authentication required\"");
    enforce(words(&LEAKING_PHRASES), &bad, |file| {
        file.is_product() && file.path.starts_with("src/")
            || file.path == "routes.yaml"
            || file.path.starts_with("site/")
    });
}

#[test]
fn no_text_names_the_machine_it_was_written_on() {
    let places = [
        "/work/",
        "/root/",
        "/home/",
        "/Users/",
        "../shared",
        "index.crates.io",
        "static.crates.io",
        "registry.npmjs",
        "files.pythonhosted",
        "deb.debian.org",
    ];
    enforce(words(&places), &File::sample("docs/x.md", "see /root/notes"), |file| {
        !is_this_test(file) && file.path != "Cargo.lock"
    });
}

#[test]
fn a_decision_fits_on_a_page() {
    let too_long = |file: &File| match file.text.lines().count() {
        lines if lines > MAX_DECISION_LINES => vec![file.complaint(lines, "longer than a page")],
        _ => Vec::new(),
    };
    let bad = File::sample("docs/decisions/0000-x.md", &"\n".repeat(MAX_DECISION_LINES + 1));
    enforce(too_long, &bad, |file| file.path.starts_with("docs/decisions/"));
}

#[test]
fn documents_name_files_that_exist() {
    let missing = |file: &File| {
        let named = file.text.lines().enumerate().flat_map(|(index, line)| {
            let quoted = line.split('`').skip(1).step_by(2);
            quoted.map(move |name| (index + 1, name)).collect::<Vec<_>>()
        });
        named
            .filter(|(_, name)| is_repository_path(name) && !root().join(name).exists())
            .map(|(line, name)| file.complaint(line, format!("there is no `{name}`")))
            .collect()
    };
    enforce(missing, &File::sample("docs/x.md", "see `src/nothing.rs`"), |file| {
        has_extension(&file.path, "md") && file.path != "CHANGELOG.md"
    });
}

fn is_repository_path(name: &str) -> bool {
    let folders = [
        "src/", "crates/", "tests/", "docs/", "conf/", "scripts/", "benches/", "site/",
    ];
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_');
    folders.iter().any(|folder| name.starts_with(folder)) && name.chars().all(plain)
}

#[test]
fn the_two_programs_do_not_depend_on_each_other() {
    let depends = |file: &File| {
        let own = package_name(&file.text);
        let other = match own {
            Some("onasis-gateway") => "auth-gateway",
            Some("auth-gateway") => "onasis-gateway",
            _ => return Vec::new(),
        };
        let names_it =
            |line: &str| line.trim_start().starts_with(other) || line.contains(&format!("package = \"{other}\""));
        let lines = file.text.lines().enumerate().filter(|(_, line)| names_it(line));
        lines
            .map(|(index, _)| file.complaint(index + 1, format!("depends on {other}")))
            .collect()
    };
    let bad = "[package]\nname = \"onasis-gateway\"\n[dependencies]\nauth-gateway = { path = \"x\" }\n";
    enforce(depends, &File::sample("Cargo.toml", bad), |file| {
        file.path.ends_with("Cargo.toml")
    });
}

fn package_name(manifest: &str) -> Option<&str> {
    let (_, package) = manifest.split_once("[package]\n")?;
    let line = package.lines().find_map(|line| line.strip_prefix("name = \""))?;
    line.strip_suffix('"')
}

#[test]
fn every_field_of_the_access_log_is_documented() {
    let source = read("src/telemetry/access_log.rs");
    let (_, line) = source
        .text
        .split_once("struct Line<'r> {\n")
        .expect("the line's fields");
    let (fields, _) = line.split_once("\n}").expect("the end of the struct");
    let fields = fields.lines().filter_map(|line| line.trim().split_once(": "));
    assert_documented("docs/access-log.md", fields.map(|(name, _)| name.to_owned()).collect());
}

#[test]
fn every_metric_is_documented() {
    let source = read("src/telemetry/metrics.rs");
    let names = source
        .product_lines()
        .flat_map(|(_, line)| line.split('"').skip(1).step_by(2));
    let metrics = names.filter(|name| name.starts_with("edge_")).map(str::to_owned);
    assert_documented("docs/metrics.md", metrics.collect());
}

/// The page's table has exactly one row for each name, in the order of the code.
fn assert_documented(page: &str, names: Vec<String>) {
    assert!(names.len() > 10, "the names were found in the code");
    let page = read(page);
    let rows = page
        .text
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let rows: Vec<String> = rows.map(str::to_owned).collect();
    assert_eq!(rows, names, "{}", page.path);
}
