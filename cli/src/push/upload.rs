//! Large files go to the store as they are, and the server imports them. Sends one, waits, and says what became of it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use affinsy_core::import::Settings;
use bytes::Bytes;
use futures::stream;
use reqwest::StatusCode;
use serde::Deserialize;
use tokio::io::AsyncReadExt;

use super::SHOWN;
use crate::client::Client;
use crate::failure::Failure;
use crate::input::{is_stdin, open};
use crate::layout::{seconds, thousands};
use crate::progress::WorkBar;
use crate::terminal;

/// From here on an upload is faster than requests of 10,000 lines, and does not take the quota away from others.
const MANY_LINES: usize = 200_000;
const LARGE_BYTES: u64 = 64 << 20;
/// Packed, or in Parquet, as many lines take far less.
const LARGE_PACKED_BYTES: u64 = 8 << 20;
const CHUNK_BYTES: usize = 256 << 10;
/// A file is sent again when the connection broke: the store takes it once, and whole.
const ATTEMPTS: u32 = 3;
const SEND_TIMEOUT: Duration = Duration::from_secs(3_600);
/// The quota is 60 requests a minute, and others want some too.
const ASK_EVERY: Duration = Duration::from_secs(2);

/// Whether a file is better uploaded than pushed.
pub fn is_large(path: &Path) -> bool {
    let Ok(Some((first, size))) = open::file(path).map(|(_, first, size)| (size > 0).then_some((first, size))) else {
        return false;
    };
    match first.as_slice() {
        [0xfd, b'7', b'z', ..] => false,
        [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] | [b'P', b'A', b'R', b'1', ..] => size > LARGE_PACKED_BYTES,
        _ => size > LARGE_BYTES || has_many_lines(path).unwrap_or(false),
    }
}

fn has_many_lines(path: &Path) -> std::io::Result<bool> {
    let (mut file, mut chunk, mut lines) = (File::open(path)?, vec![0; CHUNK_BYTES], 0);
    loop {
        let count = file.read(&mut chunk)?;
        lines += memchr::memchr_iter(b'\n', &chunk[..count]).count();
        if count == 0 || lines > MANY_LINES {
            return Ok(lines > MANY_LINES);
        }
    }
}

/// What is uploaded, and how it is to be read.
#[derive(Debug)]
pub struct Upload<'a> {
    pub file: &'a Path,
    pub dataset_id: &'a str,
    pub settings: &'a Settings,
    pub rejects: Option<&'a Path>,
}

/// `POST /data/uploads`.
#[derive(Debug, Deserialize)]
struct Opened {
    import_id: String,
    upload: Target,
}

#[derive(Debug, Deserialize)]
struct Target {
    url: String,
    headers: BTreeMap<String, String>,
}

/// `GET /data/imports/{import_id}`.
#[derive(Debug, Deserialize)]
struct Import {
    status: String,
    orders: u64,
    line_items: u64,
    inserted: Option<u64>,
    updated: Option<u64>,
    rejected: u64,
    rejects_url: Option<String>,
    #[serde(default)]
    progress: Option<Progress>,
    warnings: Vec<String>,
    failure: Option<Problem>,
}

#[derive(Debug, Deserialize)]
struct Progress {
    stage: String,
    fraction: f64,
}

#[derive(Debug, Deserialize)]
struct Problem {
    message: String,
}

/// Sends the file and waits until it is imported.
pub async fn run(client: &Client, upload: &Upload<'_>) -> Result<(), Failure> {
    if is_stdin(upload.file) {
        return Err(Failure::input("standard input cannot be uploaded, its size is unknown; leave --upload out"));
    }
    let (_, _, size) = open::file(upload.file)?;
    let started = Instant::now();
    let opened = ask_for_upload(client, upload, size).await?;
    let bar = Arc::new(WorkBar::start(started));
    bar.step("sending");
    send(upload.file, size, &opened.upload, &bar).await?;
    let ended = wait(client, &opened.import_id, &bar).await;
    bar.clear();
    let import = ended?;
    let rejects = rejects(&import).await?;
    terminal::print(&report(upload, &import, &rejects, started.elapsed()))?;
    if let (Some(path), false) = (upload.rejects, rejects.is_empty()) {
        let refuse = |error| Failure::run(format!("cannot write {}: {error}", path.display()));
        std::fs::write(path, &rejects).map_err(refuse)?;
    }
    verdict(&import)
}

async fn ask_for_upload(client: &Client, upload: &Upload<'_>, size: u64) -> Result<Opened, Failure> {
    let mut body = serde_json::to_value(upload.settings).map_err(|error| Failure::run(error.to_string()))?;
    body["dataset_id"] = upload.dataset_id.into();
    body["bytes"] = size.into();
    // A second one, should an answer be lost, waits for a file that never comes, and ends.
    let answer = client.post("/data/uploads", Bytes::from(body.to_string())).await;
    let answer = answer.map_err(|error| Failure::run(error.to_string()))?;
    read(answer.body)
}

fn read<T: serde::de::DeserializeOwned>(body: serde_json::Value) -> Result<T, Failure> {
    serde_json::from_value(body)
        .map_err(|error| Failure::run(format!("the API's answer is not what it should be: {error}")))
}

