//! The ports of the services: chosen at the first start, remembered in `ports.json`, so that endpoints and queue URLs
//! are the same over restarts. It binds nothing for longer than a look.

use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::BuildHasher;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::StartError;

/// Below the range from which systems take the ports of outgoing connections, which would be taken at random.
const FIRST: u16 = 20_000;
const COUNT: u16 = 10_000;
const TRIES: u16 = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ports {
    pub dynamodb: u16,
    pub s3: u16,
    pub sqs: u16,
    pub lambda: u16,
    /// Zero in what was remembered before there was one.
    #[serde(default)]
    pub event_bridge: u16,
}

impl Ports {
    /// The ports of the run whose data is in `data`.
    pub fn remembered(data: &Path) -> Result<Ports, StartError> {
        let path = data.join("ports.json");
        match fs::read(&path) {
            Ok(bytes) => match serde_json::from_slice::<Ports>(&bytes) {
                Ok(ports) if ports.event_bridge == 0 => ports.with_event_bridge()?.kept(path),
                Ok(ports) => Ok(ports),
                Err(error) => Err(StartError::PortsFile { path, reason: error.to_string() }),
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ports::choose()?.kept(path),
            Err(source) => Err(StartError::Data { path, source }),
        }
    }

    fn kept(self, path: PathBuf) -> Result<Ports, StartError> {
        let json = serde_json::to_vec_pretty(&self).expect("numbers are JSON");
        fs::write(&path, json).map_err(StartError::data(path))?;
        Ok(self)
    }

    fn with_event_bridge(self) -> Result<Ports, StartError> {
        let taken = [self.dynamodb, self.s3, self.sqs, self.lambda];
        let event_bridge = free_port(&taken).ok_or(StartError::NoFreePort { service: "EventBridge" })?;
        Ok(Ports { event_bridge, ..self })
    }

    fn choose() -> Result<Ports, StartError> {
        let mut taken = Vec::new();
        let mut next = |service| {
            let port = free_port(&taken).ok_or(StartError::NoFreePort { service })?;
            taken.push(port);
            Ok::<u16, StartError>(port)
        };
        let (dynamodb, s3, sqs, lambda) = (next("DynamoDB")?, next("S3")?, next("SQS")?, next("Lambda")?);
        Ports { dynamodb, s3, sqs, lambda, event_bridge: 0 }.with_event_bridge()
    }
}

/// Starts at a random place, so that runs that start at the same time seldom meet.
fn free_port(taken: &[u16]) -> Option<u16> {
    let seed = RandomState::new().hash_one(taken);
    let offsets = (0..TRIES).map(|i| u16::try_from((seed.wrapping_add(u64::from(i))) % u64::from(COUNT)).unwrap_or(0));
    offsets
        .map(|offset| FIRST + offset)
        .find(|port| !taken.contains(port) && TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
}
