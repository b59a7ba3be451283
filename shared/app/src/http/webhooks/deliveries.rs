//! The delivery log, and sending what stands in it anew.

use super::fields::Fields;
use crate::dispatch_webhook::secrets;
use crate::endpoint_health::disabled_words;
use crate::http::cursor::{Cursors, limit, only_known};
use crate::http::refusal::Kind;
use crate::http::reports::ReportPorts;
use crate::http::views::{self, DeliveryView};
use crate::http::{Answer, Caller, Refusal, Request};
use crate::ports::{DeliveryFilter, DeliveryState, EndpointRecord};
use crate::redeliver::{RedeliverPorts, RedeliverRefused, redeliver, redeliver_range};
use affinsy_core::ids::is_id;
use affinsy_core::time::{Instant, parse_instant};
use affinsy_core::webhook::body::EVENTS;
use affinsy_core::webhook::health::Reason;
use serde::Serialize;

#[derive(Debug, Serialize)]
struct LogView<'a> {
    data: Vec<DeliveryView<'a>>,
    next_cursor: Option<String>,
    /// Nobody is disabled without being told.
    disabled_urls: Vec<DisabledView<'a>>,
}

#[derive(Debug, Serialize)]
struct DisabledView<'a> {
    url: &'a str,
    disabled_at: Instant,
    reason: Reason,
    detail: String,
}

fn disabled_view(endpoint: &EndpointRecord) -> Option<DisabledView<'_>> {
    let disabled = endpoint.health.disabled?;
    Some(DisabledView {
        url: &endpoint.url,
        disabled_at: disabled.at,
        reason: disabled.reason,
        detail: disabled_words(disabled),
    })
}

pub async fn list(request: &Request, caller: &Caller, ports: &ReportPorts) -> Result<Answer, Refusal> {
    only_known(request, &["limit", "cursor", "state", "event", "report_id", "import_id", "url"])?;
    let limit = limit(request)?;
    let filter = filter(request)?;
    let secrets = secrets(&caller.tenant, &*ports.deliveries, &*ports.random).await?;
    let cursors = cursors(&secrets.cursor, caller, "deliveries", &filter);
    let after = request.query("cursor").map(|cursor| cursors.decode(cursor)).transpose()?;
    let page = ports.deliveries.list(&caller.tenant, &filter, after.as_deref(), limit).await?;
    let disabled = ports.endpoints.disabled_endpoints(&caller.tenant).await?;
    let view = LogView {
        data: page.items.iter().map(views::delivery).collect(),
        next_cursor: page.next_after.map(|next| cursors.encode(&next)),
        disabled_urls: disabled.iter().filter_map(disabled_view).collect(),
    };
    Answer::json(200, &view)
}

fn cursors<'a>(secret: &'a str, caller: &Caller, list: &str, filter: &DeliveryFilter) -> Cursors<'a> {
    Cursors { secret, context: format!("{} {list} {}", caller.tenant, serde_json::json!(filter)) }
}

fn filter(request: &Request) -> Result<DeliveryFilter, Refusal> {
    let text = |name: &str| request.query(name).map(str::to_owned);
    let state = request.query("state").map(state).transpose().map_err(|detail| Refusal::invalid("/state", detail))?;
    let event = text("event").map(event).transpose().map_err(|detail| Refusal::invalid("/event", detail))?;
    Ok(DeliveryFilter {
        states: state.into_iter().collect(),
        event,
        report_id: text("report_id"),
        import_id: text("import_id"),
        url: text("url"),
        since: None,
        until: None,
    })
}

fn state(name: &str) -> Result<DeliveryState, String> {
    let names = DeliveryState::ALL.map(DeliveryState::name).join(", ");
    let state = DeliveryState::ALL.into_iter().find(|state| state.name() == name);
    state.ok_or_else(|| format!("must be one of {names}"))
}

fn event(name: String) -> Result<String, String> {
    if EVENTS.contains(&name.as_str()) { Ok(name) } else { Err(format!("must be one of {}", EVENTS.join(", "))) }
}

