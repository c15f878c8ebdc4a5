//! HTTP as real servers use it: cookies, redirects, broken HTTP/2, host names, lengths, bodies that break off.

use std::{
    io::Write,
    sync::{Arc, Mutex},
    time::Duration,
};

use gaccong::{
    fetch::{Fetch, Fetcher, Guard, Settings, Visit},
    model::{Class, Fetched, Profile, observation::Silence},
};
use jiff::Timestamp;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use url::Url;

use crate::{
    names::Names,
    portal::{Portal, Reply, Request, defaced, honest},
    scene::{Scene, id, provider, yaml},
};

pub(crate) async fn look(settings: Settings, url: &str) -> Fetched {
    provider();
    let guard = Guard {
        networks: vec!["127.0.0.0/8".parse().unwrap()],
        ..Guard::default()
    };
    let eye = Fetcher::new(Settings { guard, ..settings }).unwrap();
    let url: Url = url.parse().unwrap();
    let target = id("t");
    let visit = Visit {
        target: &target,
        url: &url,
        profile: Profile::Desktop,
        timeout: Duration::from_secs(20),
        max_body: 256 << 10,
        validators: None,
        prefer: None,
        by_operator: true,
    };
    eye.visit(&visit, Timestamp::UNIX_EPOCH).await
}

async fn visit(url: &str) -> Fetched {
    look(Settings::default(), url).await
}

fn status(of: &Fetched) -> Option<u16> {
    of.observation.answer().map(|it| it.status)
}

fn silence(of: &Fetched) -> Silence {
    let silence = of.observation.silence();
    silence
        .unwrap_or_else(|| panic!("{:?}", of.observation))
        .clone()
}

fn moved(to: &str, cookies: &[&str]) -> Reply {
    let cookies = cookies.iter().map(|it| ("set-cookie", (*it).to_owned()));
    Reply::Full {
        status: 302,
        headers: [("location", to.to_owned())]
            .into_iter()
            .chain(cookies)
            .collect(),
        body: Vec::new(),
    }
}

fn cookie(request: &Request) -> String {
    request.header("cookie").unwrap_or_default().to_owned()
}

/// Visits a scripted portal by host name; returns the result and the requests that the portal got.
async fn gate(script: impl FnMut(&Request) -> Reply + Send + 'static) -> (Fetched, Vec<Request>) {
    let portal = Portal::start(script).await;
    let rows = [
        "www.songxanh.gov.vn",
        "songxanh.gov.vn",
        "sso.songxanh.gov.vn",
        "khac.gov.vn",
    ];
    let rows = rows.map(|it| (it, &["127.0.0.1"][..]));
    let settings = Settings {
        resolver: vec![Names::start(&rows).server],
        ..Settings::default()
    };
    let port = portal.address.port();
    let seen = look(settings, &format!("http://www.songxanh.gov.vn:{port}/")).await;
    (seen, portal.seen())
}

#[tokio::test]
async fn a_cookie_that_goes_on_is_progress() {
    // a counter in a cookie, with redirects to one address
    let (seen, _) = gate(|it| {
        let n: u32 = cookie(it).trim_start_matches("gate=").parse().unwrap_or(0);
        match n {
            12 => Reply::Page("in".to_owned()),
            n => moved("/", &[&format!("gate={}; Path=/; Max-Age=5", n + 1)]),
        }
    })
    .await;
    assert_eq!(status(&seen), Some(200));
    // one cookie after another; the first is deleted on the way
    let (seen, log) = gate(|it| match cookie(it).as_str() {
        "" => moved("/", &["a=1"]),
        "a=1" => moved("/", &["b=1"]),
        "a=1; b=1" => moved("/", &["a=; Max-Age=0"]),
        "b=1" => Reply::Page("in".to_owned()),
        other => panic!("{other}"),
    })
    .await;
    assert_eq!((status(&seen), log.len()), (Some(200), 4));
    // a firewall that lets an address in at its third request, without a cookie
    let mut asked = 0;
    let (seen, _) = gate(move |_| {
        asked += 1;
        match asked {
            1 | 2 => moved("/", &[]),
            _ => Reply::Page("in".to_owned()),
        }
    })
    .await;
    assert_eq!(status(&seen), Some(200));
    // a cookie that alternates between two values makes no progress
    let (seen, log) =
        gate(|it| moved("/", &[if cookie(it) == "a=1" { "a=2" } else { "a=1" }])).await;
    assert_eq!(silence(&seen).class, Class::RedirectLoop);
    assert!(log.len() < 20, "{}", log.len());
}

