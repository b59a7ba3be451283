//! Taking an upload's order: what the caller says of a file is checked before it is sent, and an import waits for it.

use super::object_key;
use super::run::next_look;
use crate::endpoint_health;
use crate::ports::{
    Clock, Endpoints, ImportRecord, ImportStatus, Links, PortError, PutLink, Random, UploadRecord, UploadWork, Uploads,
};
use affinsy_core::dataset::DEFAULT_ID;
use affinsy_core::ids::Tenant;
use affinsy_core::import::{ImportProblem, Mapping, Settings};
use affinsy_core::json::{self, Node};
use affinsy_core::order::check_id;
use affinsy_core::problem::{BodyProblem, FieldProblem};
use affinsy_core::time::Instant;
use affinsy_core::webhook::url::{self, UrlPolicy};
use serde::de::DeserializeOwned;

#[derive(Clone, Copy)]
pub struct OpenPorts<'a> {
    pub uploads: &'a dyn Uploads,
    pub endpoints: &'a dyn Endpoints,
    pub links: &'a dyn Links,
    pub clock: &'a dyn Clock,
    pub random: &'a dyn Random,
    pub url_policy: UrlPolicy,
}

impl std::fmt::Debug for OpenPorts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OpenPorts")
    }
}

#[derive(Debug, thiserror::Error)]
pub enum OpenRefused {
    #[error(transparent)]
    Body(#[from] BodyProblem),
    #[error(transparent)]
    Port(#[from] PortError),
}

/// An import that waits for its file, and where the file goes.
#[derive(Debug)]
pub struct Opened {
    pub import: ImportRecord,
    pub link: PutLink,
    pub expires_at: Instant,
    pub warnings: Vec<String>,
}

/// The most bytes of an order for an upload: it is kept in the import's record.
pub const MAX_REQUEST_BYTES: usize = 16 << 10;
/// The most that S3 takes in one PUT.
pub const MAX_FILE_BYTES: u64 = 5 << 30;
/// How long a file may be sent. The key with which a function signs lives no longer than a few hours.
const PUT_LINK_S: u32 = 3_600;
/// How long the link to a list of rejects holds.
pub const REJECTS_LINK_S: u32 = 3_600;
const MAX_COLUMN_CHARS: usize = 256;

/// Stores an import as *Processing* and says where its file is to be sent.
/// The dataset may hold `max_rows` live lines.
pub async fn open_upload(
    tenant: &Tenant,
    body: &[u8],
    max_rows: Option<u64>,
    ports: OpenPorts<'_>,
) -> Result<Opened, OpenRefused> {
    let request = Request::parse(body)?;
    if let Some(webhook_url) = &request.webhook_url {
        url::check(webhook_url, ports.url_policy)
            .map_err(|detail| BodyProblem::from(FieldProblem::new("/webhook_url", detail)))?;
    }
    let disabled = endpoint_health::warning(tenant, request.webhook_url.as_deref(), ports.endpoints).await?;
    let now = ports.clock.now();
    let import_id = ports.random.id("imp_", now);
    let object_key = object_key(tenant, &request.dataset_id, &import_id);
    let link = ports.links.put(&object_key, PUT_LINK_S).await?;
    let expires_at = now.plus_ms(i64::from(PUT_LINK_S) * 1_000);
    let upload = UploadRecord {
        request: String::from_utf8_lossy(body).into_owned(),
        object_key,
        max_rows,
        expires_at,
        lease_until: None,
        expired_leases: 0,
        bytes: None,
        work: UploadWork::default(),
    };
    let import = waiting(import_id, &request, upload, now);
    ports.uploads.open(tenant, &import, next_look(now, expires_at, now)).await?;
    tracing::info!(import.id = import.import_id, "upload opened");
    let warnings = request.warnings.into_iter().chain(disabled).collect();
    Ok(Opened { import, link, expires_at, warnings })
}

fn waiting(import_id: String, request: &Request, upload: UploadRecord, now: Instant) -> ImportRecord {
    ImportRecord {
        import_id,
        dataset_id: request.dataset_id.clone(),
        source: "upload".to_owned(),
        status: ImportStatus::Processing,
        orders: 0,
        line_items: 0,
        inserted: None,
        updated: None,
        rejected: 0,
        rejects_key: None,
        warnings: Vec::new(),
        created_at: now,
        completed_at: None,
        failure: None,
        webhook_url: request.webhook_url.clone(),
        claims: 0,
        saves: 0,
        upload: Some(Box::new(upload)),
    }
}

/// The body of `POST /data/uploads`.
#[derive(Debug)]
pub(super) struct Request {
    pub dataset_id: String,
    pub webhook_url: Option<String>,
    pub settings: Settings,
    pub warnings: Vec<String>,
}

/// The fields of a mapping, which are those of an order line, and the currency.
const MAPPED: [&str; 7] =
    ["order_id", "customer_id", "order_date", "product_name", "unit_price", "quantity", "currency"];

impl Request {
    pub fn parse(body: &[u8]) -> Result<Self, BodyProblem> {
        let root = json::parse(body)?;
        let Node::Object(_) = &root else {
            let detail = format!("an object is expected, not {}", root.kind());
            return Err(BodyProblem::Malformed { line: 1, column: 1, detail });
        };
        let mut fields = Fields { object: &root, pointer: "", asked: Vec::new(), errors: Vec::new() };
        let dataset_id = fields.text("dataset_id").unwrap_or_else(|| DEFAULT_ID.to_owned());
        if let Err(detail) = check_id(&dataset_id) {
            fields.problem("dataset_id", detail);
        }
        let bytes = fields.bytes();
        let webhook_url = fields.text("webhook_url");
        let settings = fields.settings();
        let (warnings, mut errors) = (fields.unknown(), fields.errors);
        if let (true, Err(problem)) = (errors.is_empty(), settings.check()) {
            errors.push(setting_problem(&problem));
        }
        match (errors.is_empty(), bytes) {
            (false, _) => Err(BodyProblem::Invalid { errors }),
            (true, Some(bytes)) if bytes > MAX_FILE_BYTES => Err(too_large()),
            (true, _) => Ok(Self { dataset_id, webhook_url, settings, warnings }),
        }
    }
}

fn setting_problem(problem: &ImportProblem) -> FieldProblem {
    match problem {
        ImportProblem::Setting { setting, detail } => FieldProblem::new(format!("/{setting}"), detail.clone()),
        other => FieldProblem::new("", other.to_string()),
    }
}

fn too_large() -> BodyProblem {
    let detail = format!(
        "an upload takes at most {} GiB: pack the file with gzip or zstd, or split it by order",
        MAX_FILE_BYTES >> 30
    );
    BodyProblem::TooLarge { detail }
}

/// Hands out the fields of one object, and notes what is wrong with them and which nobody asked for.
struct Fields<'a> {
    object: &'a Node,
    pointer: &'static str,
    asked: Vec<&'static str>,
    errors: Vec<FieldProblem>,
}

impl Fields<'_> {
    fn problem(&mut self, name: &str, detail: impl Into<String>) {
        self.errors.push(FieldProblem::new(format!("{}/{name}", self.pointer), detail));
    }

