//! The built command, run as a script runs it.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// The command, not yet started.
pub fn affinsy(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_affinsy"));
    command.args(args).env_remove("AFFINSY_URL").env_remove("AFFINSY_KEY");
    command
}

pub fn run(args: &[&str]) -> Output {
    affinsy(args).output().expect("the command starts")
}

/// Started with its outputs caught and this on its standard input.
pub fn start(args: &[&str], stdin: &[u8]) -> Child {
    let mut command = affinsy(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the command starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    // A command that refuses its options reads nothing.
    pipe.write_all(stdin).unwrap_or_default();
    child
}

/// A folder of a test, and the files it writes there.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }
    pub fn path(&self) -> &str {
        self.0.path().to_str().expect("a plain path")
    }
    /// The name of a file that need not be there.
    pub fn at(&self, name: &str) -> String {
        format!("{}/{name}", self.path())
    }
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.at(name);
        std::fs::write(&path, content).expect("written");
        path
    }
    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path()).expect("a folder");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort_unstable();
        names
    }
}

/// A file of the project.
pub fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

pub fn check(args: &[&str], exit_code: i32, on_stdout: &str, on_stderr: &str) {
    check_output(args, &run(args), exit_code, on_stdout, on_stderr);
}

pub fn check_output(said: &[&str], output: &Output, exit_code: i32, on_stdout: &str, on_stderr: &str) {
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(exit_code), "{said:?}: {stderr}");
    assert!(stdout.contains(on_stdout), "{said:?}: {stdout}");
    assert!(stderr.contains(on_stderr), "{said:?}: {stderr}");
    assert!(!stderr.contains("panicked"), "{said:?}: {stderr}");
}

/// The retail baskets, as they are and packed in each way.
pub struct Packed {
    pub plain: Vec<u8>,
    pub xz: Vec<u8>,
    pub gzip: Vec<u8>,
    pub zstd: Vec<u8>,
}

impl Packed {
    pub fn retail() -> Self {
        let xz = std::fs::read(project("tests/golden/mba/retail.dat.xz")).expect("the data");
        let (mut plain, mut gzip) = (Vec::new(), Vec::new());
        liblzma::read::XzDecoder::new(&xz[..]).read_to_end(&mut plain).expect("unpacks");
        flate2::read::GzEncoder::new(&plain[..], flate2::Compression::fast()).read_to_end(&mut gzip).expect("packs");
        let zstd = zstd::encode_all(&plain[..], 1).expect("packs");
        Self { plain, xz, gzip, zstd }
    }
}