#[tokio::test]
async fn twenty_redirects_are_followed_and_no_more() {
    for (hops, arrives) in [(20, true), (21, false)] {
        let (seen, log) = gate(move |it| match it.path[1..].parse().unwrap_or(0) {
            n if n == hops => Reply::Page("in".to_owned()),
            n => moved(&format!("/{}", n + 1), &[]),
        })
        .await;
        assert_eq!(seen.observation.answer().is_some(), arrives);
        assert_eq!(log.len(), 21);
        assert_eq!(seen.observation.hops.len(), 20);
    }
}

#[tokio::test]
async fn cookies_go_where_browsers_send_them() {
    // a cookie for the whole domain, set by a sibling host, is sent to hosts of the domain only
    let (seen, _) = gate(|it| {
        let host = it.header("host").unwrap_or_default();
        let at = |name: &str| format!("http://{name}:{}/", host.rsplit(':').next().unwrap());
        match (host.split(':').next().unwrap(), cookie(it).as_str()) {
            ("www.songxanh.gov.vn", "") => moved(&at("sso.songxanh.gov.vn"), &["own=1"]),
            ("sso.songxanh.gov.vn", "") => moved(
                &at("www.songxanh.gov.vn"),
                &[
                    "ticket=7; Domain=.songxanh.gov.vn",
                    "mine=1",
                    "all=1; Domain=gov.vn",
                    "x=1; Domain=khac.gov.vn",
                ],
            ),
            ("www.songxanh.gov.vn", "own=1; ticket=7") => Reply::Page("in".to_owned()),
            (host, other) => panic!("{host} {other}"),
        }
    })
    .await;
    assert_eq!(status(&seen), Some(200));
    // cookies for another path, `Secure` ones over HTTP, and expired ones are not sent
    let (seen, log) = gate(|it| match cookie(it).as_str() {
        "" => moved(
            "/a/b",
            &[
                "here=1; Path=/a",
                "ab=1; Path=/ab",
                "safe=1; Secure",
                "old=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            ],
        ),
        _ => Reply::Page("in".to_owned()),
    })
    .await;
    assert_eq!(status(&seen), Some(200));
    assert_eq!(cookie(&log[1]), "here=1");
    // sixty cookies, the last of which lets the visit in
    let (seen, log) = gate(|it| match cookie(it).contains("c59=x") {
        true => Reply::Page("in".to_owned()),
        false => {
            let all: Vec<String> = (0..60).map(|it| format!("c{it}=x")).collect();
            moved("/", &all.iter().map(String::as_str).collect::<Vec<_>>())
        }
    })
    .await;
    assert_eq!((status(&seen), log.len()), (Some(200), 2));
    assert_eq!(cookie(&log[1]).split("; ").count(), 60);
}

#[tokio::test]
async fn bytes_of_cookies_stay() {
    let (address, _) = raw(|head| {
        let wanted = [
            &b"\r\nCookie: ten=gi\xe1 tr\xf0; "[..],
            "tên=đã vào\r\n".as_bytes(),
        ]
        .concat();
        match holds(head, &wanted) {
            true => b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nin".to_vec(),
            false => [
                &b"HTTP/1.1 302 Found\r\nLocation: /\r\nSet-Cookie: ten=gi\xe1 tr\xf0\r\n"[..],
                "Set-Cookie: tên=đã vào; HttpOnly\r\nContent-Length: 0\r\n\r\n".as_bytes(),
            ]
            .concat(),
        }
    })
    .await;
    assert_eq!(
        status(&visit(&format!("http://{address}/")).await),
        Some(200)
    );
}

fn holds(text: &[u8], wanted: &[u8]) -> bool {
    text.windows(wanted.len()).any(|it| it == wanted)
}

type Heads = Arc<Mutex<Vec<Vec<u8>>>>;

/// A server that answers each request head with the raw bytes of `answer`; returns its address and the heads.
async fn raw(
    answer: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static,
) -> (std::net::SocketAddr, Heads) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heads = Heads::default();
    let (answer, log) = (Arc::new(answer), heads.clone());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (answer, log) = (answer.clone(), log.clone());
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let read = stream.read_buf(&mut head).await.unwrap_or(0);
                    if read == 0 {
                        return;
                    }
                }
                let out = answer(&head);
                log.lock().unwrap().push(head);
                let _ = stream.write_all(&out).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    (address, heads)
}

