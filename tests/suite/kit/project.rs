//! The project's own files, and the template as a local run reads it.

use affinsy_local::template::{LocalNames, Template};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The project's folder.
pub fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the project").to_owned()
}

/// A file of the project.
pub fn read(path: &str) -> String {
    let path = project().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The template with its parameters' defaults.
pub fn template() -> Template {
    let names = LocalNames::new("http://127.0.0.1:1");
    Template::read(&read("infra/template.yaml"), &BTreeMap::new(), &names).expect("the template is valid")
}
