//! DynamoDB, S3 and SQS on loopback ports with what the template defines in them, and the adapters over them.

use super::template;
use affinsy_app::ports::Job;
use affinsy_aws::clients;
use affinsy_aws::objects::S3Objects;
use affinsy_aws::queue::SqsQueue;
use affinsy_aws::tables::{DynamoBook, DynamoIdempotency, DynamoKeys, DynamoRates};
use affinsy_local::services::{ACCESS_KEY_ID, Durability, DynamoDb, REGION, S3, SECRET_ACCESS_KEY, ServiceConfig, Sqs};
use affinsy_local::template::Template;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::Credentials;

/// An SDK configuration for a service of this machine.
pub async fn sdk(endpoint: &str) -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::new(REGION))
        .credentials_provider(Credentials::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None, None, "tests"))
        .load()
        .await
}

/// The services, empty, in a folder that goes with them.
#[derive(Debug)]
pub struct Aws {
    dynamodb: DynamoDb,
    s3: S3,
    sqs: Sqs,
    template: Template,
    _folder: tempfile::TempDir,
}

impl Aws {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config =
            |name: &str| ServiceConfig::new(folder.path().join(name)).with_durability(Durability::OperatingSystem);
        let services = Self {
            dynamodb: DynamoDb::start(config("dynamodb")).await.expect("starts"),
            s3: S3::start(config("s3")).await.expect("starts"),
            sqs: Sqs::start(config("sqs")).await.expect("starts"),
            template: template(),
            _folder: folder,
        };
        services.create().await;
        services
    }

    async fn create(&self) {
        for table in &self.template.tables {
            self.dynamodb.ensure_table(table.definition.clone()).await.expect("a valid table");
        }
        for bucket in &self.template.buckets {
            self.s3.ensure_bucket(&bucket.name).await.expect("a valid bucket");
        }
        for queue in &self.template.queues {
            self.sqs.ensure_queue(&queue.name, &queue.definition).await.expect("a valid queue");
        }
    }

    fn output(&self, name: &str) -> &str {
        self.template.outputs.get(name).unwrap_or_else(|| panic!("the template has no output {name}"))
    }

    pub async fn book(&self) -> DynamoBook {
        let client = clients::dynamodb(&sdk(&self.dynamodb.url()).await);
        DynamoBook::new(client, self.output("ControlTableName"), self.output("SegmentsTableName"))
    }

    pub async fn keys(&self) -> DynamoKeys {
        DynamoKeys::new(clients::dynamodb(&sdk(&self.dynamodb.url()).await), self.output("ControlTableName"))
    }

    pub async fn idempotency(&self) -> DynamoIdempotency {
        DynamoIdempotency::new(clients::dynamodb(&sdk(&self.dynamodb.url()).await), self.output("ControlTableName"))
    }

    pub async fn rates(&self) -> DynamoRates {
        DynamoRates::new(clients::dynamodb(&sdk(&self.dynamodb.url()).await), self.output("ControlTableName"))
    }

    pub async fn objects(&self) -> S3Objects {
        S3Objects::new(clients::s3(&sdk(&self.s3.url()).await), self.output("BucketName"))
    }

    pub async fn queue(&self) -> SqsQueue {
        let url = |output: &str| {
            let name = self.output(output).rsplit('/').next().expect("a URL has a last part").to_owned();
            format!("{}/{}/{name}", self.sqs.url(), affinsy_local::services::ACCOUNT_ID)
        };
        let client = clients::sqs(&sdk(&self.sqs.url()).await);
        SqsQueue {
            client,
            reports_url: url("ReportsQueueUrl"),
            webhooks_url: url("WebhooksQueueUrl"),
            store_url: url("StoreQueueUrl"),
            uploads_url: url("UploadsQueueUrl"),
        }
    }
}

/// The jobs that wait in a queue, with their receipts; what is received stays hidden.
pub async fn receive(queue: &SqsQueue, url: &str) -> Vec<(Job, String)> {
    let received = queue.client.receive_message().queue_url(url).max_number_of_messages(10).send().await;
    let messages = received.expect("receives").messages.unwrap_or_default();
    let job = |message: aws_sdk_sqs::types::Message| {
        let job = Job::from_message(message.body().expect("a message has a body")).expect("a job of ours");
        (job, message.receipt_handle.expect("a received message has a receipt"))
    };
    messages.into_iter().map(job).collect()
}
