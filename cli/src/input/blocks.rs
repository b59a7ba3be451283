//! A text in blocks of whole records, so that several threads read one file. Knows of a record only where it may
//! end, and nothing of what it says.

use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use memchr::{memchr, memchr_iter, memrchr, memrchr2};
use rayon::prelude::*;

use super::Watch;
use super::open::{self, Position, Source};
use crate::failure::Failure;

/// Whole records, as they stand in the file.
#[derive(Debug)]
pub struct Block {
    /// Memory is used again: what lies outside these bounds is none of the block's.
    memory: Vec<u8>,
    begin: usize,
    end: usize,
    /// The line of its first byte, counted from 1.
    pub first_line: u64,
}

impl Block {
    pub fn bytes(&self) -> &[u8] {
        &self.memory[self.begin..self.end]
    }

    /// Leaves out so many bytes at the beginning.
    pub fn skip(&mut self, bytes: usize) {
        self.first_line += lines_in(&self.bytes()[..bytes]);
        self.begin += bytes;
    }
}

/// Where a record may end.
#[derive(Debug, Clone, Copy)]
pub enum Ends {
    /// At every line's end.
    Lines,
    /// At a line's end outside quotes.
    Rows { delimiter: u8 },
}

/// A text that gives its blocks one after the other.
pub struct Blocks {
    path: PathBuf,
    reader: Box<dyn Read + Send>,
    position: Position,
    ends: Ends,
    /// The beginning of the next block.
    carried: Vec<u8>,
    /// Memory of blocks that are done with.
    spare: Vec<Vec<u8>>,
    line: u64,
}

impl fmt::Debug for Blocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocks").field("path", &self.path).field("line", &self.line).finish_non_exhaustive()
    }
}

/// Large enough to hide the cost of a task, small enough to stay in cache.
const BLOCK_BYTES: usize = 1 << 20;
/// A file without line ends is not read into memory whole.
const MAX_RECORD_BYTES: usize = if cfg!(test) { 4 << 20 } else { 256 << 20 };
/// Blocks a thread gets at a time: those that took long are made up for by others.
const BLOCKS_A_THREAD: usize = 4;

impl Blocks {
    pub fn new(path: &Path, source: Source, ends: Ends) -> Self {
        let position = source.position();
        Self {
            path: path.to_owned(),
            reader: source.into_reader(),
            position,
            ends,
            carried: Vec::new(),
            spare: Vec::new(),
            line: 1,
        }
    }

    /// The next block; `None` after the last.
    pub fn next(&mut self) -> Result<Option<Block>, Failure> {
        let mut memory = self.spare.pop().unwrap_or_default();
        let mut len = self.carried.len();
        memory.resize(memory.len().max(len), 0);
        memory[..len].copy_from_slice(&self.carried);
        self.carried.clear();
        let mut wanted = BLOCK_BYTES;
        loop {
            memory.resize(memory.len().max(wanted), 0);
            if self.fill(&mut memory[..wanted], &mut len).map_err(|error| self.broken(&error))? {
                return self.last(memory, len);
            }
            if let Some(end) = self.ends.last_in(&memory[..len]) {
                self.carried.extend_from_slice(&memory[end..len]);
                return Ok(Some(self.block(memory, end)));
            }
            wanted = len * 2;
            if wanted > MAX_RECORD_BYTES {
                return Err(self.refuse(&format!("goes on for more than {} MB", MAX_RECORD_BYTES >> 20)));
            }
        }
    }

    /// Every block put into a `T`, on so many threads (0: one a processor): as few `T`s as possible, each of
    /// neighbouring blocks, kept in the file's order. The next blocks are read and unpacked meanwhile.
    pub fn each<T: Default + Send>(
        mut self,
        threads: usize,
        watch: &dyn Watch,
        put: impl Fn(&mut T, &Block) -> Result<(), Failure> + Sync,
        keep: impl FnMut(T) + Send,
    ) -> Result<(), Failure> {
        match self.next()? {
            Some(first) => self.each_after(first, threads, watch, put, keep),
            None => Ok(()),
        }
    }

