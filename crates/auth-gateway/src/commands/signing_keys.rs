//! `signing-keys`: the keys that sign tokens, seen and changed by an operator. The gateways follow by themselves.

use anyhow::{Context as _, bail};
use config_text::environment::Environment;
use serde_json::{Value, json};

use super::administer::with_app;
use super::assemble::Purpose;
use super::{Outcome, output};
use crate::app::caller::Caller;
use crate::app::{App, Refusal};
use crate::cli::{Format, Place, SigningKeys};
use crate::domain::signing_key::{Phase, SigningKey, Signs, Successor};

/// Who has read the JWKS keeps it.
const UNTIL_THEY_LOOK: &str = "until they fetch `/oauth/jwks.json` again";

pub(super) fn run(place: &Place, environment: &Environment, keys: SigningKeys) -> Outcome {
    with_app(place, environment, purpose(&keys), async |app| work(&app, keys).await)
}

fn purpose(keys: &SigningKeys) -> Purpose {
    match keys {
        SigningKeys::List(_) => Purpose::Read,
        SigningKeys::Rotate { .. } | SigningKeys::Withdraw { .. } => Purpose::Change,
    }
}

async fn work(app: &App, keys: SigningKeys) -> Outcome {
    let caller = Caller::operator();
    match keys {
        SigningKeys::List(wish) => {
            let rows: Vec<Value> = app.signing_keys().await?.keys.iter().map(row).collect();
            output::list(wish.output, &rows)
        }
        SigningKeys::Rotate { now: false, output } => {
            let next = app.rotate_signing_key(&caller).await?;
            let said = match next.signs {
                Signs::Now => format!("{} signs from now on; verifiers know it", next.kid),
                Signs::From(at) => format!("{} signs from {at} on; verifiers get to know it until then", next.kid),
            };
            rotated(output.output, &said, &next)
        }
        SigningKeys::Rotate { now: true, output } => {
            let next = app.replace_signing_key(&caller).await?;
            let said = format!(
                "{} signs from now on, and what the former one signed stays good; verifiers that keep a copy of the JWKS may \
                 refuse new tokens {UNTIL_THEY_LOOK}",
                next.kid
            );
            rotated(output.output, &said, &next)
        }
        SigningKeys::Withdraw { kid, reason, output } => withdraw(app, &kid, &reason, output.output).await,
    }
}

async fn withdraw(app: &App, kid: &str, reason: &str, format: Format) -> Outcome {
    let reason = reason.parse().context("--reason")?;
    let successor = match app.withdraw_signing_key(kid, reason, &Caller::operator()).await {
        Err(Refusal::NotFound(_)) => {
            bail!("there is no signing key `{kid}`, or none any more: `signing-keys list` shows those that there are")
        }
        withdrawn => withdrawn?,
    };
    let in_its_place = match &successor {
        Some(successor) => format!("{successor} signs in its place"),
        None => "it was not the one that signs".to_owned(),
    };
    let said = format!(
        "{kid} is withdrawn: every gateway on this database refuses what it signed; {in_its_place}; verifiers that keep a copy \
         of the JWKS go by it {UNTIL_THEY_LOOK}"
    );
    output::done(
        format,
        &said,
        &json!({"kid": kid, "withdrawn": true, "successor": successor}),
    )
}

fn rotated(format: Format, said: &str, next: &Successor) -> Outcome {
    let from = match next.signs {
        Signs::Now => None,
        Signs::From(at) => Some(at.to_string()),
    };
    output::done(
        format,
        said,
        &json!({"kid": next.kid, "signs": from.is_none(), "signs_from": from}),
    )
}

fn row(key: &SigningKey) -> Value {
    let (phase, since, until) = match key.phase {
        Phase::Published => ("published", key.published_at, None),
        Phase::Active { since, .. } => ("active", since, None),
        Phase::Retiring { since, until } => ("retiring", since, Some(until)),
    };
    json!({
        "kid": key.kid,
        "algorithm": key.algorithm,
        "phase": phase,
        "since": since.to_string(),
        "until": until.map(|at| at.to_string()),
    })
}
