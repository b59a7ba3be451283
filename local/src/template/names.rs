//! Physical names, ARNs and URLs of the resources of a local run. The same at every start, so data
//! written yesterday is found today. It knows nothing of any property.

/// What names depend on.
#[derive(Debug, Clone)]
pub struct LocalNames {
    /// The stack's name, with which every physical name begins.
    pub stack: String,
    pub region: String,
    pub account_id: String,
    /// Where the queues answer, such as `http://127.0.0.1:4001`.
    pub sqs_endpoint: String,
}

impl LocalNames {
    /// Names for a stack `affinsy` whose queues answer at `sqs_endpoint`.
    pub fn new(sqs_endpoint: impl Into<String>) -> Self {
        LocalNames {
            stack: "affinsy".to_owned(),
            region: "us-east-1".to_owned(),
            account_id: "000000000000".to_owned(),
            sqs_endpoint: sqs_endpoint.into(),
        }
    }

    /// The physical name of a resource. Bucket names may hold no capitals.
    pub fn physical(&self, kind: &str, logical_id: &str) -> String {
        let name = format!("{}-{logical_id}", self.stack);
        if kind == "AWS::S3::Bucket" { name.to_lowercase() } else { name }
    }

    /// What `Ref` gives for a resource; `None` when its type has no local counterpart.
    pub fn reference(&self, kind: &str, logical_id: &str) -> Option<String> {
        let name = self.physical(kind, logical_id);
        match kind {
            "AWS::SQS::Queue" => Some(self.queue_url(&name)),
            "AWS::DynamoDB::Table" | "AWS::S3::Bucket" | "AWS::Serverless::Function" | "AWS::Logs::LogGroup" => {
                Some(name)
            }
            "AWS::Serverless::HttpApi" => Some(self.api_id()),
            _ => None,
        }
    }

    /// What `Fn::GetAtt` gives; `None` when the attribute has no local counterpart.
    pub fn attribute(&self, kind: &str, logical_id: &str, attribute: &str) -> Option<String> {
        let name = self.physical(kind, logical_id);
        match (kind, attribute) {
            ("AWS::SQS::Queue", "Arn") => Some(self.arn("sqs", &name)),
            ("AWS::SQS::Queue", "QueueName") => Some(name),
            ("AWS::SQS::Queue", "QueueUrl") => Some(self.queue_url(&name)),
            ("AWS::DynamoDB::Table", "Arn") => Some(self.arn("dynamodb", &format!("table/{name}"))),
            ("AWS::S3::Bucket", "Arn") => Some(format!("arn:aws:s3:::{name}")),
            ("AWS::Serverless::Function", "Arn") => Some(self.function_arn(&name)),
            ("AWS::Logs::LogGroup", "Arn") => Some(self.arn("logs", &format!("log-group:{name}:*"))),
            _ => None,
        }
    }

    /// A pseudo parameter such as `AWS::Region`.
    pub fn pseudo(&self, name: &str) -> Option<String> {
        match name {
            "AWS::Region" => Some(self.region.clone()),
            "AWS::AccountId" => Some(self.account_id.clone()),
            "AWS::StackName" => Some(self.stack.clone()),
            "AWS::Partition" => Some("aws".to_owned()),
            "AWS::URLSuffix" => Some("amazonaws.com".to_owned()),
            _ => None,
        }
    }

    pub fn function_arn(&self, name: &str) -> String {
        self.arn("lambda", &format!("function:{name}"))
    }

    pub fn queue_url(&self, name: &str) -> String {
        format!("{}/{}/{name}", self.sqs_endpoint, self.account_id)
    }

    pub fn api_id(&self) -> String {
        "local".to_owned()
    }

    /// Where the API would answer if it were deployed.
    pub fn api_url(&self) -> String {
        format!("https://{}.execute-api.{}.amazonaws.com", self.api_id(), self.region)
    }

    /// The ARN of one of this API's routes, as a Lambda authorizer is told it.
    pub fn route_arn(&self, method: &str, path: &str) -> String {
        self.arn("execute-api", &format!("{}/$default/{method}{path}", self.api_id()))
    }

    fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{resource}", self.region, self.account_id)
    }
}