#[tokio::test]
async fn the_bytes_of_a_location_are_asked_for_as_they_came() {
    for (location, asked) in [
        (&b"/trang-ch\xfb/"[..], "/trang-ch%FB/"),
        ("/trang-chủ/".as_bytes(), "/trang-ch%E1%BB%A7/"),
        (b"/t?q=\xe1\xf0 x", "/t?q=%E1%F0%20x"),
        (b"\\vi\\trang chu#top", "/vi/trang%20chu"),
        (b"  /x  ", "/x"),
        (b"?x=1", "/?x=1"),
    ] {
        let (address, heads) = raw(move |head| match head.starts_with(b"GET / ") {
            true => [
                &b"HTTP/1.1 302 Found\r\nLocation: "[..],
                location,
                b"\r\nContent-Length: 0\r\n\r\n",
            ]
            .concat(),
            false => b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nin".to_vec(),
        })
        .await;
        let seen = visit(&format!("http://{address}/")).await;
        assert_eq!(status(&seen), Some(200), "{}", location.escape_ascii());
        let heads = heads.lock().unwrap();
        let wanted = format!("GET {asked} HTTP/1.1\r\n");
        assert!(
            heads[1].starts_with(wanted.as_bytes()),
            "{}",
            heads[1].escape_ascii()
        );
    }
    // every redirect status is followed; without a valid `Location`, the answer itself is shown
    for kind in [301, 302, 303, 307, 308] {
        let (seen, _) = gate(move |it| match it.path.as_str() {
            "/" => Reply::Full {
                status: kind,
                headers: vec![("location", String::new()), ("location", "/in".to_owned())],
                body: b"moved".to_vec(),
            },
            _ => Reply::Page("in".to_owned()),
        })
        .await;
        assert_eq!(status(&seen), Some(200), "{kind}");
        for location in [
            vec![],
            vec![("location", "http://".to_owned())],
            vec![("location", " ".to_owned())],
        ] {
            let (seen, log) = gate(move |_| Reply::Full {
                status: kind,
                headers: location.clone(),
                body: b"moved".to_vec(),
            })
            .await;
            assert_eq!((status(&seen), log.len()), (Some(kind), 1));
            assert_eq!(seen.body.unwrap(), "moved");
        }
    }
}

#[tokio::test]
async fn old_servers_read_their_own_spelling() {
    let (address, _) = raw(|head| {
        let knows = ["\r\nHost: ", "\r\nUser-Agent: ", "\r\nAccept-Language: "];
        match knows.iter().all(|it| holds(head, it.as_bytes())) {
            true => b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nin".to_vec(),
            false => b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".to_vec(),
        }
    })
    .await;
    assert_eq!(
        status(&visit(&format!("http://{address}/")).await),
        Some(200)
    );
}

#[tokio::test]
async fn names_are_resolved_as_resolvers_take_them() {
    let portal = Portal::page("in").await;
    let all = [
        "so_y_te.songxanh.example",
        "_x.example",
        "-a.example",
        "a-.example",
        "a_.b-.example",
        "x--y.example",
    ];
    let rows = all.map(|it| (it, &["127.0.0.1"][..]));
    let names = Names::start(&rows);
    for name in all.into_iter().chain(["so_y_te.songxanh.example."]) {
        let settings = Settings {
            resolver: vec![names.server],
            ..Settings::default()
        };
        let url = format!("http://{name}:{}/", portal.address.port());
        assert_eq!(status(&look(settings, &url).await), Some(200), "{name}");
    }
}

