//! The rate window port: an item a user, one conditional write a request.

use super::item::{Item, key, number};
use super::tenant_pk;
use crate::failure::port_error;
use affinsy_app::ports::{PortError, PortResult, RATE_WINDOW_MS, RateDecision, RateWindows};
use affinsy_core::ids::{Tenant, User};
use affinsy_core::time::Instant;
use async_trait::async_trait;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};

#[derive(Debug, Clone)]
pub struct DynamoRates {
    client: aws_sdk_dynamodb::Client,
    table: String,
}

/// How often another request may open or fill the window first.
const ATTEMPTS: u32 = 8;

/// A user's window: when it began (Unix ms) and how many requests it took.
struct Window {
    start_ms: i64,
    count: u32,
}

impl Window {
    fn of(item: &Item) -> Option<Self> {
        let read = |name: &str| item.get(name)?.as_n().ok()?.parse::<i64>().ok();
        Some(Self { start_ms: read("window_start")?, count: u32::try_from(read("requests")?).ok()? })
    }
    fn decision(&self, admitted: bool, limit: u32, now_ms: i64) -> RateDecision {
        RateDecision::of_window(admitted, limit, self.count, self.start_ms, now_ms)
    }
}

/// What a conditional write came to.
enum Wrote {
    Yes(Window),
    /// The condition failed; the window as it is, if there is one.
    No(Option<Window>),
}

impl DynamoRates {
    pub fn new(client: aws_sdk_dynamodb::Client, control_table: &str) -> Self {
        Self { client, table: control_table.to_owned() }
    }

    fn update(&self, tenant: &Tenant, user: &User) -> UpdateItemFluentBuilder {
        // A partition of its own: one tenant's traffic does not slow its other items down.
        let own = key(format!("{}#U#{user}", tenant_pk(tenant)), "RATE");
        self.client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(own))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }

    async fn send(update: UpdateItemFluentBuilder) -> PortResult<Wrote> {
        use aws_sdk_dynamodb::operation::update_item::UpdateItemError::ConditionalCheckFailedException;
        match update.send().await {
            Ok(updated) => match updated.attributes.as_ref().and_then(Window::of) {
                Some(window) => Ok(Wrote::Yes(window)),
                None => Err(PortError::Damaged("a rate window without its attributes".to_owned())),
            },
            Err(error) => match error.as_service_error() {
                Some(ConditionalCheckFailedException(failed)) => {
                    Ok(Wrote::No(failed.item.as_ref().and_then(Window::of)))
                }
                _ => Err(port_error("DynamoDB UpdateItem (rate window)", error)),
            },
        }
    }

    /// Takes one from a window that runs and has room.
    async fn take_from_running(&self, tenant: &Tenant, user: &User, limit: u32, now_ms: i64) -> PortResult<Wrote> {
        let update = self.update(tenant, user).update_expression("SET requests = requests + :one");
        let update = update.condition_expression("window_start > :over AND requests < :limit");
        let update = update
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":over", number(now_ms - RATE_WINDOW_MS))
            .expression_attribute_values(":limit", number(limit));
        Self::send(update).await
    }

    /// Opens a new window in place of the one that was seen, or of none.
    async fn open(&self, tenant: &Tenant, user: &User, seen: Option<&Window>, now_ms: i64) -> PortResult<Wrote> {
        let update = self.update(tenant, user);
        let update = update.update_expression("SET window_start = :now, requests = :one, #ttl = :ttl");
        let update = update
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":ttl", number(now_ms / 1_000 + 3_600))
            .expression_attribute_values(":now", number(now_ms))
            .expression_attribute_values(":one", number(1));
        let update = match seen {
            None => update.condition_expression("attribute_not_exists(window_start)"),
            Some(window) => update
                .condition_expression("window_start = :seen")
                .expression_attribute_values(":seen", number(window.start_ms)),
        };
        Self::send(update).await
    }
}

#[async_trait]
impl RateWindows for DynamoRates {
    async fn take(&self, tenant: &Tenant, user: &User, limit: u32, now: Instant) -> PortResult<RateDecision> {
        let now_ms = now.unix_ms();
        for _ in 0..ATTEMPTS {
            let seen = match self.take_from_running(tenant, user, limit, now_ms).await? {
                Wrote::Yes(window) => return Ok(window.decision(true, limit, now_ms)),
                Wrote::No(seen) => seen,
            };
            if let Some(window) = seen.as_ref().filter(|window| window.start_ms > now_ms - RATE_WINDOW_MS)
                && window.count >= limit
            {
                return Ok(window.decision(false, limit, now_ms));
            }
            if limit == 0 {
                return Ok(Window { start_ms: now_ms, count: 0 }.decision(false, limit, now_ms));
            }
            if let Wrote::Yes(window) = self.open(tenant, user, seen.as_ref(), now_ms).await? {
                return Ok(window.decision(true, limit, now_ms));
            }
        }
        Err(PortError::Unavailable("the rate window is contended".to_owned()))
    }
}
