//! `projections`: what is derived from the log, seen and made anew. `states` is what login and introspection read.

use std::process::ExitCode;

use anyhow::bail;
use config_text::environment::Environment;
use event_store::projection::{Activity, Projection, ProjectionStatus};
use event_store::{Refolded, Store};
use serde_json::{Value, json};

use super::administer::with_store;
use super::{Outcome, output};
use crate::app::audit;
use crate::cli::{Place, Projections};

const STATES: &str = "states";

pub(super) fn run(place: &Place, environment: &Environment, projections: Projections) -> Outcome {
    with_store(place, environment, async |store, _| work(&store, projections).await)
}

async fn work(store: &Store, projections: Projections) -> Outcome {
    match projections {
        Projections::List(wish) => {
            let rows: Vec<Value> = store.projections().await?.iter().map(row).collect();
            output::list(wish.output, &rows)
        }
        Projections::Rebuild { name, output } if name == STATES => {
            let rebuilt = store.rebuild_states().await?;
            let differing = "did not agree with the log and was mended, as all others that did not";
            output::done(output.output, &said_of_streams(&rebuilt, differing), &streams(&rebuilt))
        }
        Projections::Rebuild { name, output } => {
            let rebuilt = store.rebuild_projection(named(&name)?.as_ref()).await?;
            let was_equal = rebuilt.replaced.map(|before| before == rebuilt.checksum);
            let change = match was_equal {
                Some(true) => "they were right",
                Some(false) => "they were wrong, and were replaced",
                None => "there were none to compare with",
            };
            let (rows, position) = (rebuilt.rows, rebuilt.position);
            let said = format!("{name}: {rows} rows up to position {position}; {change}");
            let row = json!({"name": name, "rows": rows, "position": position, "equal": was_equal});
            output::done(output.output, &said, &row)
        }
        Projections::Compare { name, output } if name == STATES => {
            let compared = store.compare_states().await?;
            let differing = "does not agree with the log: auth-gateway projections rebuild states";
            output::done(
                output.output,
                &said_of_streams(&compared, differing),
                &streams(&compared),
            )?;
            Ok(exit(compared.differs.is_none()))
        }
        Projections::Compare { name, output } => {
            let compared = store.compare_projection(named(&name)?.as_ref()).await?;
            let equal = compared.replaced == Some(compared.checksum);
            let verdict = if equal {
                "as the log says".to_owned()
            } else {
                format!("not as the log says: auth-gateway projections rebuild {name}")
            };
            let (rows, position) = (compared.rows, compared.position);
            let row = json!({"name": name, "rows": rows, "position": position, "equal": equal});
            output::done(output.output, &format!("{name}: {rows} rows, {verdict}"), &row)?;
            Ok(exit(equal))
        }
        Projections::Resume { name, output } => {
            store.resume_projection(&name).await?;
            let said = format!("{name} goes on where it stopped, as soon as the gateway serves");
            output::done(output.output, &said, &json!({"name": name, "resumed": true}))
        }
    }
}

fn named(name: &str) -> anyhow::Result<Box<dyn Projection>> {
    let known: [Box<dyn Projection>; 2] = [Box::new(audit::index()), Box::new(Activity)];
    match known.into_iter().find(|projection| projection.name() == name) {
        Some(projection) => Ok(projection),
        None => bail!("there is no projection `{name}`; there are states, audit, activity"),
    }
}

fn said_of_streams(refolded: &Refolded, differing: &str) -> String {
    let (streams, position) = (refolded.streams, refolded.position);
    match &refolded.differs {
        None => format!("states: {streams} streams up to position {position}, all as the log says"),
        Some(stream) => format!("states: {stream} {differing}"),
    }
}

fn streams(refolded: &Refolded) -> Value {
    json!({
        "name": STATES,
        "rows": refolded.streams,
        "position": refolded.position,
        "equal": refolded.differs.is_none(),
        "differs": refolded.differs.as_ref().map(ToString::to_string),
    })
}

fn exit(fine: bool) -> ExitCode {
    if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn row(status: &ProjectionStatus) -> Value {
    json!({
        "name": status.name,
        "version": status.version,
        "position": status.position,
        "lag": status.lag,
        "error": status.error,
    })
}
