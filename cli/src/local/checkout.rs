//! Where the functions' binaries come from: in a checkout they are built when they are missing or older than the
//! sources; elsewhere they stand beside this command. Knows no stack.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::SystemTime;

use crate::failure::Failure;

/// The project's folder, found upwards from here or from this command.
#[derive(Debug, Clone)]
pub struct Checkout {
    pub root: PathBuf,
    target: PathBuf,
}

impl Checkout {
    pub fn find() -> Option<Self> {
        let command = std::env::current_exe().ok()?;
        let here = std::env::current_dir().ok();
        let starts = here.iter().flat_map(|path| path.ancestors()).chain(command.ancestors());
        let root = starts.map(Path::to_owned).find(|folder| is_root(folder))?;
        Some(Self { target: target_of(&command, &root), root })
    }

    /// The folder of the functions' binaries, built now if they are out of date.
    pub async fn functions(&self) -> Result<PathBuf, Failure> {
        let binaries = self.target.join("release");
        let names = self.function_names()?;
        if !self.up_to_date(&binaries, &names) {
            self.build(&names).await?;
        }
        Ok(binaries)
    }

    fn function_names(&self) -> Result<Vec<String>, Failure> {
        let folder = self.root.join("functions");
        let entries = fs::read_dir(&folder)
            .map_err(|error| Failure::run(format!("cannot read {}: {error}", folder.display())))?;
        let packages = entries.flatten().filter(|entry| entry.path().join("Cargo.toml").is_file());
        let mut names: Vec<String> = packages.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        Ok(names)
    }

    /// Whether each binary is there and younger than every source. A source that was only touched costs a call of
    /// cargo, which then finds nothing to do.
    fn up_to_date(&self, binaries: &Path, names: &[String]) -> bool {
        let built = |name: &String| modified(&binaries.join(name));
        let oldest = names.iter().map(built).collect::<Option<Vec<_>>>().and_then(|times| times.into_iter().min());
        let sources = ["functions", "shared", "Cargo.toml", "Cargo.lock"].map(|name| newest(&self.root.join(name)));
        oldest.is_some_and(|oldest| sources.into_iter().flatten().all(|source| source <= oldest))
    }

    async fn build(&self, names: &[String]) -> Result<(), Failure> {
        eprintln!("building the functions ({})", names.join(", "));
        let mut command = tokio::process::Command::new(cargo());
        command.args(["build", "--release", "--bins", "--target-dir"]).arg(&self.target);
        // With the command itself, so that cargo settles on the same features and compiles nothing twice.
        command.args(["-p", "affinsy"]);
        for name in names {
            command.args(["-p", &format!("affinsy-{name}")]);
        }
        let status = command.current_dir(&self.root).stdin(Stdio::null()).kill_on_drop(true).status().await;
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(Failure::run(format!("cargo could not build the functions ({status})"))),
            Err(error) => Err(Failure::run(format!("cargo does not start: {error}"))),
        }
    }
}

/// The cargo that runs this command, else the one on the path.
fn cargo() -> OsString {
    #[expect(clippy::disallowed_methods, reason = "cargo says by this variable which cargo it is")]
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn is_root(folder: &Path) -> bool {
    folder.join("Cargo.toml").is_file()
        && folder.join("functions").is_dir()
        && folder.join("infra/template.yaml").is_file()
}

/// `TARGET/release/affinsy` was built into `TARGET`; an installed command builds where cargo would.
fn target_of(command: &Path, root: &Path) -> PathBuf {
    let profile = command.parent();
    let built = profile.and_then(Path::file_name).is_some_and(|name| name == "release" || name == "debug");
    profile.filter(|_| built).and_then(Path::parent).map_or_else(|| root.join("target"), Path::to_owned)
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

/// When the youngest file of a folder changed.
fn newest(path: &Path) -> Option<SystemTime> {
    if !path.is_dir() {
        return modified(path);
    }
    fs::read_dir(path).ok()?.flatten().filter_map(|entry| newest(&entry.path())).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binaries_are_where_this_command_was_built() {
        let check = |command: &str, expected: &str| {
            assert_eq!(target_of(Path::new(command), Path::new("/p")), Path::new(expected), "{command}");
        };
        check("/p/target/release/affinsy", "/p/target");
        check("/elsewhere/debug/affinsy", "/elsewhere");
        check("/usr/local/bin/affinsy", "/p/target");
    }

    #[test]
    fn a_missing_binary_is_out_of_date() {
        let folder = tempfile::tempdir().expect("a folder");
        let checkout = Checkout { root: folder.path().to_owned(), target: folder.path().join("target") };
        let names = ["auth".to_owned()];
        assert!(!checkout.up_to_date(folder.path(), &names));
        std::fs::write(folder.path().join("Cargo.toml"), "").expect("written");
        std::fs::write(folder.path().join("auth"), "").expect("written");
        assert!(checkout.up_to_date(folder.path(), &names));
    }
}
