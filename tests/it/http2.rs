//! Servers that break HTTP/2: the visit repeats the request over HTTP/1.1.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use gaccong::{
    fetch::Settings,
    judge::DecidedBy,
    model::{Class, Fetched, Profile},
    watch::{self, look::LookOptions},
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::{TlsAcceptor, rustls, server::TlsStream};

use crate::{
    http::look,
    portal::{defaced, honest},
    scene::{Scene, provider, yaml},
};

/// What the server does with a request over HTTP/2.
#[derive(Clone)]
enum Does {
    /// Answers with header fields that only HTTP/1.1 allows.
    Fields(Vec<(&'static str, &'static str)>),
    /// Resets the stream with this error code.
    Reset(u32),
    /// Closes the connection with this error code.
    GoAway(u32),
    /// Sends this many bytes of the page, then resets the stream.
    Breaks(usize),
    /// Ends the stream after half of the announced length.
    Short,
    /// Sends this page, in this coding if any, then resets the stream.
    Shows(Vec<u8>, Option<&'static str>),
    /// Sends a header block that is no HPACK.
    Garbage,
    /// Answers in HTTP/1.1, although HTTP/2 was negotiated.
    Other,
}

type Asked = Arc<Mutex<Vec<String>>>;

/// A server for `localhost` that speaks both versions, or with `alone` only HTTP/2. Returns its port, the authority
/// of its certificate, and the list of versions of the requests.
async fn server(does: Does, alone: bool) -> (u16, Vec<u8>, Asked) {
    provider();
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate().unwrap()).unwrap();
    let leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let key = KeyPair::generate().unwrap();
    let cert = leaf.signed_by(&key, &ca).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let mut config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let asked = Asked::default();
    let log = asked.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, does, log) = (acceptor.clone(), does.clone(), log.clone());
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else {
                    return;
                };
                let spoken = stream
                    .get_ref()
                    .1
                    .alpn_protocol()
                    .unwrap_or_default()
                    .to_vec();
                log.lock()
                    .unwrap()
                    .push(String::from_utf8(spoken.clone()).unwrap());
                let _ = match (spoken.as_slice(), alone) {
                    (b"h2", _) => two(stream, does).await,
                    (_, false) => one(stream).await,
                    (_, true) => Ok(()),
                };
            });
        }
    });
    (port, ca.pem().into_bytes(), asked)
}

async fn one(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let page = honest(1);
    let begin = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n",
        page.len()
    );
    stream.write_all(begin.as_bytes()).await?;
    stream.write_all(page.as_bytes()).await?;
    stream.shutdown().await
}

fn frame(kind: u8, flags: u8, stream: u32, data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), data].concat()
}

/// A header field in HPACK, neither indexed nor Huffman-coded.
fn field(name: &str, value: &str) -> Vec<u8> {
    let (n, v) = (name.len() as u8, value.len() as u8);
    [&[0, n], name.as_bytes(), &[v], value.as_bytes()].concat()
}

async fn two(mut stream: TlsStream<tokio::net::TcpStream>, does: Does) -> std::io::Result<()> {
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await?;
    if matches!(does, Does::Other) {
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            .await?;
        return stream.shutdown().await;
    }
    stream.write_all(&frame(4, 0, 0, b"")).await?;
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut data = vec![0; length as usize];
        stream.read_exact(&mut data).await?;
        let id = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        match head[3] {
            4 if head[4] & 1 == 0 => stream.write_all(&frame(4, 1, 0, b"")).await?,
            1 => stream.write_all(&answer(&does, id)).await?,
            _ => (),
        }
    }
}

