//! A Lambda function without a runtime library: it speaks the runtime API over a plain socket and does what its event
//! says (`{"do": "crash"}`), or what its name says at the start. The tests of the local run use it.

#![expect(clippy::disallowed_methods, reason = "it has no settings but those of its environment")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

fn main() {
    match std::env::var("FAKE_START").as_deref() {
        Ok("exit") => {
            eprintln!("no configuration");
            std::process::exit(3);
        }
        Ok("report") => {
            let error = json!({"errorType": "Config", "errorMessage": "no table"});
            call("POST", "init/error", &error.to_string());
            std::process::exit(1);
        }
        _ => while serve_one() {},
    }
}

/// False when the runtime API is gone: then the function ends, as the real runtime does.
fn serve_one() -> bool {
    let Some((headers, body)) = call("GET", "invocation/next", "") else { return false };
    let header = |name: &str| headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    let id = header("lambda-runtime-aws-request-id").expect("every event has an id");
    let event: Value = serde_json::from_slice(&body).expect("events are JSON");
    match act(&event, &header) {
        Ok(answer) => call("POST", &format!("invocation/{id}/response"), &answer.to_string()),
        Err(error) => call("POST", &format!("invocation/{id}/error"), &error.to_string()),
    }
    .is_some()
}

fn act(event: &Value, header: &dyn Fn(&str) -> Option<String>) -> Result<Value, Value> {
    if let Some(records) = event["Records"].as_array() {
        return batch(records);
    }
    if event["type"] == "REQUEST" {
        return Ok(authorize(event));
    }
    if event["requestContext"].is_object() {
        return Ok(answer_http(event));
    }
    match event["do"].as_str() {
        Some("crash") => {
            eprintln!("out of luck");
            std::process::exit(7);
        }
        Some("hang") => loop {
            std::thread::park();
        },
        Some("fail") => Err(json!({"errorType": "Bad", "errorMessage": "as asked"})),
        Some("meet") => Ok(meet(event["at"].as_str().expect("an address"))),
        Some("large") => Ok(json!("x".repeat(7 * 1024 * 1024))),
        Some("environment") => Ok(std::env::vars().map(|(name, value)| (name, Value::from(value))).collect()),
        _ => {
            println!("an event came");
            let context =
                ["lambda-runtime-deadline-ms", "lambda-runtime-invoked-function-arn", "lambda-runtime-trace-id"];
            let context: Vec<_> = context.into_iter().map(header).collect();
            Ok(json!({"event": event, "pid": std::process::id(), "context": context}))
        }
    }
}

/// Says its process id to whoever listens there, and goes on when it is answered.
fn meet(address: &str) -> Value {
    let mut stream = TcpStream::connect(address).expect("somebody listens");
    stream.write_all(&std::process::id().to_be_bytes()).expect("somebody reads");
    let mut go = [0; 1];
    stream.read_exact(&mut go).expect("somebody answers");
    json!(std::process::id())
}

/// `bad` messages fail, `poison` ends the process.
fn batch(records: &[Value]) -> Result<Value, Value> {
    if records.iter().any(|record| record["body"] == "poison") {
        std::process::exit(9);
    }
    let failed = records.iter().filter(|record| record["body"] == "bad");
    let failed: Vec<_> = failed.map(|record| json!({"itemIdentifier": record["messageId"]})).collect();
    Ok(json!({"batchItemFailures": failed}))
}

fn authorize(event: &Value) -> Value {
    let key = &event["headers"]["authorization"];
    json!({"isAuthorized": key != "Bearer wrong", "context": {"key": key, "route": event["routeKey"]}})
}

/// The event itself as the body, unless a header asks for something else.
fn answer_http(event: &Value) -> Value {
    match event["headers"]["x-answer"].as_str() {
        Some("crash") => std::process::exit(7),
        Some("binary") => json!({"statusCode": 200, "headers": {"content-type": "application/octet-stream"},
            "body": "AAH/", "isBase64Encoded": true}),
        Some("cookies") => json!({"statusCode": 204, "headers": {"x-one": "1"},
            "multiValueHeaders": {"x-many": ["a", "b"]}, "cookies": ["a=1", "b=2"]}),
        Some("bare") => json!({"hello": "there"}),
        Some("broken") => json!({"statusCode": "soon"}),
        _ => json!({"statusCode": 201, "headers": {"content-type": "application/json"}, "body": event.to_string()}),
    }
}

type Headers = Vec<(String, String)>;

/// One request on a connection of its own; `None` when nobody answers.
fn call(method: &str, path: &str, body: &str) -> Option<(Headers, Vec<u8>)> {
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API").expect("the runtime API's address");
    let mut stream = TcpStream::connect(&api).ok()?;
    let length = body.len();
    let head = format!("{method} /2018-06-01/runtime/{path} HTTP/1.1\r\nhost: {api}\r\nconnection: close\r\n");
    stream.write_all(format!("{head}content-length: {length}\r\n\r\n{body}").as_bytes()).ok()?;
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|_| line.starts_with("HTTP/1.1 2") || line.starts_with("HTTP/1.1 4"))?;
    let mut headers = Headers::new();
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) => headers.push((name.to_ascii_lowercase(), value.to_owned())),
            None => break,
        }
    }
    let length = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, n)| n.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    Some((headers, body))
}
