//! Which package of the workspace may depend on which. `deny.toml` fences what comes from outside.

use crate::repository::{File, enforce, lists};

/// Each package, and those it may depend on, its tests included. The two programs share nothing but what both list.
const MAY_USE: [(&str, &str); 7] = [
    ("onasis-gateway", "config-text identity-contract platform-standin"),
    (
        "auth-gateway",
        "config-text event-store identity-contract local-postgres",
    ),
    ("event-store", "local-postgres"),
    ("config-text", ""),
    ("identity-contract", ""),
    ("local-postgres", ""),
    ("platform-standin", "identity-contract"),
];

#[test]
fn packages_depend_only_on_those_they_may_use() {
    let bad = "[package]\nname = \"onasis-gateway\"\n[dependencies]\nauth-gateway = { path = \"x\" }\n";
    enforce(forbidden, &File::sample("Cargo.toml", bad), |file| {
        file.path.ends_with("Cargo.toml") && package_name(&file.text).is_some()
    });
    let renamed = bad.replace("auth-gateway = {", "auth = { package = \"auth-gateway\",");
    assert_eq!(forbidden(&File::sample("Cargo.toml", &renamed)).len(), 1, "{renamed}");
}

fn forbidden(file: &File) -> Vec<String> {
    let own = package_name(&file.text).unwrap_or_default();
    let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == own) else {
        return vec![file.complaint(1, format!("tests/tidy/packages.rs does not know the package `{own}`"))];
    };
    let lines = file.text.lines().enumerate();
    lines
        .filter_map(|(index, line)| {
            let (used, _) = MAY_USE.iter().find(|(name, _)| depends(line, name))?;
            let fine = *used == own || lists(allowed, used);
            (!fine).then(|| file.complaint(index + 1, format!("{own} may not depend on {used}")))
        })
        .collect()
}

/// Whether a line of a manifest declares a dependency on this package.
fn depends(line: &str, package: &str) -> bool {
    let key = line.split(['=', '.']).next().unwrap_or_default().trim();
    key == package || line.contains(&format!("package = \"{package}\""))
}

fn package_name(manifest: &str) -> Option<&str> {
    let (_, package) = manifest.split_once("[package]\n")?;
    let line = package.lines().find_map(|line| line.strip_prefix("name = \""))?;
    line.strip_suffix('"')
}
