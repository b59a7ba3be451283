//! Erasures: a dataset, an order, a customer.

use super::Operation;
use crate::http::openapi::parameters::shared;
use crate::http::openapi::responses;
use serde_json::{Value, json};

const DATASETS: &str = "Datasets";

pub fn dataset() -> Operation {
    let description = "The dataset is gone at once; its name is free for a new one, which has nothing of it. Its reports \
                       end as `Failed` with the code `erased`, and their results are deleted. What was stored is taken \
                       out by `purged_by`.";
    erasure("Delete a dataset", description, vec![shared("DatasetId")], &[404])
}

pub fn order() -> Operation {
    let description = "No report submitted from now on has the order. What was stored of it is taken out by \
                       `purged_by`; until then reports that were submitted before may still count it. An order that \
                       is pushed again afterwards is a new one. The answer is the same whether there was such an order.";
    erasure("Erase an order", description, vec![shared("DatasetId"), shared("OrderId")], &[404, 422])
}

pub fn customer() -> Operation {
    let description = "No report submitted from now on has the lines that name the customer. What was stored of them is \
                       taken out by `purged_by`: from the orders, from the files of uploads, and from the results of \
                       reports, whose rows that name the customer go. What comes afterwards under the same id is a new \
                       customer's. The answer is the same whether there was such a customer.";
    erasure("Erase a customer", description, vec![shared("DatasetId"), shared("CustomerId")], &[404, 422])
}

fn erasure(summary: &'static str, description: &str, parameters: Vec<Value>, refusals: &'static [u16]) -> Operation {
    let answer = responses::success("Erased for every later report.", "Erased", &[], json!({}));
    let operation = Operation::get(DATASETS, summary, description, Value::Null).taking(parameters, refusals);
    Operation { answers: vec![(202, answer)], ..operation }
}
