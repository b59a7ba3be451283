//! Starting functions and stacks in a folder of their own, and talking HTTP to them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use affinsy_local::lambda::{Function, FunctionSpec, Launch};
use affinsy_local::{LocalConfig, RunningStack, TemplateSource, start};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A folder that goes when the test ends.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

/// The example that cargo builds beside the tests, unless it is told to build one test target alone.
pub fn fake_function() -> PathBuf {
    let deps = std::env::current_exe().unwrap();
    let path = deps.parent().and_then(Path::parent).unwrap().join("examples").join("fake_function");
    assert!(path.is_file(), "{} is missing: cargo build -p affinsy-local --examples", path.display());
    path
}

/// A function of at most `max_instances`, with a time-out nobody meets by accident.
pub fn function(folder: &Folder, max_instances: usize, environment: &[(&str, &str)]) -> Function {
    function_with_timeout(folder, max_instances, environment, Duration::from_secs(60))
}

pub fn function_with_timeout(
    folder: &Folder,
    max_instances: usize,
    environment: &[(&str, &str)],
    timeout: Duration,
) -> Function {
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:fake".to_owned();
    let spec = FunctionSpec {
        logical_id: "FakeFunction".to_owned(),
        name: "affinsy-FakeFunction".to_owned(),
        folder: "fake".to_owned(),
        launch: Launch { binary: fake_function(), arn, environment },
        timeout,
        max_instances,
    };
    Function::new(spec, folder.path(), Arc::new(|_| {})).unwrap()
}

/// A stack whose every function is the fake one.
pub async fn stack(folder: &Folder, template: &str) -> RunningStack {
    start(config(folder, template)).await.unwrap()
}

pub fn config(folder: &Folder, template: &str) -> LocalConfig {
    let functions = folder.path().join("functions");
    std::fs::create_dir_all(&functions).unwrap();
    for name in ["api", "auth", "consumer"] {
        let link = functions.join(name);
        if !link.exists() {
            std::os::unix::fs::symlink(fake_function(), link).unwrap();
        }
    }
    let template = TemplateSource::Text(template.to_owned());
    LocalConfig { port: 0, max_instances: 4, ..LocalConfig::new(folder.path().join("data"), functions, template) }
}

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
    }
}

/// One request on its own connection. `base` is `http://host:port`.
pub async fn request(base: &str, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    let address = base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut head = format!("{method} {target} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    parse(&answer)
}

fn parse(answer: &[u8]) -> Reply {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.filter_map(|line| line.split_once(": ")).map(|(k, v)| (k.to_lowercase(), v.to_owned()));
    Reply { status, headers: headers.collect(), body: answer[end + 4..].to_vec() }
}

/// A template of functions (`folder: properties`), with an API and whatever else is given.
pub fn template(functions: &[(&str, &str)], rest: &str) -> String {
    let mut text = "Resources:\n".to_owned();
    for (folder, properties) in functions {
        let id = format!("{}{}Function", folder[..1].to_uppercase(), &folder[1..]);
        text.push_str(&format!(
            "  {id}:\n    Type: AWS::Serverless::Function\n    Properties: {{Runtime: provided.al2023, Handler: \
             bootstrap, CodeUri: ../functions/{folder}, Timeout: 60, {properties}}}\n"
        ));
    }
    text + rest
}
