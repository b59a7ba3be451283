//! What the `ingest` function answers: pushes, uploads, imports, datasets.

use super::body::{self, MAX_BODY_BYTES};
use super::cursor::{Cursors, limit, only_known};
use super::once::{OncePorts, once};
use super::routes::{Parameters, Route, Serves};
use super::serve::{self, Served, served_nowhere};
use super::views::{self, List};
use super::{Answer, Caller, Refusal, Request, datasets, erase, uploads};
use crate::admit::admit;
use crate::dispatch_webhook::secrets;
use crate::ports::{
    Clock, DeliveryBook, Endpoints, Erasures, Idempotency, Links, Objects, OrderLog, Random, RateWindows, Uploads,
};
use crate::push_orders::{PushPorts, PushRefused, push_orders};
use crate::row_cap;
use affinsy_core::ids::is_id;
use affinsy_core::order::push;
use affinsy_core::webhook::url::UrlPolicy;
use std::sync::Arc;

#[derive(Clone)]
pub struct DataPorts {
    pub windows: Arc<dyn RateWindows>,
    pub log: Arc<dyn OrderLog>,
    pub erasures: Arc<dyn Erasures>,
    pub objects: Arc<dyn Objects>,
    pub deliveries: Arc<dyn DeliveryBook>,
    pub endpoints: Arc<dyn Endpoints>,
    pub uploads: Arc<dyn Uploads>,
    pub links: Arc<dyn Links>,
    pub calls: Arc<dyn Idempotency>,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    pub url_policy: UrlPolicy,
}

impl std::fmt::Debug for DataPorts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DataPorts")
    }
}

/// Answers a request to the `ingest` function.
pub async fn data(request: &Request, ports: &DataPorts) -> Answer {
    let served = match serve::route(request, Serves::Ingest) {
        Ok((route, parameters)) => served(route, &parameters, request, ports).await,
        Err(unrouted) => served_nowhere(unrouted, request, &*ports.windows, &*ports.clock).await,
    };
    serve::render(request, served)
}

async fn served(route: &Route, parameters: &Parameters, request: &Request, ports: &DataPorts) -> Served {
    let admission = admit(&request.verdict, route.scope, &*ports.windows, &*ports.clock).await;
    let outcome = match &admission.outcome {
        Ok(caller) => {
            let around = OncePorts { calls: &*ports.calls, clock: &*ports.clock, random: &ports.random };
            let handle = |random| async move {
                let ports = DataPorts { random, ..ports.clone() };
                answer(route.operation, parameters, request, caller, &ports).await
            };
            once(request, caller, around, handle).await
        }
        Err(refusal) => Err(refusal.clone()),
    };
    Served { outcome, admission: Some(admission) }
}

async fn answer(
    operation: &str,
    parameters: &Parameters,
    request: &Request,
    caller: &Caller,
    ports: &DataPorts,
) -> Result<Answer, Refusal> {
    match operation {
        "PushOrders" => push(request, caller, ports).await,
        "OpenUpload" => uploads::open(request, caller, ports).await,
        "GetImport" => import(parameters.first(), caller, ports).await,
        "ListImports" => imports(request, caller, ports).await,
        "GetDataset" => datasets::one(parameters.first(), caller, &*ports.log).await,
        "DeleteDataset" => erase::dataset(parameters.first(), caller, ports).await,
        "EraseOrder" => erase::order(parameters.first(), parameters.second(), caller, ports).await,
        "EraseCustomer" => erase::customer(parameters.first(), parameters.second(), caller, ports).await,
        "ListDatasets" => datasets::list(request, caller, ports).await,
        other => Err(Refusal::internal(format!("operation {other} is not served here"))),
    }
}

async fn push(request: &Request, caller: &Caller, ports: &DataPorts) -> Result<Answer, Refusal> {
    let bytes = body::json_bytes(request, MAX_BODY_BYTES)?;
    let push = push::parse(&bytes, ports.clock.now())?;
    let push_ports =
        PushPorts { log: &*ports.log, objects: &ports.objects, clock: &*ports.clock, random: &*ports.random };
    let import = push_orders(&caller.tenant, &push, caller.max_rows, push_ports).await.map_err(refused)?;
    let warning = caller.max_rows.filter(|_| import.rejected > 0).map(|cap| row_cap::warning(import.rejected, cap));
    Answer::json(202, &views::accepted(&import, warning))
}

fn refused(refused: PushRefused) -> Refusal {
    match refused {
        PushRefused::Port(error) => error.into(),
        PushRefused::OtherCurrency { dataset, push } => Refusal::invalid(
            "/currency",
            format!(
                "is {push}, but this dataset's currency is {dataset}; push {push} orders to a dataset of their own"
            ),
        ),
    }
}

async fn import(import_id: &str, caller: &Caller, ports: &DataPorts) -> Result<Answer, Refusal> {
    let unknown = || Refusal::not_found("import");
    if !is_id(import_id, "imp_") {
        return Err(unknown());
    }
    let import = ports.log.import(&caller.tenant, import_id).await?.ok_or_else(unknown)?;
    Answer::json(200, &uploads::shown(&import, &*ports.links).await?)
}

async fn imports(request: &Request, caller: &Caller, ports: &DataPorts) -> Result<Answer, Refusal> {
    only_known(request, &["limit", "cursor"])?;
    let limit = limit(request)?;
    let secrets = secrets(&caller.tenant, &*ports.deliveries, &*ports.random).await?;
    let cursors = Cursors { secret: &secrets.cursor, context: format!("{} imports", caller.tenant) };
    let after = request.query("cursor").map(|cursor| cursors.decode(cursor)).transpose()?;
    let page = ports.log.imports(&caller.tenant, after.as_deref(), limit).await?;
    let shown = page.items.iter().map(|import| uploads::shown(import, &*ports.links));
    let data = futures::future::try_join_all(shown).await?;
    Answer::json(200, &List { data, next_cursor: page.next_after.map(|next| cursors.encode(&next)) })
}
