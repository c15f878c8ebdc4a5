use std::time::Duration;

use gaccong::{
    fetch::{Fetch, Fetcher, Guard, Settings, Visit},
    model::{Class, Digest, Fetched, Profile, target_state::Validators},
};
use jiff::Timestamp;
use url::Url;

use crate::{
    portal::{Portal, Reply},
    scene::{id, provider},
};

pub fn settings() -> Settings {
    provider();
    let guard = Guard {
        networks: vec!["127.0.0.1/32".parse().unwrap()],
        ports: vec![80, 443],
        own: Vec::new(),
    };
    Settings {
        contact: "soc@example.gov.vn".to_owned(),
        vantage: "test".to_owned(),
        guard,
        ..Settings::default()
    }
}

pub async fn visit_as(
    eye: &Fetcher,
    url: &str,
    profile: Profile,
    validators: Option<&Validators>,
) -> Fetched {
    let url: Url = url.parse().unwrap();
    let target = id("t");
    let visit = Visit {
        target: &target,
        url: &url,
        profile,
        timeout: Duration::from_millis(700),
        max_body: 256 << 10,
        validators,
        prefer: None,
        by_operator: true,
    };
    eye.visit(&visit, Timestamp::UNIX_EPOCH).await
}

async fn visit(url: &str) -> Fetched {
    visit_as(
        &Fetcher::new(settings()).unwrap(),
        url,
        Profile::Desktop,
        None,
    )
    .await
}

async fn class(reply: Reply) -> Class {
    let portal = Portal::start(move |_| reply.clone()).await;
    let sighting = visit(&portal.url()).await;
    sighting
        .observation
        .silence()
        .unwrap_or_else(|| panic!("{:?}", sighting.observation))
        .class
}

#[tokio::test]
async fn an_answer_is_seen_whole() {
    let portal = Portal::page("<p>Xin chào</p>").await;
    let seen = visit(&portal.url()).await;
    let answer = seen.observation.answer().unwrap().clone();
    assert_eq!((answer.status, answer.bytes), (200, 16));
    assert_eq!(
        answer.digest,
        Some(Digest::of("<p>Xin chào</p>".as_bytes()))
    );
    let agent = portal.seen()[0].header("user-agent").unwrap().to_owned();
    assert!(
        agent.contains(concat!("gaccong/", env!("CARGO_PKG_VERSION")))
            && agent.contains("+soc@example.gov.vn"),
        "{agent}"
    );
}

#[tokio::test]
async fn every_failure_has_its_class() {
    assert_eq!(class(Reply::Close).await, Class::Connection);
    assert_eq!(class(Reply::Hang).await, Class::Timeout);
    assert_eq!(class(Reply::Endless).await, Class::TooLarge);
    assert_eq!(
        class(Reply::Raw(b"SSH-2.0-OpenSSH_9\r\n".to_vec())).await,
        Class::Protocol
    );
    assert_eq!(
        class(Reply::Raw(
            b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort".to_vec()
        ))
        .await,
        Class::Connection
    );
    assert_eq!(
        class(Reply::Raw(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n".to_vec()
        ))
        .await,
        Class::Protocol
    );
    assert_eq!(
        class(Reply::Raw(
            b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nabcd".to_vec()
        ))
        .await,
        Class::Protocol
    );
    assert_eq!(class(Reply::redirect("/again")).await, Class::RedirectLoop);
    assert_eq!(
        class(Reply::redirect("http://127.0.0.9/")).await,
        Class::RefusedRedirect
    );
    assert_eq!(
        class(Reply::redirect("http://[::1]/")).await,
        Class::RefusedRedirect
    );
    assert_eq!(
        class(Reply::redirect("http://2130706434/")).await,
        Class::RefusedRedirect
    );
    assert_eq!(
        class(Reply::redirect("file:///etc/passwd")).await,
        Class::RefusedRedirect
    );
    assert_eq!(
        class(Reply::redirect("http://127.0.0.1:1/")).await,
        Class::RefusedRedirect
    );
    assert_eq!(
        class(Reply::redirect("http://localhost:22/")).await,
        Class::RefusedRedirect
    );
}

