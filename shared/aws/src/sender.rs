//! HTTP out to receivers nobody vouches for: no redirect, no proxy, bounded time and bytes, and only to
//! addresses that were checked. The resolver hands out the checked addresses themselves, so a name that
//! resolves otherwise a moment later gains nothing.

use affinsy_app::ports::{Answer, SendError, Sender};
use affinsy_core::webhook::address::is_public;
use affinsy_core::webhook::url::{self, UrlPolicy};
use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

/// For the whole attempt: name, connection, request, answer and its body.
const DEADLINE: Duration = Duration::from_secs(15);
const MAX_READ_BYTES: usize = 16 << 10;
const KEPT_BYTES: usize = 1 << 10;

#[derive(Debug, Clone)]
pub struct HttpSender {
    client: reqwest::Client,
    policy: UrlPolicy,
}

impl HttpSender {
    pub fn new(policy: UrlPolicy) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            // A connection kept over a freeze of the instance is dead when it wakes.
            .pool_max_idle_per_host(0)
            .dns_resolver(CheckedResolver { policy })
            .user_agent(concat!("affinsy-webhooks/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client, policy })
    }

    async fn attempt(&self, url: &str, headers: &[(&str, String)], body: &str) -> Result<Answer, SendError> {
        let url =
            url::check(url, self.policy).map_err(|detail| SendError::BlockedAddress(format!("the URL {detail}")))?;
        let request = self.client.post(url).body(body.to_owned());
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
        let mut response = request.send().await.map_err(send_error)?;
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let retry_after = header("retry-after");
        let disable = header("webhook-delivery").is_some_and(|value| value.eq_ignore_ascii_case("disable"));
        let status = response.status().as_u16();
        let kept = first_bytes(&mut response).await;
        Ok(Answer { status, retry_after, disable, body: String::from_utf8_lossy(&kept).into_owned() })
    }
}

#[async_trait]
impl Sender for HttpSender {
    async fn post(&self, url: &str, headers: &[(&str, String)], body: &str) -> Result<Answer, SendError> {
        match tokio::time::timeout(DEADLINE, self.attempt(url, headers, body)).await {
            Ok(answered) => answered,
            Err(_) => Err(SendError::Timeout),
        }
    }
}

/// Reads a bounded part of the answer. A body that breaks off takes nothing from the status that came before.
async fn first_bytes(response: &mut reqwest::Response) -> Vec<u8> {
    let (mut kept, mut read) = (Vec::new(), 0);
    while read < MAX_READ_BYTES {
        let Ok(Some(chunk)) = response.chunk().await else { break };
        read += chunk.len();
        kept.extend_from_slice(&chunk[..chunk.len().min(KEPT_BYTES - kept.len())]);
    }
    kept
}

fn send_error(error: reqwest::Error) -> SendError {
    let mut causes = Vec::new();
    let mut next: Option<&dyn Error> = Some(&error);
    while let Some(cause) = next {
        if let Some(blocked) = cause.downcast_ref::<Blocked>() {
            return SendError::BlockedAddress(blocked.to_string());
        }
        causes.push(cause.to_string());
        next = cause.source();
    }
    SendError::Failed(causes.join(": "))
}

#[derive(Debug, Clone, Copy)]
struct CheckedResolver {
    policy: UrlPolicy,
}

#[derive(Debug, thiserror::Error)]
#[error("{name} resolves to an address that is not public")]
struct Blocked {
    name: String,
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = self.policy;
        Box::pin(async move {
            let name = name.as_str().to_owned();
            let checked: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if policy == UrlPolicy::PublicOnly && !checked.iter().all(|address| is_public(address.ip())) {
                return Err(Box::new(Blocked { name }) as Box<dyn Error + Send + Sync>);
            }
            let addresses: Addrs = Box::new(checked.into_iter());
            Ok(addresses)
        })
    }
}