    /// [`each`](Self::each), where the first block was taken already.
    pub fn each_after<T: Default + Send>(
        mut self,
        first: Block,
        threads: usize,
        watch: &dyn Watch,
        put: impl Fn(&mut T, &Block) -> Result<(), Failure> + Sync,
        mut keep: impl FnMut(T) + Send,
    ) -> Result<(), Failure> {
        let second = self.next()?;
        if threads == 1 || second.is_none() {
            let mut whole = T::default();
            put(&mut whole, &first)?;
            self.spare.push(first.memory);
            let mut block = second;
            while let Some(next) = block {
                watch.read(self.position.done(), self.position.total)?;
                put(&mut whole, &next)?;
                self.spare.push(next.memory);
                block = self.next()?;
            }
            keep(whole);
            return Ok(());
        }
        pool(threads)?.install(|| {
            let threads = rayon::current_num_threads();
            let mut batch: Vec<Block> = std::iter::once(first).chain(second).collect();
            while !batch.is_empty() {
                watch.read(self.position.done(), self.position.total)?;
                let (parts, next) =
                    rayon::join(|| together(&batch, threads, &put), || self.batch(BLOCKS_A_THREAD * threads));
                parts.into_iter().try_for_each(|part| part.map(&mut keep))?;
                self.spare.extend(std::mem::replace(&mut batch, next?).into_iter().map(|block| block.memory));
            }
            Ok(())
        })
    }

    fn batch(&mut self, most: usize) -> Result<Vec<Block>, Failure> {
        let mut batch = Vec::with_capacity(most);
        while batch.len() < most
            && let Some(block) = self.next()?
        {
            batch.push(block);
        }
        Ok(batch)
    }

    /// Reads until the memory is full; true at the text's end.
    fn fill(&mut self, memory: &mut [u8], len: &mut usize) -> io::Result<bool> {
        while *len < memory.len() {
            match self.reader.read(&mut memory[*len..]) {
                Ok(0) => return Ok(true),
                Ok(read) => *len += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    fn last(&mut self, memory: Vec<u8>, len: usize) -> Result<Option<Block>, Failure> {
        if let Ends::Rows { delimiter } = self.ends
            && let Some(at) = quotes(&memory[..len], delimiter).open
        {
            self.line += lines_in(&memory[..at]);
            return Err(self.refuse("a quote opens here that is never closed"));
        }
        Ok((len > 0).then(|| self.block(memory, len)))
    }

    fn block(&mut self, memory: Vec<u8>, end: usize) -> Block {
        let block = Block { memory, begin: 0, end, first_line: self.line };
        self.line += lines_in(block.bytes());
        block
    }

    fn refuse(&self, said: &str) -> Failure {
        Failure::input(format!("{}, line {}: {said}", self.path.display(), self.line))
    }

    fn broken(&self, error: &io::Error) -> Failure {
        Failure::input(format!("cannot read {} beyond line {}: {}", self.path.display(), self.line, open::said(error)))
    }
}

/// The blocks in as many parts as there are threads.
fn together<T: Default + Send>(
    blocks: &[Block],
    threads: usize,
    put: &(impl Fn(&mut T, &Block) -> Result<(), Failure> + Sync),
) -> Vec<Result<T, Failure>> {
    let part = |blocks: &[Block]| {
        let mut part = T::default();
        blocks.iter().try_for_each(|block| put(&mut part, block)).map(|()| part)
    };
    blocks.par_chunks(blocks.len().div_ceil(threads)).map(part).collect()
}

/// Threads to read with; 0 for one a processor.
pub fn pool(threads: usize) -> Result<rayon::ThreadPool, Failure> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|error| Failure::run(format!("cannot start threads to read with: {error}")))
}

/// How many lines end within these bytes.
pub fn lines_in(bytes: &[u8]) -> u64 {
    memchr_iter(b'\n', bytes).count() as u64
}

impl Ends {
    /// Where the last record ends that ends for certain within these bytes.
    fn last_in(self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::Lines => memrchr(b'\n', bytes).map(|at| at + 1),
            Self::Rows { delimiter } => quotes(bytes, delimiter).row_end,
        }
    }
}

