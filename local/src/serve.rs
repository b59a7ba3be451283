//! A listener and the task that serves it, for the front doors of a run. Small answers leave at once (no Nagle).

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

#[derive(Debug)]
pub(crate) struct Server {
    pub address: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Server {
    /// Handlers may extract `ConnectInfo<SocketAddr>`.
    pub fn start(listener: TcpListener, router: Router) -> std::io::Result<Server> {
        let address = listener.local_addr()?;
        let (stop, mut stopped) = watch::channel(false);
        let listener = listener.tap_io(|connection| {
            if let Err(error) = connection.set_nodelay(true) {
                tracing::debug!(%error, "a connection keeps Nagle's algorithm");
            }
        });
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let serving = axum::serve(listener, service).with_graceful_shutdown(async move {
            // The sender gone means the same as a stop.
            stopped.wait_for(|stop| *stop).await.map(drop).unwrap_or_default();
        });
        let task = tokio::spawn(async move {
            if let Err(error) = serving.await {
                tracing::warn!(%error, %address, "a server stopped");
            }
        });
        Ok(Server { address, stop, task })
    }

    /// Accepts nothing more, and gives what runs `grace` to end.
    pub async fn shutdown(mut self, grace: Duration) {
        self.stop.send_replace(true);
        if tokio::time::timeout(grace, &mut self.task).await.is_err() {
            tracing::warn!(address = %self.address, "requests were cut off at the end");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}
