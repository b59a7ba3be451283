//! Reading over HTTP in good weather: whatever is not answered with 200 is a violation.

use crate::world::{Reply, TENANTS, World};
use serde_json::Value;
use std::sync::Arc;

pub async fn get(world: &Arc<World>, tenant: usize, path: &str) -> Option<Value> {
    with_query(world, tenant, path, &[]).await
}

async fn with_query(world: &Arc<World>, tenant: usize, path: &str, query: &[(&str, &str)]) -> Option<Value> {
    let request = world.build("GET", path, query, &Value::Null);
    let said = match world.request(tenant, None, request).await {
        Reply::Answer(answer) if answer.status == 200 => match serde_json::from_slice(&answer.body) {
            Ok(said) => return Some(said),
            Err(error) => format!("no JSON: {error}"),
        },
        Reply::Answer(answer) => format!("{} {}", answer.status, String::from_utf8_lossy(&answer.body)),
        Reply::Lost => "no answer".to_owned(),
    };
    let who = TENANTS[tenant];
    world.ledger().violation(format!("I3: GET {path} of {who} in good weather: {said}"));
    None
}

/// The whole of a list, page by page.
pub async fn all(world: &Arc<World>, tenant: usize, path: &str) -> Vec<Value> {
    let (mut rows, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let mut query = vec![("limit", "40")];
        query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let Some(mut page) = with_query(world, tenant, path, &query).await else { return rows };
        if let Value::Array(data) = page["data"].take() {
            rows.extend(data);
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return rows,
        }
    }
}
