//! Roles are those of the configuration.

use crate::installation::{Installation, PASSWORD};

#[test]
fn a_role_that_the_configuration_does_not_name_is_refused_with_those_it_does() {
    let installation =
        Installation::configured("scopes: { roles: { admin: [\"*\"], auditor: [\"memories:read\"] } }\n");
    installation.done(&["migrate"]);
    installation.user("ada@example.org");
    let unknown = installation.run(&["users", "set-role", "ada@example.org", "bogus"]);
    let expected = "error: there is no role `bogus`: there are admin, auditor, authenticated\n";
    assert_eq!((unknown.code, unknown.stderr.as_str()), (Some(1), expected));
    let made = ["users", "create", "eve@example.org", "--role", "bogus"];
    let unknown = installation.run_with(&made, PASSWORD);
    assert_eq!((unknown.code, unknown.stderr.as_str()), (Some(1), expected));
    assert_eq!(installation.run(&["users", "show", "eve@example.org"]).code, Some(1));
    installation.done(&["users", "set-role", "ada@example.org", "auditor"]);
    installation.done(&["users", "set-role", "ada@example.org", "authenticated"]);
}