#[tokio::test]
async fn what_is_announced_too_large_is_too_large_at_once() {
    // the server announces 100 MB, sends a part, and then stays silent
    for coding in ["", "content-encoding: gzip\r\n"] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let page = defaced();
        let body = if coding.is_empty() {
            page.clone().into_bytes()
        } else {
            half(&gzip(&page), 20)
        };
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            stream.read_buf(&mut head).await.unwrap();
            let begin = format!("HTTP/1.1 200 OK\r\n{coding}content-length: 100000000\r\n\r\n");
            stream.write_all(begin.as_bytes()).await.unwrap();
            stream.write_all(&body).await.unwrap();
            // wait until the client closes the connection
            let _ = stream.read_buf(&mut head).await;
        });
        let seen = visit(&format!("http://{address}/")).await;
        let told = silence(&seen);
        assert_eq!((told.class, told.status), (Class::TooLarge, Some(200)));
        let partial = seen.partial.unwrap();
        assert!(
            partial.starts_with(&page.as_bytes()[..40]),
            "its beginning is read, unpacked"
        );
    }
    // a body one byte over the limit by its announced length, and one of exactly the limit
    for (bytes, class) in [((256 << 10) + 1, Some(Class::TooLarge)), (256 << 10, None)] {
        let portal = Portal::page("x".repeat(bytes)).await;
        let seen = visit(&portal.url()).await;
        assert_eq!(seen.observation.silence().map(|it| it.class), class);
    }
}

fn gzip(page: &str) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(page.as_bytes()).unwrap();
    out.finish().unwrap()
}

fn half(packed: &[u8], without: usize) -> Vec<u8> {
    packed[..packed.len() - without].to_vec()
}

/// `page` in each content coding that the service accepts.
fn packed(page: &str) -> [(&'static str, Vec<u8>); 4] {
    let mut br = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 22);
    br.write_all(page.as_bytes()).unwrap();
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    zlib.write_all(page.as_bytes()).unwrap();
    [
        ("gzip", gzip(page)),
        ("br", br.into_inner()),
        ("zstd", zstd::encode_all(page.as_bytes(), 3).unwrap()),
        ("deflate", zlib.finish().unwrap()),
    ]
}

fn coded(coding: &str, body: Vec<u8>) -> Reply {
    Reply::Full {
        status: 200,
        headers: vec![
            ("content-type", "text/html; charset=utf-8".to_owned()),
            ("content-encoding", coding.to_owned()),
        ],
        body,
    }
}

#[tokio::test]
async fn half_a_packed_page_is_no_page() {
    let page = honest(1);
    for (coding, whole) in packed(&page) {
        let ends = [(0, true), (whole.len() / 3, false)];
        for (without, is_whole) in ends {
            let body = half(&whole, without);
            let portal = Portal::start(move |_| coded(coding, body.clone())).await;
            let seen = visit(&portal.url()).await;
            if is_whole {
                assert_eq!(seen.body.unwrap(), page, "{coding}");
                continue;
            }
            let told = silence(&seen);
            assert_eq!(
                (told.class, told.cause.key.as_str()),
                (Class::Protocol, "cause-coding-cut"),
                "{coding}"
            );
            // zstd gives no output before a whole block has arrived
            let came = seen.partial.unwrap_or_default();
            assert!(page.as_bytes().starts_with(&came), "{coding}: unpacked");
            assert!(came.is_empty() == (coding == "zstd"), "{coding}");
        }
        let padded = [&whole[..], &[0; 100]].concat();
        let portal = Portal::start(move |_| coded(coding, padded.clone())).await;
        assert_eq!(
            visit(&portal.url()).await.body.unwrap(),
            page,
            "{coding}: padding"
        );
    }
}

#[tokio::test]
async fn half_a_page_is_never_learnt_and_rings_where_it_is_signed() {
    let portal = Portal::page(honest(1)).await;
    let scene = Scene::new(&yaml("", &[("cong", &portal.url())]));
    scene.learn(0).await;
    let before = scene.target_state(0).await.baseline;
    let half_of = |page: &str| half(&gzip(page), 60);
    let body = half_of(&honest(2));
    portal.set(move |_| coded("gzip", body.clone()));
    assert_eq!(scene.check(0).await.class, Some(Class::Protocol));
    assert_eq!(scene.target_state(0).await.baseline, before);
    // browsers show the defacement, and hide what follows it in an unclosed comment
    for between in ["<p>", "<!-- "] {
        let body = half_of(&format!("{}{between}{}", defaced(), honest(2)));
        portal.set(move |_| coded("gzip", body.clone()));
        assert_eq!(
            scene.check(0).await.class,
            Some(Class::Defaced),
            "{between}"
        );
    }
    portal.show(honest(1));
    assert_eq!(scene.check(0).await.class, Some(Class::Unchanged));
}
