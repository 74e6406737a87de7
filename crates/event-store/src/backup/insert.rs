//! What fills the tables of an empty database.

use crate::many::Many;

pub(super) const EVENTS: Many = Many {
    before: "INSERT INTO events (position, stream_kind, stream_id, version, id, kind, time, actor, client, request_id, \
             subject, payload, sealed, hash) VALUES ",
    columns: 14,
    after: "",
};
pub(super) const CLAIMS: Many = Many {
    before: "INSERT INTO claims (kind, digest, owner) VALUES ",
    columns: 3,
    after: "",
};
pub(super) const RECORDS: Many = Many {
    before: "INSERT INTO records (kind, key, count, value, expires) VALUES ",
    columns: 5,
    after: "",
};
pub(super) const COMMANDS: Many = Many {
    before: "INSERT INTO commands (key, request, response, expires) VALUES ",
    columns: 4,
    after: "",
};
