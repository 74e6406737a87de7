//! `users`: made, seen, disabled, erased by an operator.

use std::io::{IsTerminal as _, Read as _};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use config_text::environment::Environment;
use event_store::Remains;
use serde_json::{Value, json};

use super::administer::with_app;
use super::assemble::Purpose;
use super::{Outcome, output};
use crate::app::App;
use crate::app::accounts::Account;
use crate::app::caller::Caller;
use crate::app::sign_up::NewUser;
use crate::cli::{DisableReason as Reason, Format, Place, Users};
use crate::crypto::password::Password;
use crate::crypto::random::{self, SystemRandomness};
use crate::crypto::secret_text::SecretText;
use crate::domain::email_address::EmailAddress;
use crate::domain::ids::UserId;
use crate::domain::user::{Command, DisableReason, Lifecycle, UserSource};

/// Longer than any password, so that a file piped in by mistake is refused and not read on and on.
const LONGEST_INPUT: u64 = 4096;

pub(super) fn run(place: &Place, environment: &Environment, users: Users) -> Outcome {
    if let Users::Erase { yes: false, user, .. } = &users
        && !confirmed(user)?
    {
        eprintln!("auth-gateway: nothing was erased");
        return Ok(ExitCode::FAILURE);
    }
    with_app(place, environment, purpose(&users), async |app| work(&app, users).await)
}

fn purpose(users: &Users) -> Purpose {
    match users {
        Users::List(_) | Users::Show { .. } => Purpose::Read,
        Users::Create { .. }
        | Users::ResetPassword { .. }
        | Users::SetRole { .. }
        | Users::Disable { .. }
        | Users::Enable { .. }
        | Users::Erase { .. } => Purpose::Change,
    }
}

async fn work(app: &Arc<App>, users: Users) -> Outcome {
    match users {
        create @ Users::Create { .. } => self::create(app, create).await,
        Users::List(wish) => {
            let rows: Vec<Value> = app.users().await?.iter().map(row).collect();
            output::list(wish.output, &rows)
        }
        Users::Show { user, output } => {
            let loaded = app.user_named(&user).await?;
            output::one(output.output, &details(&app.account(loaded, app.clock.now()).await?))
        }
        Users::ResetPassword { user, output } => reset_password(app, &user, output.output).await,
        Users::SetRole { user, role, output } => {
            let role = app.role(&role)?;
            change(app, &user, Command::ChangeRole { role }, output.output).await
        }
        Users::Disable { user, reason, output } => {
            let reason = match reason {
                Reason::ByAdministrator => DisableReason::ByAdministrator,
                Reason::ByOwner => DisableReason::ByOwner,
                Reason::Compromised => DisableReason::Compromised,
            };
            change(app, &user, Command::Disable { reason }, output.output).await
        }
        Users::Enable { user, output } => change(app, &user, Command::Enable, output.output).await,
        Users::Erase { user, output, .. } => {
            let id = app.user_named(&user).await?.state.id;
            app.erase_user(id, &Caller::operator()).await?;
            let remains = remains_of_the_key(app, id).await?;
            let said = format!("{id} is erased; {remains}; backups from before hold it, so let them expire");
            output::done(output.output, &said, &json!({"id": id, "standing": "erased"}))
        }
    }
}

/// Removes what a deleted data key leaves in the database's files, and says where some may be.
///
/// # Errors
/// It is still there. Erasing again tries again.
async fn remains_of_the_key(app: &App, id: UserId) -> anyhow::Result<&'static str> {
    let again = || {
        format!(
            "{id} is erased, but copies of the wrapped data key may be left in the database's files: repeat \
             `users erase {id} --yes` when nobody uses the database for long"
        )
    };
    match app.store.remove_remains().await.with_context(again)? {
        Remains::Gone => Ok("no file of the database holds the data key"),
        Remains::LeftToServer => {
            Ok("PostgreSQL removes the deleted data key at its next VACUUM, but for its write-ahead log")
        }
        Remains::InLog => Err(anyhow!("somebody reads from the write-ahead log").context(again())),
    }
}

