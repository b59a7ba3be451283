//! Where the keys are: the table of a running local stack, or of a deployment.

use std::path::PathBuf;

use affinsy_aws::clients;
use affinsy_aws::tables::DynamoKeys;
use affinsy_local::services::{ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY};
use clap::Args;

use crate::failure::Failure;
use crate::target::LocalFile;

#[derive(Debug, Args)]
pub struct Place {
    /// Folder of the local stack, which must be running
    #[arg(long, value_name = "DIR", default_value = ".affinsy")]
    data: PathBuf,
    /// A deployment instead: the name of its stack, with your own AWS credentials
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
    /// A deployment's control table by its name, where the stack's name alone does not tell
    #[arg(long, value_name = "TABLE", conflicts_with = "stack")]
    control_table: Option<String>,
}

impl Place {
    pub async fn keys(&self) -> Result<DynamoKeys, Failure> {
        if self.stack.is_none() && self.control_table.is_none() {
            let local = LocalFile::read(&self.data)?;
            let endpoint = local.endpoints["dynamodb"].as_str().unwrap_or_default();
            let table = local.outputs["ControlTableName"].as_str().unwrap_or_default();
            return Ok(DynamoKeys::new(local_client(endpoint).await, table));
        }
        let config = clients::sdk_config(clients::Patience::Work).await;
        let table = match (&self.control_table, &self.stack) {
            (Some(table), _) => table.clone(),
            (None, stack) => of_stack(&config, stack.as_deref().unwrap_or_default()).await?,
        };
        Ok(DynamoKeys::new(clients::dynamodb(&config), &table))
    }
}

pub async fn local_client(endpoint: &str) -> clients::DynamoDbClient {
    clients::local_dynamodb(endpoint, REGION, ACCESS_KEY_ID, SECRET_ACCESS_KEY).await
}

/// CloudFormation names a table after its stack, its logical id and a random part.
async fn of_stack(config: &clients::SdkConfig, stack: &str) -> Result<String, Failure> {
    let prefix = format!("{stack}-ControlTable-");
    let found = clients::tables_named(config, &prefix).await;
    let found = found.map_err(|error| Failure::run(format!("cannot list the account's tables: {error}")))?;
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(Failure::input(format!(
            "no table begins with {prefix}: is {stack} deployed in this account and region?"
        ))),
        several => {
            Err(Failure::input(format!("several tables fit; name one by --control-table: {}", several.join(", "))))
        }
    }
}
