//! S3: the protocol, signatures and presigned URLs by `s3s`; buckets and keys in SQLite; bytes in files. Refuses
//! versions, access lists and encryption: nothing here needs them.
//!
//! The file-system backend of `s3s` is not used: its check of `If-None-Match` races with the write, an upload whose
//! checksum is wrong replaces the object all the same, long keys do not fit into its file names, and a key cannot stand
//! beside another that it is a prefix of.

mod blobs;
mod buckets;
mod events;
mod index;
mod listing;
mod multipart;
mod object;
mod operations;
mod read;
mod store;
mod upload;
mod write;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};

pub use events::{CreatedBy, ObjectCreated};

use self::operations::Operations;
use self::store::Store;
use super::clock::{Clock, SystemClock};
use super::guard::S3Guard;
use super::server::{Bound, Running, StopSignal, create_folder};
use super::{ACCESS_KEY_ID, SECRET_ACCESS_KEY, ServiceConfig, ServiceError};

/// A running S3. Dropping it stops the server; the objects stay on disk.
#[derive(Debug)]
pub struct S3 {
    store: Store,
    stop: StopSignal,
    server: Running,
}

impl S3 {
    /// Opens or creates the buckets under `config.dir` and answers on the port, with path-style addresses and the
    /// credentials [`ACCESS_KEY_ID`] and [`SECRET_ACCESS_KEY`], or those of a function with the same secret.
    pub async fn start(config: ServiceConfig) -> Result<Self, ServiceError> {
        create_folder(&config.dir)?;
        let store = Store::open(&config.dir, config.durability)?;
        let mut builder = S3ServiceBuilder::new(Operations(store.clone()));
        let mut auth = SimpleAuth::from_single(ACCESS_KEY_ID, SECRET_ACCESS_KEY);
        for key in config.rights.keys() {
            auth.register(key.to_owned(), SECRET_ACCESS_KEY.into());
        }
        builder.set_auth(auth);
        builder.set_access(S3Guard(config.rights));
        let service = builder.build();
        let router = Router::new().fallback(move |request: Request| respond(service.clone(), request));
        let bound = Bound::new(config.port).await?;
        let stop = bound.stop_signal();
        Ok(Self { store, stop, server: bound.serve("S3", router) })
    }

    /// What `AWS_ENDPOINT_URL_S3` is set to.
    pub fn url(&self) -> String {
        self.server.url()
    }

    pub fn addr(&self) -> SocketAddr {
        self.server.addr
    }

    /// Creates the bucket if it is not there.
    pub async fn ensure_bucket(&self, name: &str) -> Result<(), ServiceError> {
        let resource = |reason: String| ServiceError::resource(format!("bucket {name}"), reason);
        if !s3s::path::check_bucket_name(name) {
            return Err(resource("not a valid bucket name".into()));
        }
        let (bucket, now) = (name.to_owned(), SystemClock.now_ms());
        let created = self.store.index(move |index| index.create_bucket(&bucket, now)).await;
        created.map(drop).map_err(|error| resource(error.to_string()))
    }

    /// Calls `deliver` for every object that is created in the bucket from now on and whose key fits, and for those
    /// whose delivery a stop or a kill cut short: at least once each, in order. What fails is delivered again a second
    /// later. One watcher a bucket; call it before anything writes.
    pub fn on_object_created<F, D>(&self, bucket: &str, fits: impl Fn(&str) -> bool + Send + Sync + 'static, deliver: F)
    where
        F: Fn(ObjectCreated) -> D + Send + Sync + 'static,
        D: Future<Output = Result<(), String>> + Send + 'static,
    {
        let arrived = self.store.watch(bucket, Arc::new(fits));
        let (store, stop) = (self.store.clone(), self.stop.clone());
        tokio::spawn(events::deliver_all(store, bucket.to_owned(), arrived, stop, deliver));
    }

    /// Lets running requests finish, then closes.
    pub async fn shutdown(self) -> Result<(), ServiceError> {
        self.server.shutdown().await
    }
}

async fn respond(service: S3Service, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = s3s::Body::http_body_unsync(body);
    match service.call(s3s::HttpRequest::from_parts(parts, body)).await {
        Ok(response) => response.map(Body::new),
        Err(error) => {
            tracing::error!(?error, "an S3 request failed outside the protocol");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
