//! Writing a command's result: to the terminal, a pipe or a file. A reader that went away (`| head`) is no error.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;

use crate::failure::Failure;

const BUFFER_BYTES: usize = 1 << 20;

/// Prints a text on stdout.
pub fn print(text: &str) -> Result<(), Failure> {
    write_to(None, |out| out.write_all(text.as_bytes()))
}

/// Writes a result to a file, or to stdout for `None` and for `-`.
pub fn write_to(path: Option<&Path>, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let path = path.filter(|path| path.as_os_str() != "-");
    let written = match path {
        Some(path) => File::create(path).and_then(|file| flushed(file, write)),
        None => flushed(io::stdout().lock(), write),
    };
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            let place = path.map_or("standard output".to_owned(), |path| path.display().to_string());
            Err(Failure::run(format!("cannot write to {place}: {error}")))
        }
        _ => Ok(()),
    }
}

fn flushed(to: impl Write, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, to);
    write(&mut out)?;
    out.flush()
}
