//! Rotation: a receiver that knows the old secret or the new one verifies every event in between.

use super::{HOOK, due_at, posted, shop, wake};
use crate::kit::{Shop, json};
use affinsy_app::http::Caller;
use futures::future::join_all;
use standardwebhooks::Webhook;

const DAY_MS: i64 = 86_400_000;

async fn secret(shop: &Shop, ann: &Caller) -> String {
    json(&shop.get(ann, "/webhooks/secret").await)["secret"].as_str().expect("a secret").to_owned()
}

async fn rotate(shop: &Shop, ann: &Caller) -> String {
    let rotated = posted(shop, ann, "/webhooks/secret/rotate", "{}", 200).await;
    rotated["secret"].as_str().expect("a secret").to_owned()
}

/// Sends an event: how many signatures it has, and which of the secrets one of them fits.
async fn sent(shop: &Shop, ann: &Caller, secrets: &[&String]) -> (usize, Vec<bool>) {
    let id = due_at(shop, ann, HOOK).await;
    wake(shop, ann, &id).await;
    let received = shop.sender.received().pop().expect("was sent");
    let header = |name: &str| received.headers.iter().find(|(n, _)| n == name).expect("is there").1.clone();
    let (signatures, timestamp) = (header("webhook-signature"), header("webhook-timestamp"));
    let timestamp: i64 = timestamp.parse().expect("a number");
    let fits = |secret: &&String| {
        let own = Webhook::new(secret).expect("a secret").sign(&id, timestamp, received.body.as_bytes());
        signatures.split(' ').any(|signature| signature == own.as_deref().expect("signs"))
    };
    (signatures.split(' ').count(), secrets.iter().map(fits).collect())
}

#[tokio::test]
async fn the_old_secret_signs_beside_the_new_for_a_day() {
    let (shop, ann) = shop().await;
    let old = secret(&shop, &ann).await;
    let new = rotate(&shop, &ann).await;
    assert_ne!(old, new);
    let shown = json(&shop.get(&ann, "/webhooks/secret").await);
    assert_eq!(
        (&shown["secret"], &shown["retired"][0]["signs_until"]),
        (&new.as_str().into(), &"2025-03-21T12:00:00Z".into())
    );
    assert!(!shown.to_string().contains(&old), "an old secret is not shown again");
    assert_eq!(sent(&shop, &ann, &[&old, &new]).await, (2, vec![true, true]));
    shop.clock.advance_ms(DAY_MS);
    assert_eq!(sent(&shop, &ann, &[&old, &new]).await, (1, vec![false, true]));
    assert_eq!(json(&shop.get(&ann, "/webhooks/secret").await)["retired"], serde_json::json!([]));
}

#[tokio::test]
async fn of_two_rotations_at_once_both_secrets_sign_and_so_does_the_one_before() {
    let (shop, ann) = shop().await;
    let first = secret(&shop, &ann).await;
    let both = join_all([rotate(&shop, &ann), rotate(&shop, &ann)]).await;
    assert_ne!(both[0], both[1], "nobody is given a secret that signs nothing");
    assert_eq!(sent(&shop, &ann, &[&first, &both[0], &both[1]]).await, (3, vec![true; 3]));
    let last = rotate(&shop, &ann).await;
    let (signatures, fits) = sent(&shop, &ann, &[&last, &first]).await;
    assert_eq!((signatures, fits), (3, vec![true, false]), "never more than three");
}
