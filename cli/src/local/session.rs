//! A running stack with a key to use it: what `affinsy local` keeps up and `affinsy demo` works with.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use affinsy_local::lambda::LogSink;
use affinsy_local::{LocalConfig, RunningStack, TemplateSource};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::checkout::Checkout;
use crate::client::Client;
use crate::failure::Failure;
use crate::keys;
use crate::target::LocalFile;

/// What to start.
pub struct Settings {
    pub port: u16,
    pub data: PathBuf,
    /// Folder of the functions' binaries; `None`: the checkout's, built if need be.
    pub functions: Option<PathBuf>,
    /// `None`: the checkout's, else the one this command was built with.
    pub template: Option<PathBuf>,
    /// Requests a minute of the first key's user; `None` is the plan's.
    pub rate_limit: Option<u32>,
    pub log: LogSink,
}

/// A stack that answers, and the first key to it.
#[derive(Debug)]
pub struct Session {
    pub stack: RunningStack,
    pub client: Client,
    pub file: LocalFile,
}

/// The key that a data folder's first start made: shown again at every start.
#[derive(Debug, Serialize, Deserialize)]
struct FirstKey {
    api_key: String,
    user_id: String,
}

const BUILT_IN_TEMPLATE: &str = include_str!("../../../infra/template.yaml");

impl Session {
    pub async fn start(settings: Settings) -> Result<Self, Failure> {
        let checkout = Checkout::find();
        let functions = match (&settings.functions, &checkout) {
            (Some(folder), _) => folder.clone(),
            (None, Some(checkout)) => checkout.functions().await?,
            (None, None) => beside_this_command()?,
        };
        let template = match (settings.template, checkout) {
            (Some(path), _) => TemplateSource::File(path),
            (None, Some(checkout)) => TemplateSource::File(checkout.root.join("infra/template.yaml")),
            (None, None) => TemplateSource::Text(BUILT_IN_TEMPLATE.to_owned()),
        };
        // The functions run elsewhere: no path may depend on where this command was called.
        let data = std::path::absolute(&settings.data)
            .map_err(|error| Failure::input(format!("{}: {error}", settings.data.display())))?;
        let config = LocalConfig {
            port: settings.port,
            // A receiver on this machine has a private address and no certificate.
            parameters: BTreeMap::from([("WebhookAllowPrivate".to_owned(), "true".to_owned())]),
            log: settings.log,
            ..LocalConfig::new(&data, functions, template)
        };
        let stack = affinsy_local::start(config).await.map_err(|error| Failure::run(error.to_string()))?;
        Self::open(stack, &data, settings.rate_limit).await
    }

    async fn open(stack: RunningStack, data: &Path, rate_limit: Option<u32>) -> Result<Self, Failure> {
        let key = match FirstKey::read(data) {
            Some(key) => key,
            None => {
                let made = keys::create_first(&stack, rate_limit).await?;
                FirstKey { api_key: made.api_key, user_id: made.user_id }.written(data)?
            }
        };
        let base_url = format!("{}/api/v1", stack.base_url);
        let client = Client::new(&base_url, &key.api_key)?;
        client.get("/health").await?;
        let secret = client.get("/webhooks/secret").await?.body;
        let file = LocalFile {
            base_url,
            api_key: key.api_key,
            user_id: key.user_id,
            webhook_secret: secret["secret"].as_str().unwrap_or_default().to_owned(),
            endpoints: serde_json::to_value(&stack.endpoints).unwrap_or(Value::Null),
            outputs: json!(stack.outputs),
            pids: Value::Null,
        };
        let mut session = Self { stack, client, file };
        session.refresh_pids();
        Ok(session)
    }

    /// Takes down which processes run now; true when others do than before.
    pub fn refresh_pids(&mut self) -> bool {
        let mut pids = json!({ "affinsy": std::process::id() });
        for (function, of_function) in self.stack.pids() {
            pids[function] = json!(of_function);
        }
        let changed = pids != self.file.pids;
        self.file.pids = pids;
        changed
    }

    pub async fn shutdown(self) -> Result<(), Failure> {
        self.stack.shutdown().await.map_err(|error| Failure::run(format!("the stack did not stop cleanly: {error}")))
    }
}

impl FirstKey {
    fn path(data: &Path) -> PathBuf {
        data.join("first_key.json")
    }

    fn read(data: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(Self::path(data)).ok()?).ok()
    }

    fn written(self, data: &Path) -> Result<Self, Failure> {
        let text = serde_json::to_vec(&self).expect("two texts always serialize");
        crate::target::write_private(&Self::path(data), &text)?;
        Ok(self)
    }
}

fn beside_this_command() -> Result<PathBuf, Failure> {
    let command =
        std::env::current_exe().map_err(|error| Failure::run(format!("cannot find this command: {error}")))?;
    Ok(command.parent().unwrap_or(&command).to_owned())
}
