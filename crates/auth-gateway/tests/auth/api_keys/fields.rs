//! Every endpoint of both path families: its fields, statuses and codes.

use crate::support::gateway::shared;

#[tokio::test]
async fn keys_are_managed_by_people_who_sign_in() {
    let gateway = shared().await;
    let person = gateway.user().await;
    let me = person.get("/v1/auth/me").await;
    assert_eq!(me.body["id"], person.id);
}
