use crate::workspace::Workspace;

#[test]
fn the_version_names_the_build() {
    let run = Workspace::new().run(&["--version"]);
    assert_eq!(
        run.stdout,
        format!("onasis-gateway {} (plain)\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn help_has_examples() {
    let workspace = Workspace::new();
    insta::assert_snapshot!("help", workspace.run(&["--help"]).stdout);
    insta::assert_snapshot!("help-explain", workspace.run(&["explain", "--help"]).stdout);
}

#[test]
fn a_wrong_call_is_2() {
    assert_eq!(Workspace::new().run(&["serve"]).code, Some(2));
}

#[test]
fn completions_and_the_manual_are_generated() {
    for shell in ["bash", "zsh", "fish"] {
        let run = Workspace::new().run(&["completions", shell]);
        assert!(run.code == Some(0) && run.stdout.contains("explain"), "{shell}");
    }
    let manual = Workspace::new().run(&["man"]);
    assert!(
        manual.stdout.contains(".TH onasis-gateway 1") && manual.stdout.contains("reload"),
        "{}",
        manual.stdout
    );
}

#[test]
fn schemas_are_printed_as_committed() {
    let root = crate::support::edge::repository();
    for (of, file) in [
        ("routes", "conf/routes.schema.json"),
        ("gateway", "conf/gateway.schema.json"),
    ] {
        let run = Workspace::new().run(&["schema", of]);
        let committed = std::fs::read_to_string(root.join(file)).expect(file);
        assert!(
            run.stdout == committed,
            "{file} is stale: onasis-gateway schema {of} > {file}"
        );
    }
}

#[test]
fn a_diagnostics_code_is_explained() {
    let workspace = Workspace::new();
    let run = workspace.run(&["explain-error", "unknown-upstream"]);
    assert!(run.code == Some(0) && run.stdout.len() > 100, "{}", run.stdout);
    let run = workspace.run(&["explain-error", "nonsense"]);
    assert!(
        run.code == Some(2) && run.stderr.contains("unknown-upstream"),
        "{}",
        run.stderr
    );
}
