use crate::workspace::Workspace;

#[test]
fn no_running_gateway_is_said_plainly() {
    let run = Workspace::new().run(&["reload", "--wait"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""));
    assert!(
        run.stderr.contains("no gateway answers on") && run.stderr.contains("admin.sock"),
        "{}",
        run.stderr
    );
}

#[test]
fn the_socket_can_be_named_and_a_broken_route_map_does_not_matter() {
    let workspace = Workspace::new().with_routes("version: 1", "version: [");
    let run = workspace.run(&["reload", "--wait", "--socket", "elsewhere.sock"]);
    assert!(
        run.stderr.contains("no gateway answers on elsewhere.sock"),
        "{}",
        run.stderr
    );
    let run = workspace.run(&["reload", "--wait"]);
    assert!(run.stderr.contains("no gateway answers on"), "{}", run.stderr);
}
