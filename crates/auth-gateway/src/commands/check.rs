//! `check`, `schema` and `explain-error`: the configuration file, without starting anything.

use std::process::ExitCode;

use config_text::environment::Environment;
use serde_json::json;

use super::{Outcome, REFUSED_CONFIGURATION, configuration, output, print};
use crate::cli::{Format, Place};
use crate::config::code::{CODES, Code};
use crate::config::settings::DatabaseKind;
use crate::config::{self, Loaded};

pub(super) fn run(place: &Place, environment: &Environment, format: Format) -> Outcome {
    let Loaded {
        settings,
        diagnostics,
        sources,
    } = configuration(place, None, environment);
    let found = diagnostics.listed(&sources);
    let Some(settings) = settings else {
        if format == Format::Json {
            output::one(format, &json!({"ok": false, "diagnostics": found}))?;
        }
        return Ok(ExitCode::from(REFUSED_CONFIGURATION));
    };
    let database = match &settings.database.kind {
        DatabaseKind::Sqlite(path) => format!("SQLite at {}", path.display()),
        DatabaseKind::Postgres(_) => "PostgreSQL".to_owned(),
    };
    let issuer = settings.issuer.as_str();
    output::done(
        format,
        &format!("the configuration is ok (issuer {issuer}, {database})"),
        &json!({"ok": true, "issuer": issuer, "database": database, "diagnostics": found}),
    )
}

pub(super) fn schema() -> Outcome {
    print(&format!("{}\n", serde_json::to_string_pretty(&config::schema())?))
}

pub(super) fn explain_error(code: &str) -> Outcome {
    match CODES.named(code) {
        Some(known) => print(&format!("{}\n", CODES.explanation(known))),
        None => {
            let all: Vec<&str> = CODES.all().map(Code::as_str).collect();
            eprintln!("error: there is no code `{code}`; known codes: {}", all.join(", "));
            Ok(ExitCode::from(2))
        }
    }
}
