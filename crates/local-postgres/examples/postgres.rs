//! A PostgreSQL server with one empty database, for as long as standard input is open. Prints its URL.
#![expect(clippy::print_stdout, reason = "it says where it is")]

use std::io::Read as _;

use local_postgres::{Durability, Server};

fn main() -> anyhow::Result<()> {
    let server = Server::start(Durability::Fsync)?;
    println!("{}", server.create_database()?);
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
