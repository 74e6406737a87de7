//! `doctor`: looks for what is wrong, from the configuration to what is derived from the log, and says what helps.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use config_text::environment::Environment;
use event_store::Store;
use event_store::checkpoint::{Key, Signer as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::administer::with_settings;
use super::assemble::{Assembled, Purpose, assemble_for_command, checkpoint_signer, database_name, open_store};
use super::data_folder::open_to_others;
use super::log::kept;
use super::{Outcome, output};
use crate::cli::{Format, Place};
use crate::clock::{Clock as _, SystemClock};
use crate::config::Settings;
use crate::config::settings::MailTransport;
use crate::deliveries::position::backlog;
use crate::domain::signing_key::SigningKeys;

/// For a mail server to be reached.
const CONNECT: Duration = Duration::from_secs(5);
/// A projection may be so many events behind while the server is busy.
const USUAL_LAG: u64 = 1000;

/// What one look found.
struct Look {
    what: String,
    verdict: Verdict,
    detail: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Fine,
    /// Nothing fails now.
    Doubtful,
    Broken,
}

pub(super) fn run(place: &Place, environment: &Environment, format: Format) -> Outcome {
    with_settings(place, environment, async |settings| {
        let looks = look(settings).await;
        let rows: Vec<Value> = looks.iter().map(row).collect();
        output::list(format, &rows)?;
        let is_broken = looks.iter().any(|look| look.verdict == Verdict::Broken);
        Ok(if is_broken {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    })
}

async fn look(settings: Settings) -> Vec<Look> {
    let mut looks = vec![fine("configuration", settings.issuer.as_str())];
    looks.extend(data_folder(&settings.data));
    match open_store(&settings, Purpose::Read).await {
        Err(error) => looks.push(broken("database", format!("{error:#}"))),
        Ok(store) => {
            looks.push(fine("database", database_name(&settings)));
            match checkpoint_signer(&settings) {
                Ok(signer) => looks.push(log(&store, &settings, signer.key()).await),
                Err(error) => looks.push(broken("master key", format!("{error:#}"))),
            }
            looks.extend(projections(&store).await);
            looks.extend(deliveries(&store, &settings).await);
            looks.push(keys(settings.clone()).await);
        }
    }
    looks.push(mail(&settings).await);
    looks
}

/// Nothing, if all is well with it.
fn data_folder(folder: &Path) -> Option<Look> {
    match open_to_others(folder) {
        Ok(None) => None,
        Ok(Some(mode)) => {
            let shown = folder.display();
            let detail = format!("others may look into {shown} (mode {mode:03o}); run: chmod 700 {shown}");
            Some(doubtful("data folder", detail))
        }
        Err(error) => Some(broken("data folder", format!("{}: {error}", folder.display()))),
    }
}

/// The master key must open what it sealed, and there must be a key to sign with.
async fn keys(settings: Settings) -> Look {
    let app = match assemble_for_command(settings, Purpose::Read).await {
        Err(error) => return broken("keys", format!("{error:#}")),
        Ok(Assembled { app, .. }) => app,
    };
    match (app.keys.current(), app.signing_keys().await) {
        (Ok(_), _) => fine("keys", "the master key opens them, and one signs"),
        (Err(_), Ok(SigningKeys { keys })) if keys.is_empty() => {
            doubtful("keys", "none yet: auth-gateway serve makes the first at its start")
        }
        (Err(error), _) => broken("keys", error.to_string()),
    }
}

async fn log(store: &Store, settings: &Settings, key: &Key) -> Look {
    let outside = match kept(settings, key) {
        Ok(outside) => outside,
        Err(error) => return broken("log", format!("{error:#}")),
    };
    let has_outside = outside.is_some();
    match store.verify(Some(key), outside.into_iter().collect()).await {
        Err(error) => broken("log", error.to_string()),
        Ok(report) => match report.finding {
            Some(finding) => broken("log", format!("it is not what was written: {finding}")),
            None if has_outside => fine("log", format!("{} events, as its checkpoints say", report.sound())),
            None => doubtful(
                "log",
                format!(
                    "{} sound events, and no checkpoint outside yet: log checkpoint",
                    report.sound()
                ),
            ),
        },
    }
}

async fn projections(store: &Store) -> Vec<Look> {
    let states = match store.compare_states().await {
        Err(error) => broken("states", error.to_string()),
        Ok(compared) => match compared.differs {
            None => fine("states", format!("{} streams, as the log says", compared.streams)),
            Some(stream) => broken(
                "states",
                format!("{stream} is not as the log says: projections rebuild states"),
            ),
        },
    };
    let derived = match store.projections().await {
        Err(error) => vec![broken("projections", error.to_string())],
        Ok(found) => found
            .into_iter()
            .map(|status| {
                let what = format!("projection {}", status.name);
                match status.error {
                    Some(error) => broken(what, format!("stopped after {}: {error}", status.position)),
                    None if status.lag > USUAL_LAG => {
                        doubtful(what, format!("{} events behind: is the gateway serving?", status.lag))
                    }
                    None => fine(what, format!("{} events behind", status.lag)),
                }
            })
            .collect(),
    };
    std::iter::once(states).chain(derived).collect()
}

async fn deliveries(store: &Store, settings: &Settings) -> Vec<Look> {
    let mut looks = Vec::new();
    for receiver in &settings.deliveries {
        let what = format!("delivery {}", receiver.name);
        looks.push(match backlog(store, &receiver.name, SystemClock.now()).await {
            Err(error) => broken(what, error.to_string()),
            Ok(None) => doubtful(what, "no gateway has delivered to it yet"),
            Ok(Some(0)) => fine(what, "it has everything"),
            Ok(Some(waiting)) => doubtful(what, format!("{waiting} events wait for it; the server's log says why")),
        });
    }
    looks
}

async fn mail(settings: &Settings) -> Look {
    match &settings.mail.transport {
        MailTransport::Spool(folder) => doubtful("mail", format!("written to {}, never sent", folder.display())),
        MailTransport::Webhook(webhook) => fine("mail", format!("posted to {}", webhook.url.as_str())),
        MailTransport::Smtp(smtp) => {
            let place = format!("{}:{}", smtp.host, smtp.port);
            let connected = tokio::time::timeout(CONNECT, TcpStream::connect((smtp.host.as_str(), smtp.port))).await;
            match connected {
                Ok(Ok(_)) => fine("mail", format!("{place} can be reached")),
                Ok(Err(error)) => broken("mail", format!("{place}: {error}")),
                Err(_) => broken("mail", format!("{place} does not answer")),
            }
        }
    }
}

fn fine(what: impl Into<String>, detail: impl Into<String>) -> Look {
    seen(what, Verdict::Fine, detail)
}

fn doubtful(what: impl Into<String>, detail: impl Into<String>) -> Look {
    seen(what, Verdict::Doubtful, detail)
}

fn broken(what: impl Into<String>, detail: impl Into<String>) -> Look {
    seen(what, Verdict::Broken, detail)
}

fn seen(what: impl Into<String>, verdict: Verdict, detail: impl Into<String>) -> Look {
    Look {
        what: what.into(),
        verdict,
        detail: detail.into(),
    }
}

fn row(look: &Look) -> Value {
    let verdict = match look.verdict {
        Verdict::Fine => "ok",
        Verdict::Doubtful => "warning",
        Verdict::Broken => "error",
    };
    json!({"what": look.what, "verdict": verdict, "detail": look.detail})
}
