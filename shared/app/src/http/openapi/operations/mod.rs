//! What each operation is, takes and answers. Knows no route: the route table says which of them exist.

mod erasure;
mod keys;
mod orders;
mod reports;
mod schedules;
mod service;
mod uploads;
mod webhooks;

use super::schema::reference;
use serde_json::{Value, json};

/// One operation as the document describes it, without what all operations have.
#[derive(Debug)]
pub struct Operation {
    pub tag: &'static str,
    pub summary: &'static str,
    pub description: String,
    pub parameters: Vec<Value>,
    pub body: Option<Value>,
    /// Successes by status.
    pub answers: Vec<(u16, Value)>,
    /// Statuses of the refusals that are its own.
    pub refusals: &'static [u16],
}

impl Operation {
    /// One that takes nothing and answers 200.
    fn get(tag: &'static str, summary: &'static str, description: &str, answer: Value) -> Self {
        Self {
            tag,
            summary,
            description: description.to_owned(),
            parameters: Vec::new(),
            body: None,
            answers: vec![(200, answer)],
            refusals: &[],
        }
    }

    fn taking(self, parameters: Vec<Value>, refusals: &'static [u16]) -> Self {
        Self { parameters, refusals, ..self }
    }
}

/// The description of an operation; `None` where it is not described.
pub fn of(operation: &str) -> Option<Operation> {
    Some(match operation {
        "PushOrders" => orders::push(),
        "OpenUpload" => uploads::open(),
        "ListImports" => orders::imports(),
        "GetImport" => orders::import(),
        "ListDatasets" => orders::datasets(),
        "GetDataset" => orders::dataset(),
        "DeleteDataset" => erasure::dataset(),
        "EraseOrder" => erasure::order(),
        "EraseCustomer" => erasure::customer(),
        "SubmitReport" => reports::submit(),
        "ListReports" => reports::list(),
        "GetReport" => reports::one(),
        "DeleteReport" => reports::delete(),
        "ListRules" => reports::rules(),
        "ListItemsets" => reports::itemsets(),
        "ListCustomers" => reports::customers(),
        "ExportReport" => reports::export(),
        "Recommend" => reports::recommend(),
        "CreateSchedule" => schedules::create(),
        "ListSchedules" => schedules::list(),
        "GetSchedule" => schedules::one(),
        "DeleteSchedule" => schedules::delete(),
        "ListTemplates" => reports::templates(),
        "GetWebhookSecret" => webhooks::secret(),
        "RotateWebhookSecret" => webhooks::rotate(),
        "TestWebhook" => webhooks::test(),
        "ListDeliveries" => webhooks::deliveries(),
        "RedeliverEvent" => webhooks::redeliver_one(),
        "RedeliverEvents" => webhooks::redeliver_some(),
        "CreateKey" => keys::create(),
        "ListKeys" => keys::list(),
        "RevokeKey" => keys::revoke(),
        "GetOpenApi" => service::openapi(),
        "GetHealth" => service::health(),
        _ => return None,
    })
}

fn json_body(description: &str, schema: &str, examples: Value) -> Value {
    json!({
        "required": true,
        "description": description,
        "content": {"application/json": {"schema": reference(schema), "examples": examples}},
    })
}
