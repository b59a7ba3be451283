//! A whole run: services, functions, event sources and the two front doors, started in this order and stopped in the
//! reverse.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::gateway::Gateway;
use crate::lambda::{self, Account, Endpoints, Function, FunctionSpec, Functions, Launch};
use crate::ports::Ports;
use crate::rights::{self, Denied, Rights};
use crate::serve::Server;
use crate::services::{
    ACCOUNT_ID, Durability, DynamoDb, EventBridge, REGION, S3, SECRET_ACCESS_KEY, ServiceConfig, ServiceError, Sqs,
};
use crate::template::{self, LocalNames, Template};
use crate::{LocalConfig, StartError, TemplateSource, events};

/// How long the front doors wait for requests that are under way, once the functions are idle.
const DOOR_GRACE: Duration = Duration::from_secs(2);

/// A run that answers. Dropping it kills the functions without waiting; [`RunningStack::shutdown`] ends in order.
#[derive(Debug)]
pub struct RunningStack {
    /// Where the HTTP API answers, such as `http://127.0.0.1:3000`.
    pub base_url: String,
    pub endpoints: Endpoints,
    /// The template's outputs with local values: table names, bucket, queue URLs, `BaseUrl` of the API's base path.
    pub outputs: BTreeMap<String, String>,
    /// The template as it runs.
    pub template: Template,
    functions: Functions,
    services: Services,
    gateway: Server,
    invoke_api: Server,
    stop: watch::Sender<bool>,
    sources: Vec<JoinHandle<()>>,
    rights: Rights,
    grace: Duration,
    /// Held as long as the run lasts; the system lets go of it when the process dies.
    _lock: File,
}

#[derive(Debug)]
struct Services {
    dynamodb: DynamoDb,
    s3: S3,
    sqs: Sqs,
    event_bridge: EventBridge,
}

/// Starts everything the template asks for.
///
/// # Errors
/// What is missing, malformed, taken or unknown; nothing keeps running then.
pub async fn start(config: LocalConfig) -> Result<RunningStack, StartError> {
    fs::create_dir_all(&config.data).map_err(StartError::data(&config.data))?;
    let lock = lock(&config.data)?;
    let ports = Ports::remembered(&config.data)?;
    let names = LocalNames {
        region: REGION.to_owned(),
        account_id: ACCOUNT_ID.to_owned(),
        ..LocalNames::new(format!("http://127.0.0.1:{}", ports.sqs))
    };
    // Everything that can be wrong with the request itself is found before anything is started.
    let template = Template::read(&template_text(&config.template)?, &config.parameters, &names)?;
    let binaries = binaries(&template, &config.functions)?;
    let door = listen(config.port).await?;
    let lambda_door = listen(ports.lambda).await?;

    let rights = Rights::of(&template.functions);
    let services = Services::start(&config.data, ports, &rights).await?;
    services.create(&template).await?;
    services.notify(&template);
    let endpoints = Endpoints {
        dynamodb: services.dynamodb.url(),
        s3: services.s3.url(),
        sqs: services.sqs.url(),
        event_bridge: services.event_bridge.url(),
        lambda: format!("http://127.0.0.1:{}", ports.lambda),
    };
    let functions = functions(&template, binaries, &endpoints, &config)?;
    let (stop, stopped) = watch::channel(false);
    let invoke_api = serve(lambda_door, lambda::router(functions.clone()))?;
    let api = template.api.clone().unwrap_or_default();
    let gateway = Gateway::new(&api, &functions, names.clone()).expect("every route names a function of the template");
    let gateway = serve(door, gateway.router())?;
    let sources = events::start(&template, &functions, &services.sqs.queues(), &stopped);
    let base_url = format!("http://{}", gateway.address);
    Ok(RunningStack {
        outputs: local_outputs(&template, &names, &base_url),
        base_url,
        endpoints,
        template,
        functions,
        services,
        gateway,
        invoke_api,
        stop,
        sources,
        rights,
        grace: config.grace,
        _lock: lock,
    })
}

impl RunningStack {
    /// The log of all events that were put on a bus, one JSON document a line.
    pub fn event_log(&self) -> &Path {
        self.services.event_bridge.log()
    }

    /// Process ids by function folder; functions that nobody called yet have none.
    pub fn pids(&self) -> BTreeMap<String, Vec<u32>> {
        self.functions.iter().map(|function| (function.spec().folder.clone(), function.pids())).collect()
    }

    /// Calls of functions that their policies do not allow.
    pub fn denied(&self) -> Vec<Denied> {
        self.rights.denied()
    }

    /// The functions, to invoke them in this process.
    pub fn functions(&self) -> &Functions {
        &self.functions
    }

    /// Stops taking events, lets invocations end within the grace period, kills the functions, closes the services.
    ///
    /// # Errors
    /// The first service that did not close cleanly; everything is stopped all the same.
    pub async fn shutdown(self) -> Result<(), ServiceError> {
        self.stop.send_replace(true);
        let sources = futures::future::join_all(self.sources);
        if tokio::time::timeout(self.grace, sources).await.is_err() {
            tracing::warn!("an event source was cut off at the end");
        }
        futures::future::join_all(self.functions.iter().map(|function| function.shutdown(self.grace))).await;
        tokio::join!(self.gateway.shutdown(DOOR_GRACE), self.invoke_api.shutdown(DOOR_GRACE));
        let Services { dynamodb, s3, sqs, event_bridge } = self.services;
        let (sqs, s3) = tokio::join!(sqs.shutdown(), s3.shutdown());
        let (dynamodb, event_bridge) = tokio::join!(dynamodb.shutdown(), event_bridge.shutdown());
        sqs.and(s3).and(dynamodb).and(event_bridge)
    }
}

