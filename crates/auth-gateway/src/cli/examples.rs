//! What the help of each command shows.

pub(super) const SERVE: &str = "Examples:
  auth-gateway serve --data ./data                             on loopback, with a SQLite database
  auth-gateway serve --data ./data --listen 127.0.0.1:4100
  auth-gateway serve -c /etc/auth-gateway/auth.yaml";

pub(super) const USERS_CREATE: &str = "Examples, with the `--config FILE` or `--data DIR` of the gateway:
  auth-gateway users create ada@example.org --verified --generate-password
  auth-gateway users create root@example.org --verified --role admin < password.txt";

pub(super) const USERS_SHOW: &str = "Examples, with the `--config FILE` or `--data DIR` of the gateway:
  auth-gateway users show ada@example.org
  auth-gateway users show ada@example.org -o json";

pub(super) const USERS_RESET_PASSWORD: &str = "Example, with the `--config FILE` or `--data DIR` of the gateway:
  auth-gateway users reset-password ada@example.org";

pub(super) const USERS_SET_ROLE: &str = "Example, with the `--config FILE` or `--data DIR` of the gateway:
  auth-gateway users set-role ada@example.org admin";

pub(super) const USERS_DISABLE: &str = "Example, with the `--config FILE` or `--data DIR` of the gateway:
  auth-gateway users disable ada@example.org --reason compromised";

pub(super) const USERS_ENABLE: &str = "Example, with the `--config FILE` or `--data DIR` of the gateway:
  auth-gateway users enable ada@example.org";

pub(super) const USERS_ERASE: &str = "Examples, with the `--config FILE` or `--data DIR` of the gateway:
  auth-gateway users erase ada@example.org
  auth-gateway users erase ada@example.org --yes               without a question, for scripts";

pub(super) const CLIENTS_CREATE: &str = "Examples, with the `--config FILE` or `--data DIR` of the gateway:
  auth-gateway clients create onasis-edge                      may introspect and follow the feed
  auth-gateway clients create reports --may audit
  auth-gateway clients create memories --may introspect --audience memories";

pub(super) const CLIENTS_ROTATE: &str = "Example, with the `--config FILE` or `--data DIR` of the gateway:
  auth-gateway clients rotate onasis-edge --overlap 24h";

pub(super) const CLIENTS_DISABLE: &str = "Example, with the `--config FILE` or `--data DIR` of the gateway:
  auth-gateway clients disable onasis-edge";

pub(super) const KEYS_CREATE: &str = "Examples, with the `--config FILE` or `--data DIR` of the gateway:
  auth-gateway keys create laptop --user ada@example.org
  auth-gateway keys create ci --user ada@example.org --scopes memories:read,mcp:tools --expires-in 90d";

pub(super) const KEYS_LIST: &str = "Example, with the `--config FILE` or `--data DIR` of the gateway:
  auth-gateway keys list --user ada@example.org";

pub(super) const KEYS_ROTATE: &str = "Example, with the `--config FILE` or `--data DIR` of the gateway:
  auth-gateway keys rotate 01a2245b-19ce-79bd-9215-93e5054a6323 --overlap 2h";

pub(super) const KEYS_REVOKE: &str = "Example, with the `--config FILE` or `--data DIR` of the gateway:
  auth-gateway keys revoke 01a2245b-19ce-79bd-9215-93e5054a6323";

pub(super) const KEYS_IMPORT: &str = "Examples, with the `--config FILE` or `--data DIR` of the gateway:
  auth-gateway keys import old-keys.jsonl
  auth-gateway keys import - < old-keys.jsonl";

pub(super) const SESSIONS_LIST: &str = "Example, with the `--config FILE` or `--data DIR` of the gateway:
  auth-gateway sessions list --user ada@example.org";

pub(super) const SESSIONS_END: &str = "Example, with the `--config FILE` or `--data DIR` of the gateway:
  auth-gateway sessions end 01a22457-8528-7cef-8066-dd40ef04def8";

pub(super) const SESSIONS_END_ALL: &str = "Example, with the `--config FILE` or `--data DIR` of the gateway:
  auth-gateway sessions end-all --user ada@example.org";

pub(super) const SIGNING_KEYS_ROTATE: &str = "Examples, with the `--config FILE` or `--data DIR` of the gateway:
  auth-gateway signing-keys rotate                             signs when verifiers know it
  auth-gateway signing-keys rotate --now";

pub(super) const SIGNING_KEYS_WITHDRAW: &str = "Example, with the `--config FILE` or `--data DIR` of the gateway:
  auth-gateway signing-keys withdraw kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k --reason stolen";

pub(super) const LOG_EXPORT: &str = "Examples, with the `--config FILE` or `--data DIR` of the gateway:
  auth-gateway log export > log.jsonl
  auth-gateway log export --from 120000 > rest.jsonl            begins with event 120001";

pub(super) const LOG_CHECKPOINT: &str = "Examples, with the `--config FILE` or `--data DIR` of the gateway:
  auth-gateway log checkpoint > elsewhere.checkpoint
  auth-gateway log checkpoint --anew                            the issuer's host has changed";

pub(super) const AUDIT: &str = "Examples, with the `--config FILE` or `--data DIR` of the gateway:
  auth-gateway audit --subject ada@example.org --since 24h
  auth-gateway audit --kind login.failed --limit 1000 -o json        # one object a line
  auth-gateway audit --since 2026-03-01T00:00:00Z --until 2026-03-02T00:00:00Z";

pub(super) const STATE_AT: &str = "Examples, with the `--config FILE` or `--data DIR` of the gateway:
  auth-gateway state-at user ada@example.org --time 24h
  auth-gateway state-at client onasis-edge --position 1200";

pub(super) const PROJECTIONS_REBUILD: &str = "Example, with the `--config FILE` or `--data DIR` of the gateway:
  auth-gateway projections rebuild audit";

pub(super) const PROJECTIONS_COMPARE: &str = "Example, with the `--config FILE` or `--data DIR` of the gateway:
  auth-gateway projections compare states";

pub(super) const PROJECTIONS_RESUME: &str = "Example, with the `--config FILE` or `--data DIR` of the gateway:
  auth-gateway projections resume audit";

pub(super) const BACKUP: &str = "Examples, with the `--config FILE` or `--data DIR` of the gateway:
  auth-gateway backup /mnt/elsewhere/auth.backup
  auth-gateway backup - | zstd > auth.backup.zst";

pub(super) const RESTORE: &str = "Examples, with the `--config FILE` or `--data DIR` of the gateway:
  auth-gateway restore /mnt/elsewhere/auth.backup --data ./restored
  zstd -dc auth.backup.zst | auth-gateway restore - --database-url postgres://…";

pub(super) const EXPLAIN_ERROR: &str = "Example:
  auth-gateway explain-error unknown-key";

pub(super) const COMPLETIONS: &str = "Example:
  auth-gateway completions bash > /etc/bash_completion.d/auth-gateway";
