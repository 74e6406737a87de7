//! To whom a stream belongs: sessions and keys are found by their user.

use event_store::Event;

/// The user in the first event of a stream that belongs to one.
pub(crate) fn owner_of(event: &Event) -> Option<String> {
    match event.stream.kind.as_ref() {
        "session" | "api_key" => event.payload.get("user_id")?.as_str().map(str::to_owned),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::owner_of;
    use crate::domain::{api_key, client, session, user};

    #[test]
    fn the_first_event_of_a_session_or_a_key_names_its_user_and_no_other_stream_has_one() {
        let owner = |events: Vec<event_store::Event>| owner_of(&events[0]);
        assert!(owner(session::tests::every_event()).is_some());
        assert!(owner(api_key::tests::every_event()).is_some());
        assert_eq!(owner(user::tests::every_event()), None);
        assert_eq!(owner(client::tests::every_event()), None);
    }
}
