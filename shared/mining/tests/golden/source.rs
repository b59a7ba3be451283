//! Where golden data lies, and how its files are read.

use affinsy_mining::Baskets;
use serde_json::Value;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// A folder of baskets and a folder of answers.
pub struct Source {
    baskets: PathBuf,
    answers: PathBuf,
}

impl Source {
    /// What the repository carries.
    pub fn shipped() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/mba");
        Self { baskets: folder.clone(), answers: folder }
    }

    /// What a developer has beside the repository.
    #[expect(clippy::disallowed_methods, reason = "a test finds its data by the environment")]
    pub fn further() -> Option<Self> {
        let Some(folder) = std::env::var_os("AFFINSY_SHARED").map(PathBuf::from) else {
            eprintln!("skipped: AFFINSY_SHARED is not set");
            return None;
        };
        Some(Self { baskets: folder.join("data/baskets"), answers: folder.join("golden/mba") })
    }

    /// Every entry of the summary, by name.
    pub fn entries(&self) -> Vec<(String, Value)> {
        let file = File::open(self.answers.join("summary.json")).expect("a summary");
        let summary: serde_json::Map<String, Value> = serde_json::from_reader(file).expect("JSON");
        assert!(!summary.is_empty());
        summary.into_iter().collect()
    }

    pub fn baskets(&self, entry: &Value) -> Baskets {
        let path = self.baskets.join(format!("{}.dat.xz", entry["dataset"].as_str().expect("a name")));
        let mut text = String::new();
        liblzma::read::XzDecoder::new(File::open(path).expect("baskets")).read_to_string(&mut text).expect("text");
        let row = |line: &str| line.split_ascii_whitespace().map(|item| item.parse().expect("an item")).collect();
        text.lines().map(row).collect::<Vec<Vec<u32>>>().into_iter().collect()
    }

    /// The rows of the rules of an entry, by column name.
    pub fn rules(&self, name: &str, min_confidence: &str) -> csv::Reader<impl Read> {
        let path = self.answers.join(format!("{name}.rules_conf{min_confidence}.csv.gz"));
        csv::Reader::from_reader(flate2::read::GzDecoder::new(File::open(path).expect("rules")))
    }
}
