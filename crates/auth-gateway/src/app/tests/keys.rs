//! API keys over time.

use super::*;
use crate::app::api_keys::{Expiry, KeyChange, NewKey};

fn named(name: &str) -> NewKey {
    NewKey {
        name: name.to_owned(),
        expires_in: Some(DAY),
        ..NewKey::default()
    }
}

#[tokio::test]
async fn a_key_that_has_expired_lives_again_only_if_its_name_and_a_place_are_free() {
    let here = Installation::new(|settings| settings.api_keys.per_user = 2).await;
    let app = &here.app;
    let owner = app.user_named(OWNER).await.expect("there").state;
    let make = async |name: &str| app.create_key(&owner, named(name), &at(1)).await;
    let (first, _) = make("first").await.expect("made");
    here.pass(DAY);
    let renew = async || {
        let change = KeyChange {
            expiry: Expiry::In(DAY),
            ..KeyChange::default()
        };
        app.update_key(first.key.id, &owner, change, &at(1)).await
    };
    let (twin, _) = make("first").await.expect("the name is free again");
    assert!(matches!(renew().await, Err(Refusal::Exists("API key"))));
    app.delete_key(twin.key.id, owner.id, &at(1)).await.expect("deleted");
    for name in ["second", "third"] {
        make(name).await.expect("made");
    }
    assert!(matches!(renew().await, Err(Refusal::TooManyKeys(2))));
    here.pass(DAY);
    assert!(renew().await.expect("there is a place").is_active);
}
