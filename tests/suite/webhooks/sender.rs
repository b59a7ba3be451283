//! The HTTP client that posts webhooks, against receivers on this machine that behave badly.

use affinsy_app::ports::{Answer, SendError, Sender};
use affinsy_aws::sender::{DEADLINE, HttpSender, Lookup};
use affinsy_core::webhook::url::{self, UrlPolicy};
use async_trait::async_trait;
use std::net::IpAddr;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Answers each name with the next addresses in a list, the last again and again, and counts.
#[derive(Debug)]
struct Names {
    answers: Mutex<Vec<Vec<IpAddr>>>,
    asked: AtomicUsize,
}

impl Names {
    fn of(answers: &[&[&str]]) -> Arc<Self> {
        let parse = |address: &&str| address.parse().expect("an address");
        let answers = answers.iter().rev().map(|addresses| addresses.iter().map(parse).collect()).collect();
        Arc::new(Self { answers: Mutex::new(answers), asked: AtomicUsize::new(0) })
    }
}

#[async_trait]
impl Lookup for Names {
    async fn addresses(&self, _: &str) -> std::io::Result<Vec<IpAddr>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut answers = self.answers.lock().expect("no panic in between");
        let last = answers.len() == 1;
        Ok(if last { answers[0].clone() } else { answers.pop().unwrap_or_default() })
    }
}

fn sender(policy: UrlPolicy, names: Arc<Names>, deadline: Duration) -> HttpSender {
    HttpSender::with_lookup(policy, names, deadline).expect("a client")
}

/// What a sender that may go anywhere makes of a receiver, within a deadline.
async fn post_within(url: &str, deadline: Duration) -> Result<Answer, SendError> {
    let sender = sender(UrlPolicy::AllowPrivate, Names::of(&[&["127.0.0.1"]]), deadline);
    sender.post(url, &[("webhook-id", "msg_1".to_owned())], "{}").await
}

/// Far more than anything here takes on the slowest machine.
const AMPLE: Duration = Duration::from_secs(300);
/// So short that a receiver that dawdles misses it.
const SHORT: Duration = Duration::from_millis(400);

/// A receiver that reads a request's head and then does with the connection what it was told to.
async fn receiver<F, Done>(deed: F) -> (String, JoinHandle<()>)
where
    F: Fn(TcpStream) -> Done + Send + 'static,
    Done: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/hook", listener.local_addr().expect("is bound"));
    let server = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.expect("accepts");
            let mut head = vec![0; 16 << 10];
            assert!(stream.read(&mut head).await.expect("reads") > 0, "a request comes");
            deed(stream).await;
        }
    });
    (url, server)
}

/// Writes until the other side has had enough; how much that was.
async fn pour(stream: &mut TcpStream, chunk: &[u8], pause: Duration) -> usize {
    let mut poured = 0;
    while stream.write_all(chunk).await.is_ok() {
        poured += chunk.len();
        tokio::time::sleep(pause).await;
    }
    poured
}

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n";

