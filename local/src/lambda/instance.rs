//! One process of a function with the runtime API it polls. Dropping it kills the process.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::log::{FunctionLog, LogSource};
use super::runtime_api::{Desk, Job};
use super::{Answer, FunctionError};
use crate::serve::Server;
use crate::time;

/// Lines of standard error kept, to explain an exit.
const TAIL_LINES: usize = 20;

/// What to start.
#[derive(Debug, Clone)]
pub struct Launch {
    pub binary: PathBuf,
    pub arn: String,
    pub environment: BTreeMap<String, String>,
}

/// How an invocation left its instance.
#[derive(Debug)]
pub enum Ended {
    /// It answered, and can take the next one.
    Answered(Answer),
    /// The process is gone, or must go; the answer says why.
    Gone(Answer),
    /// The process died before it took the event: another one may.
    NeverRan,
}

#[derive(Debug)]
pub struct Instance {
    desk: Arc<Desk>,
    jobs: mpsc::Sender<Job>,
    exit: watch::Receiver<Option<String>>,
    tail: Arc<Mutex<VecDeque<String>>>,
    _server: Server,
    /// Dropped with the instance, which tells the supervisor to kill the process.
    _alive: oneshot::Sender<()>,
}

impl Instance {
    /// Starts the process; `live` lists its id until it is reaped.
    pub async fn start(
        launch: &Launch,
        log: &Arc<FunctionLog>,
        live: &watch::Sender<BTreeSet<u32>>,
    ) -> io::Result<Instance> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (desk, jobs) = Desk::new(launch.arn.clone());
        let mut child = command(launch, &address.to_string()).spawn()?;
        let tail = Arc::new(Mutex::new(VecDeque::new()));
        let stdout = child.stdout.take().map(|pipe| tokio::spawn(copy(pipe, LogSource::Stdout, log.clone(), None)));
        let stderr_tail = Some(tail.clone());
        let stderr =
            child.stderr.take().map(|pipe| tokio::spawn(copy(pipe, LogSource::Stderr, log.clone(), stderr_tail)));
        let server = Server::start(listener, desk.clone().router())?;
        let (alive, gone) = oneshot::channel();
        let (exited, exit) = watch::channel(None);
        let pipes = [stdout, stderr].into_iter().flatten().collect();
        tokio::spawn(supervise(child, pipes, gone, exited, live.clone()));
        Ok(Instance { desk, jobs, exit, tail, _server: server, _alive: alive })
    }

    pub fn is_alive(&self) -> bool {
        self.exit.borrow().is_none()
    }

    /// Waits until the process asks for its first event.
    pub async fn initialized(&self, limit: Duration) -> Result<(), FunctionError> {
        let mut exit = self.exit.clone();
        tokio::select! {
            biased;
            () = self.desk.polled() => Ok(()),
            how = exited(&mut exit) => Err(self.init_failure(&how)),
            () = tokio::time::sleep(limit) => {
                Err(self.init_failure(&format!("no event was asked for within {} s", limit.as_secs())))
            }
        }
    }

    /// Runs one invocation; the clock starts when the process takes it.
    pub async fn invoke(&mut self, request_id: &str, payload: Bytes, trace: String, limit: Duration) -> Ended {
        if self.initialized(limit).await.is_err() {
            return Ended::NeverRan;
        }
        let (answer, mut answered) = oneshot::channel();
        let deadline_ms = (time::now() + limit).as_millisecond();
        let job = Job { request_id: request_id.to_owned(), payload, deadline_ms, trace, answer };
        if self.jobs.send(job).await.is_err() {
            return Ended::NeverRan;
        }
        let waited = tokio::select! {
            biased;
            answer = &mut answered => answer.ok(),
            how = exited(&mut self.exit) => {
                return match answered.try_recv() {
                    // An answer that came just before the end still counts.
                    Ok(answer) => Ended::Gone(answer),
                    Err(_) if self.desk.took(request_id) => Ended::Gone(Err(self.exit_failure(request_id, &how))),
                    Err(_) => Ended::NeverRan,
                };
            }
            () = tokio::time::sleep(limit) => return Ended::Gone(Err(FunctionError::timed_out(request_id, limit))),
        };
        match waited {
            Some(answer) => Ended::Answered(answer),
            None => Ended::Gone(Err(FunctionError::exited(request_id, "the invocation was dropped"))),
        }
    }

    fn init_failure(&self, how: &str) -> FunctionError {
        let reported = self.desk.init_error();
        let (error_type, said) = match reported {
            Some(error) => (error.error_type, error.error_message),
            None => ("Runtime.InitError".to_owned(), how.to_owned()),
        };
        FunctionError::new(&error_type, format!("the function did not start: {said}{}", self.last_words()))
    }

    fn exit_failure(&self, request_id: &str, how: &str) -> FunctionError {
        FunctionError::exited(request_id, &format!("{how}{}", self.last_words()))
    }

    /// The end of what the process wrote to standard error.
    fn last_words(&self) -> String {
        let tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        tail.iter().map(|line| format!("\n{line}")).collect()
    }
}

fn command(launch: &Launch, runtime_api: &str) -> Command {
    let mut command = Command::new(&launch.binary);
    command
        .env_clear()
        .envs(&launch.environment)
        .env("AWS_LAMBDA_RUNTIME_API", runtime_api)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Ctrl-C in the terminal is for the parent alone, which then ends its children in order.
        .process_group(0)
        .kill_on_drop(true);
    command
}

/// Owns the process: reaps it when it ends, kills it when its instance is dropped.
async fn supervise(
    mut child: Child,
    pipes: Vec<JoinHandle<()>>,
    gone: oneshot::Receiver<()>,
    exited: watch::Sender<Option<String>>,
    live: watch::Sender<BTreeSet<u32>>,
) {
    let pid = child.id();
    live.send_modify(|pids| pids.extend(pid));
    let status = tokio::select! {
        status = child.wait() => status,
        _ = gone => {
            if let Err(error) = child.start_kill() {
                tracing::debug!(%error, "the process had ended before it was killed");
            }
            child.wait().await
        }
    };
    // What it wrote last belongs to the explanation; a grandchild that holds the pipe must not hold this.
    for pipe in pipes {
        if timeout(Duration::from_secs(1), pipe).await.is_err() {
            tracing::debug!("a pipe stayed open after its process ended");
        }
    }
    live.send_modify(|pids| pids.retain(|id| Some(*id) != pid));
    exited.send_replace(Some(status.map_or_else(|error| error.to_string(), describe)));
}

fn describe(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => status.to_string(),
    }
}

async fn exited(exit: &mut watch::Receiver<Option<String>>) -> String {
    match exit.wait_for(Option::is_some).await {
        Ok(how) => how.clone().unwrap_or_default(),
        Err(_) => "the process is no longer watched".to_owned(),
    }
}

async fn copy(
    pipe: impl AsyncRead + Unpin,
    source: LogSource,
    log: Arc<FunctionLog>,
    tail: Option<Arc<Mutex<VecDeque<String>>>>,
) {
    let mut lines = BufReader::new(pipe).split(b'\n');
    while let Ok(Some(line)) = lines.next_segment().await {
        let line = String::from_utf8_lossy(&line);
        log.line(source, &line);
        if let Some(tail) = &tail {
            let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
            tail.push_back(line.into_owned());
            if tail.len() > TAIL_LINES {
                tail.pop_front();
            }
        }
    }
}