fn answer(does: &Does, id: u32) -> Vec<u8> {
    let page = honest(1);
    let page = page.as_bytes();
    let headers = |more: &[(&str, &str)]| {
        let length = page.len().to_string();
        let own = [
            (":status", "200"),
            ("content-type", "text/html"),
            ("content-length", &length),
        ];
        let all: Vec<u8> = own
            .iter()
            .chain(more)
            .flat_map(|it| field(it.0, it.1))
            .collect();
        frame(1, 4, id, &all)
    };
    // a single frame holds at most 16 KiB
    assert!(page.len() < 16 << 10);
    let reset = |reason: u32| frame(3, 0, id, &reason.to_be_bytes());
    match does {
        Does::Fields(more) => [headers(more), frame(0, 1, id, page)].concat(),
        Does::Reset(reason) => reset(*reason),
        Does::GoAway(reason) => frame(7, 0, 0, &[[0; 4], reason.to_be_bytes()].concat()),
        Does::Breaks(bytes) => [headers(&[]), frame(0, 0, id, &page[..*bytes]), reset(2)].concat(),
        Does::Shows(page, coding) => {
            let mut all = field(":status", "200");
            all.extend(field("content-type", "text/html"));
            all.extend(coding.iter().flat_map(|it| field("content-encoding", it)));
            [frame(1, 4, id, &all), frame(0, 0, id, page), reset(2)].concat()
        }
        Does::Short => [headers(&[]), frame(0, 1, id, &page[..page.len() / 2])].concat(),
        Does::Garbage => frame(1, 4, id, &[0xff; 40]),
        Does::Other => Vec::new(),
    }
}

async fn visit(does: Does, alone: bool) -> (Fetched, Vec<String>) {
    let (port, authority, asked) = server(does, alone).await;
    let settings = Settings {
        extra_ca: vec![authority],
        ..Settings::default()
    };
    let seen = look(settings, &format!("https://localhost:{port}/")).await;
    let asked = asked.lock().unwrap().clone();
    (seen, asked)
}

#[tokio::test]
async fn what_is_whole_is_asked_for_once() {
    let (seen, asked) = visit(Does::Fields(Vec::new()), false).await;
    assert_eq!(seen.body.unwrap(), honest(1));
    assert_eq!(asked, ["h2"]);
}

#[tokio::test]
async fn what_breaks_over_http2_comes_over_http1() {
    let (protocol, internal, calm, http1) = (1, 2, 11, 13);
    for does in [
        Does::Fields(vec![("upgrade", "h2,h2c")]),
        Does::Fields(vec![("connection", "Upgrade, Keep-Alive")]),
        Does::Fields(vec![("keep-alive", "timeout=5, max=100")]),
        Does::Fields(vec![("transfer-encoding", "chunked")]),
        Does::Fields(vec![("proxy-connection", "keep-alive")]),
        Does::Fields(vec![("X-Powered-By", "ASP.NET")]),
        Does::Reset(http1),
        Does::Reset(protocol),
        Does::Reset(internal),
        Does::GoAway(http1),
        Does::GoAway(calm),
        Does::Breaks(0),
        Does::Breaks(500),
        Does::Short,
        Does::Garbage,
        Does::Other,
    ] {
        let (seen, asked) = visit(does, false).await;
        assert!(
            seen.observation.answer().is_some(),
            "{asked:?} {:?}",
            seen.observation
        );
        assert_eq!(seen.body.unwrap(), honest(1));
        assert_eq!(asked, ["h2", "http/1.1"]);
    }
}

#[tokio::test]
async fn what_breaks_over_both_is_broken_and_what_came_is_kept() {
    let (seen, asked) = visit(Does::Breaks(500), true).await;
    assert_eq!(asked, ["h2", "http/1.1"]);
    assert!(seen.body.is_none());
    assert_eq!(seen.partial.unwrap(), honest(1).as_bytes()[..500]);
    let (seen, _) = visit(Does::Reset(13), true).await;
    let told = seen.observation.silence().unwrap();
    assert_eq!(told.class, Class::Connection, "{told:?}");
    assert!(seen.partial.is_none());
    // a server's fault over HTTP/2 is reported, rather than that it does not speak HTTP/1.1
    for does in [Does::Garbage, Does::GoAway(1), Does::Other] {
        let (seen, asked) = visit(does, true).await;
        let told = seen.observation.silence().unwrap();
        assert_eq!(told.class, Class::Protocol, "{told:?}");
        assert_eq!(asked, ["h2", "http/1.1"]);
    }
}

