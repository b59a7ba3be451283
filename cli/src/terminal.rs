//! Writing a command's result: to the terminal, a pipe or a file. A reader that went away (`| head`) is no error; a
//! file is there whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;

use crate::failure::Failure;
use crate::interrupt;

const BUFFER_BYTES: usize = 1 << 20;

/// Prints a text on stdout.
pub fn print(text: &str) -> Result<(), Failure> {
    write_to(None, |out| out.write_all(text.as_bytes()))
}

/// Says something on stderr; nobody listening there is no reason to end.
pub fn say(text: &str) {
    if writeln!(io::stderr(), "{text}").is_err() {
        // There is no other place to complain.
    }
}

/// Writes a result to a file, or to stdout for `None` and for `-`.
pub fn write_to(path: Option<&Path>, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let path = path.filter(|path| !is_stdout(path));
    let written = match path {
        Some(path) => to_file(path, write),
        None => flushed(io::stdout().lock(), write),
    };
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            interrupt::check()?;
            let place = path.map_or("standard output".to_owned(), |path| path.display().to_string());
            Err(Failure::run(format!("cannot write to {place}: {error}")))
        }
        _ => Ok(()),
    }
}

pub fn is_stdout(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Refuses what can never be written to, before hours of work are done for it.
pub fn check_target(path: &Path) -> Result<(), Failure> {
    if is_stdout(path) {
        return Ok(());
    }
    if path.is_dir() {
        return Err(Failure::input(format!("cannot write to {}: it is a folder", path.display())));
    }
    let folder = folder_of(path);
    if folder.is_dir() {
        return Ok(());
    }
    Err(Failure::input(format!("cannot write to {}: there is no folder {}", path.display(), folder.display())))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn to_file(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    // A link keeps pointing where it does: the file behind it is replaced.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let old = fs::metadata(&path).ok();
    if old.as_ref().is_some_and(|old| !old.is_file() || old.permissions().readonly()) {
        return flushed(File::create(&path)?, write);
    }
    let beside = tempfile::Builder::new().prefix(".affinsy-").make_in(folder_of(&path), |path| File::create_new(path));
    let beside = match beside {
        // The folder takes no new files: the file itself may still be written to.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => return flushed(File::create(&path)?, write),
        beside => beside?,
    };
    if let Some(old) = old {
        beside.as_file().set_permissions(old.permissions())?;
    }
    flushed(beside.as_file(), write)?;
    beside.persist(&path).map(|_| ()).map_err(|error| error.error)
}

fn flushed(to: impl Write, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, UntilAsked(to));
    write(&mut out)?;
    out.flush()
}

/// Writes until the command is asked to end.
struct UntilAsked<W>(W);

impl<W: Write> Write for UntilAsked<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if interrupt::asked() {
            return Err(io::Error::other("interrupted"));
        }
        self.0.write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder");
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn a_file_is_there_whole_or_not_at_all() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("rules.csv");
        write_to(Some(&path), |out| out.write_all(b"old")).expect("written");
        let broken = write_to(Some(&path), |out| {
            out.write_all(b"half")?;
            Err(io::Error::other("the disk is full"))
        });
        assert!(broken.expect_err("broken").message.contains("rules.csv: the disk is full"));
        assert_eq!(fs::read(&path).expect("the old one"), b"old");
        write_to(Some(&path), |out| out.write_all(b"new")).expect("written");
        assert_eq!(fs::read(&path).expect("the new one"), b"new");
        assert_eq!(names(folder.path()), ["rules.csv"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_one_and_rights_stay_as_they_were() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("set");
        std::os::unix::fs::symlink(&file, &link).expect("linked");
        write_to(Some(&link), |out| out.write_all(b"new")).expect("written");
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
        assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read(&file).expect("there"), b"new");
    }
}
