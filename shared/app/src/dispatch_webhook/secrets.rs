//! The secrets of a tenant: made on first use, replaced at the owner's wish, and which of them sign at a moment.

use crate::ports::{Clock, DeliveryBook, PortError, PortResult, Random, RetiredSecret, TenantSecrets};
use affinsy_core::ids::Tenant;
use affinsy_core::time::Instant;
use affinsy_core::webhook::signature::SigningSecret;

/// How long a secret signs beside its successor.
const OVERLAP_MS: i64 = 24 * 3_600_000;
/// How many old secrets sign at most: a header has room for few signatures.
const MOST_RETIRED: usize = 2;
/// Rotations that come between are waited out so often.
const TRIES: usize = 10;

/// The tenant's secrets, made now if this is their first use.
pub async fn secrets(tenant: &Tenant, book: &dyn DeliveryBook, random: &dyn Random) -> PortResult<TenantSecrets> {
    let mut cursor = [0; 32];
    random.fill(&mut cursor);
    let fresh = TenantSecrets {
        webhook: fresh_secret(random),
        cursor: cursor.iter().map(|byte| format!("{byte:02x}")).collect(),
        retired: Vec::new(),
    };
    book.secrets(tenant, &fresh).await
}

fn fresh_secret(random: &dyn Random) -> String {
    let mut secret = [0; 32];
    random.fill(&mut secret);
    SigningSecret::from_random(secret).reveal()
}

/// Replaces the secret. The one before it signs on for a day, and so does one that another rotation of that day
/// replaced: the newest two. Each of two rotations at once makes a secret of its own, and both sign.
pub async fn rotate_secret(
    tenant: &Tenant,
    book: &dyn DeliveryBook,
    clock: &dyn Clock,
    random: &dyn Random,
) -> PortResult<TenantSecrets> {
    let fresh = fresh_secret(random);
    for _ in 0..TRIES {
        let before = secrets(tenant, book, random).await?;
        if before.webhook == fresh {
            // Ours was stored and its answer lost.
            return Ok(before);
        }
        let after = rotated(before.clone(), fresh.clone(), clock.now());
        if book.rotate(tenant, &before.webhook, &after).await? {
            tracing::info!("the signing secret was rotated");
            return Ok(after);
        }
    }
    Err(PortError::Unavailable("other rotations came first".to_owned()))
}

fn rotated(before: TenantSecrets, fresh: String, now: Instant) -> TenantSecrets {
    let last = RetiredSecret { webhook: before.webhook, signs_until: now.plus_ms(OVERLAP_MS) };
    let still = before.retired.into_iter().filter(|retired| retired.signs_until > now);
    let retired = std::iter::once(last).chain(still).take(MOST_RETIRED).collect();
    TenantSecrets { webhook: fresh, cursor: before.cursor, retired }
}

/// What signs at `now`, the newest first.
pub fn signing(secrets: &TenantSecrets, now: Instant) -> Vec<SigningSecret> {
    let retired = secrets.retired.iter().filter(|retired| retired.signs_until > now).map(|retired| &retired.webhook);
    std::iter::once(&secrets.webhook).chain(retired).filter_map(|secret| SigningSecret::parse(secret)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_secret_signs_for_a_day_and_never_more_than_two_do() {
        let now = Instant::from_unix_ms(1_750_000_000_000);
        let secret = |byte: u8| SigningSecret::from_random([byte; 32]).reveal();
        let first = TenantSecrets { webhook: secret(1), cursor: "c".to_owned(), retired: Vec::new() };
        let second = rotated(first, secret(2), now);
        let check = |secrets: &TenantSecrets, at: Instant, expected: &[u8]| {
            let revealed: Vec<String> = signing(secrets, at).iter().map(SigningSecret::reveal).collect();
            assert_eq!(revealed, expected.iter().map(|byte| secret(*byte)).collect::<Vec<_>>());
        };
        check(&second, now.plus_ms(OVERLAP_MS - 1), &[2, 1]);
        check(&second, now.plus_ms(OVERLAP_MS), &[2]);
        let third = rotated(second, secret(3), now.plus_ms(1));
        check(&third, now.plus_ms(2), &[3, 2, 1]);
        check(&third, now.plus_ms(OVERLAP_MS), &[3, 2]);
        check(&rotated(third, secret(4), now.plus_ms(2)), now.plus_ms(3), &[4, 3, 2]);
    }
}