    /// Null is a field that is not there.
    fn node(&mut self, name: &'static str) -> Option<&Node> {
        self.asked.push(name);
        self.object.get(name).filter(|node| **node != Node::Null)
    }

    fn text(&mut self, name: &'static str) -> Option<String> {
        let found = match self.node(name)? {
            Node::String(text) => Ok(text.clone()),
            other => Err(format!("must be a string, not {}", other.kind())),
        };
        found.map_err(|detail| self.problem(name, detail)).ok()
    }

    /// A value that is written as a name.
    fn named<T: DeserializeOwned>(&mut self, name: &'static str) -> Option<T> {
        let text = self.text(name)?;
        let read = serde_json::from_value(serde_json::Value::String(text));
        read.map_err(|error| self.problem(name, format!("is not known here: {error}"))).ok()
    }

    fn bytes(&mut self) -> Option<u64> {
        let read = match self.node("bytes")? {
            Node::Number(text) => text.parse().ok(),
            _ => None,
        };
        if read.is_none() {
            self.problem("bytes", "must be a whole number, the size of the file");
        }
        read
    }

    fn settings(&mut self) -> Settings {
        Settings {
            format: self.named("format"),
            source: self.named("source"),
            mapping: self.mapping(),
            time_zone: self.text("time_zone"),
            date_format: self.text("date_format"),
            decimal: self.named("decimal"),
            delimiter: self.named("delimiter"),
            encoding: self.named("encoding"),
            currency: self.text("currency"),
        }
    }

