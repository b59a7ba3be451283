//! DynamoDB: what the product leans on (counters, conditions, transactions over two tables, paged indexes) and that
//! nothing is lost by a restart.

use std::collections::HashMap;

use affinsy_local::services::{DynamoDb, ServiceConfig};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, Put, ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use serde_json::{Value, json};

use crate::kit::{dynamodb, dynamodb_client};

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// As a template has it, with what means nothing here.
fn control() -> Value {
    json!({
        "TableName": "control",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
            {"AttributeName": "due_shard", "AttributeType": "S"},
            {"AttributeName": "due_at", "AttributeType": "N"},
        ],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "GlobalSecondaryIndexes": [{
            "IndexName": "due",
            "KeySchema": [
                {"AttributeName": "due_shard", "KeyType": "HASH"},
                {"AttributeName": "due_at", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }],
        "TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": true},
        "SSESpecification": {"SSEEnabled": true},
    })
}

fn segments() -> Value {
    json!({
        "TableName": "segments",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    })
}

async fn ensure_tables(service: &DynamoDb) {
    service.ensure_table(control()).await.unwrap();
    service.ensure_table(segments()).await.unwrap();
}

fn key(pk: &str) -> HashMap<String, AttributeValue> {
    HashMap::from([("pk".into(), text(pk)), ("sk".into(), text("-"))])
}

