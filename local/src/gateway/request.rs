//! A request as it came, taken apart once. It refuses bodies over the limit and knows no route.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::SocketAddr;

use axum::body::Body;
use axum::http::{HeaderMap, Request, header, request::Parts};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use uuid::Uuid;

use super::Refusal;
use super::routes::decoded;

/// What is read and thrown away of a body over the limit, so that the client, still sending, hears the answer.
const DRAINED_BODIES: usize = 4;

/// What the event is made of.
#[derive(Debug)]
pub struct Received {
    pub request_id: String,
    pub method: String,
    /// The path as it came over the wire, and as HTTP APIs pass it on.
    pub encoded_path: String,
    pub path: String,
    pub query: String,
    pub protocol: String,
    pub source_ip: String,
    pub domain: String,
    pub headers: BTreeMap<String, String>,
    pub cookies: Vec<String>,
    pub body: Bytes,
}

impl Received {
    pub async fn read(peer: SocketAddr, request: Request<Body>, max_bytes: usize) -> Result<Received, Refusal> {
        let (parts, body) = request.into_parts();
        let body = read_body(body, max_bytes).await?;
        let request_id = Uuid::new_v4().to_string();
        let domain = domain_of(&parts);
        let encoded_path = parts.uri.path().to_owned();
        let mut path = decoded(&encoded_path);
        // HTTP APIs decode the path before they pass it on, and then cut it at a decoded `?`.
        path.truncate(path.find('?').unwrap_or(path.len()));
        Ok(Received {
            headers: headers(&parts.headers, peer, &domain, &request_id),
            cookies: cookies(&parts.headers),
            request_id,
            method: parts.method.as_str().to_owned(),
            encoded_path,
            path,
            query: parts.uri.query().unwrap_or_default().to_owned(),
            protocol: format!("{:?}", parts.version),
            source_ip: peer.ip().to_string(),
            domain,
            body,
        })
    }

    pub fn trace(&self) -> Option<String> {
        self.headers.get("x-amzn-trace-id").cloned()
    }

    /// Decoded, with the values of a repeated name joined by commas.
    pub fn query_parameters(&self) -> BTreeMap<Cow<'_, str>, String> {
        let mut parameters = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(self.query.as_bytes()) {
            join(parameters.entry(name).or_default(), &value);
        }
        parameters
    }

    /// The body as the event carries it, and whether that is Base64.
    pub fn event_body(&self) -> (Option<Cow<'_, str>>, bool) {
        if self.body.is_empty() {
            return (None, false);
        }
        match std::str::from_utf8(&self.body) {
            Ok(text) if self.is_text() => (Some(Cow::Borrowed(text)), false),
            _ => (Some(Cow::Owned(STANDARD.encode(&self.body))), true),
        }
    }

    /// Whether API Gateway passes a body of this type as it is: text that is not compressed.
    fn is_text(&self) -> bool {
        if self.headers.get("content-encoding").is_some_and(|coding| !coding.eq_ignore_ascii_case("identity")) {
            return false;
        }
        let Some(content_type) = self.headers.get("content-type") else { return true };
        let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let known = ["application/json", "application/xml", "application/javascript"].contains(&essence.as_str());
        known || essence.starts_with("text/") || essence.ends_with("+json") || essence.ends_with("+xml")
    }
}

async fn read_body(body: Body, max_bytes: usize) -> Result<Bytes, Refusal> {
    let mut stream = body.into_data_stream();
    let (mut kept, mut size) = (BytesMut::new(), 0);
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| Refusal::BadRequest)?;
        size += chunk.len();
        if size <= max_bytes {
            kept.extend_from_slice(&chunk);
        } else if size > max_bytes * DRAINED_BODIES {
            break;
        }
    }
    if size > max_bytes { Err(Refusal::TooLarge) } else { Ok(kept.freeze()) }
}

/// The host that was asked for, if it is one; functions parse it into URLs.
fn domain_of(parts: &Parts) -> String {
    let asked = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let host = asked.and_then(|host| host.parse::<axum::http::uri::Authority>().ok());
    host.map_or_else(|| "localhost".to_owned(), |host| host.to_string())
}

/// Lower-case names, repeated ones joined by commas, and what API Gateway adds. Cookies stand apart.
fn headers(sent: &HeaderMap, peer: SocketAddr, domain: &str, request_id: &str) -> BTreeMap<String, String> {
    let mut headers = BTreeMap::new();
    for (name, value) in sent.iter().filter(|(name, _)| *name != header::COOKIE) {
        join(headers.entry(name.as_str().to_owned()).or_default(), &String::from_utf8_lossy(value.as_bytes()));
    }
    let id = request_id.replace('-', "");
    headers.insert("host".to_owned(), domain.to_owned());
    headers.entry("x-amzn-trace-id".to_owned()).or_insert_with(|| format!("Root=1-{}-{}", &id[..8], &id[8..]));
    join(headers.entry("x-forwarded-for".to_owned()).or_default(), &peer.ip().to_string());
    headers.insert("x-forwarded-proto".to_owned(), "http".to_owned());
    let port = domain.rsplit_once(':').map_or("80", |(_, port)| port);
    headers.insert("x-forwarded-port".to_owned(), port.to_owned());
    headers
}

fn cookies(sent: &HeaderMap) -> Vec<String> {
    let values = sent.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split("; ")).map(str::to_owned).collect()
}

fn join(all: &mut String, value: &str) {
    if !all.is_empty() {
        all.push(',');
    }
    all.push_str(value);
}
