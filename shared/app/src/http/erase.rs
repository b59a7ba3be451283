//! `DELETE` of a dataset, an order, a customer.

use super::data::DataPorts;
use super::{Answer, Caller, Refusal};
use crate::erase::{ErasePorts, Erasure, erase};
use crate::ports::Erased;
use affinsy_core::order::{check_id, customer_id};
use affinsy_core::time::Instant;
use serde::Serialize;

#[derive(Debug, Serialize)]
struct ErasedView<'a> {
    dataset_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<&'a str>,
    status: &'a str,
    purged_by: Instant,
}

pub async fn dataset(dataset_id: &str, caller: &Caller, ports: &DataPorts) -> Result<Answer, Refusal> {
    erased(dataset_id, Erased::Dataset, caller, ports).await
}

pub async fn order(dataset_id: &str, order_id: &str, caller: &Caller, ports: &DataPorts) -> Result<Answer, Refusal> {
    check_id(order_id).map_err(|detail| Refusal::invalid("/order_id", detail))?;
    erased(dataset_id, Erased::Order { order_id: order_id.to_owned() }, caller, ports).await
}

pub async fn customer(dataset_id: &str, customer: &str, caller: &Caller, ports: &DataPorts) -> Result<Answer, Refusal> {
    let refused = |detail: String| Refusal::invalid("/customer_id", detail);
    // As orders name her: without the white space around it.
    let customer = customer_id(customer).map_err(refused)?.ok_or_else(|| refused("must not be empty".to_owned()))?;
    erased(dataset_id, Erased::Customer { customer_id: customer.to_owned() }, caller, ports).await
}

async fn erased(dataset_id: &str, what: Erased, caller: &Caller, ports: &DataPorts) -> Result<Answer, Refusal> {
    let erase_ports = ErasePorts {
        log: &*ports.log,
        erasures: &*ports.erasures,
        objects: &*ports.objects,
        clock: &*ports.clock,
        random: &*ports.random,
    };
    let erasure = erase(&caller.tenant, dataset_id, what, erase_ports).await?;
    let erasure = erasure.ok_or_else(|| Refusal::not_found("dataset"))?;
    Answer::json(202, &view(&erasure))
}

fn view(erasure: &Erasure) -> ErasedView<'_> {
    let (order_id, customer_id) = match &erasure.erased {
        Erased::Dataset | Erased::Report { .. } => (None, None),
        Erased::Order { order_id } => (Some(order_id.as_str()), None),
        Erased::Customer { customer_id } => (None, Some(customer_id.as_str())),
    };
    let (dataset_id, purged_by) = (erasure.dataset_id.as_str(), erasure.purged_by);
    ErasedView { dataset_id, order_id, customer_id, status: "Erased", purged_by }
}
