//! House rules that neither the compiler nor clippy can check. Each is a function from a file's text to complaints, so that it
//! is shown to complain about a bad sample before it is believed about the repository.

#[path = "tidy/modules.rs"]
mod modules;
#[path = "tidy/packages.rs"]
mod packages;
#[path = "tidy/repository.rs"]
mod repository;

use repository::{File, enforce, has_extension, lists, read, root, words};

const MAX_FILE_LINES: usize = 400;
const MAX_FUNCTION_LINES: usize = 60;
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
/// Who else may name an error status, and why.
const CHOOSES_STATUSES: [&str; 4] = [
    // The table itself.
    "src/answer/denied.rs",
    // Answers operators on a listener of its own.
    "src/control/admin.rs",
    // `/health` reports 503 to monitors; nothing is refused.
    "src/endpoints/health.rs",
    // Reads the status Pingora chose, and refuses by the table.
    "src/connection/unread_head.rs",
];

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
fn no_function_is_longer_than_a_screen() {
    let too_long = |file: &File| {
        let lines: Vec<(usize, &str)> = file.product_lines().collect();
        let functions =
            (0..lines.len()).filter(|&index| starts_a_function(lines[index].1) && !is_excused(&lines[..index]));
        let long = functions.filter(|&index| body_length(&lines[index..]) > MAX_FUNCTION_LINES);
        long.map(|index| {
            file.complaint(
                lines[index].0,
                format!("a function of more than {MAX_FUNCTION_LINES} lines"),
            )
        })
        .collect()
    };
    let body = "        act();\n".repeat(MAX_FUNCTION_LINES + 1);
    let bad = File::sample(
        "src/x.rs",
        &format!("impl X {{\n    pub(crate) async fn long(\n        self,\n    ) {{\n{body}    }}\n}}\n"),
    );
    enforce(too_long, &bad, File::is_product);
}

fn starts_a_function(line: &str) -> bool {
    let (before, rest) = line.split_once("fn ").unwrap_or(("-", ""));
    let qualifiers = before.split_whitespace();
    rest.contains(['(', '<'])
        && qualifiers
            .into_iter()
            .all(|word| word.starts_with("pub") || lists("const async", word))
}

/// An attribute right before says why the function is long.
fn is_excused(before: &[(usize, &str)]) -> bool {
    let attributes = before
        .iter()
        .rev()
        .take_while(|(_, line)| line.trim_start().starts_with(['#', '/', '@']));
    attributes.into_iter().any(|(_, line)| line.contains("too_many_lines"))
}

/// Lines of code between a function's braces. rustfmt puts the closing one under the beginning.
fn body_length(lines: &[(usize, &str)]) -> usize {
    let first = lines[0].1;
    let indent = &first[..first.len() - first.trim_start().len()];
    let at_indent = |line: &str| line.starts_with(indent) && !line[indent.len()..].starts_with(' ');
    let opening = lines
        .iter()
        .position(|(_, line)| at_indent(line) && line.ends_with('{'));
    let one_line = lines
        .iter()
        .position(|(_, line)| at_indent(line) && line.ends_with([';', '}']));
    let Some(opening) = opening.filter(|opening| one_line.is_none_or(|one_line| *opening < one_line)) else {
        return 0;
    };
    let body = lines[opening + 1..]
        .iter()
        .take_while(|(_, line)| line.trim().is_empty() || !at_indent(line));
    let code = body.filter(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with("//"));
    code.count()
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

fn is_this_test(file: &File) -> bool {
    file.path == "tests/tidy.rs"
}

#[test]
fn nothing_is_left_to_do() {
    let promises = [
        "TODO:",
        "TODO(",
        "FIXME",
        "@@",
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
        "src/", "crates/", "tests/", "docs/", "conf/", "scripts/", "systemd/", "benches/", "site/",
    ];
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_');
    folders.iter().any(|folder| name.starts_with(folder)) && name.chars().all(plain)
}

#[test]
fn the_code_map_lists_every_module() {
    assert_documented("docs/ARCHITECTURE.md", &modules::declared("src/"));
}

#[test]
fn every_field_of_the_access_log_is_documented() {
    let source = read("src/telemetry/access_log.rs");
    let (_, line) = source
        .text
        .split_once("\nfn write_line(")
        .expect("the function that writes a line");
    let (body, _) = line.split_once("\n}").expect("its end");
    let calls = body.lines().map(str::trim).filter(|line| line.starts_with('.'));
    let fields = calls.filter_map(|call| call.split('"').nth(1));
    assert_documented("docs/access-log.md", &fields.map(str::to_owned).collect::<Vec<_>>());
}

#[test]
fn every_metric_is_documented() {
    let source = read("src/telemetry/metrics.rs");
    let names = source
        .product_lines()
        .flat_map(|(_, line)| line.split('"').skip(1).step_by(2));
    let metrics = names.filter(|name| name.starts_with("edge_")).map(str::to_owned);
    assert_documented("docs/metrics.md", &metrics.collect::<Vec<_>>());
}

/// The page's table has exactly one row for each name, in the order of the code.
fn assert_documented(page: &str, names: &[String]) {
    assert!(names.len() > 10, "the names were found in the code");
    let page = read(page);
    let rows = page
        .text
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let rows: Vec<String> = rows.map(str::to_owned).collect();
    assert_eq!(rows, names, "{}", page.path);
}
