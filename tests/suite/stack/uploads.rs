//! A file's whole way: asked for, sent past the API to the store, told by the bucket, imported, seen by a report.

use super::{Client, Stack};
use serde_json::{Value, json};

/// Sends a file where the API said, as it said.
pub async fn send(opened: &Value, file: impl Into<reqwest::Body>) -> u16 {
    let target = &opened["upload"];
    assert_eq!(target["method"], "PUT");
    let put = reqwest::Client::new().put(target["url"].as_str().expect("a URL"));
    let headers = target["headers"].as_object().expect("headers").iter();
    let put = headers.fold(put, |put, (name, value)| put.header(name, value.as_str().expect("a text")));
    put.body(file).send().await.expect("the store answers").status().as_u16()
}

pub async fn ended(client: &Client, opened: &Value) -> Value {
    let path = format!("/data/imports/{}", opened["import_id"].as_str().expect("an id"));
    client.until(&path, |import| import["status"] != "Processing").await
}

pub async fn open(client: &Client, body: &str) -> Value {
    let opened = client.post("/data/uploads", body).await;
    assert_eq!(opened.status, 201, "{opened:?}");
    opened.json()
}

#[tokio::test]
async fn a_file_that_was_sent_is_in_every_later_report() {
    let stack = Stack::shared();
    let client = stack.tenant("uploads").await;
    let opened = open(&client, r#"{"dataset_id": "my-store"}"#).await;
    let mut file = "order_id,customer_id,order_date,product_name,quantity\n".to_owned();
    for order in 0..2_000 {
        file += &format!("{order},c{},2025-03-01,tea,1\n{order},,,mug,2\n", order % 50);
    }
    file += "2000,c1,2025-03-01,,1\n2001,c1,2025-03-01,=tea,many\n";
    assert_eq!(send(&opened, file.clone()).await, 200);
    assert_eq!(send(&opened, file).await, 412, "a file is taken once");
    let import = ended(&client, &opened).await;
    assert_eq!(import["status"], "Completed", "{import}");
    assert_eq!(
        (&import["orders"], &import["line_items"], &import["rejected"]),
        (&json!(2_000), &json!(4_000), &json!(2))
    );
    let rejects = reqwest::get(import["rejects_url"].as_str().expect("a URL")).await.expect("answers");
    assert_eq!(rejects.status(), 200);
    let rejects = rejects.text().await.expect("a text");
    assert!(rejects.starts_with("line,column,value,reason,order_id") && rejects.contains("'=tea"), "{rejects}");
    let report = client.submit(r#"{"template": "standard_mba", "dataset_id": "my-store"}"#).await;
    let report = client.ended(&report).await;
    assert_eq!((&report["status"], &report["data"]["orders"]), (&json!("Completed"), &json!(2_000)), "{report}");
}

#[tokio::test]
async fn a_file_that_cannot_be_used_fails_with_a_sentence() {
    let stack = Stack::shared();
    let client = stack.tenant("bad-uploads").await;
    let opened = open(&client, "{}").await;
    assert_eq!(send(&opened, "foo,bar\n1,2\n").await, 200);
    let import = ended(&client, &opened).await;
    assert_eq!(
        (&import["status"], &import["failure"]["code"]),
        (&json!("Failed"), &json!("unknown_columns")),
        "{import}"
    );
    assert_eq!(client.get("/datasets").await.json()["data"], json!([]), "nothing of it is visible");
}
