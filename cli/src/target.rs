//! Which API a command talks to: the options, else what the local stack wrote down. The file's one reader and writer.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::client::Client;
use crate::failure::Failure;

/// Where the API is and who asks.
#[derive(Debug, Clone, Args)]
pub struct Target {
    /// Base URL of the API, for example https://api.example.com/api/v1 [default: the local stack's]
    #[arg(long, env = "AFFINSY_URL")]
    pub url: Option<String>,
    /// API key (afn_…) [default: the local stack's]
    #[arg(long, env = "AFFINSY_KEY", hide_env_values = true)]
    pub key: Option<String>,
    /// Folder of the local stack
    #[arg(long, value_name = "DIR", default_value = ".affinsy")]
    pub data: PathBuf,
}

/// `DATA/local.json`: what scripts need to use a running local stack.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LocalFile {
    pub base_url: String,
    pub api_key: String,
    pub user_id: String,
    pub webhook_secret: String,
    pub endpoints: Value,
    /// The template's outputs with local values: names of tables, bucket, queues.
    #[serde(default)]
    pub outputs: Value,
    pub pids: Value,
}

impl Target {
    pub fn client(&self) -> Result<Client, Failure> {
        let (url, key) = match (&self.url, &self.key) {
            (Some(url), Some(key)) => (url.clone(), key.clone()),
            (url, key) => {
                let local = LocalFile::read(&self.data)?;
                (url.clone().unwrap_or(local.base_url), key.clone().unwrap_or(local.api_key))
            }
        };
        Client::new(&url, &key)
    }
}

impl LocalFile {
    pub fn path(data: &Path) -> PathBuf {
        data.join("local.json")
    }

    pub fn read(data: &Path) -> Result<Self, Failure> {
        let path = Self::path(data);
        let absent = |error| {
            Failure::input(format!(
                "no local stack is known here ({}: {error}); start one with `affinsy local`, or give --url and --key",
                path.display()
            ))
        };
        let bytes = std::fs::read(&path).map_err(absent)?;
        serde_json::from_slice(&bytes)
            .map_err(|error| Failure::input(format!("{} is not what `affinsy local` writes: {error}", path.display())))
    }

    /// Whole or not at all: a script that waits for the file never reads half of it.
    pub fn write(&self, data: &Path) -> Result<(), Failure> {
        let text = serde_json::to_vec_pretty(self).expect("texts and JSON values always serialize");
        write_private(&Self::path(data), &text)
    }

    /// Says that nothing runs here any more.
    pub fn remove(data: &Path) {
        if let Err(error) = std::fs::remove_file(Self::path(data)) {
            tracing::debug!(%error, "local.json was already gone");
        }
    }
}

/// Writes a file that holds a secret: for its owner only, and by a rename, so whole or not at all.
pub fn write_private(path: &Path, text: &[u8]) -> Result<(), Failure> {
    let refuse = |error: std::io::Error| Failure::run(format!("cannot write {}: {error}", path.display()));
    let draft = path.with_extension(format!("draft-{}", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    options.create(true).write(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft).map_err(refuse)?;
    file.write_all(text).and_then(|()| file.sync_all()).map_err(refuse)?;
    std::fs::rename(&draft, path).map_err(refuse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_leaves_nothing_beside() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = LocalFile {
            base_url: "http://127.0.0.1:3000/api/v1".to_owned(),
            api_key: "afn_x".to_owned(),
            user_id: "u".to_owned(),
            webhook_secret: "whsec_x".to_owned(),
            endpoints: serde_json::json!({"s3": "http://127.0.0.1:1"}),
            outputs: serde_json::json!({"BucketName": "b"}),
            pids: serde_json::json!({"affinsy": 1}),
        };
        file.write(folder.path()).expect("writes");
        assert_eq!(LocalFile::read(folder.path()).expect("reads").base_url, file.base_url);
        assert_eq!(std::fs::read_dir(folder.path()).expect("lists").count(), 1);
        LocalFile::remove(folder.path());
        let problem = LocalFile::read(folder.path()).expect_err("gone");
        assert!(problem.message.contains("affinsy local"));
    }
}
