//! The webhook secret and the delivery log.

use super::cursor::{Cursors, limit, only_known};
use super::reports::ReportPorts;
use super::views::{self, List};
use super::{Answer, Caller, Refusal, Request};
use crate::dispatch_webhook::secrets;

pub async fn secret(caller: &Caller, ports: &ReportPorts) -> Result<Answer, Refusal> {
    let secrets = secrets(&caller.tenant, &*ports.deliveries, &*ports.random).await?;
    let answer = Answer::json(200, &serde_json::json!({"secret": secrets.webhook}))?;
    Ok(answer.with_header("cache-control", "no-store"))
}

pub async fn deliveries(request: &Request, caller: &Caller, ports: &ReportPorts) -> Result<Answer, Refusal> {
    only_known(request, &["limit", "cursor"])?;
    let limit = limit(request)?;
    let secrets = secrets(&caller.tenant, &*ports.deliveries, &*ports.random).await?;
    let cursors = Cursors { secret: &secrets.cursor, context: format!("{} deliveries", caller.tenant) };
    let after = request.query("cursor").map(|cursor| cursors.decode(cursor)).transpose()?;
    let page = ports.deliveries.list(&caller.tenant, after.as_deref(), limit).await?;
    let data: Vec<_> = page.items.iter().map(views::delivery).collect();
    Answer::json(200, &List { data, next_cursor: page.next_after.map(|next| cursors.encode(&next)) })
}
