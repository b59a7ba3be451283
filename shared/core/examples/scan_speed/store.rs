//! Segments as files of a folder, which is removed at the end.

use super::Failure;
use affinsy_core::segment::{Compacted, SegmentMeta};
use bytes::Bytes;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

pub struct Store {
    folder: PathBuf,
    next: AtomicUsize,
}

pub struct Stored {
    at: usize,
    pub meta: SegmentMeta,
}

impl Store {
    pub fn new(folder: &Path) -> Result<Self, Failure> {
        fs::create_dir(folder)
            .map_err(|error| format!("{}: {error}; name a folder that is not there", folder.display()))?;
        Ok(Self { folder: folder.to_owned(), next: AtomicUsize::new(0) })
    }

    pub fn put(&self, compacted: Compacted, stored: &mut Vec<Stored>) -> Result<(), Failure> {
        for segment in compacted.live.into_iter().chain(compacted.gone) {
            let at = self.next.fetch_add(1, Ordering::Relaxed);
            fs::write(self.path(at), &segment.bytes)?;
            stored.push(Stored { at, meta: segment.meta });
        }
        Ok(())
    }

    pub fn read(&self, stored: &Stored) -> Result<Bytes, Failure> {
        Ok(Bytes::from(fs::read(self.path(stored.at))?))
    }

    pub fn remove(&self, stored: &Stored) -> Result<(), Failure> {
        Ok(fs::remove_file(self.path(stored.at))?)
    }

    fn path(&self, at: usize) -> PathBuf {
        self.folder.join(format!("{at}.parquet"))
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            eprintln!("{}: {error}", self.folder.display());
        }
    }
}
