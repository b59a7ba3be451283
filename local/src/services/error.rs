//! What can go wrong when a service starts, is set up or stops. Failures of single requests are answered in the
//! service's own protocol and never come here.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a local service could not do what its caller asked.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    #[error("cannot listen on {addr}: {source}")]
    Listen { addr: SocketAddr, source: std::io::Error },
    #[error("cannot use {path}: {source}", path = path.display())]
    Folder { path: PathBuf, source: std::io::Error },
    #[error("cannot use the database {path}: {reason}", path = path.display())]
    Database { path: PathBuf, reason: String },
    /// The definition of a table, bucket or queue is wrong, or differs from the one on disk.
    #[error("{resource}: {reason}")]
    Resource { resource: String, reason: String },
    #[error("{service} did not stop cleanly: {reason}")]
    Stop { service: &'static str, reason: String },
}

impl ServiceError {
    pub(super) fn resource(resource: impl Into<String>, reason: impl std::fmt::Display) -> Self {
        Self::Resource { resource: resource.into(), reason: reason.to_string() }
    }

    pub(super) fn database(path: impl Into<PathBuf>, reason: impl std::fmt::Display) -> Self {
        Self::Database { path: path.into(), reason: reason.to_string() }
    }
}
