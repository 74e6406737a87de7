//! Who asks, from where, in which request: what every event remembers.

use std::net::IpAddr;

use event_store::{Context, Timestamp};

/// One request's, or one command's, author.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) actor: Actor,
    /// The OAuth or service client that the request came through.
    pub(crate) client: Option<String>,
    /// Personal: only ever sealed, or digested with a key.
    pub(crate) address: Option<IpAddr>,
    /// Personal: only ever sealed. Cut to 256 characters.
    pub(crate) user_agent: Option<String>,
    pub(crate) request_id: Option<String>,
}

/// Whose decision it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Actor {
    /// Nobody has proved anything yet.
    Anonymous,
    User(String),
    /// Somebody with a shell on the machine.
    Operator,
    /// The program itself: expiry, rotation.
    System,
}

impl Caller {
    pub(crate) fn operator() -> Self {
        Self {
            actor: Actor::Operator,
            client: None,
            address: None,
            user_agent: None,
            request_id: None,
        }
    }

    pub(crate) fn system() -> Self {
        Self {
            actor: Actor::System,
            ..Self::operator()
        }
    }

    /// The same request, after its author has proved who they are.
    pub(crate) fn acting_as(&self, actor: Actor) -> Self {
        Self { actor, ..self.clone() }
    }

    pub(crate) fn context(&self, now: Timestamp) -> Context {
        let mut context = Context::new(now, self.actor.to_string());
        context.client.clone_from(&self.client);
        context.request_id.clone_from(&self.request_id);
        context
    }
}

impl std::fmt::Display for Actor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Anonymous => formatter.write_str("anonymous"),
            Self::User(id) => write!(formatter, "user:{id}"),
            Self::Operator => formatter.write_str("operator"),
            Self::System => formatter.write_str("system"),
        }
    }
}
