//! A receiver for whose certificate nobody vouches gets no event, and the attempt says why.

use affinsy_app::ports::{SendError, Sender};
use affinsy_aws::sender::{HttpSender, Lookup};
use affinsy_core::webhook::url::UrlPolicy;
use async_trait::async_trait;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// For hooks.example.com, until 2126, signed by itself. The key protects nothing.
const CERTIFICATE: &[u8] = include_bytes!("../../data/self-signed/certificate.der");
const KEY: &[u8] = include_bytes!("../../data/self-signed/key.der");

/// Every name is this machine's.
#[derive(Debug)]
struct Here;

#[async_trait]
impl Lookup for Here {
    async fn addresses(&self, _: &str) -> std::io::Result<Vec<IpAddr>> {
        Ok(vec!["127.0.0.1".parse().expect("an address")])
    }
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_a_failure_before_anything_is_sent() {
    let key = PrivateKeyDer::try_from(KEY).expect("a key");
    let config = ServerConfig::builder().with_no_client_auth();
    let config = config.with_single_cert(vec![CertificateDer::from(CERTIFICATE)], key).expect("they fit");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("is bound").port();
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("accepts");
        TlsAcceptor::from(Arc::new(config)).accept(stream).await.map(drop)
    });
    let sender = HttpSender::with_lookup(UrlPolicy::AllowPrivate, Arc::new(Here), Duration::from_secs(300));
    let url = format!("https://hooks.example.com:{port}/hook");
    let sent = sender.expect("a client").post(&url, &[("webhook-id", "msg_1".to_owned())], "{}").await;
    let is_said = matches!(&sent, Err(SendError::Failed(words)) if words.to_lowercase().contains("certificate"));
    assert!(is_said, "{sent:?}");
    assert!(server.await.expect("ends").is_err(), "the sender hung up before a request could come");
}