/// What the quotes of some rows say.
#[derive(Debug, Default, PartialEq, Eq)]
struct Quotes {
    /// Behind the last line end that is outside quotes.
    row_end: Option<usize>,
    /// The quote that opened and did not close.
    open: Option<usize>,
}

/// Follows the quotes as a CSV reader does: one opens only at a cell's beginning, two within a cell are one. Bytes
/// begin at a row's beginning.
fn quotes(bytes: &[u8], delimiter: u8) -> Quotes {
    let (mut found, mut closed, mut at) = (Quotes::default(), 0, 0);
    let row_end = |from: usize, to: usize| memrchr2(b'\n', b'\r', &bytes[from..to]).map(|end| from + end + 1);
    while let Some(quote) = memchr(b'"', &bytes[at..]).map(|next| at + next) {
        at = quote + 1;
        if quote > 0 && ![b'\n', b'\r', delimiter].contains(&bytes[quote - 1]) {
            continue;
        }
        found.row_end = row_end(closed, quote).or(found.row_end);
        let Some(close) = closing(bytes, at) else {
            return Quotes { open: Some(quote), ..found };
        };
        (closed, at) = (close + 1, close + 1);
    }
    found.row_end = row_end(closed, bytes.len()).or(found.row_end);
    found
}

/// The quote that closes a cell whose text begins at `from`.
fn closing(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let quote = at + memchr(b'"', bytes.get(at..)?)?;
        match bytes.get(quote + 1) {
            Some(b'"') => at = quote + 2,
            _ => return Some(quote),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_end_outside_quotes() {
        let check = |text: &str, expected: Option<&str>| {
            let end = Ends::Rows { delimiter: b',' }.last_in(text.as_bytes());
            assert_eq!(end.map(|end| &text[..end]), expected, "{text:?}");
        };
        check("a,b\nc", Some("a,b\n"));
        check("a,b\n\"c\nd", Some("a,b\n"));
        check("a,\"b\nc\"\nd,e", Some("a,\"b\nc\"\n"));
        check("x\na,\"b\nc\",d", Some("x\n"));
        check("5\" pipe\nb", Some("5\" pipe\n"));
        check("\"say \"\"a\n\"\"\",\nb", Some("\"say \"\"a\n\"\"\",\n"));
        check("a\rb", Some("a\r"));
        check("no end", None);
        check("\"no\nend", None);
    }

    #[test]
    fn blocks_give_back_the_text_and_its_lines() {
        let line = "1 22 333\n";
        let text = line.repeat(400_000) + "4";
        let put = |part: &mut Vec<(u64, Vec<u8>)>, block: &Block| {
            part.push((block.first_line, block.bytes().to_vec()));
            Ok(())
        };
        for threads in [1, 2, 5] {
            let mut blocks = Vec::new();
            Blocks::new(Path::new("f"), Source::of_text(&text), Ends::Lines)
                .each(threads, &(), put, |part| blocks.extend(part))
                .expect("reads");
            let joined: Vec<u8> = blocks.iter().flat_map(|(_, bytes)| bytes.iter().copied()).collect();
            assert!(joined == text.as_bytes() && blocks.len() > 2);
            let mut first = 1;
            for (line, bytes) in &blocks {
                assert_eq!(*line, first, "{threads} threads");
                first += lines_in(bytes);
            }
        }
    }

    #[test]
    fn a_line_without_end_is_refused_before_it_fills_the_memory() {
        let text = "1 2\n".to_owned() + &"1 ".repeat(MAX_RECORD_BYTES);
        let mut blocks = Blocks::new(Path::new("f"), Source::of_text(&text), Ends::Lines);
        assert_eq!(blocks.next().expect("the first line").map(|block| block.bytes().len()), Some(4));
        let problem = blocks.next().expect_err("the second");
        assert!(problem.message.contains("f, line 2: goes on for more than 4 MB"), "{problem}");
    }

    #[test]
    fn an_open_quote_is_said_with_its_line() {
        let mut blocks = Blocks::new(Path::new("f"), Source::of_text("a\nb\n\"c\nd\n"), Ends::Rows { delimiter: b',' });
        let problem = blocks.next().expect_err("open");
        assert!(problem.message.contains("f, line 3: a quote opens"), "{problem}");
    }
}
