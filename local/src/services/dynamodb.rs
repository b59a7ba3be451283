//! DynamoDB: dynoxide (SQLite) behind its own HTTP server. SQLite's default `synchronous=FULL` stands unless the
//! caller wants less. Refuses to know any table: definitions come from the caller.

use dynoxide::{Database, DynoxideError};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::server::{Bound, Running, create_folder};
use super::{Durability, ServiceConfig, ServiceError, front};

/// What `CreateTable` takes and the emulator acts on; the rest of a template's table (backups, encryption) has no
/// meaning here.
const CREATE_TABLE_FIELDS: [&str; 8] = [
    "TableName",
    "AttributeDefinitions",
    "KeySchema",
    "GlobalSecondaryIndexes",
    "LocalSecondaryIndexes",
    "BillingMode",
    "ProvisionedThroughput",
    "StreamSpecification",
];

/// A running DynamoDB. Dropping it stops the server; the tables stay on disk.
pub struct DynamoDb {
    database: Database,
    server: Running,
    /// Where keys are limited, what asks their rights before the server is asked.
    door: Option<Running>,
}

impl std::fmt::Debug for DynamoDb {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("DynamoDb").field("server", &self.server).finish_non_exhaustive()
    }
}

impl DynamoDb {
    /// Opens or creates the tables under `config.dir` and answers on the port.
    pub async fn start(config: ServiceConfig) -> Result<Self, ServiceError> {
        create_folder(&config.dir)?;
        let path = config.dir.join("dynamodb.sqlite");
        let name = path.to_str().ok_or_else(|| ServiceError::database(&path, "the path is not Unicode"))?;
        let database = Database::new(name).map_err(|error| ServiceError::database(&path, error))?;
        if config.durability == Durability::OperatingSystem {
            // The public call that sets `synchronous=NORMAL`; what else it sets is the default already.
            database.disable_bulk_loading().map_err(|error| ServiceError::database(&path, error))?;
        }
        let is_limited = !config.rights.is_empty();
        let bound = Bound::new(config.port.filter(|_| !is_limited)).await?;
        let (served, stopped) = (database.clone(), bound.stop_signal().stopped());
        let server = bound.spawn("DynamoDB", |listener| async move {
            dynoxide::server::serve_with_shutdown(listener, served, stopped).await
        });
        let door = match is_limited {
            true => Some(Bound::new(config.port).await?.serve("DynamoDB", front::dynamodb(server.addr, config.rights))),
            false => None,
        };
        Ok(Self { database, server, door })
    }

    /// What `AWS_ENDPOINT_URL_DYNAMODB` is set to.
    pub fn url(&self) -> String {
        self.outer().url()
    }

    pub fn addr(&self) -> std::net::SocketAddr {
        self.outer().addr
    }

    fn outer(&self) -> &Running {
        self.door.as_ref().unwrap_or(&self.server)
    }

    /// Creates the table of a `CreateTable` request (or of an `AWS::DynamoDB::Table`'s resolved properties, with the
    /// name). A table that exists already stays as it is, and gets the indexes that it lacks; one with other keys is
    /// an error, never replaced.
    pub async fn ensure_table(&self, definition: Value) -> Result<(), ServiceError> {
        let database = self.database.clone();
        let ensure = tokio::task::spawn_blocking(move || ensure_table(&database, definition));
        ensure.await.map_err(|panic| ServiceError::resource("table", panic))?
    }

    /// Lets running requests finish, then closes.
    pub async fn shutdown(self) -> Result<(), ServiceError> {
        if let Some(door) = self.door {
            door.shutdown().await?;
        }
        self.server.shutdown().await
    }
}

fn ensure_table(database: &Database, mut definition: Value) -> Result<(), ServiceError> {
    let name = definition["TableName"].as_str().unwrap_or_default().to_owned();
    let resource = |reason: String| ServiceError::resource(format!("table {name}"), reason);
    let fields = definition.as_object_mut().ok_or_else(|| resource("the definition is not an object".into()))?;
    fields.retain(|field, _| CREATE_TABLE_FIELDS.contains(&field.as_str()));
    if let Some(stream) = fields.get_mut("StreamSpecification").and_then(Value::as_object_mut) {
        // A template's stream has no such field: it is on because it is there.
        stream.entry("StreamEnabled").or_insert(Value::Bool(true));
    }
    let create = request(definition.clone()).map_err(resource)?;
    match database.create_table(create) {
        Ok(_) => Ok(()),
        Err(DynoxideError::ResourceInUseException(_)) => update_table(database, &name, &definition).map_err(resource),
        Err(error) => Err(resource(error.to_string())),
    }
}

/// Checks that the table on disk is the one that is asked for, and adds the indexes it lacks.
fn update_table(database: &Database, name: &str, definition: &Value) -> Result<(), String> {
    let describe = request(json!({"TableName": name}))?;
    let described = database.describe_table(describe).map_err(|error| error.to_string())?;
    let existing = serde_json::to_value(described.table).map_err(|error| error.to_string())?;
    require_same_keys("the table", &existing, definition)?;
    for index in indexes(definition) {
        let index_name = &index["IndexName"];
        match indexes(&existing).find(|found| found["IndexName"] == *index_name) {
            Some(found) => require_same_keys(&format!("the index {index_name}"), found, index)?,
            None => create_index(database, name, definition, index)?,
        }
    }
    Ok(())
}

fn create_index(database: &Database, name: &str, definition: &Value, index: &Value) -> Result<(), String> {
    let update = request(json!({
        "TableName": name,
        "AttributeDefinitions": definition["AttributeDefinitions"],
        "GlobalSecondaryIndexUpdates": [{"Create": index}],
    }))?;
    database.update_table(update).map(drop).map_err(|error| error.to_string())
}

fn require_same_keys(what: &str, existing: &Value, wanted: &Value) -> Result<(), String> {
    let (found, asked) = (&existing["KeySchema"], &wanted["KeySchema"]);
    if found == asked {
        return Ok(());
    }
    Err(format!("{what} on disk has the keys {found}, the definition asks for {asked}; move the data folder away"))
}

fn indexes(table: &Value) -> impl Iterator<Item = &Value> {
    table["GlobalSecondaryIndexes"].as_array().into_iter().flatten()
}

fn request<T: DeserializeOwned>(body: Value) -> Result<T, String> {
    serde_json::from_value(body).map_err(|error| error.to_string().trim_start_matches("VALIDATION:").to_owned())
}
