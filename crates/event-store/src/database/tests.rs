use super::*;
use crate::writer::Writer;

fn at(url: &str) -> Result<Database, OpenError> {
    Database::at(url, Duration::from_secs(1))
}

#[test]
fn a_path_with_the_signs_of_a_url_is_taken_literally() {
    let database = at("sqlite:/srv/a b?mode=memory#1%20.db").unwrap();
    let file = PathBuf::from("/srv/a b?mode=memory#1%20.db");
    assert_eq!(database.engine, Engine::Sqlite { file });
    assert_eq!(database.url, "sqlite:/srv/a%20b%3Fmode%3Dmemory%231%2520.db?mode=rw");
}

#[test]
fn a_url_of_no_database_is_refused_without_repeating_a_password() {
    for url in [
        "mysql://u:secret@h/d",
        "nothing",
        "sqlite::memory:",
        "sqlite:",
        "postgres://u:secret@[/d",
    ] {
        let error = at(url).unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }
}

#[tokio::test]
async fn a_database_can_be_at_any_path() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a b?c#d%20é.db");
    let database = at(&format!("sqlite:{}", file.display())).unwrap();
    assert!(!database.may_exist().unwrap());
    database.create().unwrap();
    let mut connection = database.connect(Role::Writer).await.unwrap();
    raw_sql("CREATE TABLE t (a INTEGER)")
        .execute(&mut connection)
        .await
        .unwrap();
    assert!(std::fs::metadata(&file).unwrap().len() > 0);
    let Writer::Sqlite(connection) = Writer::connect(&database).await.unwrap() else {
        unreachable!("it is a file");
    };
    assert_eq!(connection.path().map(PathBuf::from), Some(file));
    let of_writer = ["synchronous", "secure_delete", "busy_timeout"].map(|name| {
        connection
            .pragma_query_value(None, name, |row| row.get::<_, i64>(0))
            .unwrap()
    });
    assert_eq!(of_writer, [2, 1, 1000]);
}

#[test]
fn a_file_that_cannot_be_looked_for_is_not_said_to_be_missing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let below = |name: &str| at(&format!("sqlite:{}", folder.path().join(name).display())).unwrap();
    assert!(!below("other.db").may_exist().unwrap());
    assert!(below("file/below.db").may_exist().is_err());
}
