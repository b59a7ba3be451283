//! A server on this machine that answers as Amazon Bedrock's Converse API does, well or badly.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What it does with a call.
#[derive(Debug, Clone)]
pub enum Manner {
    /// Calls the tool with this input.
    CallsTool(Value),
    /// Answers in text.
    Says(String),
    /// Ends for this reason, in the middle of an answer.
    Stops(&'static str),
    /// Refuses with this status and error type.
    Refuses(u16, &'static str),
    /// Bytes that are no answer of the API's.
    Garbles,
    /// Takes the call and never answers.
    Hangs,
    /// Closes the connection.
    HangsUp,
}

#[derive(Debug, Clone)]
struct Desk {
    manner: Manner,
    asked: Arc<Mutex<Vec<(String, Value)>>>,
}

/// A listening server; it ends with this value.
#[derive(Debug)]
pub struct Converse {
    pub url: String,
    desk: Desk,
    server: JoinHandle<()>,
}

impl Converse {
    pub async fn with(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("is bound"));
        let desk = Desk { manner, asked: Arc::default() };
        let app = Router::new().fallback(answer).with_state(desk.clone());
        let server = tokio::spawn(async move { axum::serve(listener, app).await.expect("serves") });
        Self { url, desk, server }
    }

    /// Paths and bodies of the calls so far.
    pub fn asked(&self) -> Vec<(String, Value)> {
        self.desk.asked.lock().expect("no panic in the server").clone()
    }
}

impl Drop for Converse {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(State(desk): State<Desk>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.expect("a body");
    let body = serde_json::from_slice(&body).expect("a JSON body");
    desk.asked.lock().expect("no panic before").push((path, body));
    let ended = |reason: &str, content: Value| {
        let message = json!({"role": "assistant", "content": content});
        let usage = json!({"inputTokens": 1, "outputTokens": 1, "totalTokens": 2});
        json!({"output": {"message": message}, "stopReason": reason, "usage": usage, "metrics": {"latencyMs": 1}})
    };
    let fine = |value: Value| reply(StatusCode::OK, None, value.to_string());
    match desk.manner {
        Manner::CallsTool(input) => {
            let call = json!({"toolUse": {"toolUseId": "t1", "name": "write_insights", "input": input}});
            fine(ended("tool_use", json!([{"text": "Here they are."}, call])))
        }
        Manner::Says(text) => fine(ended("end_turn", json!([{"text": text}]))),
        Manner::Stops(reason) => fine(ended(reason, json!([{"text": "{\"insights\": ["}]))),
        Manner::Refuses(status, kind) => {
            let status = StatusCode::from_u16(status).expect("a status");
            reply(status, Some(kind), json!({"message": "no"}).to_string())
        }
        Manner::Garbles => reply(StatusCode::OK, None, "<html>".to_owned()),
        Manner::Hangs => std::future::pending().await,
        Manner::HangsUp => panic!("the connection closes with its task"),
    }
}

fn reply(status: StatusCode, error: Option<&str>, body: String) -> Response {
    let mut response = Response::builder().status(status).header("content-type", "application/json");
    if let Some(kind) = error {
        response = response.header("x-amzn-errortype", kind);
    }
    response.body(Body::from(body)).expect("a response")
}