async fn create(app: &Arc<App>, wish: Users) -> Outcome {
    let Users::Create {
        email,
        name,
        role,
        verified,
        generate_password,
        output,
    } = wish
    else {
        bail!("`create` alone makes users");
    };
    let role = app.role(&role)?;
    let name = name.map(|name| name.parse()).transpose().context("--name")?;
    let email: EmailAddress = email.parse().with_context(|| format!("`{email}`"))?;
    let generated = generate_password.then(|| {
        let bytes = random::bytes::<18>(&SystemRandomness::new());
        SecretText::new(URL_SAFE_NO_PAD.encode(bytes))
    });
    let password = match &generated {
        Some(text) => Password::new(text.expose().to_owned())?,
        None => password_from_stdin()?,
    };
    let wish = NewUser {
        email: email.clone(),
        name,
        password: Some(password),
        role,
        project_scope: None,
        verified,
        source: UserSource::Admin,
    };
    let caller = Caller::operator();
    let id = app.create_user(wish, &caller).await?;
    if !verified {
        app.verify_email_again(&email, &caller).await?;
        eprintln!("auth-gateway: a letter to verify the address is on its way; --verified leaves it out");
    }
    let account = app
        .account(app.user_named(&id.to_string()).await?, app.clock.now())
        .await?;
    let mut shown = row(&account);
    if let (Some(text), Some(fields)) = (&generated, shown.as_object_mut()) {
        fields.insert("password".to_owned(), json!(text.expose()));
        eprintln!("auth-gateway: the password is shown this once");
    }
    output::one(output.output, &shown)
}

async fn reset_password(app: &App, user: &str, format: Format) -> Outcome {
    let account = app.account(app.user_named(user).await?, app.clock.now()).await?;
    if !account.user.may_act() {
        bail!("the user is {}", standing(&account.user.lifecycle));
    }
    let email = account.email.context("the user has no e-mail address")?;
    app.forgot_password(&email, &Caller::operator()).await?;
    output::done(
        format,
        "a link to choose a new password is on its way",
        &json!({"id": account.user.id, "letter": "reset_password"}),
    )
}

async fn change(app: &App, user: &str, command: Command, format: Format) -> Outcome {
    let id = app.user_named(user).await?.state.id;
    let changed = app.change_user(id, command, &Caller::operator()).await?;
    let standing = standing(&changed.lifecycle);
    output::done(
        format,
        &format!("{id} is {standing}, role {}", changed.role),
        &json!({"id": id, "standing": standing, "role": changed.role}),
    )
}

/// One line, or all there is; a line feed at its end is not part of it.
fn password_from_stdin() -> anyhow::Result<Password> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        bail!("give the password on stdin (`… < FILE`), where nobody sees it, or add --generate-password");
    }
    let mut text = String::new();
    stdin
        .take(LONGEST_INPUT)
        .read_to_string(&mut text)
        .context("the password on stdin")?;
    let end = text.trim_end_matches(['\r', '\n']).len();
    text.truncate(end);
    Password::new(text).context("the password on stdin")
}

fn confirmed(user: &str) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        bail!("erasing can not be undone: add --yes");
    }
    eprint!("Erasing can not be undone. Type `{user}` to go on: ");
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(answer.trim() == user)
}

fn standing(lifecycle: &Lifecycle) -> &'static str {
    match lifecycle {
        Lifecycle::Unverified => "unverified",
        Lifecycle::Active { .. } => "active",
        Lifecycle::Disabled { .. } => "disabled",
        Lifecycle::Erased { .. } => "erased",
    }
}

fn row(account: &Account) -> Value {
    let user = &account.user;
    json!({
        "id": user.id,
        "email": account.email,
        "name": account.profile.name,
        "role": user.role,
        "standing": standing(&user.lifecycle),
        "registered": user.registered_at.to_string(),
    })
}

fn details(account: &Account) -> Value {
    let user = &account.user;
    let mut shown = row(account);
    let more = json!({
        "verified": user.is_verified(),
        "organization_id": user.organization_id,
        "project_scope": user.project_scope,
        "source": user.source,
        "password_set": user.password_set_at.map(|at| at.to_string()),
        "last_sign_in": user.last_sign_in_at.map(|at| at.to_string()),
        "sessions_not_before": user.sessions.sessions_not_before.map(|at| at.to_string()),
        "version": account.version,
    });
    if let (Value::Object(fields), Value::Object(more)) = (&mut shown, more) {
        fields.extend(more);
    }
    shown
}