impl Services {
    async fn start(data: &Path, ports: Ports, rights: &Rights) -> Result<Services, StartError> {
        // Survives a kill of every process; only a power cut can take the last moments, and saves a disk
        // flush a write.
        let config = |name: &str, port| {
            let config = ServiceConfig::new(data.join(name)).on_port(port).with_rights(rights.clone());
            config.with_durability(Durability::OperatingSystem)
        };
        Ok(Services {
            dynamodb: DynamoDb::start(config("dynamodb", ports.dynamodb)).await?,
            s3: S3::start(config("s3", ports.s3)).await?,
            sqs: Sqs::start(config("sqs", ports.sqs)).await?,
            event_bridge: EventBridge::start(config("events", ports.event_bridge)).await?,
        })
    }

    async fn create(&self, template: &Template) -> Result<(), StartError> {
        for table in &template.tables {
            self.dynamodb.ensure_table(table.definition.clone()).await?;
        }
        for bucket in &template.buckets {
            self.s3.ensure_bucket(&bucket.name).await?;
        }
        for queue in &template.queues {
            self.sqs.ensure_queue(&queue.name, &queue.definition).await?;
        }
        Ok(())
    }

    /// Buckets tell queues of new objects, before anything is there that could write one.
    fn notify(&self, template: &Template) {
        for bucket in template.buckets.iter().filter(|bucket| !bucket.notifications.is_empty()) {
            events::notify_queues(&self.s3, bucket, &self.sqs.queues());
        }
    }
}

fn lock(data: &Path) -> Result<File, StartError> {
    let path = data.join("lock");
    let file = File::create(&path).map_err(StartError::data(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StartError::DataInUse { path: data.to_owned() }),
        Err(TryLockError::Error(source)) => Err(StartError::Data { path, source }),
    }
}

fn template_text(source: &TemplateSource) -> Result<String, StartError> {
    match source {
        TemplateSource::Text(text) => Ok(text.clone()),
        TemplateSource::File(path) => {
            fs::read_to_string(path).map_err(|source| StartError::TemplateFile { path: path.clone(), source })
        }
    }
}

/// The binary of each function, in the template's order.
fn binaries(template: &Template, folder: &Path) -> Result<Vec<PathBuf>, StartError> {
    template.functions.iter().map(|function| binary(function, folder)).collect()
}

fn binary(function: &template::Function, folder: &Path) -> Result<PathBuf, StartError> {
    let (by_cargo, by_sam) = (folder.join(&function.folder), folder.join(&function.logical_id).join(&function.handler));
    let found = [&by_sam, &by_cargo].into_iter().find(|path| path.is_file()).cloned();
    // The process starts elsewhere than in this folder, so the path must not depend on it.
    let found = found.map(|path| std::path::absolute(&path).map_err(StartError::data(path))).transpose()?;
    found.ok_or_else(|| StartError::MissingBinary {
        function: function.logical_id.clone(),
        package: format!("affinsy-{}", function.folder),
        looked_for: by_cargo,
    })
}

async fn listen(port: u16) -> Result<TcpListener, StartError> {
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    bound.map_err(|source| StartError::PortTaken { port, source })
}

fn serve(listener: TcpListener, router: axum::Router) -> Result<Server, StartError> {
    Server::start(listener, router).map_err(|source| StartError::PortTaken { port: 0, source })
}

fn functions(
    template: &Template,
    binaries: Vec<PathBuf>,
    endpoints: &Endpoints,
    config: &LocalConfig,
) -> Result<Functions, StartError> {
    let logs = config.data.join("logs");
    let made = template.functions.iter().zip(binaries).map(|(function, binary)| {
        let task_root = binary.parent().unwrap_or(&config.functions);
        // A key of its own: the services hold it to the function's policy.
        let access_key_id = rights::access_key_id(function);
        let account = Account { region: REGION, access_key_id: &access_key_id, secret_access_key: SECRET_ACCESS_KEY };
        let mut environment = lambda::environment(function, task_root, endpoints, account);
        environment.extend(config.environment.clone());
        let spec = FunctionSpec {
            logical_id: function.logical_id.clone(),
            name: function.name.clone(),
            folder: function.folder.clone(),
            launch: Launch { binary, arn: function.arn.clone(), environment },
            timeout: function.timeout,
            max_instances: function.reserved_concurrency.unwrap_or(config.max_instances),
        };
        Function::new(spec, &logs, config.log.clone()).map_err(StartError::data(&logs))
    });
    made.collect::<Result<Vec<_>, _>>().map(Functions::new)
}

/// The outputs, with the HTTP API's public address replaced by where it answers here.
fn local_outputs(template: &Template, names: &LocalNames, base_url: &str) -> BTreeMap<String, String> {
    let public = names.api_url();
    let local = |(name, value): (&String, &String)| (name.clone(), value.replace(&public, base_url));
    template.outputs.iter().map(local).collect()
}