#[tokio::test]
async fn addresses_that_are_not_public_are_never_dialled() {
    let silent = |seen: Fetched| seen.observation.silence().unwrap().class;
    let eye = Fetcher::new(Settings {
        guard: Guard::default(),
        ..settings()
    })
    .unwrap();
    let portal = Portal::page("x").await;
    for url in [
        portal.url(),
        portal.url().replace("127.0.0.1", "localhost"),
        format!("http://[::ffff:127.0.0.1]:{}/", portal.address.port()),
    ] {
        assert_eq!(
            silent(visit_as(&eye, &url, Profile::Desktop, None).await),
            Class::PrivateAddress,
            "{url}"
        );
    }
    assert!(portal.seen().is_empty(), "no request was made");
    assert_eq!(
        silent(visit("http://kh-ng-c-t-n-n-y.invalid/").await),
        Class::Dns
    );
    let closed = Portal::page("x").await;
    closed.shut().await;
    assert_eq!(silent(visit(&closed.url()).await), Class::Connection);
}

#[tokio::test]
async fn a_small_bomb_stops_at_the_limit() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut gzip, &vec![0; 64 << 20]).unwrap();
    let bomb = gzip.finish().unwrap();
    let headers = vec![
        ("content-encoding", "gzip".to_owned()),
        ("content-type", "text/html".to_owned()),
    ];
    assert_eq!(
        class(Reply::Full {
            status: 200,
            headers,
            body: bomb
        })
        .await,
        Class::TooLarge
    );
}

#[tokio::test]
async fn redirects_are_recorded_and_cookies_last_one_visit() {
    let portal = Portal::start(
        |request| match (request.path.as_str(), request.header("cookie")) {
            ("/", None) => Reply::Full {
                status: 302,
                headers: vec![
                    ("location", "/".to_owned()),
                    ("set-cookie", "seen=1; Path=/; HttpOnly".to_owned()),
                ],
                body: Vec::new(),
            },
            ("/", Some("seen=1")) => Reply::redirect("/home"),
            _ => Reply::Page("home".to_owned()),
        },
    )
    .await;
    let eye = Fetcher::new(settings()).unwrap();
    for round in 1..=2 {
        let seen = visit_as(&eye, &portal.url(), Profile::Desktop, None).await;
        assert_eq!(seen.observation.hops.len(), 2);
        assert_eq!(seen.observation.answer().unwrap().final_url.path(), "/home");
        assert_eq!(
            portal.seen().len(),
            3 * round,
            "the second visit begins without cookies"
        );
    }
}

#[tokio::test]
async fn conditional_requests_and_profiles() {
    let portal = Portal::start(|request| match request.header("if-none-match") {
        Some("\"v1\"") => Reply::Full {
            status: 304,
            headers: vec![],
            body: vec![],
        },
        _ => Reply::Full {
            status: 200,
            headers: vec![("etag", "\"v1\"".to_owned())],
            body: b"page".to_vec(),
        },
    })
    .await;
    let eye = Fetcher::new(settings()).unwrap();
    let known = Validators {
        etag: Some("\"v1\"".to_owned()),
        digest: Digest::of(b"page"),
    };
    let seen = visit_as(&eye, &portal.url(), Profile::Desktop, Some(&known)).await;
    assert!(seen.body.is_none());
    assert_eq!(seen.observation.answer().unwrap().status, 304);
    visit_as(&eye, &portal.url(), Profile::Googlebot, None).await;
    visit_as(&eye, &portal.url(), Profile::FromGoogle, None).await;
    let log = portal.seen();
    assert!(log[1].header("user-agent").unwrap().contains("Googlebot"));
    assert_eq!(log[2].header("referer"), Some("https://www.google.com/"));
}

#[tokio::test]
async fn codings_are_read_as_browsers_do_or_named() {
    use std::io::Write;
    let gzip = |bytes: &[u8]| {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    };
    let page = b"<html><h1>page</h1></html>".to_vec();
    for (coding, body, read) in [
        ("GZIP", gzip(&page), true),
        ("x-gzip", gzip(&page), true),
        ("gzip, gzip", gzip(&gzip(&page)), true),
        ("identity", page.clone(), true),
        ("utf-8", page.clone(), true),
        ("gzip, gzip, gzip, gzip", page.clone(), false),
        ("gzip", page.clone(), false),
    ] {
        let portal = Portal::start(move |_| Reply::Full {
            status: 200,
            headers: vec![
                ("content-type", "text/html".into()),
                ("content-encoding", coding.into()),
            ],
            body: body.clone(),
        })
        .await;
        let seen = visit(&portal.url()).await;
        if read {
            assert_eq!(seen.body.unwrap(), page, "{coding}");
        } else {
            let silence = seen.observation.silence().unwrap();
            assert_eq!(silence.class, Class::Protocol, "{coding}");
        }
    }
}
