//! Records as items and back, and the attributes that every adapter uses.

use affinsy_app::ports::{Page, PortError, PortResult};
use affinsy_core::time::Instant;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;

pub type Item = HashMap<String, AttributeValue>;

pub fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub fn key(pk: impl Into<String>, sk: impl Into<String>) -> Item {
    HashMap::from([("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk))])
}

/// A record under its key. Missing values are left out: a condition on a missing attribute must see none.
pub fn to_item(pk: impl Into<String>, sk: impl Into<String>, record: &impl Serialize) -> PortResult<Item> {
    let mut item: Item = serde_dynamo::to_item(record).map_err(|error| PortError::Damaged(error.to_string()))?;
    item.retain(|_, value| !value.is_null());
    item.extend(key(pk, sk));
    Ok(item)
}

/// One value of a record, in the form that an item holds.
pub fn to_value(value: &impl Serialize) -> PortResult<AttributeValue> {
    serde_dynamo::to_attribute_value(value).map_err(|error| PortError::Damaged(error.to_string()))
}

pub fn from_item<T: DeserializeOwned>(item: Item) -> PortResult<T> {
    let name = item.get("sk").and_then(|sk| sk.as_s().ok()).cloned().unwrap_or_default();
    serde_dynamo::from_item(item).map_err(|error| PortError::Damaged(format!("item {name}: {error}")))
}

/// How many parts the due list has, so that no part is hot.
pub const DUE_SHARDS: u32 = 8;

pub fn due_shard(sk: &str) -> AttributeValue {
    let sum = sk.bytes().fold(0u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    text((sum % DUE_SHARDS).to_string())
}

pub fn due_at(at: Instant) -> AttributeValue {
    number(at.unix_ms())
}

/// Cuts what was read for a page of `limit` (one more was asked for) and says where the next begins.
pub fn page_of<T>(mut items: Vec<T>, limit: usize, id: impl Fn(&T) -> &str) -> Page<T> {
    let more = items.len() > limit;
    items.truncate(limit);
    let next_after = items.last().filter(|_| more).map(|last| id(last).to_owned());
    Page { items, next_after }
}
