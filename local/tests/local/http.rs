//! The HTTP API in front of functions.

use affinsy_local::RunningStack;
use serde_json::{Value, json};

use crate::support::{Folder, Reply, request, stack, template};

const API: &str = "  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        DefaultAuthorizer: Key
        Authorizers:
          Key: {FunctionArn: !GetAtt AuthFunction.Arn, AuthorizerPayloadFormatVersion: '2.0', \
                   EnableSimpleResponses: true, Identity: {ReauthorizeEvery: 0}}
";

const ROUTES: &str = "Events: {
      Item: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: GET, Path: '/items/{item}'}},
      Special: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: GET, Path: /items/special}},
      Rest: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: any, Path: '/rest/{rest+}', Auth: {Authorizer: NONE}}},
      Open: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: POST, Path: /open, Auth: {Authorizer: NONE}}}}";

async fn api(folder: &Folder) -> RunningStack {
    stack(folder, &template(&[("api", ROUTES), ("auth", "Description: x")], API)).await
}

async fn post(stack: &RunningStack, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    request(&stack.base_url, "POST", "/open", headers, body).await
}

#[tokio::test]
async fn a_request_becomes_an_event() {
    let folder = Folder::new();
    let stack = api(&folder).await;
    let headers = [("X-Twice", "a"), ("x-twice", "b"), ("Cookie", "k=v; l=w"), ("Authorization", "Bearer right")];
    let target = "/items/a%2Fb%20c?q=1&q=x%26y&empty=";
    let reply = request(&stack.base_url, "GET", target, &headers, b"").await;
    assert_eq!(reply.status, 201);
    let event = reply.json();
    let check = |pointer: &str, expected: Value| {
        assert_eq!(event.pointer(pointer).unwrap_or(&Value::Null), &expected, "{pointer} in {event:#}");
    };
    check("/version", json!("2.0"));
    check("/routeKey", json!("GET /items/{item}"));
    check("/rawPath", json!("/items/a/b c"));
    check("/rawQueryString", json!("q=1&q=x%26y&empty="));
    check("/queryStringParameters", json!({"q": "1,x&y", "empty": ""}));
    check("/pathParameters", json!({"item": "a/b c"}));
    check("/cookies", json!(["k=v", "l=w"]));
    check("/headers/x-twice", json!("a,b"));
    check("/headers/cookie", Value::Null);
    check("/requestContext/http/method", json!("GET"));
    check("/requestContext/http/sourceIp", json!("127.0.0.1"));
    check("/requestContext/http/protocol", json!("HTTP/1.1"));
    check("/requestContext/stage", json!("$default"));
    check("/requestContext/authorizer/lambda", json!({"key": "Bearer right", "route": "GET /items/{item}"}));
    check("/isBase64Encoded", json!(false));
    check("/body", Value::Null);
    stack.shutdown().await.unwrap();
}

#[tokio::test]
async fn the_most_specific_route_answers() {
    let folder = Folder::new();
    let stack = api(&folder).await;
    for (method, path, key) in [
        ("GET", "/items/special", "GET /items/special"),
        ("GET", "/items/other", "GET /items/{item}"),
        ("PUT", "/rest/a/b", "ANY /rest/{rest+}"),
    ] {
        assert_eq!(request(&stack.base_url, method, path, &[], b"").await.json()["routeKey"], key, "{method} {path}");
    }
    for (method, path) in [("POST", "/items/special"), ("GET", "/items/"), ("GET", "/items/a/b"), ("GET", "/")] {
        let reply = request(&stack.base_url, method, path, &[], b"").await;
        assert_eq!((reply.status, reply.json()), (404, json!({"message": "Not Found"})), "{method} {path}");
    }
    stack.shutdown().await.unwrap();
}

#[tokio::test]
async fn the_authorizer_refuses() {
    let folder = Folder::new();
    let stack = api(&folder).await;
    let wrong = [("Authorization", "Bearer wrong")];
    let reply = request(&stack.base_url, "GET", "/items/special", &wrong, b"").await;
    assert_eq!((reply.status, reply.json()), (403, json!({"message": "Forbidden"})));
    assert_eq!(post(&stack, &wrong, b"").await.status, 201, "a route without authorizer");
    stack.shutdown().await.unwrap();
}

#[tokio::test]
async fn bodies_are_text_or_base64() {
    let folder = Folder::new();
    let stack = api(&folder).await;
    let stack_ref = &stack;
    let check = async |headers: &[(&str, &str)], body: &[u8], expected: &str, base64: bool| {
        let event = post(stack_ref, headers, body).await.json();
        assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!(expected), &json!(base64)), "{headers:?}");
    };
    check(&[("content-type", "application/json; charset=utf-8")], b"{\"a\": 1}", "{\"a\": 1}", false).await;
    check(&[("content-type", "text/csv")], "ö".as_bytes(), "ö", false).await;
    check(&[("content-type", "application/problem+json")], b"{}", "{}", false).await;
    check(&[], b"plain", "plain", false).await;
    check(&[("content-type", "application/json"), ("content-encoding", "gzip")], b"{}", "e30=", true).await;
    check(&[("content-type", "application/octet-stream")], b"{}", "e30=", true).await;
    check(&[("content-type", "application/json")], b"\xff", "/w==", true).await;
    stack.shutdown().await.unwrap();
}

#[tokio::test]
async fn limits_are_api_gateways() {
    let folder = Folder::new();
    let stack = api(&folder).await;
    let size = |size: usize| vec![b'x'; size];
    assert_eq!(post(&stack, &[], &size(2 * 1024 * 1024)).await.status, 201);
    // Fits the gateway, but not the event.
    for bytes in [7 * 1024 * 1024, 10 * 1024 * 1024 + 1] {
        let reply = post(&stack, &[], &size(bytes)).await;
        assert_eq!((reply.status, reply.json()), (413, json!({"message": "Request Entity Too Large"})), "{bytes}");
    }
    stack.shutdown().await.unwrap();
}

#[tokio::test]
async fn answers_become_http() {
    let folder = Folder::new();
    let stack = api(&folder).await;
    let binary = post(&stack, &[("x-answer", "binary")], b"").await;
    assert_eq!((binary.status, binary.body.as_slice()), (200, &[0, 1, 255][..]));
    let cookies = post(&stack, &[("x-answer", "cookies")], b"").await;
    assert_eq!((cookies.status, cookies.header("set-cookie")), (204, vec!["a=1", "b=2"]));
    assert_eq!((cookies.header("x-one"), cookies.header("x-many")), (vec!["1"], vec!["a", "b"]));
    let bare = post(&stack, &[("x-answer", "bare")], b"").await;
    assert_eq!((bare.status, bare.json()), (200, json!({"hello": "there"})));
    for broken in ["broken", "crash"] {
        let reply = post(&stack, &[("x-answer", broken)], b"").await;
        assert_eq!((reply.status, reply.json()), (500, json!({"message": "Internal Server Error"})), "{broken}");
    }
    stack.shutdown().await.unwrap();
}