fn redeliver_ports(ports: &ReportPorts) -> RedeliverPorts<'_> {
    RedeliverPorts {
        deliveries: &*ports.deliveries,
        endpoints: &*ports.endpoints,
        queue: &*ports.queue,
        clock: &*ports.clock,
    }
}

pub async fn redeliver_one(delivery_id: &str, caller: &Caller, ports: &ReportPorts) -> Result<Answer, Refusal> {
    if !is_id(delivery_id, "msg_") {
        return Err(Refusal::not_found("delivery"));
    }
    let delivery = redeliver(&caller.tenant, delivery_id, redeliver_ports(ports)).await.map_err(refused)?;
    Answer::json(202, &views::delivery(&delivery))
}

fn refused(refused: RedeliverRefused) -> Refusal {
    match refused {
        RedeliverRefused::Unknown => Refusal::not_found("delivery"),
        RedeliverRefused::UnderWay => {
            let message = "This event is under way already: an attempt runs, or is due at its next_attempt_at.";
            Refusal::new(Kind::Conflict, "delivery_under_way", message)
        }
        RedeliverRefused::Disabled(disabled) => {
            let message = format!("Nothing is sent: {}.", disabled_words(disabled));
            Refusal::new(Kind::Conflict, "url_disabled", message)
        }
        RedeliverRefused::Port(error) => error.into(),
    }
}

/// States in which a delivery has not arrived: what is sent anew unless something else is asked for.
const NOT_ARRIVED: [DeliveryState; 2] = [DeliveryState::Exhausted, DeliveryState::Disabled];
const RANGE_FIELDS: [&str; 6] = ["since", "until", "state", "event", "url", "cursor"];

pub async fn redeliver_some(request: &Request, caller: &Caller, ports: &ReportPorts) -> Result<Answer, Refusal> {
    let (filter, cursor) = range(request)?;
    let secrets = secrets(&caller.tenant, &*ports.deliveries, &*ports.random).await?;
    let cursors = cursors(&secrets.cursor, caller, "redeliver", &filter);
    let after = cursor.map(|cursor| cursors.decode(&cursor)).transpose()?;
    let done = redeliver_range(&caller.tenant, &filter, after.as_deref(), redeliver_ports(ports)).await?;
    let view = serde_json::json!({
        "redelivered": done.redelivered,
        "disabled": done.disabled,
        "next_cursor": done.next_after.map(|next| cursors.encode(&next)),
    });
    Answer::json(202, &view)
}

fn range(request: &Request) -> Result<(DeliveryFilter, Option<String>), Refusal> {
    let mut fields = Fields::of(request, &RANGE_FIELDS)?;
    let since = fields.needed("since").and_then(|text| instant(&mut fields, "since", &text));
    let until = fields.text("until").and_then(|text| instant(&mut fields, "until", &text));
    let states = match fields.text("state").map(|name| state(&name)) {
        None => NOT_ARRIVED.to_vec(),
        Some(Ok(DeliveryState::Pending)) => {
            fields.problem("state", "must not be pending: those are under way");
            Vec::new()
        }
        Some(Ok(state)) => vec![state],
        Some(Err(detail)) => {
            fields.problem("state", detail);
            Vec::new()
        }
    };
    let event = match fields.text("event").map(event) {
        None => None,
        Some(Ok(event)) => Some(event),
        Some(Err(detail)) => {
            fields.problem("event", detail);
            None
        }
    };
    let (url, cursor) = (fields.text("url"), fields.text("cursor"));
    fields.finish()?;
    Ok((DeliveryFilter { states, event, url, since, until, ..DeliveryFilter::default() }, cursor))
}

fn instant(fields: &mut Fields, name: &str, text: &str) -> Option<Instant> {
    let parsed = parse_instant(text);
    if parsed.is_none() {
        fields.problem(name, "must be a date and time such as 2025-03-15T10:30:00Z");
    }
    parsed
}