fn gzip(page: &str) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(page.as_bytes()).unwrap();
    out.finish().unwrap()
}

/// A world that watches a server which does this over HTTP/2 and, unless `alone`, shows the honest page over
/// HTTP/1.1.
async fn scene(does: Does, alone: bool) -> Scene {
    let (port, authority, _) = server(does, alone).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, authority).unwrap();
    let extra = format!("  extra_ca: ['{}']\n", file.display());
    let url = format!("https://localhost:{port}/");
    Scene::new(&yaml(&extra, &[("cong", &url)]))
}

async fn class_of(does: Does, alone: bool) -> Option<Class> {
    scene(does, alone).await.check(0).await.class
}

#[tokio::test]
async fn what_browsers_saw_over_http2_counts_whatever_comes_after_it() {
    let whole = gzip(&defaced());
    let cut = whole[..whole.len() - 8].to_vec();
    for (page, coding) in [
        (defaced().into_bytes(), None),
        (whole, Some("gzip")),
        (cut, Some("gzip")),
    ] {
        let class = class_of(Does::Shows(page, coding), false).await;
        assert_eq!(class, Some(Class::Defaced), "{coding:?}");
    }
    // an unsigned page counts as well, if it differs from the second answer
    let words =
        "Thông báo của nhóm chúng tôi gửi tới mọi người dân sống ở nơi đây hôm nay ".repeat(4);
    let other = format!("<html><body><h1>Lời nhắn</h1><p>{words}</p></body></html>");
    let class = class_of(Does::Shows(other.into_bytes(), None), false).await;
    assert_eq!(class, Some(Class::Protocol));
}

#[tokio::test]
async fn an_honest_page_that_differs_from_request_to_request_is_up() {
    let up = class_of(Does::Fields(Vec::new()), false).await;
    let nonce = honest(1).replace("<script", "<script nonce='c8e1'");
    let clock = honest(1).replace("<h1>", "<p>10:24:31</p><h1>");
    for page in [nonce, clock, honest(77)] {
        for coding in [None, Some("gzip")] {
            let bytes = match coding {
                Some(_) => gzip(&page),
                None => page.clone().into_bytes(),
            };
            for without in [0, bytes.len() / 3] {
                let shown = bytes[..bytes.len() - without].to_vec();
                let class = class_of(Does::Shows(shown, coding), false).await;
                assert_eq!(class, up, "{coding:?} without {without}: {page}");
            }
        }
    }
}

#[tokio::test]
async fn a_page_that_always_breaks_over_http2_is_known_by_its_bytes_all_the_same() {
    let clock = honest(1).replace("<h1>", "<p>10:24:31</p><h1>");
    let scene = scene(Does::Shows(clock.into_bytes(), None), false).await;
    scene.learn(0).await;
    let (target, target_state) = (scene.target(0), scene.target_state(0).await);
    let (desktop, beside) = (Profile::Desktop, LookOptions::default());
    let seen = watch::look(&scene.world, &target, desktop, &target_state, beside).await;
    let decided = (seen.class, seen.decided_by);
    assert_eq!(decided, (Class::Unchanged, DecidedBy::Equal));
}

#[tokio::test]
async fn both_beginnings_are_kept_where_both_answers_break() {
    let (seen, asked) = visit(Does::Shows(defaced().into_bytes(), None), true).await;
    assert_eq!(asked, ["h2", "http/1.1"]);
    assert_eq!(seen.partial.unwrap(), defaced());
    // if the second answer is the whole page, the part before it is ignored
    let (seen, _) = visit(Does::Breaks(500), false).await;
    assert!(seen.broken.is_none() && seen.partial.is_none());
    let (seen, _) = visit(Does::Shows(b"<p>x".to_vec(), None), false).await;
    let broken = seen.broken.unwrap();
    assert_eq!(broken.beginning, "<p>x");
    assert_eq!(
        (broken.loss.class, broken.loss.status),
        (Class::Protocol, Some(200))
    );
    assert_eq!(seen.body.unwrap(), honest(1));
}
