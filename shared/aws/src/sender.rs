//! HTTP out to receivers nobody vouches for: no redirect, no proxy, bounded time and bytes, and only to
//! addresses that were checked. The resolver hands out the checked addresses themselves, so a name that
//! resolves otherwise a moment later gains nothing.

use affinsy_app::ports::{Answer, SendError, Sender};
use affinsy_core::webhook::address::is_public;
use affinsy_core::webhook::url::{self, UrlPolicy};
use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// For the whole attempt: name, connection, request, answer and its body.
pub const DEADLINE: Duration = Duration::from_secs(15);
const MAX_READ_BYTES: usize = 16 << 10;
const KEPT_BYTES: usize = 1 << 10;

#[derive(Debug, Clone)]
pub struct HttpSender {
    client: reqwest::Client,
    policy: UrlPolicy,
    deadline: Duration,
}

/// Where names are looked up.
#[async_trait]
pub trait Lookup: std::fmt::Debug + Send + Sync {
    async fn addresses(&self, name: &str) -> std::io::Result<Vec<IpAddr>>;
}

/// The machine's own resolver.
#[derive(Debug)]
struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn addresses(&self, name: &str) -> std::io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
    }
}

impl HttpSender {
    pub fn new(policy: UrlPolicy) -> Result<Self, reqwest::Error> {
        Self::with_lookup(policy, Arc::new(SystemLookup), DEADLINE)
    }

    /// With another resolver and another deadline.
    pub fn with_lookup(policy: UrlPolicy, lookup: Arc<dyn Lookup>, deadline: Duration) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            // A connection kept over a freeze of the instance is dead when it wakes.
            .pool_max_idle_per_host(0)
            .dns_resolver(CheckedResolver { policy, lookup })
            .user_agent(concat!("affinsy-webhooks/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client, policy, deadline })
    }

    /// A body that does not end by `until` takes nothing from the status that came before: a receiver that took the
    /// event shall not get it again.
    async fn attempt(
        &self,
        url: &str,
        headers: &[(&str, String)],
        body: &str,
        until: Instant,
    ) -> Result<Answer, SendError> {
        let url =
            url::check(url, self.policy).map_err(|detail| SendError::BlockedAddress(format!("the URL {detail}")))?;
        let request = self.client.post(url).body(body.to_owned());
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
        let sent = timeout_at(until, request.send()).await.map_err(|_| SendError::Timeout)?;
        let mut response = sent.map_err(send_error)?;
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let retry_after = header("retry-after");
        let disable = header("webhook-delivery").is_some_and(|value| value.eq_ignore_ascii_case("disable"));
        let status = response.status().as_u16();
        let kept = first_bytes(&mut response, until).await;
        Ok(Answer { status, retry_after, disable, body: String::from_utf8_lossy(&kept).into_owned() })
    }
}

#[async_trait]
impl Sender for HttpSender {
    async fn post(&self, url: &str, headers: &[(&str, String)], body: &str) -> Result<Answer, SendError> {
        self.attempt(url, headers, body, Instant::now() + self.deadline).await
    }
}

/// Reads a bounded part of the answer, in bounded time.
async fn first_bytes(response: &mut reqwest::Response, until: Instant) -> Vec<u8> {
    let (mut kept, mut read) = (Vec::new(), 0);
    while read < MAX_READ_BYTES {
        let Ok(Ok(Some(chunk))) = timeout_at(until, response.chunk()).await else { break };
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

#[derive(Debug, Clone)]
struct CheckedResolver {
    policy: UrlPolicy,
    lookup: Arc<dyn Lookup>,
}

#[derive(Debug, thiserror::Error)]
#[error("{name} resolves to an address that is not public")]
struct Blocked {
    name: String,
}

impl Resolve for CheckedResolver {
    /// One look-up: its addresses are checked, and the connection goes to one of them. One that is not public among
    /// others that are blocks all: which of them is tried would be the name's owner's choice.
    fn resolve(&self, name: Name) -> Resolving {
        let Self { policy, lookup } = self.clone();
        Box::pin(async move {
            let name = name.as_str().to_owned();
            let checked = lookup.addresses(&name).await?;
            if policy == UrlPolicy::PublicOnly && !checked.iter().all(|address| is_public(*address)) {
                return Err(Box::new(Blocked { name }) as Box<dyn Error + Send + Sync>);
            }
            let addresses: Addrs = Box::new(checked.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}
