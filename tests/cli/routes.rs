use crate::workspace::Workspace;

#[test]
fn the_map_is_listed_as_a_table_and_as_json() {
    let table = Workspace::new().run(&["routes"]);
    assert_eq!((table.code, table.stderr.as_str()), (Some(0), ""));
    insta::assert_snapshot!("routes", table.stdout);
    let json = Workspace::new().run(&["routes", "-o", "json"]);
    let rows: serde_json::Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!(rows.as_array().map(Vec::len), Some(table.stdout.lines().count() - 1));
    assert_eq!(rows[0]["id"], "memory-item");
}
