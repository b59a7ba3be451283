//! The bytes of objects: immutable files with random names. Refuses to know keys: the index says which file is what.
//!
//! A file is written, and synced if that was asked for, before the index names it, and removed after the index has let
//! it go, so a crash can only leave files that nothing names; those are swept at the next start.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use bytes::{Bytes, BytesMut};
use futures::{Stream, stream};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, SeekFrom};

use crate::services::Durability;

const CHUNK_BYTES: u64 = 64 * 1024;

#[derive(Debug, Clone)]
pub(super) struct Blobs {
    dir: PathBuf,
    durability: Durability,
}

/// A file that nothing names yet. Dropping it removes the file.
#[derive(Debug)]
pub(super) struct Draft {
    path: PathBuf,
    name: String,
    kept: bool,
}

impl Blobs {
    pub(super) fn open(dir: PathBuf, durability: Durability) -> io::Result<Self> {
        std::fs::create_dir_all(&dir)?;
        Ok(Self { dir, durability })
    }

    pub(super) async fn create(&self) -> io::Result<(Draft, File)> {
        let draft = self.draft();
        let file = File::create_new(&draft.path).await?;
        Ok((draft, file))
    }

    /// Another name for the same bytes, which never change; a copy where the file system has no links.
    pub(super) async fn link(&self, name: &str) -> io::Result<Draft> {
        let draft = self.draft();
        let source = self.path(name);
        if tokio::fs::hard_link(&source, &draft.path).await.is_err() {
            tokio::fs::copy(&source, &draft.path).await?;
            self.finish(File::open(&draft.path).await?).await?;
        }
        Ok(draft)
    }

    /// Ends the writing of a file, so that the index may name it.
    pub(super) async fn finish(&self, mut file: File) -> io::Result<()> {
        file.flush().await?;
        match self.durability {
            Durability::Disk => file.sync_all().await,
            Durability::OperatingSystem => Ok(()),
        }
    }

    pub(super) async fn open_blob(&self, name: &str) -> io::Result<File> {
        File::open(self.path(name)).await
    }

    /// A file that cannot be removed costs space until the next start, and nothing else.
    pub(super) fn remove(&self, name: &str) {
        remove_file(&self.path(name));
    }

    /// Removes what nothing names.
    pub(super) fn sweep(&self, named: &HashSet<String>) -> io::Result<()> {
        for entry in std::fs::read_dir(&self.dir)? {
            let entry = entry?;
            if entry.file_name().to_str().is_some_and(|name| !named.contains(name)) {
                remove_file(&entry.path());
            }
        }
        Ok(())
    }

    fn draft(&self) -> Draft {
        let name = uuid::Uuid::new_v4().simple().to_string();
        Draft { path: self.path(&name), name, kept: false }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

impl Draft {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The index names it now.
    pub(super) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.kept {
            remove_file(&self.path);
        }
    }
}

/// `length` bytes from `start`.
pub(super) async fn read_range(
    mut file: File,
    start: u64,
    length: u64,
) -> io::Result<impl Stream<Item = io::Result<Bytes>> + Send + Sync + 'static> {
    file.seek(SeekFrom::Start(start)).await?;
    Ok(stream::try_unfold((file, length), |(mut file, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let capacity = usize::try_from(left.min(CHUNK_BYTES)).expect("a chunk fits into memory");
        let mut chunk = BytesMut::with_capacity(capacity);
        let read = (&mut file).take(left).read_buf(&mut chunk).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Some((chunk.freeze(), (file, left - read as u64))))
    }))
}

fn remove_file(path: &Path) {
    if let Err(error) = std::fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(path = %path.display(), %error, "a file that nothing names could not be removed");
    }
}
