//! A file that is read more than once: where it lies, or in memory when it came through a pipe. Knows no orders.

use std::io::Cursor;
use std::io::Read;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::failure::Failure;
use crate::input::open::{self, Stream};
use crate::input::{PARQUET_MAGIC, is_stdin};

#[derive(Debug)]
pub enum Source {
    File(PathBuf),
    /// What standard input gave; it gives it once.
    Memory(Bytes),
}

impl Source {
    /// `-` is standard input.
    pub fn of(path: &Path) -> Result<Self, Failure> {
        if !is_stdin(path) {
            return Ok(Self::File(path.to_owned()));
        }
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map_err(|error| open::unreadable(path, &error))?;
        Ok(Self::Memory(bytes.into()))
    }

    /// The text's bytes from the first on, unpacked.
    pub fn open(&self) -> Result<Stream, Failure> {
        let (first, rest, name): (Vec<u8>, Stream, &Path) = match self {
            Self::File(path) => {
                let (file, first, _) = open::file(path)?;
                (first, Box::new(file), path)
            }
            Self::Memory(bytes) => {
                let mut all = Cursor::new(bytes.clone());
                let first = open::first_bytes(&mut all).unwrap_or_default();
                (first, Box::new(all), Path::new("-"))
            }
        };
        open::unpacked(&first, rest).map_err(|error| open::unreadable(name, &error))
    }

    pub fn is_parquet(&self) -> bool {
        match self {
            Self::File(path) => {
                open::file(path).is_ok_and(|(_, first, size)| first.starts_with(PARQUET_MAGIC) && size > 0)
            }
            Self::Memory(bytes) => bytes.starts_with(PARQUET_MAGIC),
        }
    }
}
