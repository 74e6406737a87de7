//! `keys`: users' API keys, and those of older systems that are taken over by their hash.

use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use config_text::environment::Environment;
use identity_contract::ScopeSet;
use serde::Deserialize;
use serde_json::{Value, json};

use super::administer::with_app;
use super::assemble::Purpose;
use super::{Outcome, output};
use crate::app::api_keys::{NewKey, SeenKey};
use crate::app::caller::Caller;
use crate::app::{App, Refusal};
use crate::cli::{Format, Keys, Place};
use crate::crypto::api_key_text::ApiKeyText;
use crate::domain::api_key::RevokeReason;
use crate::domain::ids::ApiKeyId;
use crate::domain::key_hash::KeyHash;

pub(super) fn run(place: &Place, environment: &Environment, keys: Keys) -> Outcome {
    with_app(place, environment, purpose(&keys), async |app| work(&app, keys).await)
}

fn purpose(keys: &Keys) -> Purpose {
    match keys {
        Keys::List { .. } => Purpose::Read,
        Keys::Create { .. } | Keys::Rotate { .. } | Keys::Revoke { .. } | Keys::Import { .. } => Purpose::Change,
    }
}

async fn work(app: &App, keys: Keys) -> Outcome {
    let caller = Caller::operator();
    match keys {
        Keys::Create {
            name,
            user,
            scopes,
            expires_in,
            output,
        } => {
            let owner = app.user_named(&user).await?.state;
            let wish = NewKey {
                name,
                scopes: scope_set(&scopes)?,
                expires_in,
                ..NewKey::default()
            };
            if !owner.may_act() {
                bail!("the user is disabled or erased: `users show USER` tells");
            }
            match app.create_key(&owner, wish, &caller).await {
                Err(Refusal::Exists(_)) => {
                    bail!("an API key with this name exists already; `keys list --user USER` shows it")
                }
                made => {
                    let (key, text) = made?;
                    with_text(output.output, &key, &text)
                }
            }
        }
        Keys::List { user, output } => {
            let owner = app.user_named(&user).await?.state;
            let rows: Vec<Value> = app.keys_of(owner.id).await?.iter().map(row).collect();
            output::list(output.output, &rows)
        }
        Keys::Rotate { id, overlap, output } => {
            let id = key_id(&id)?;
            let owner = app.key_owner(id).await?;
            let (key, text) = app.rotate_key(id, owner, overlap, None, &caller).await?;
            with_text(output.output, &key, &text)
        }
        Keys::Revoke { id, output } => {
            let id = key_id(&id)?;
            let owner = app.key_owner(id).await?;
            app.revoke_key(id, owner, RevokeReason::ByAdministrator, &caller)
                .await?;
            let said = format!("{id} is refused from now on");
            output::done(output.output, &said, &json!({"id": id, "active": false}))
        }
        Keys::Import { file, output } => import(app, &file, output.output, &caller).await,
    }
}

/// A key as an older system knew it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OldKey {
    sha256: KeyHash,
    user: String,
    name: String,
    /// Without it, what the owner may.
    #[serde(default)]
    scopes: Option<Vec<String>>,
    /// How the text begins; the hash covers all of it.
    #[serde(default)]
    prefix: Option<String>,
}

/// Every line for itself: what is here already is passed over, so a file can be given again.
async fn import(app: &App, file: &Path, format: Format, caller: &Caller) -> Outcome {
    let place = if file == Path::new("-") {
        "stdin".to_owned()
    } else {
        file.display().to_string()
    };
    let text = read(file).with_context(|| place.clone())?;
    let (mut imported, mut known, mut refused) = (0_usize, 0_usize, Vec::new());
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match import_line(app, line, caller).await {
            Ok(()) => imported += 1,
            Err(error) if matches!(error.downcast_ref(), Some(Refusal::Exists(_))) => known += 1,
            Err(error) if matches!(error.downcast_ref(), Some(Refusal::Unavailable(_))) => return Err(error),
            Err(error) => {
                eprintln!("error: {place}, line {}: {error:#}", index + 1);
                refused.push(json!({"line": index + 1, "reason": format!("{error:#}")}));
            }
        }
    }
    let said = format!("{imported} imported, {known} here already, {} refused", refused.len());
    let is_whole = refused.is_empty();
    output::done(
        format,
        &said,
        &json!({"imported": imported, "known": known, "refused": refused}),
    )?;
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn import_line(app: &App, line: &str, caller: &Caller) -> anyhow::Result<()> {
    let old: OldKey = serde_json::from_str(line).context("no key as `keys import --help` shows it")?;
    presentable(old.prefix.as_deref())?;
    let owner = app.user_named(&old.user).await?.state;
    if old.scopes.as_ref().is_some_and(Vec::is_empty) {
        bail!("a key without scopes may do nothing; leave `scopes` out for all that its owner may");
    }
    let wish = NewKey {
        name: old.name,
        scopes: scope_set(&old.scopes.unwrap_or_default())?,
        ..NewKey::default()
    };
    app.import_key(&owner, wish, old.sha256, caller).await?;
    Ok(())
}

/// A key that begins otherwise is refused before anybody looks for its hash: imported, it would never work.
fn presentable(prefix: Option<&str>) -> anyhow::Result<()> {
    let known = ApiKeyText::PREFIXES;
    match prefix {
        Some(prefix) if known.contains(&prefix) => Ok(()),
        Some(prefix) => bail!(
            "no key that begins with `{prefix}` can be presented, only those that begin with {}",
            known.join(", ")
        ),
        None => bail!(
            "no prefix: only keys that begin with {} can be presented, and the hash does not tell",
            known.join(", ")
        ),
    }
}

fn read(file: &Path) -> std::io::Result<String> {
    if file != Path::new("-") {
        return std::fs::read_to_string(file);
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    Ok(text)
}

/// `None` for none: what the owner may.
fn scope_set(scopes: &[String]) -> anyhow::Result<Option<ScopeSet>> {
    if scopes.is_empty() {
        return Ok(None);
    }
    match ScopeSet::from_list(scopes) {
        Ok(set) => Ok(Some(set)),
        Err(error) => bail!("the scopes: {error}"),
    }
}

fn key_id(id: &str) -> anyhow::Result<ApiKeyId> {
    id.parse()
        .with_context(|| format!("`{id}` is no key's id; `keys list --user USER` shows them"))
}

fn with_text(format: Format, key: &SeenKey, text: &ApiKeyText) -> Outcome {
    let mut shown = row(key);
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("key".to_owned(), json!(text.expose()));
    }
    eprintln!("auth-gateway: the key is shown this once");
    output::one(format, &shown)
}

fn row(seen: &SeenKey) -> Value {
    let key = &seen.key;
    json!({
        "id": key.id,
        "name": key.settings.name,
        "user": key.user_id,
        "scopes": key.settings.permissions,
        "origin": key.origin,
        "active": seen.is_active,
        "created": key.created_at.to_string(),
        "expires": key.settings.expires_at.map(|at| at.to_string()),
        "rotated": key.rotated_at.map(|at| at.to_string()),
        "last_used": seen.last_used_at.map(|at| at.to_string()),
    })
}
