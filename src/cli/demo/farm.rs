//! The demo's web servers: one port of 127.0.0.1 for each portal, each with a mode.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::pages::{self, Portal};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
/// What a portal serves.
pub enum Mode {
    Honest = 0,
    Defaced = 1,
    Planted = 2,
    /// Accepts connections and does not answer.
    Down = 3,
}

/// A portal's running server.
pub struct Site {
    pub portal: &'static Portal,
    pub address: SocketAddr,
    mode: Arc<AtomicU8>,
}

impl Site {
    /// Switches the portal to another mode.
    pub fn set(&self, mode: Mode) {
        self.mode.store(mode as u8, Ordering::Relaxed);
    }
}

/// Starts the servers of all portals.
pub async fn start(stop: &CancellationToken) -> io::Result<Vec<Site>> {
    let mut sites = Vec::new();
    for portal in pages::PORTALS {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let mode = Arc::new(AtomicU8::new(Mode::Honest as u8));
        tokio::spawn(serve(listener, portal, mode.clone(), stop.clone()));
        sites.push(Site {
            portal,
            address,
            mode,
        });
    }
    Ok(sites)
}

async fn serve(
    listener: TcpListener,
    portal: &'static Portal,
    mode: Arc<AtomicU8>,
    stop: CancellationToken,
) {
    let visits = Arc::new(AtomicU64::new(1));
    loop {
        let stream = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(_) => continue,
            },
        };
        let (mode, visits) = (mode.load(Ordering::Relaxed), visits.clone());
        tokio::spawn(async move {
            // a visitor may close the connection early
            let _ = timeout(
                Duration::from_secs(10),
                answer(stream, portal, mode, &visits),
            )
            .await;
        });
    }
}

async fn answer(
    mut stream: TcpStream,
    portal: &Portal,
    mode: u8,
    visits: &AtomicU64,
) -> io::Result<()> {
    let mut request = Vec::new();
    let mut buffer = [0; 2048];
    while !request.windows(4).any(|it| it == b"\r\n\r\n") && request.len() < 16 << 10 {
        match stream.read(&mut buffer).await? {
            0 => return Ok(()),
            read => request.extend_from_slice(&buffer[..read]),
        }
    }
    if mode == Mode::Down as u8 {
        return Ok(());
    }
    let honest = pages::honest(portal, visits.fetch_add(1, Ordering::Relaxed));
    let page = match mode {
        it if it == Mode::Defaced as u8 => pages::defaced(),
        it if it == Mode::Planted as u8 => pages::planted(&honest),
        _ => honest,
    };
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        page.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(page.as_bytes()).await?;
    stream.shutdown().await
}
