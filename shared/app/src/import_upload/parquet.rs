//! Parquet files: the same two passes, but at random access. Pieces of the object are fetched as they are asked for,
//! and the newest few are kept.

use super::run::Run;
use super::source::Packing;
use super::survey::Understood;
use super::{Interrupted, fail};
use crate::ports::{Objects, Surveyed};
use affinsy_core::import::parquet::{ParquetReader, ParquetRows};
use affinsy_core::import::{Checkpoint, ImportProblem, Settings};
use affinsy_core::time::Instant;
use bytes::{Bytes, BytesMut};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};
use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Handle;

/// What is fetched at once: each column is read at a place of its own, so many small pieces serve better than few.
const PIECE_BYTES: u64 = 2 << 20;
/// Columns that are read side by side, with room for their dictionaries.
const PIECES_KEPT: usize = 32;

/// An object in the store at random access, for threads that may wait.
struct Pieces {
    runtime: Handle,
    objects: Arc<dyn Objects>,
    key: String,
    size: u64,
    /// Past it no piece is fetched any more.
    stop_at: Instant,
    clock: Arc<dyn crate::ports::Clock>,
    /// The newest pieces, newest last.
    kept: Mutex<Vec<(u64, Bytes)>>,
    /// Why a fetch failed: the library passes on no more than that it did.
    trouble: Mutex<Option<Interrupted>>,
}

/// The library wants a source of its own; who asked keeps a hand on it.
#[derive(Clone)]
struct Source(Arc<Pieces>);

impl Pieces {
    fn piece(&self, at: u64) -> Result<Bytes, ParquetError> {
        let mut kept = lock(&self.kept);
        if let Some(place) = kept.iter().position(|(piece, _)| *piece == at) {
            let found = kept.remove(place);
            kept.push(found.clone());
            return Ok(found.1);
        }
        let bytes = self.fetched(at).map_err(|trouble| {
            lock(&self.trouble).get_or_insert(trouble);
            ParquetError::General("the file cannot be fetched".to_owned())
        })?;
        if kept.len() == PIECES_KEPT {
            kept.remove(0);
        }
        kept.push((at, bytes.clone()));
        Ok(bytes)
    }

    fn fetched(&self, at: u64) -> Result<Bytes, Interrupted> {
        if self.clock.now() > self.stop_at {
            return Err(Interrupted::OutOfTime);
        }
        let start = at * PIECE_BYTES;
        let length = PIECE_BYTES.min(self.size.saturating_sub(start));
        let fetched = self.runtime.block_on(self.objects.read_range(&self.key, start, length))?;
        fetched.filter(|bytes| bytes.len() as u64 == length).ok_or_else(|| Interrupted::Bad(fail::gone()))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Length for Source {
    fn len(&self) -> u64 {
        self.0.size
    }
}

impl ChunkReader for Source {
    type T = Onward;

    fn get_read(&self, start: u64) -> Result<Onward, ParquetError> {
        Ok(Onward { source: self.clone(), at: start })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let end = start + length as u64;
        if end > self.0.size {
            return Err(ParquetError::EOF(format!("{length} bytes from {start} on lie behind the file's end")));
        }
        let (first, last) = (start / PIECE_BYTES, (end.max(1) - 1) / PIECE_BYTES);
        let part = |at: u64, piece: &Bytes| {
            let from = start.saturating_sub(at * PIECE_BYTES) as usize;
            let to = (end - at * PIECE_BYTES).min(PIECE_BYTES) as usize;
            piece.slice(from.min(piece.len())..to.min(piece.len()))
        };
        if first == last {
            return Ok(part(first, &self.0.piece(first)?));
        }
        let mut bytes = BytesMut::with_capacity(length);
        for at in first..=last {
            bytes.extend_from_slice(&part(at, &self.0.piece(at)?));
        }
        Ok(bytes.freeze())
    }
}

/// The bytes from one place on.
struct Onward {
    source: Source,
    at: u64,
}

impl Read for Onward {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.source.0.size.saturating_sub(self.at);
        let within = PIECE_BYTES - self.at % PIECE_BYTES;
        let count = (buffer.len() as u64).min(left).min(within) as usize;
        let bytes = self.source.get_bytes(self.at, count).map_err(io::Error::other)?;
        buffer[..count].copy_from_slice(&bytes);
        self.at += count as u64;
        Ok(count)
    }
}

impl Run {
    fn pieces(&self, packing: Packing, runtime: &Handle) -> Result<Source, Interrupted> {
        if packing != Packing::Plain {
            return Err(Interrupted::Bad(fail::foreign("a Parquet file that is packed once more")));
        }
        Ok(Source(Arc::new(Pieces {
            runtime: runtime.clone(),
            objects: self.ports.objects.clone(),
            key: self.object_key(),
            size: self.upload().bytes.unwrap_or(0),
            stop_at: self.stop_at(),
            clock: self.ports.clock.clone(),
            kept: Mutex::default(),
            trouble: Mutex::default(),
        })))
    }

    pub(super) fn surveyed_parquet(
        &self,
        packing: Packing,
        settings: &Settings,
        runtime: &Handle,
    ) -> Result<Surveyed, Interrupted> {
        let source = self.pieces(packing, runtime)?;
        let survey = || {
            let file = ParquetRows::open(source.clone())?;
            let plan = file.detect(settings)?;
            Ok((Understood { findings: file.survey(&plan)?, plan }, file.row_count()))
        };
        let (understood, rows) = survey().map_err(|problem| unread(problem, &source))?;
        self.understood(understood, rows)
    }

    /// From row group to row group.
    pub(super) fn read_parquet(
        &mut self,
        understood: &Understood,
        from: Option<Checkpoint>,
        packing: Packing,
        runtime: &Handle,
    ) -> Result<(), Interrupted> {
        let Understood { plan, findings } = understood;
        let (source, now) = (self.pieces(packing, runtime)?, self.import.created_at);
        let file = ParquetRows::open(source.clone()).map_err(|problem| unread(problem, &source))?;
        let mut reader = match &from {
            Some(from) => ParquetReader::resume(&file, plan, findings, now, from),
            None => ParquetReader::new(&file, plan, findings, now),
        };
        let mut taken = self.taken();
        while reader.next(&mut taken).map_err(|problem| unread(problem, &source))? {
            let is_out_of_time = self.is_out_of_time();
            if taken.staging.bytes() >= self.ports.limits.staged_bytes || is_out_of_time {
                let at = reader.checkpoint();
                self.stage(&mut taken, &at, at.line - 1, runtime)?;
            }
            if is_out_of_time {
                return Err(Interrupted::OutOfTime);
            }
        }
        let summary = reader.summary().clone();
        self.stage_last(&mut taken, &summary, understood, runtime)
    }
}

/// What the library could not read: the store's trouble, where there was one, else the file's own.
fn unread(problem: ImportProblem, source: &Source) -> Interrupted {
    lock(&source.0.trouble).take().unwrap_or_else(|| problem.into())
}
