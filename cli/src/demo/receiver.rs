//! The demo's own webhook endpoint: a small server on this machine that keeps what it is sent, and the checks a
//! careful receiver makes. Knows no report.

use std::net::Ipv4Addr;
use std::time::Instant;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use bytes::Bytes;
use serde_json::Value;
use standardwebhooks::Webhook;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

use crate::failure::Failure;

/// A POST as it came.
#[derive(Debug)]
pub struct Delivery {
    pub headers: HeaderMap,
    pub body: Bytes,
    pub at: Instant,
}

/// A listening endpoint; it ends with this value.
#[derive(Debug)]
pub struct Receiver {
    pub url: String,
    deliveries: UnboundedReceiver<Delivery>,
    server: JoinHandle<()>,
}

impl Receiver {
    pub async fn start() -> Result<Self, Failure> {
        let refuse = |error: std::io::Error| Failure::run(format!("cannot listen for webhooks: {error}"));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(refuse)?;
        let url = format!("http://{}/hooks/affinsy", listener.local_addr().map_err(refuse)?);
        let (sender, deliveries) = unbounded_channel();
        let app = Router::new().route("/hooks/affinsy", post(keep)).with_state(sender);
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, app).await {
                tracing::error!(%error, "the webhook receiver ended");
            }
        });
        Ok(Self { url, deliveries, server })
    }

    /// The next delivery; waits for it.
    pub async fn next(&mut self) -> Option<Delivery> {
        self.deliveries.recv().await
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn keep(State(sender): State<UnboundedSender<Delivery>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    match sender.send(Delivery { headers, body, at: Instant::now() }) {
        Ok(()) => StatusCode::NO_CONTENT,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

impl Delivery {
    /// The report that this announces, after its signature was verified and its body compared, byte by byte, with
    /// what the contract says.
    pub fn verified(&self, secret: &Webhook) -> Result<Announced, String> {
        secret.verify(&self.body, &self.headers).map_err(|error| format!("a webhook's signature is wrong: {error}"))?;
        let body: Value =
            serde_json::from_slice(&self.body).map_err(|error| format!("a webhook is no JSON: {error}"))?;
        let field = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let announced = Announced {
            report_id: field("report_id"),
            report_type: field("report_type"),
            status: field("status"),
            timestamp: field("timestamp"),
        };
        if announced.body() != self.body {
            return Err(format!("a webhook's body is not the contract's: {}", String::from_utf8_lossy(&self.body)));
        }
        Ok(announced)
    }
}

/// What a webhook says of a report.
#[derive(Debug, PartialEq, Eq)]
pub struct Announced {
    pub report_id: String,
    pub report_type: String,
    pub status: String,
    timestamp: String,
}

impl Announced {
    /// The body that the contract prints for it.
    fn body(&self) -> String {
        format!(
            r#"{{"event": "report.{}", "report_id": "{}", "report_type": "{}", "status": "{}", "timestamp": "{}"}}"#,
            self.status.to_lowercase(),
            self.report_id,
            self.report_type,
            self.status,
            self.timestamp
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const BODY: &str = r#"{"event": "report.completed", "report_id": "abc123", "report_type": "MBA", "status": "Completed", "timestamp": "2025-03-15T10:32:00Z"}"#;

    fn delivery(signed: &str, sent: &str) -> Delivery {
        let now = std::time::UNIX_EPOCH.elapsed().expect("after 1970").as_secs() as i64;
        let signature = Webhook::new(SECRET).expect("valid").sign("msg_1", now, signed.as_bytes()).expect("signs");
        let headers = [
            ("webhook-id", "msg_1".to_owned()),
            ("webhook-timestamp", now.to_string()),
            ("webhook-signature", signature),
        ];
        let headers = headers
            .into_iter()
            .map(|(name, value)| (axum::http::HeaderName::from_static(name), value.parse().expect("a header's value")));
        Delivery { headers: headers.collect(), body: Bytes::from(sent.to_owned()), at: Instant::now() }
    }

    fn check(signed: &str, sent: &str, expected: Result<&str, &str>) {
        let verified = delivery(signed, sent).verified(&Webhook::new(SECRET).expect("valid"));
        match expected {
            Ok(report_id) => assert_eq!(verified.expect("verified").report_id, report_id),
            Err(said) => assert!(verified.expect_err("refused").contains(said)),
        }
    }

    #[test]
    fn a_receiver_trusts_only_what_is_signed_and_as_the_contract_says() {
        check(BODY, BODY, Ok("abc123"));
        check(BODY, &BODY.replace("abc123", "abc124"), Err("signature is wrong"));
        let compact = BODY.replace(": ", ":");
        check(&compact, &compact, Err("not the contract's"));
    }

    #[tokio::test]
    async fn what_is_posted_is_kept() {
        let mut receiver = Receiver::start().await.expect("listens");
        let answer = reqwest::Client::new().post(&receiver.url).body("hello").send().await.expect("answers");
        assert_eq!(answer.status(), reqwest::StatusCode::NO_CONTENT);
        assert_eq!(receiver.next().await.expect("kept").body, "hello");
    }
}
