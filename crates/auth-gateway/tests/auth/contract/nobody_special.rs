//! Administration is a role and a scope, by their whole names, and nobody has them from the start.

use super::refusal;
use crate::support::gateway::{PASSWORD, Person, Served};
use serde_json::json;

#[tokio::test]
async fn there_is_no_account_and_no_password_to_begin_with() {
    let gateway = Served::start("");
    assert_eq!(gateway.command(&["users", "list", "-o", "json"]).trim(), "[]");
    let names = [
        "admin",
        "admin@example.org",
        "root",
        "admin@lanonasis.com",
        "superuser@localhost",
    ];
    for name in names {
        for password in ["admin", "password", "changeme", "lanonasis", ""] {
            let login = json!({"email": name, "password": password});
            let answer = gateway.client().post("/v1/auth/login", login).await;
            assert!(
                [400, 401].contains(&answer.status.as_u16()),
                "{name} {password}: {}",
                answer.text
            );
        }
    }
    let set_up = json!({"token": "", "email": "me@example.org", "password": PASSWORD});
    assert_eq!(
        refusal(&gateway.client().post("/v1/auth/setup", set_up).await),
        (400, "INVALID_CODE")
    );
    assert_eq!(gateway.command(&["users", "list", "-o", "json"]).trim(), "[]");
}

#[tokio::test]
async fn a_role_or_a_scope_that_contains_admin_is_not_admin() {
    let roles = "admin: [\"memories:admin\", \"xadmin:audit\", \"admin:auditing\"], subadmin: [\"admin:*\"]";
    let gateway = Served::start(&format!("scopes: {{ roles: {{ {roles} }} }}"));
    gateway.set_up().await;
    let admin = gateway.admin().await;
    assert_eq!(refusal(&admin.get("/v1/auth/audit").await), (403, "SCOPE_INSUFFICIENT"));
    let user = gateway.user().await;
    gateway.command(&["users", "set-role", &user.email, "subadmin"]);
    let subadmin = Person::log_in(gateway.client(), &user.email, PASSWORD).await;
    assert_eq!(refusal(&subadmin.get("/v1/auth/audit").await), (403, "FORBIDDEN"));
}
