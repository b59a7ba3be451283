//! A loopback listener and the task that serves it: how every service starts and stops. Refuses to know what is served.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::ServiceError;

/// How long requests that are under way may take to finish after a stop was asked for.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// Becomes true when the service is to stop; long polls watch it.
#[derive(Debug, Clone)]
pub(super) struct StopSignal(watch::Receiver<bool>);

impl StopSignal {
    /// Returns when the service is to stop, also when its handle was dropped.
    pub(super) async fn stopped(mut self) {
        // An error means that the sender is gone: the handle was dropped, which asks for a stop too.
        if self.0.wait_for(|stop| *stop).await.is_err() {
            tracing::trace!("handle dropped");
        }
    }
}

/// A bound socket, not served yet: the address is known before anything can answer on it.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) listener: TcpListener,
    pub(super) addr: SocketAddr,
    stop: watch::Sender<bool>,
}

impl Bound {
    pub(super) async fn new(port: Option<u16>) -> Result<Self, ServiceError> {
        let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, port.unwrap_or(0)));
        let listen = |source| ServiceError::Listen { addr: wanted, source };
        let listener = TcpListener::bind(wanted).await.map_err(listen)?;
        let addr = listener.local_addr().map_err(listen)?;
        Ok(Self { listener, addr, stop: watch::channel(false).0 })
    }

    pub(super) fn stop_signal(&self) -> StopSignal {
        StopSignal(self.stop.subscribe())
    }

    /// Serves an axum router until a stop is asked for.
    pub(super) fn serve(self, service: &'static str, router: axum::Router) -> Running {
        let signal = self.stop_signal();
        self.spawn(service, move |listener| async move {
            let server = axum::serve(listener, router).with_graceful_shutdown(signal.stopped());
            server.await.map_err(|error| error.to_string())
        })
    }

    /// Runs whatever serves the listener until its own stop signal.
    pub(super) fn spawn<F>(self, service: &'static str, serve: impl FnOnce(TcpListener) -> F) -> Running
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        let task = tokio::spawn(serve(self.listener));
        Running { service, addr: self.addr, stop: self.stop, task: Some(task) }
    }
}

/// A served listener. Dropping it stops the service without waiting; [`Running::shutdown`] waits.
#[derive(Debug)]
pub(super) struct Running {
    service: &'static str,
    pub(super) addr: SocketAddr,
    stop: watch::Sender<bool>,
    task: Option<JoinHandle<Result<(), String>>>,
}

impl Running {
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Stops accepting, lets running requests finish within a limit, and closes.
    pub(super) async fn shutdown(mut self) -> Result<(), ServiceError> {
        self.stop.send_replace(true);
        let Some(task) = self.task.take() else { return Ok(()) };
        let abort = task.abort_handle();
        let stop = |reason: String| ServiceError::Stop { service: self.service, reason };
        match tokio::time::timeout(STOP_LIMIT, task).await {
            Ok(Ok(served)) => served.map_err(stop),
            Ok(Err(join)) => Err(stop(join.to_string())),
            Err(_) => {
                abort.abort();
                Err(stop(format!("requests still ran after {} s", STOP_LIMIT.as_secs())))
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        // The listener must be free at once for whoever starts on the same port next.
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// Creates the folder of a service.
pub(super) fn create_folder(path: &Path) -> Result<(), ServiceError> {
    std::fs::create_dir_all(path).map_err(|source| ServiceError::Folder { path: path.to_owned(), source })
}
