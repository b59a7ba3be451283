//! What happened, as lines for a reader, and as one number that says whether two runs were the same.

use std::hash::{DefaultHasher, Hasher};

#[derive(Debug)]
pub struct Trace {
    prints: bool,
    hash: DefaultHasher,
    lines: u64,
}

impl Trace {
    pub fn new(prints: bool) -> Self {
        Self { prints, hash: DefaultHasher::new(), lines: 0 }
    }

    pub fn line(&mut self, at_ms: i64, task: &str, number: u64, what: std::fmt::Arguments<'_>) {
        let line = format!("{:>10}.{:03} {task}-{number}: {what}", at_ms / 1_000, at_ms % 1_000);
        self.hash.write(line.as_bytes());
        self.lines += 1;
        if self.prints {
            println!("{line}");
        }
    }

    pub fn hash(&self) -> u64 {
        self.hash.finish()
    }

    /// How many things happened.
    pub fn lines(&self) -> u64 {
        self.lines
    }
}
