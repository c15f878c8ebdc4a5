//! Servers that send endless data other than a page: after a first look, their bytes are counted.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use gaccong::{
    fetch::{Fetch, Fetcher, Guard, Settings, Visit},
    model::{Class, Fetched, Profile},
};
use jiff::Timestamp;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{
    faces,
    names::Names,
    portal::{Portal, Reply, honest},
    scene::{id, provider},
    tls_portal::{Leaf, TlsPortal, acceptor_with, authority},
};

fn eye(extra_ca: Vec<Vec<u8>>) -> Fetcher {
    provider();
    let guard = Guard {
        networks: vec!["127.0.0.0/8".parse().unwrap()],
        ..Guard::default()
    };
    Fetcher::new(Settings {
        guard,
        extra_ca,
        ..Settings::default()
    })
    .unwrap()
}

async fn visit(eye: &Fetcher, url: &str, milliseconds: u64) -> Fetched {
    let (target, url) = (id("t"), url.parse().unwrap());
    let visit = Visit {
        target: &target,
        url: &url,
        profile: Profile::Desktop,
        timeout: Duration::from_millis(milliseconds),
        max_body: 1 << 20,
        validators: None,
        prefer: None,
        by_operator: true,
    };
    eye.visit(&visit, Timestamp::UNIX_EPOCH).await
}

fn class(of: &Fetched) -> Option<Class> {
    of.observation.silence().map(|it| it.class)
}

/// A server that answers `begin` and then repeats `again` as long as the client reads. Returns its URL, and the
/// number of bytes that its last connection sent.
async fn endless(begin: &'static str, again: &'static str) -> (String, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let sent = Arc::new(AtomicU64::new(0));
    let counter = sent.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counter.store(0, Ordering::SeqCst);
            let counter = counter.clone();
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(begin.as_bytes()).await;
                let piece = again.repeat(65536 / again.len());
                while stream.write_all(piece.as_bytes()).await.is_ok() {
                    counter.fetch_add(piece.len() as u64, Ordering::SeqCst);
                }
            });
        }
    });
    (url, sent)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_no_end_is_read_to_a_bound_from_the_second_look_on() {
    for (begin, again) in [
        ("", "HTTP/1.1 103 Early Hints\r\n\r\n"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "0"),
    ] {
        let (url, sent) = endless(begin, again).await;
        let eye = eye(Vec::new());
        assert_eq!(class(&visit(&eye, &url, 300).await), Some(Class::Timeout));
        let second = visit(&eye, &url, 20_000).await;
        assert!(
            matches!(class(&second), Some(Class::Protocol | Class::Connection)),
            "{:?}",
            second.observation
        );
        // a MiB of body, a MiB of other data, and the buffers of two sockets
        let sent = sent.load(Ordering::SeqCst);
        assert!(sent < 16 << 20, "{again:?}: {sent} bytes");
    }
}

#[tokio::test]
async fn who_was_late_once_is_read_as_before() {
    let portal = Portal::start(|_| Reply::Hang).await;
    let eye = eye(Vec::new());
    let first = visit(&eye, &portal.url(), 200).await;
    assert_eq!(class(&first), Some(Class::Timeout));
    portal.show(honest(1));
    let second = visit(&eye, &portal.url(), 20_000).await;
    assert_eq!(second.body.as_deref(), Some(honest(1).as_bytes()));
    assert!(second.observation.face.address.is_some());
}

#[tokio::test]
async fn a_certificate_is_judged_the_same_where_the_portal_was_late() {
    let good = authority("Co quan", None);
    for (trusted, fault) in [(true, None), (false, Some("cause-tls-issuer"))] {
        let leaf = Leaf {
            name: "localhost",
            ..Leaf::default()
        };
        let held = Arc::new(tokio::sync::Notify::new());
        let identity = leaf.signed(Some(&good));
        let turns = vec![(identity.clone(), Some(held)), (identity, None)];
        let portal = TlsPortal::start(turns, &honest(1)).await;
        let extra = match trusted {
            true => vec![good.pem().into_bytes()],
            false => Vec::new(),
        };
        let eye = eye(extra);
        let first = visit(&eye, &portal.url(), 500).await;
        assert_eq!(class(&first), Some(Class::Timeout));
        let second = visit(&eye, &portal.url(), 20_000).await;
        assert_eq!(second.body.as_deref(), Some(honest(1).as_bytes()));
        let certificate = second.observation.certificate.unwrap();
        let found = certificate.fault.as_ref().map(|it| it.key.as_str());
        assert_eq!(found, fault);
    }
}

/// Three connections in turn: no answer, an answer, an end in the middle of the handshake. Only the connections of
/// the first stack name protocols by ALPN.
#[tokio::test]
async fn the_next_visit_is_counted_and_a_cut_handshake_is_no_fault_of_the_certificate() {
    provider();
    let leaf = Leaf {
        name: "localhost",
        ..Leaf::default()
    };
    let acceptor = acceptor_with(&leaf.signed(None), true);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!(
        "https://localhost:{}/",
        listener.local_addr().unwrap().port()
    );
    let named = Arc::new(Mutex::new(Vec::new()));
    let log = named.clone();
    let server = tokio::spawn(async move {
        let mut held = Vec::new();
        for turn in 0..3 {
            let (mut stream, _) = listener.accept().await.unwrap();
            if turn == 2 {
                let _ = stream.read(&mut [0; 4096]).await;
                continue;
            }
            let mut stream = acceptor.accept(stream).await.unwrap();
            let alpn = stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
            log.lock().unwrap().push(alpn.is_some());
            if turn == 1 {
                let _ = stream.read(&mut [0; 4096]).await;
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
                stream.write_all(answer).await.unwrap();
            }
            held.push(stream);
        }
        held
    });
    let eye = eye(Vec::new());
    assert_eq!(class(&visit(&eye, &url, 500).await), Some(Class::Timeout));
    let second = visit(&eye, &url, 20_000).await;
    assert_eq!(second.body.as_deref(), Some(b"ok".as_slice()));
    let third = visit(&eye, &url, 20_000).await;
    assert_eq!(
        class(&third),
        Some(Class::Connection),
        "{:?}",
        third.observation
    );
    assert_eq!(*named.lock().unwrap(), [true, false]);
    drop(server.await.unwrap());
}

/// One of two addresses accepts connections and never answers the handshake.
#[tokio::test]
async fn a_counted_visit_leaves_an_address_that_shakes_no_hands() {
    provider();
    let leaf = Leaf {
        name: faces::NAME,
        ..Leaf::default()
    };
    let identity = leaf.signed(None);
    let held = Some(Arc::new(tokio::sync::Notify::new()));
    let turns = vec![(identity.clone(), held), (identity, None)];
    let good = TlsPortal::start(turns, &honest(1)).await;
    let deaf = TcpListener::bind(("127.0.0.2", good.port)).await.unwrap();
    let names = Names::start(&[(faces::NAME, &["127.0.0.1", "127.0.0.2"])]);
    let eye = faces::eye(&names, &["127.0.0.0/8"]);
    let url = format!("https://{}:{}/", faces::NAME, good.port);
    assert_eq!(class(&visit(&eye, &url, 2000).await), Some(Class::Timeout));
    for _ in 0..2 {
        let seen = visit(&eye, &url, 20_000).await;
        assert_eq!(
            seen.body.as_deref(),
            Some(honest(1).as_bytes()),
            "{:?}",
            seen.observation
        );
    }
    drop(deaf);
}
