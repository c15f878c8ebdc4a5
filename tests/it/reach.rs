//! Addresses of a name that are slow to connect, refuse connections, or do not answer.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
};

use crate::{
    faces::{LOOPBACK, NAME, address, at_one_port, eye, place, visit, visit_within},
    names::Names,
    portal::Portal,
};

/// A server with a full queue of connections: the kernel answers no further attempt, and the client's repeats it
/// after a second.
struct Full {
    listener: TcpListener,
    _waiting: TcpStream,
}

async fn full(port: u16) -> Full {
    let place: SocketAddr = place("::1", port).parse().unwrap();
    let socket = TcpSocket::new_v6().unwrap();
    socket.bind(place).unwrap();
    let listener = socket.listen(0).unwrap();
    Full {
        _waiting: TcpStream::connect(place).await.unwrap(),
        listener,
    }
}

/// Waits until an attempt to connect to the port at `::1` gets no answer.
async fn knocked(port: u16) {
    let wanted = format!(":{port:04X}");
    let is_waiting = |line: &str| {
        let mut columns = line.split_ascii_whitespace().skip(2);
        // SYN_SENT
        columns.next().is_some_and(|it| it.ends_with(&wanted)) && columns.next() == Some("02")
    };
    while !std::fs::read_to_string("/proc/net/tcp6")
        .unwrap()
        .lines()
        .any(is_waiting)
    {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn an_address_that_is_slow_to_connect_is_read_all_the_same() {
    let portals = at_one_port(&["127.0.0.1", "::1"]).await;
    let port = portals[0].address.port();
    let names = Names::start(&[(NAME, &["127.0.0.1", "::1"])]);
    let eye = eye(&names, &LOOPBACK);
    portals[1].shut().await;
    let full = full(port).await;
    let opened = async {
        knocked(port).await;
        // the client's second attempt comes after a second, when the queue has room for it
        drop(full.listener.accept().await.unwrap());
        let (mut stream, _) = full.listener.accept().await.unwrap();
        let _ = stream.read_buf(&mut Vec::new()).await;
        let page = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nin";
        stream.write_all(page).await.unwrap();
        stream.shutdown().await.unwrap();
    };
    let looked = async {
        let seen = visit(&eye, port, None).await;
        assert_eq!(address(&seen), "::1");
        assert_eq!(seen.body.unwrap(), "in");
    };
    let all = async { tokio::join!(looked, opened) };
    tokio::time::timeout(Duration::from_secs(20), all)
        .await
        .expect("the slow address was given up");
    assert!(portals[0].seen().is_empty());
}

#[tokio::test]
async fn a_dead_family_costs_no_look_and_is_not_asked_again() {
    let portals = at_one_port(&["127.0.0.1", "::1"]).await;
    let port = portals[0].address.port();
    let names = Names::start(&[(NAME, &["127.0.0.1", "::1"])]);
    let eye = eye(&names, &LOOPBACK);
    portals[1].shut().await;
    let full = full(port).await;
    let url = format!("http://{NAME}:{port}/");
    for _ in 0..4 {
        let seen = visit_within(&eye, &url, None, 4).await;
        assert_eq!(address(&seen), "127.0.0.1");
    }
    // the address answers again, and is still skipped
    drop(full);
    portals[1].reopen().await;
    assert_eq!(address(&visit(&eye, port, None).await), "127.0.0.1");
    assert!(portals[1].seen().is_empty());
    // a look uses it after its other addresses fail
    portals[0].shut().await;
    assert_eq!(address(&visit(&eye, port, None).await), "::1");
}

#[tokio::test]
async fn what_is_shut_at_one_name_is_not_left_out_at_another() {
    let victim = at_one_port(&["127.0.0.1", "::1"]).await;
    let other = Portal::page("x").await;
    let names = Names::start(&[
        (NAME, &["127.0.0.1", "::1"]),
        ("ke-xau.example", &["127.0.0.1", "::1"]),
    ]);
    let eye = eye(&names, &LOOPBACK);
    let (own, port) = (other.address.port(), victim[0].address.port());
    let hostile = format!("http://ke-xau.example:{own}/");
    for _ in 0..2 {
        let seen = visit_within(&eye, &hostile, None, 10).await;
        assert_eq!(address(&seen), "127.0.0.1");
    }
    assert_eq!(address(&visit(&eye, port, None).await), "::1");
}