async fn send(path: &Path, size: u64, target: &Target, bar: &Arc<WorkBar>) -> Result<(), Failure> {
    let http = reqwest::Client::builder().timeout(SEND_TIMEOUT).build();
    let http = http.map_err(|error| Failure::run(format!("cannot make an HTTP client: {error}")))?;
    let mut attempt = 1;
    loop {
        let mut put = http.put(&target.url).header("content-length", size);
        for (name, value) in &target.headers {
            put = put.header(name, value);
        }
        let problem = match put.body(reqwest::Body::wrap_stream(chunks(path, size, bar).await?)).send().await {
            Ok(answer) if answer.status().is_success() => return Ok(()),
            // An attempt whose answer was lost has come through: the store takes a file once.
            Ok(answer) if answer.status() == StatusCode::PRECONDITION_FAILED && attempt > 1 => return Ok(()),
            Ok(answer) if answer.status().is_server_error() => format!("{}", answer.status()),
            Ok(answer) => return Err(Failure::run(format!("the store does not take the file: {}", answer.status()))),
            Err(error) => error.without_url().to_string(),
        };
        if attempt == ATTEMPTS {
            return Err(Failure::run(format!("{} could not be sent: {problem}", path.display())));
        }
        attempt += 1;
    }
}

/// The file as it is read, a chunk at a time, telling the bar.
async fn chunks(
    path: &Path,
    size: u64,
    bar: &Arc<WorkBar>,
) -> Result<impl futures::Stream<Item = std::io::Result<Bytes>> + Send + 'static, Failure> {
    let file = tokio::fs::File::open(path).await.map_err(|error| open::unreadable(path, &error))?;
    let bar = Arc::clone(bar);
    Ok(stream::try_unfold((file, 0u64), move |(mut file, sent)| {
        let bar = Arc::clone(&bar);
        async move {
            let mut chunk = vec![0; CHUNK_BYTES];
            let count = file.read(&mut chunk).await?;
            if count == 0 {
                return Ok(None);
            }
            chunk.truncate(count);
            let sent = sent + count as u64;
            bar.at(sent, size);
            bar.tick();
            Ok(Some((Bytes::from(chunk), (file, sent))))
        }
    }))
}

async fn wait(client: &Client, import_id: &str, bar: &WorkBar) -> Result<Import, Failure> {
    bar.step("importing");
    loop {
        let answer = client.get(&format!("/data/imports/{import_id}")).await;
        let import: Import = read(answer.map_err(|error| Failure::run(error.to_string()))?.body)?;
        if import.status != "Processing" {
            return Ok(import);
        }
        if let Some(progress) = &import.progress {
            bar.at((progress.fraction * 1_000.0) as u64, 1_000);
            bar.tick();
            bar.say(progress.stage.replace('_', " "));
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
}

/// The list of rejected rows; empty where there is none.
async fn rejects(import: &Import) -> Result<String, Failure> {
    let Some(url) = &import.rejects_url else { return Ok(String::new()) };
    let refuse =
        |error: reqwest::Error| Failure::run(format!("the rejected rows cannot be read: {}", error.without_url()));
    reqwest::get(url).await.and_then(reqwest::Response::error_for_status).map_err(refuse)?.text().await.map_err(refuse)
}

fn report(upload: &Upload<'_>, import: &Import, rejects: &str, elapsed: Duration) -> String {
    let mut said = Vec::new();
    if import.status == "Completed" {
        let rate = import.line_items as f64 / elapsed.as_secs_f64().max(1e-9);
        said.push(format!(
            "uploaded {} lines in {} orders to {:?}: {}, {} lines/s",
            thousands(import.line_items),
            thousands(import.orders),
            upload.dataset_id,
            seconds(elapsed),
            thousands(rate as u64)
        ));
    }
    if let (Some(inserted), Some(updated @ 1..)) = (import.inserted, import.updated) {
        said.push(format!("  {} lines are new, {} were there before", thousands(inserted), thousands(updated)));
    }
    said.extend(import.warnings.iter().map(|warning| format!("  {warning}")));
    if import.rejected > 0 {
        said.push(format!("  {} rows left out:", thousands(import.rejected)));
        let mut rows = csv::Reader::from_reader(rejects.as_bytes());
        let rows = rows.records().flatten().take(SHOWN);
        said.extend(rows.map(|row| {
            let cell = |at| row.get(at).unwrap_or_default();
            format!("    line {}: {} {:?} {}", cell(0), cell(1), cell(2), cell(3))
        }));
        if import.rejected > SHOWN as u64 && upload.rejects.is_none() {
            said.push("    … (--rejects FILE writes them)".to_owned());
        }
    }
    said.into_iter().map(|line| line + "\n").collect()
}

fn verdict(import: &Import) -> Result<(), Failure> {
    match &import.failure {
        Some(failure) => Err(Failure::input(failure.message.clone())),
        None if import.rejected > 0 => {
            Err(Failure::some_rejected(format!("{} rows were left out", thousands(import.rejected))))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_large_is_told_by_size_and_lines() {
        let folder = tempfile::tempdir().expect("a folder");
        let check = |name: &str, bytes: &[u8], expected| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).expect("written");
            assert_eq!(is_large(&path), expected, "{name}");
        };
        check("few.csv", &b"a,b\n".repeat(MANY_LINES), false);
        check("many.csv", &b"a,b\n".repeat(MANY_LINES + 1), true);
        check("large.csv", &vec![b'x'; LARGE_BYTES as usize + 1], true);
        check("packed.csv.gz", &[&[0x1f, 0x8b][..], &vec![0; LARGE_PACKED_BYTES as usize]].concat(), true);
        check("small.parquet", b"PAR1 and so on", false);
        assert!(!is_large(Path::new("-")) && !is_large(Path::new("/no/such/file")));
    }
}
