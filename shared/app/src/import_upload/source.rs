//! The file as a stream of bytes: fetched in ranges, unpacked as it comes. Its memory is bounded whatever it unpacks to.

use crate::ports::{Objects, PortError, PortResult};
use bytes::{Buf, Bytes};
use std::io::{self, BufReader, Read};
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// An object in the store, read front to back on a thread that may wait. One range is fetched ahead.
pub struct ObjectReader {
    runtime: Handle,
    objects: Arc<dyn Objects>,
    key: String,
    size: u64,
    /// Where the next fetch begins.
    next: u64,
    range_bytes: u64,
    here: Bytes,
    ahead: Option<JoinHandle<PortResult<Option<Bytes>>>>,
}

impl std::fmt::Debug for ObjectReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ObjectReader").field("key", &self.key).field("next", &self.next).finish_non_exhaustive()
    }
}

impl ObjectReader {
    pub fn new(runtime: Handle, objects: Arc<dyn Objects>, key: &str, size: u64, range_bytes: u64) -> Self {
        let key = key.to_owned();
        Self { runtime, objects, key, size, next: 0, range_bytes, here: Bytes::new(), ahead: None }
    }

    /// The same from another byte on.
    #[must_use]
    pub fn from(self, start: u64) -> Self {
        Self { next: start.min(self.size), ..self }
    }

    fn fetch(&mut self) -> Option<JoinHandle<PortResult<Option<Bytes>>>> {
        let length = self.range_bytes.min(self.size - self.next);
        if length == 0 {
            return None;
        }
        let (objects, key, start) = (Arc::clone(&self.objects), self.key.clone(), self.next);
        self.next += length;
        Some(self.runtime.spawn(async move { objects.read_range(&key, start, length).await }))
    }

    /// The next range; empty at the end.
    fn advance(&mut self) -> io::Result<()> {
        let Some(fetching) = self.ahead.take().or_else(|| self.fetch()) else { return Ok(()) };
        self.ahead = self.fetch();
        let fetched = self.runtime.block_on(fetching);
        match fetched.map_err(io::Error::other)?.map_err(Trouble::Port)? {
            // Fewer bytes than the object's size promised end the stream early, which must not pass for its end.
            Some(bytes) if bytes.is_empty() => Err(Trouble::Gone.into()),
            Some(bytes) => {
                self.here = bytes;
                Ok(())
            }
            None => Err(Trouble::Gone.into()),
        }
    }
}

impl Read for ObjectReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.here.is_empty() {
            self.advance()?;
        }
        let count = buffer.len().min(self.here.len());
        self.here.copy_to_slice(&mut buffer[..count]);
        Ok(count)
    }
}

/// What went wrong beneath an unpacker.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    #[error(transparent)]
    Port(PortError),
    #[error("the object is gone")]
    Gone,
}

impl From<Trouble> for io::Error {
    fn from(trouble: Trouble) -> Self {
        Self::other(trouble)
    }
}

/// How a file is packed, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    Plain,
    Gzip,
    Zstd,
    /// Known, but not for this: what it is.
    Foreign(&'static str),
}

impl Packing {
    pub fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            [b'P', b'K', 3 | 5, 4 | 6, ..] => Self::Foreign("a ZIP archive or an Excel workbook"),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Foreign("packed with xz"),
            [b'B', b'Z', b'h', ..] => Self::Foreign("packed with bzip2"),
            _ => Self::Plain,
        }
    }
}

/// The unpacked bytes from `skip` on: of a plain file they are fetched from there, of a packed one passed over.
pub fn unpacked(source: ObjectReader, packing: Packing, skip: u64) -> io::Result<Box<dyn Read>> {
    let mut unpacked: Box<dyn Read> = match packing {
        Packing::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(BufReader::new(source))),
        Packing::Zstd => Box::new(zstd::stream::read::Decoder::new(source)?),
        Packing::Plain | Packing::Foreign(_) => return Ok(Box::new(source.from(skip))),
    };
    io::copy(&mut (&mut unpacked).take(skip), &mut io::sink())?;
    Ok(unpacked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::MemoryObjects;
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        writer.write_all(bytes).expect("packs");
        writer.finish().expect("packs")
    }

    /// What comes out of an object from `skip` on.
    async fn read(stored: Vec<u8>, skip: u64) -> io::Result<Vec<u8>> {
        let objects: Arc<dyn Objects> = Arc::new(MemoryObjects::default());
        let (size, packing) = (stored.len() as u64, Packing::of(&stored));
        objects.create("k", stored.into()).await.expect("creates");
        let runtime = Handle::current();
        let reading = tokio::task::spawn_blocking(move || {
            let source = ObjectReader::new(runtime, objects, "k", size, 7);
            let mut read = Vec::new();
            unpacked(source, packing, skip)?.read_to_end(&mut read).map(|_| read)
        });
        reading.await.expect("no panic")
    }

    #[tokio::test]
    async fn every_packing_gives_the_same_bytes_from_any_place() {
        let text = b"order_id,product_name\n1,tea\n2,jam\n".repeat(9);
        let two_members = [gzip(&text[..50]), gzip(&text[50..])].concat();
        for stored in [text.clone(), two_members, zstd::encode_all(&text[..], 1).expect("packs")] {
            for skip in [0, 1, 49, 51, text.len()] {
                assert_eq!(read(stored.clone(), skip as u64).await.expect("reads"), text[skip..], "from {skip}");
            }
        }
    }

    #[tokio::test]
    async fn what_was_cut_off_does_not_pass_for_the_end() {
        let whole = gzip(&b"a,b\n".repeat(1_000));
        let error = read(whole[..whole.len() - 9].to_vec(), 0).await.expect_err("cut");
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(Packing::of(b"PK\x03\x04x"), Packing::Foreign("a ZIP archive or an Excel workbook"));
    }
}
