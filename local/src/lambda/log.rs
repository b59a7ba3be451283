//! What functions print: whole to `FUNCTION.log`, and line by line to whoever listens. It refuses to interpret it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Where a line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogSource {
    Stdout,
    Stderr,
    /// The runtime itself: a crash, a time-out.
    Platform,
}

/// One line, without its end.
#[derive(Debug, Clone, Copy)]
pub struct LogLine<'a> {
    /// The function's folder name.
    pub function: &'a str,
    pub source: LogSource,
    pub text: &'a str,
}

/// Who is told of every line as it comes; must return at once.
pub type LogSink = Arc<dyn Fn(LogLine<'_>) + Send + Sync>;

/// The log of one function, shared by its instances; lines of different instances do not mix.
pub struct FunctionLog {
    function: String,
    file: Mutex<File>,
    sink: LogSink,
}

impl std::fmt::Debug for FunctionLog {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("FunctionLog").field("function", &self.function).finish_non_exhaustive()
    }
}

impl FunctionLog {
    /// Appends to `folder/FUNCTION.log`.
    pub fn open(folder: &Path, function: &str, sink: LogSink) -> io::Result<FunctionLog> {
        std::fs::create_dir_all(folder)?;
        let file = OpenOptions::new().create(true).append(true).open(folder.join(format!("{function}.log")))?;
        Ok(FunctionLog { function: function.to_owned(), file: Mutex::new(file), sink })
    }

    pub fn line(&self, source: LogSource, text: &str) {
        let written = {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            file.write_all(format!("{text}\n").as_bytes())
        };
        if let Err(error) = written {
            tracing::warn!(function = self.function, %error, "a line of a function's log could not be written");
        }
        (self.sink)(LogLine { function: &self.function, source, text });
    }
}
