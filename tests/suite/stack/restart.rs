//! What was acknowledged outlives the run.

use super::Stack;
use super::quickstart::ORDERS;
use serde_json::Value;

/// Imports without what they learn after their acknowledgement.
fn as_acknowledged(imports: &Value) -> Value {
    let mut imports = imports.clone();
    let all = imports["data"].as_array_mut().expect("a list");
    for import in all.iter_mut().filter_map(Value::as_object_mut) {
        import.retain(|name, _| name != "inserted" && name != "updated");
        assert_eq!(import["line_items"], 2);
    }
    imports
}

#[tokio::test]
async fn after_a_restart_everything_is_still_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = Stack::start(folder.path());
    let client = first.tenant("restart").await;
    assert_eq!(client.post("/data/orders", ORDERS).await.status, 202);
    let report_id = client.submit(r#"{"template": "standard_rfm", "dataset_id": "my-store"}"#).await;
    client.ended(&report_id).await;
    let path = format!("/reports/{report_id}");
    let before = client.get(&path).await;
    let imports = as_acknowledged(&client.get("/data/imports").await.json());
    drop(first);
    let second = Stack::start(folder.path());
    let client = client.at(&second.base_url);
    let after = client.get(&path).await;
    assert_eq!((&after.text, after.header("etag")), (&before.text, before.header("etag")));
    assert_eq!(as_acknowledged(&client.get("/data/imports").await.json()), imports);
    assert_eq!(client.get("/datasets").await.json()["data"][0]["dataset_id"], "my-store");
    let again = client.submit(r#"{"template": "standard_rfm", "dataset_id": "my-store"}"#).await;
    let again = client.ended(&again).await;
    assert_eq!(again["segments"], before.json()["segments"], "a new report over the old orders is the same");
}
