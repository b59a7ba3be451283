//! What holds for the project's files: the direction of dependencies, and that every module says what it is.

use crate::kit::{project, read};
use std::path::{Path, PathBuf};

/// Folders that hold what is built or fetched.
const NOT_OURS: [&str; 6] = ["target", ".git", ".venv", ".aws-sam", ".affinsy", "golden"];
const MAX_LINES: usize = 400;

fn files(folder: &Path, extensions: &[&str], found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of the project").map(|entry| entry.expect("an entry")) {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_str().unwrap_or_default();
        if path.is_dir() && !NOT_OURS.contains(&name) {
            files(&path, extensions, found);
        } else if extensions.iter().any(|extension| path.extension().is_some_and(|is| is == *extension)) {
            found.push(path);
        }
    }
}

/// The project's files of these kinds, with their text.
fn texts(extensions: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    files(&project(), extensions, &mut found);
    assert!(found.len() > 5, "the project has such files");
    let named = |path: PathBuf| {
        let name = path.strip_prefix(project()).expect("a file of the project").display().to_string();
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, text)
    };
    found.into_iter().map(named).collect()
}

#[test]
fn every_module_says_what_it_is() {
    let silent: Vec<String> =
        texts(&["rs"]).into_iter().filter(|(_, text)| !text.starts_with("//!")).map(|(name, _)| name).collect();
    assert_eq!(silent, [""; 0]);
}

#[test]
fn no_file_is_endless() {
    let code = |text: &str| text.split("#[cfg(test)]").next().map_or(0, |code| code.lines().count());
    let long: Vec<String> = texts(&["rs"])
        .into_iter()
        .filter(|(name, text)| !name.contains("tests") && code(text) > MAX_LINES)
        .map(|(name, _)| name)
        .collect();
    assert_eq!(long, [""; 0]);
}

#[test]
fn no_file_names_a_folder_of_somebodys_machine() {
    let machines = [concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/Us", "ers/"), concat!("/ho", "me/")];
    for (name, text) in texts(&["rs", "md", "toml", "yaml", "json", "yml"]) {
        let line = text.lines().find(|line| machines.iter().any(|machine| line.contains(machine)));
        assert_eq!(line, None, "{name}");
    }
}

/// The packages that a crate's own code may use.
fn dependencies(manifest: &str) -> Vec<String> {
    let text = read(manifest);
    let lines = text.lines().skip_while(|line| *line != "[dependencies]").skip(1);
    let lines = lines.take_while(|line| !line.starts_with('['));
    let name = |line: &str| line.split(['=', '.', ' ']).next().map(str::to_owned).filter(|name| !name.is_empty());
    lines.filter_map(name).collect()
}

#[test]
fn dependencies_point_inwards() {
    let check = |manifest: &str, forbidden: fn(&str) -> bool| {
        let dependencies = dependencies(manifest);
        let wrong: Vec<&String> = dependencies.iter().filter(|name| forbidden(name)).collect();
        assert_eq!(wrong, [""; 0], "{manifest}");
    };
    check("shared/mining/Cargo.toml", |name| {
        name.starts_with("affinsy") || name.starts_with("serde") || name == "tokio"
    });
    check("shared/core/Cargo.toml", |name| {
        matches!(name, "tokio" | "async-trait" | "futures" | "tracing" | "getrandom" | "reqwest")
            || name.starts_with("aws")
            || (name.starts_with("affinsy") && name != "affinsy-mining")
    });
    check("shared/app/Cargo.toml", |name| {
        name.contains("aws") || name.contains("lambda") || name == "reqwest" || name == "affinsy-mining"
    });
    check("shared/aws/Cargo.toml", |name| {
        name.starts_with("affinsy") && !matches!(name, "affinsy-app" | "affinsy-core")
    });
    check("local/Cargo.toml", |name| name.starts_with("affinsy") || name.starts_with("aws"));
}

#[test]
fn there_is_one_tls_stack() {
    let sdk = |line: &&str| line.starts_with("aws-") && line.contains('{');
    for line in read("Cargo.toml").lines().filter(sdk) {
        assert!(line.contains("default-features = false") && !line.contains("\"rustls\""), "{line}");
    }
    for (name, text) in texts(&["toml"]) {
        let second = text.lines().find(|line| line.starts_with("aws-") && line.contains("rustls"));
        assert_eq!(second, None, "{name}");
    }
    let lock = read("Cargo.lock");
    let versions = |package: &str| lock.matches(&format!("name = \"{package}\"\n")).count();
    assert_eq!((versions("rustls"), versions("native-tls"), versions("openssl-sys")), (1, 0, 0));
}