#[tokio::test]
async fn an_answer_that_never_comes_is_a_timeout() {
    let (url, _server) = receiver(|stream| async move {
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await;
    assert_eq!(post_within(&url, SHORT).await, Err(SendError::Timeout));
    let (url, _server) = receiver(|mut stream| async move {
        pour(&mut stream, b"HTTP/1.1 200 OK\r\nx-slow: 1\r\n", Duration::from_millis(50)).await;
    })
    .await;
    let headers = post_within(&url, SHORT).await;
    assert!(headers.is_err(), "headers that never end are no answer: {headers:?}");
    assert_eq!(DEADLINE, Duration::from_secs(15));
}

#[tokio::test]
async fn a_body_that_drips_ends_with_the_deadline_and_keeps_its_status() {
    let (url, _server) = receiver(|mut stream| async move {
        stream.write_all(HEAD).await.expect("writes");
        pour(&mut stream, b"x", Duration::from_millis(20)).await;
    })
    .await;
    let answer = post_within(&url, SHORT).await.expect("the status came in time");
    assert_eq!(answer.status, 200);
    assert!(answer.body.len() < 1_024 && answer.body.bytes().all(|byte| byte == b'x'), "{answer:?}");
}

#[tokio::test]
async fn an_endless_body_is_read_to_a_bound() {
    let (told, mut poured) = tokio::sync::mpsc::unbounded_channel();
    let (url, _server) = receiver(move |mut stream| {
        let told = told.clone();
        async move {
            stream.write_all(HEAD).await.expect("writes");
            let poured = pour(&mut stream, &[b'y'; 64 << 10], Duration::ZERO).await;
            told.send(poured).expect("the test waits");
        }
    })
    .await;
    let answer = post_within(&url, AMPLE).await.expect("an answer");
    assert_eq!((answer.status, answer.body.len()), (200, 1_024), "a kibibyte is kept");
    let poured = poured.recv().await.expect("the receiver met a closed connection");
    assert!(poured < 64 << 20, "what was sent is what buffers of the system hold: {poured}");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let location = format!("http://{}/", elsewhere.local_addr().expect("is bound"));
    for status in [301, 302, 303, 307, 308] {
        let head = format!("HTTP/1.1 {status} Elsewhere\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
        let (url, _server) = receiver(move |mut stream| {
            let head = head.clone();
            async move { stream.write_all(head.as_bytes()).await.expect("writes") }
        })
        .await;
        assert_eq!(post_within(&url, AMPLE).await.expect("an answer").status, status);
    }
    let own = TcpStream::connect(elsewhere.local_addr().expect("is bound")).await.expect("connects");
    let (_, first) = elsewhere.accept().await.expect("accepts");
    assert_eq!(first, own.local_addr().expect("is bound"), "the first to come there is this test");
}

#[tokio::test]
async fn what_a_receiver_says_of_later_events_is_heard() {
    let head = b"HTTP/1.1 429 Slowly\r\nRetry-After: 120\r\nWebhook-Delivery: Disable\r\ncontent-length: 4\r\n\r\nlate";
    let (url, _server) = receiver(move |mut stream| async move { stream.write_all(head).await.expect("writes") }).await;
    let answer = post_within(&url, AMPLE).await.expect("an answer");
    let expected = Answer { status: 429, retry_after: Some("120".to_owned()), disable: true, body: "late".to_owned() };
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn a_connection_that_is_closed_or_refused_is_a_failure_with_words() {
    let (url, _server) = receiver(|stream| async move { drop(stream) }).await;
    let closed = post_within(&url, AMPLE).await;
    assert!(matches!(&closed, Err(SendError::Failed(words)) if !words.is_empty()), "{closed:?}");
    let (url, _server) = receiver(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\nhalf").await.expect("writes");
    })
    .await;
    let half = post_within(&url, AMPLE).await.expect("the status came");
    assert_eq!((half.status, half.body.as_str()), (200, "half"), "a body that breaks off takes nothing from it");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let nobody = format!("http://{}/", listener.local_addr().expect("is bound"));
    drop(listener);
    assert!(matches!(post_within(&nobody, AMPLE).await, Err(SendError::Failed(_))));
}

#[tokio::test]
async fn a_name_with_one_address_that_is_not_public_is_blocked() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("https://hooks.example.com:{}/", listener.local_addr().expect("is bound").port());
    for addresses in [
        &["127.0.0.1"][..],
        &["8.8.8.8", "127.0.0.1"],
        &["127.0.0.1", "2606:4700::1111"],
        &["169.254.169.254"],
        &["::ffff:127.0.0.1"],
        &["::7f00:1"],
        &["2001::1"],
        &["fec0::1"],
        &["64:ff9b::7f00:1"],
        &["10.0.0.1"],
    ] {
        let sent = sender(UrlPolicy::PublicOnly, Names::of(&[addresses]), AMPLE).post(&url, &[], "{}").await;
        assert!(matches!(&sent, Err(SendError::BlockedAddress(_))), "{addresses:?}: {sent:?}");
    }
    let none = sender(UrlPolicy::PublicOnly, Names::of(&[&[]]), AMPLE).post(&url, &[], "{}").await;
    assert!(matches!(none, Err(SendError::Failed(_))), "a name without an address leads nowhere");
}

#[tokio::test]
async fn a_name_that_resolves_otherwise_a_moment_later_gains_nothing() {
    let (url, _server) = receiver(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 204 Fine\r\n\r\n").await.expect("writes");
    })
    .await;
    let url = url.replace("127.0.0.1", "hooks.example.com");
    // The second answer would lead away from the receiver.
    let names = Names::of(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let sent = sender(UrlPolicy::AllowPrivate, names.clone(), AMPLE).post(&url, &[], "{}").await;
    assert_eq!(sent.map(|answer| answer.status), Ok(204));
    assert_eq!(names.asked.load(Ordering::SeqCst), 1, "looked up once: what was checked is what is connected to");
}

#[test]
fn odd_addresses_schemes_and_ports_are_refused_before_anything_is_sent() {
    for url in [
        "https://[2001::1]/",
        "https://[2001:0:4136:e378::1]/",
        "https://[::10.0.0.1]/",
        "https://[fec0::1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[::ffff:169.254.169.254]/",
        "https://0x7f000001/",
        "https://017700000001/",
        "https://127.1/",
        "http://example.com/",
        "https://example.com:25/",
        "https://example.com:6379@127.0.0.1/",
        "https://example.com:80/",
        "https://user@example.com/",
        "gopher://example.com/",
    ] {
        assert!(url::check(url, UrlPolicy::PublicOnly).is_err(), "{url}");
    }
}

const CHILDS_URL: &str = "AFFINSY_TEST_WEBHOOK_URL";

#[tokio::test]
#[ignore = "run by the test below, in a process with proxies in its environment"]
async fn posts_once_past_the_proxies() {
    #[expect(clippy::disallowed_methods, reason = "how a test's child is told where to send")]
    let url = std::env::var(CHILDS_URL).expect("is set by the test below");
    assert_eq!(post_within(&url, AMPLE).await.map(|answer| answer.status), Ok(204));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_of_the_environment_is_not_used() {
    let (url, _server) = receiver(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 204 Fine\r\n\r\n").await.expect("writes");
    })
    .await;
    let (proxy, _proxy) = receiver(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 502 Proxy\r\ncontent-length: 0\r\n\r\n").await.expect("writes");
    })
    .await;
    let own = std::env::current_exe().expect("a test has a binary");
    let mut child = Command::new(own);
    child.args(["--exact", "webhooks::sender::posts_once_past_the_proxies", "--ignored"]).env(CHILDS_URL, url);
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"] {
        child.env(name, &proxy);
    }
    child.env_remove("NO_PROXY").env_remove("no_proxy");
    let ran = tokio::task::spawn_blocking(move || child.output()).await.expect("runs").expect("runs");
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && said.contains("1 passed"), "{said}");
}