    fn mapping(&mut self) -> Mapping {
        let found = match self.node("mapping") {
            None => return Mapping::default(),
            Some(node @ Node::Object(_)) => Ok(node.clone()),
            Some(other) => Err(format!("must be an object, not {}", other.kind())),
        };
        let object = match found {
            Ok(object) => object,
            Err(detail) => {
                self.problem("mapping", detail);
                return Mapping::default();
            }
        };
        let mut fields = Fields { object: &object, pointer: "/mapping", asked: Vec::new(), errors: Vec::new() };
        let [order_id, customer_id, order_date, product_name, unit_price, quantity, currency] =
            MAPPED.map(|name| fields.column(name));
        // A misspelt field would read the wrong column: unlike elsewhere, this is a mistake.
        for unknown in fields.unknown_names() {
            fields.problem(&unknown, format!("is no field of an order line; known are: {}", MAPPED.join(", ")));
        }
        self.errors.append(&mut fields.errors);
        Mapping { order_id, customer_id, order_date, product_name, unit_price, quantity, currency }
    }

    fn column(&mut self, name: &'static str) -> Option<String> {
        let column = self.text(name)?;
        if column.trim().is_empty() || column.chars().count() > MAX_COLUMN_CHARS {
            self.problem(name, format!("must be the name of a column, at most {MAX_COLUMN_CHARS} characters"));
        }
        Some(column)
    }

    fn unknown_names(&self) -> Vec<String> {
        let Node::Object(fields) = self.object else { return Vec::new() };
        let names = fields.iter().map(|(name, _)| name).filter(|name| !self.asked.contains(&name.as_str()));
        names.map(|name| name.chars().take(64).collect()).collect()
    }

    fn unknown(&self) -> Vec<String> {
        let names = self.unknown_names().into_iter().take(20);
        names.map(|name| format!("{}/{name} is not a known field and was ignored", self.pointer)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pointer of the first problem; empty where there is none.
    fn check(body: &str, expected: &str) {
        let found = match Request::parse(body.as_bytes()) {
            Ok(_) => "fine".to_owned(),
            Err(BodyProblem::Invalid { errors }) => errors[0].pointer.clone(),
            Err(BodyProblem::TooLarge { .. }) => "too large".to_owned(),
            Err(BodyProblem::Malformed { .. }) => "malformed".to_owned(),
        };
        assert_eq!(found, expected, "{body}");
    }

    #[test]
    fn what_is_said_of_a_file_is_checked_before_it_is_sent() {
        check("{}", "fine");
        check(r#"{"dataset_id": "my-store", "bytes": 12, "format": "csv", "decimal": ","}"#, "fine");
        check(r#"{"mapping": {"order_id": "Order No.", "unit_price": null}, "time_zone": "Europe/Berlin"}"#, "fine");
        check("[]", "malformed");
        check(r#"{"dataset_id": ""}"#, "/dataset_id");
        check(r#"{"dataset_id": 7}"#, "/dataset_id");
        check(r#"{"format": "xlsx"}"#, "/format");
        check(r#"{"decimal": ";"}"#, "/decimal");
        check(r#"{"time_zone": "Mars/Olympus"}"#, "/time_zone");
        check(r#"{"currency": "euro"}"#, "/currency");
        check(r#"{"delimiter": "ab"}"#, "/delimiter");
        check(r#"{"mapping": []}"#, "/mapping");
        check(r#"{"mapping": {"order": "Nr"}}"#, "/mapping/order");
        check(r#"{"mapping": {"order_id": " "}}"#, "/mapping/order_id");
        check(r#"{"bytes": "many"}"#, "/bytes");
        check(r#"{"bytes": 5368709121}"#, "too large");
    }

    #[test]
    fn unknown_fields_are_named() {
        let request = Request::parse(br#"{"colour": "red"}"#).expect("fine");
        assert_eq!(request.warnings, ["/colour is not a known field and was ignored"]);
    }
}
