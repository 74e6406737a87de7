//! `clients`: programs of the platform that ask in their own name.

use anyhow::Context as _;
use config_text::environment::Environment;
use identity_contract::ScopeSet;
use serde_json::{Value, json};

use super::administer::with_app;
use super::assemble::Purpose;
use super::{Outcome, output};
use crate::app::App;
use crate::app::caller::Caller;
use crate::cli::{Clients, Format, May, Place};
use crate::crypto::secret_text::SecretText;
use crate::domain::client::{Capability, Client, ClientSettings, Command};
use crate::domain::ids::ClientId;

pub(super) fn run(place: &Place, environment: &Environment, clients: Clients) -> Outcome {
    with_app(place, environment, purpose(&clients), async |app| {
        work(&app, clients).await
    })
}

fn purpose(clients: &Clients) -> Purpose {
    match clients {
        Clients::List(_) => Purpose::Read,
        Clients::Create { .. } | Clients::Rotate { .. } | Clients::Disable { .. } => Purpose::Change,
    }
}

async fn work(app: &App, clients: Clients) -> Outcome {
    let caller = Caller::operator();
    match clients {
        Clients::Create {
            id,
            may,
            audiences,
            output,
        } => {
            let settings = ClientSettings {
                name: id.clone(),
                allowed_scopes: ScopeSet::default(),
                capabilities: may.into_iter().map(capability).collect(),
                audiences: audiences.into_iter().collect(),
                redirect_uris: Vec::new(),
            };
            let (client, secret) = app.create_client(&id, settings, &caller).await?;
            with_secret(output.output, &client, &secret)
        }
        Clients::List(wish) => {
            let rows: Vec<Value> = app.clients().await?.iter().map(row).collect();
            output::list(wish.output, &rows)
        }
        Clients::Rotate { id, overlap, output } => {
            let (client, secret) = app.rotate_client(&named(&id)?, overlap, &caller).await?;
            with_secret(output.output, &client, &secret)
        }
        Clients::Disable { id, output } => {
            app.change_client(&named(&id)?, Command::Disable, &caller).await?;
            let said = format!("{id} is refused from now on");
            output::done(output.output, &said, &json!({"id": id, "disabled": true}))
        }
    }
}

fn named(id: &str) -> anyhow::Result<ClientId> {
    id.parse().with_context(|| format!("`{id}`"))
}

fn capability(may: May) -> Capability {
    match may {
        May::Introspect => Capability::Introspect,
        May::Feed => Capability::Feed,
        May::Audit => Capability::Audit,
    }
}

fn with_secret(format: Format, client: &Client, secret: &SecretText) -> Outcome {
    let mut shown = row(client);
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("secret".to_owned(), json!(secret.expose()));
    }
    eprintln!("auth-gateway: the secret is shown this once");
    output::one(format, &shown)
}

fn row(client: &Client) -> Value {
    json!({
        "id": client.id,
        "kind": client.kind,
        "may": client.settings.capabilities,
        "audiences": client.settings.audiences,
        "enabled": client.is_enabled(),
        "secrets": client.secrets.len(),
        "registered": client.registered_at.to_string(),
    })
}
