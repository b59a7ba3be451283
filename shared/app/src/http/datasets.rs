//! `GET /datasets` and `GET /datasets/{id}`.

use super::cursor::{Cursors, limit, only_known};
use super::data::DataPorts;
use super::views::{self, List};
use super::{Answer, Caller, Refusal, Request};
use crate::dispatch_webhook::secrets;
use crate::ports::OrderLog;

pub async fn one(dataset_id: &str, caller: &Caller, log: &dyn OrderLog) -> Result<Answer, Refusal> {
    let head = log.head(&caller.tenant, dataset_id).await?.ok_or_else(|| Refusal::not_found("dataset"))?;
    Answer::json(200, &views::dataset(&head))
}

pub async fn list(request: &Request, caller: &Caller, ports: &DataPorts) -> Result<Answer, Refusal> {
    only_known(request, &["limit", "cursor"])?;
    let limit = limit(request)?;
    let secrets = secrets(&caller.tenant, &*ports.deliveries, &*ports.random).await?;
    let cursors = Cursors { secret: &secrets.cursor, context: format!("{} datasets", caller.tenant) };
    let after = request.query("cursor").map(|cursor| cursors.decode(cursor)).transpose()?;
    let page = ports.log.datasets(&caller.tenant, after.as_deref(), limit).await?;
    let data: Vec<_> = page.items.iter().map(views::dataset).collect();
    Answer::json(200, &List { data, next_cursor: page.next_after.map(|next| cursors.encode(&next)) })
}
