//! SQLite: statements are cheap, parameters by their number are not.

mod load;
mod save;

pub(super) use load::load;
pub(super) use save::save;

use crate::head::Head;
use crate::row::signed;
use sqlx::{AnyConnection, query, raw_sql};

/// Prepared once, which several statements at once can be only here.
pub(super) async fn begin(connection: &mut AnyConnection) -> sqlx::Result<Head> {
    let begin = query("BEGIN IMMEDIATE; SELECT position, hash, rebuilds FROM log_head");
    let rows = begin.fetch_all(connection).await?;
    Head::read(rows.first().ok_or(sqlx::Error::RowNotFound)?)
}

pub(super) async fn commit(connection: &mut AnyConnection, moved: Option<Head>) -> sqlx::Result<()> {
    let Some(Head { position, hash, .. }) = moved else {
        return raw_sql("COMMIT").execute(connection).await.map(drop);
    };
    let move_head = query("UPDATE log_head SET position = ?, hash = ?; COMMIT");
    let move_head = move_head.bind(signed(position)).bind(hash.as_slice());
    move_head.execute(connection).await.map(drop)
}
