//! One function and its pool.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use affinsy_local::lambda::{Function, FunctionError};

use crate::support::{Folder, function, function_with_timeout};

async fn invoke(function: &Function, event: Value) -> Result<Value, FunctionError> {
    let answer = function.invoke(Bytes::from(event.to_string()), None).await?;
    Ok(serde_json::from_slice(&answer).unwrap())
}

#[tokio::test]
async fn an_instance_is_used_again_and_told_its_context() {
    let folder = Folder::new();
    let function = function(&folder, 4, &[]);
    let first = invoke(&function, json!({"n": 1})).await.unwrap();
    let second = invoke(&function, json!({"n": 2})).await.unwrap();
    assert_eq!((&first["event"], &second["event"]), (&json!({"n": 1}), &json!({"n": 2})));
    assert_eq!(first["pid"], second["pid"]);
    assert_eq!(function.pids(), [u32::try_from(first["pid"].as_u64().unwrap()).unwrap()]);
    let context: Vec<_> = first["context"].as_array().unwrap().iter().map(|part| part.as_str().unwrap()).collect();
    assert!(context[0].parse::<u64>().unwrap() > 1_600_000_000_000, "a deadline in milliseconds: {}", context[0]);
    assert_eq!(context[1], "arn:aws:lambda:us-east-1:000000000000:function:fake");
    assert!(context[2].starts_with("Root=1-"), "{}", context[2]);
}

#[tokio::test]
async fn the_environment_is_clean() {
    let folder = Folder::new();
    let seen = invoke(&function(&folder, 1, &[("AFFINSY_X", "1")]), json!({"do": "environment"})).await.unwrap();
    let names: Vec<_> = seen.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["AFFINSY_X", "AWS_LAMBDA_RUNTIME_API"]);
}

#[tokio::test]
async fn errors_reach_the_caller_and_keep_the_process() {
    let folder = Folder::new();
    let function = function(&folder, 1, &[]);
    let before = invoke(&function, json!({})).await.unwrap();
    let error = invoke(&function, json!({"do": "fail"})).await.unwrap_err();
    assert_eq!((error.error_type.as_str(), error.error_message.as_str()), ("Bad", "as asked"));
    let after = invoke(&function, json!({})).await.unwrap();
    assert_eq!(before["pid"], after["pid"]);
}

#[tokio::test]
async fn a_crash_is_an_error_of_one_invocation() {
    let folder = Folder::new();
    let function = function(&folder, 1, &[]);
    let before = invoke(&function, json!({})).await.unwrap();
    let error = invoke(&function, json!({"do": "crash"})).await.unwrap_err();
    assert_eq!(error.error_type, "Runtime.ExitError");
    assert!(error.error_message.contains("exit status 7") && error.error_message.contains("out of luck"), "{error}");
    let after = invoke(&function, json!({})).await.unwrap();
    assert_ne!(before["pid"], after["pid"]);
    let log = std::fs::read_to_string(folder.path().join("fake.log")).unwrap();
    assert!(log.contains("an event came") && log.contains("out of luck") && log.contains("Runtime.ExitError"), "{log}");
}

#[tokio::test]
async fn a_time_out_kills_the_process() {
    let folder = Folder::new();
    let function = function_with_timeout(&folder, 1, &[], Duration::from_millis(300));
    let error = invoke(&function, json!({"do": "hang"})).await.unwrap_err();
    assert_eq!(error.error_type, "Sandbox.Timedout");
    assert!(error.error_message.ends_with("Task timed out after 0.30 seconds"), "{error}");
    assert_eq!(invoke(&function, json!({"n": 1})).await.unwrap()["event"], json!({"n": 1}));
}

#[tokio::test]
async fn a_failed_start_says_why() {
    let folder = Folder::new();
    let error = invoke(&function(&folder, 1, &[("FAKE_START", "exit")]), json!({})).await.unwrap_err();
    assert_eq!(error.error_type, "Runtime.InitError");
    assert!(error.error_message.contains("exit status 3\nno configuration"), "{error}");
    let error = invoke(&function(&folder, 1, &[("FAKE_START", "report")]), json!({})).await.unwrap_err();
    assert_eq!(error.error_type, "Config");
    assert!(error.error_message.contains("no table"), "{error}");
}

#[tokio::test]
async fn a_response_over_six_megabytes_is_an_error() {
    let folder = Folder::new();
    let error = invoke(&function(&folder, 1, &[]), json!({"do": "large"})).await.unwrap_err();
    assert_eq!(error.error_type, "Function.ResponseSizeTooLarge");
}

async fn visitor(door: &TcpListener) -> TcpStream {
    tokio::time::timeout(Duration::from_secs(20), door.accept()).await.expect("somebody comes").unwrap().0
}

#[tokio::test]
async fn concurrent_invocations_have_processes_of_their_own_up_to_the_limit() {
    let folder = Folder::new();
    let function = function(&folder, 3, &[]);
    let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let event = json!({"do": "meet", "at": door.local_addr().unwrap().to_string()});
    let invocations: Vec<_> = (0..5)
        .map(|_| {
            let (function, event) = (function.clone(), event.clone());
            tokio::spawn(async move { invoke(&function, event).await.unwrap() })
        })
        .collect();
    // Three are inside at once; the other two come when these have gone.
    let mut inside = Vec::new();
    let mut pids = BTreeSet::new();
    for _ in 0..3 {
        let mut visitor = visitor(&door).await;
        pids.insert(visitor.read_u32().await.unwrap());
        inside.push(visitor);
    }
    assert_eq!(pids.len(), 3);
    assert_eq!(function.pids().into_iter().collect::<BTreeSet<_>>(), pids);
    for mut visitor in inside {
        visitor.write_u8(1).await.unwrap();
    }
    for _ in 0..2 {
        let mut visitor = visitor(&door).await;
        assert!(pids.contains(&visitor.read_u32().await.unwrap()), "a warm one");
        visitor.write_u8(1).await.unwrap();
    }
    for invocation in invocations {
        invocation.await.unwrap();
    }
}

#[tokio::test]
async fn shutdown_cuts_off_what_does_not_end_and_leaves_no_process() {
    let folder = Folder::new();
    let function = function(&folder, 2, &[]);
    invoke(&function, json!({})).await.unwrap();
    let hanging = {
        let function = function.clone();
        tokio::spawn(async move { invoke(&function, json!({"do": "hang"})).await })
    };
    while function.pids().is_empty() {
        tokio::task::yield_now().await;
    }
    function.shutdown(Duration::from_millis(50)).await;
    assert!(function.pids().is_empty(), "{:?}", function.pids());
    assert_eq!(hanging.await.unwrap().unwrap_err().error_type, "Sandbox.Stopped");
}
