//! PostgreSQL: every statement is a round trip, so there is one to read what a batch touches and one to write what it
//! changes. Rows go in as arrays, which keeps the text of a statement the same for any number of them.

mod load;
mod save;
mod statement;

pub(super) use load::load;
pub(super) use save::save;

use crate::head::{BEGIN_ON_POSTGRES, Head};
use sqlx::{PgConnection, raw_sql};

pub(super) async fn begin(connection: &mut PgConnection) -> sqlx::Result<Head> {
    let rows = raw_sql(BEGIN_ON_POSTGRES).fetch_all(connection).await?;
    Head::read(rows.first().ok_or(sqlx::Error::RowNotFound)?)
}