async fn read(client: &Client, table: &str, pk: &str) -> Option<HashMap<String, AttributeValue>> {
    let get = client.get_item().table_name(table).set_key(Some(key(pk))).consistent_read(true);
    get.send().await.unwrap().item
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_concurrent_adds_are_two_hundred() {
    let (_dir, service, client) = dynamodb().await;
    ensure_tables(&service).await;
    let add = || {
        let update = client.update_item().table_name("control").set_key(Some(key("counter")));
        let update = update.update_expression("ADD n :one").expression_attribute_values(":one", number(1));
        tokio::spawn(update.return_values(ReturnValue::UpdatedNew).send())
    };
    let adds: Vec<_> = (0..200).map(|_| add()).collect();
    for add in adds {
        add.await.unwrap().unwrap();
    }
    assert_eq!(read(&client, "control", "counter").await.unwrap()["n"], number(200));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_a_hundred_conditional_puts_wins() {
    let (_dir, service, client) = dynamodb().await;
    ensure_tables(&service).await;
    let put = |writer: i64| {
        let put = client.put_item().table_name("control").set_item(Some(key("claim"))).item("writer", number(writer));
        let put = put.condition_expression("attribute_not_exists(pk)");
        let put = put.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        tokio::spawn(put.send())
    };
    let puts: Vec<_> = (0..100).map(put).collect();
    let (mut winners, mut seen) = (Vec::new(), Vec::new());
    for (writer, put) in (0..).zip(puts) {
        match put.await.unwrap() {
            Ok(_) => winners.push(writer),
            Err(error) => {
                let refused = error.into_service_error();
                let PutItemError::ConditionalCheckFailedException(old) = refused else { panic!("{refused:?}") };
                seen.push(old.item().unwrap()["writer"].clone());
            }
        }
    }
    assert_eq!(winners.len(), 1);
    assert_eq!(seen, vec![number(winners[0]); 99], "every loser sees the winner's item");
}

fn advance_sequence(from: i64) -> TransactWriteItem {
    let update = Update::builder().table_name("control").set_key(Some(key("dataset")));
    let update = update.update_expression("SET seq = :next").condition_expression("seq = :seen");
    let update = update.expression_attribute_values(":next", number(from + 1));
    let update = update.expression_attribute_values(":seen", number(from));
    let update = update.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    TransactWriteItem::builder().update(update.build().unwrap()).build()
}

fn add_segment(sequence: i64) -> TransactWriteItem {
    let put = Put::builder().table_name("segments").set_item(Some(key(&format!("segment-{sequence}"))));
    let put = put.condition_expression("attribute_not_exists(pk)");
    TransactWriteItem::builder().put(put.build().unwrap()).build()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_over_two_tables_happens_whole_or_says_why_not() {
    let (_dir, service, client) = dynamodb().await;
    ensure_tables(&service).await;
    let seed = client.put_item().table_name("control").set_item(Some(key("dataset"))).item("seq", number(0));
    seed.send().await.unwrap();
    let commit = |from: i64| {
        let write = client.transact_write_items().transact_items(advance_sequence(from));
        write.transact_items(add_segment(from + 1)).client_request_token(format!("token-{from}")).send()
    };

    commit(0).await.unwrap();
    commit(0).await.expect("the same token is the same transaction, applied once");
    assert_eq!(read(&client, "control", "dataset").await.unwrap()["seq"], number(1));
    assert!(read(&client, "segments", "segment-1").await.is_some());

    let refused = commit(7).await.unwrap_err().into_service_error();
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = refused else { panic!("{refused:?}") };
    let codes: Vec<_> = cancelled.cancellation_reasons().iter().map(|reason| reason.code().unwrap()).collect();
    assert_eq!(codes, ["ConditionalCheckFailed", "None"]);
    assert_eq!(cancelled.cancellation_reasons()[0].item().unwrap()["seq"], number(1));
    assert!(read(&client, "segments", "segment-8").await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_transactions_on_one_item_leave_no_gap_and_no_double() {
    let (_dir, service, client) = dynamodb().await;
    ensure_tables(&service).await;
    let seed = client.put_item().table_name("control").set_item(Some(key("dataset"))).item("seq", number(0));
    seed.send().await.unwrap();
    let push = |client: Client| async move {
        loop {
            let AttributeValue::N(seen) = read(&client, "control", "dataset").await.unwrap()["seq"].clone() else {
                panic!("seq is a number");
            };
            let seen = seen.parse().unwrap();
            let write = client.transact_write_items().transact_items(advance_sequence(seen));
            match write.transact_items(add_segment(seen + 1)).send().await {
                Ok(_) => return,
                Err(error) => assert_eq!(error.code(), Some("TransactionCanceledException")),
            }
        }
    };
    let pushes: Vec<_> = (0..20).map(|_| tokio::spawn(push(client.clone()))).collect();
    for push in pushes {
        push.await.unwrap();
    }
    assert_eq!(read(&client, "control", "dataset").await.unwrap()["seq"], number(20));
    for sequence in 1..=20 {
        assert!(read(&client, "segments", &format!("segment-{sequence}")).await.is_some(), "{sequence}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sparse_index_is_read_in_order_page_by_page() {
    let (_dir, service, client) = dynamodb().await;
    ensure_tables(&service).await;
    for due in 0..25 {
        let put = client.put_item().table_name("control").set_item(Some(key(&format!("report-{due:02}"))));
        let put = if due % 5 == 4 { put } else { put.item("due_shard", text("0")).item("due_at", number(due)) };
        put.send().await.unwrap();
    }
    let query = client.query().table_name("control").index_name("due").limit(3);
    let query = query.key_condition_expression("due_shard = :shard AND due_at <= :now");
    let query = query.expression_attribute_values(":shard", text("0")).expression_attribute_values(":now", number(22));
    let mut pages = query.into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        assert!(page.count() <= 3);
        found.extend(page.items().iter().map(|item| item["pk"].clone()));
    }
    let expected: Vec<_> = (0..=22).filter(|due| due % 5 != 4).map(|due| text(&format!("report-{due:02}"))).collect();
    assert_eq!(found, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_keeps_items_and_port_and_adds_a_new_index() {
    let (dir, service, client) = dynamodb().await;
    ensure_tables(&service).await;
    client.put_item().table_name("control").set_item(Some(key("kept"))).send().await.unwrap();
    let port = service.addr().port();
    service.shutdown().await.unwrap();

    let service = DynamoDb::start(ServiceConfig::new(dir.path()).on_port(port)).await.unwrap();
    ensure_tables(&service).await;
    let mut with_index = segments();
    with_index["GlobalSecondaryIndexes"] = json!([{
        "IndexName": "by_sk",
        "KeySchema": [{"AttributeName": "sk", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }]);
    service.ensure_table(with_index).await.unwrap();
    let client = dynamodb_client(service.url());
    assert!(read(&client, "control", "kept").await.is_some());
    let described = client.describe_table().table_name("segments").send().await.unwrap();
    assert_eq!(described.table().unwrap().global_secondary_indexes().len(), 1);

    let mut other_keys = segments();
    other_keys["KeySchema"] = json!([{"AttributeName": "pk", "KeyType": "HASH"}]);
    other_keys["AttributeDefinitions"] = json!([{"AttributeName": "pk", "AttributeType": "S"}]);
    let refused = service.ensure_table(other_keys).await.unwrap_err().to_string();
    assert!(refused.contains("table segments") && refused.contains("KeyType"), "{refused}");
}
