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
        Projections::Rebuild { name } if name == STATES => {
            let rebuilt = store.rebuild_states().await?;
            say_streams(
                &rebuilt,
                "did not agree with the log and was mended, as all others that did not",
            );
            Ok(ExitCode::SUCCESS)
        }
        Projections::Rebuild { name } => {
            let rebuilt = store.rebuild_projection(named(&name)?.as_ref()).await?;
            let change = match rebuilt.replaced {
                Some(before) if before == rebuilt.checksum => "they were right",
                Some(_) => "they were wrong, and were replaced",
                None => "there were none to compare with",
            };
            eprintln!(
                "auth-gateway: {name}: {} rows up to position {}; {change}",
                rebuilt.rows, rebuilt.position
            );
            Ok(ExitCode::SUCCESS)
        }
        Projections::Compare { name } if name == STATES => {
            let compared = store.compare_states().await?;
            say_streams(
                &compared,
                "does not agree with the log: auth-gateway projections rebuild states",
            );
            Ok(exit(compared.differs.is_none()))
        }
        Projections::Compare { name } => {
            let compared = store.compare_projection(named(&name)?.as_ref()).await?;
            let equal = compared.replaced == Some(compared.checksum);
            let verdict = if equal {
                "as the log says".to_owned()
            } else {
                format!("not as the log says: auth-gateway projections rebuild {name}")
            };
            eprintln!("auth-gateway: {name}: {} rows, {verdict}", compared.rows);
            Ok(exit(equal))
        }
        Projections::Resume { name } => {
            store.resume_projection(&name).await?;
            eprintln!("auth-gateway: {name} goes on where it stopped, as soon as the gateway serves");
            Ok(ExitCode::SUCCESS)
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

fn say_streams(refolded: &Refolded, differing: &str) {
    let Refolded {
        position,
        streams,
        differs,
    } = refolded;
    match differs {
        None => eprintln!("auth-gateway: states: {streams} streams up to position {position}, all as the log says"),
        Some(stream) => eprintln!("auth-gateway: states: {stream} {differing}"),
    }
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
