//! A scripted portal on 127.0.0.1:0. It writes raw HTTP/1.1, so that it can misbehave in every way.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

#[derive(Clone, Debug)]
pub struct Request {
    pub path: String,
    /// Header fields, with names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(it, _)| it == name)
            .map(|(_, value)| value.as_str())
    }
}

#[derive(Clone, Debug)]
pub enum Reply {
    /// A page with status 200.
    Page(String),
    Full {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    },
    /// Exactly these bytes, then the connection ends.
    Raw(Vec<u8>),
    /// Closes the connection without a byte.
    Close,
    /// Never answers.
    Hang,
    /// An endless answer.
    Endless,
    /// An answer that is given later: a long poll must not block other calls.
    Later(watch::Receiver<Option<Reply>>),
}

impl Reply {
    pub fn status(status: u16, body: &str) -> Self {
        Self::Full {
            status,
            headers: vec![("content-type", "text/html".into())],
            body: body.into(),
        }
    }

    pub fn redirect(to: impl Into<String>) -> Self {
        Self::Full {
            status: 302,
            headers: vec![("location", to.into())],
            body: Vec::new(),
        }
    }
}

type Script = Arc<Mutex<Box<dyn FnMut(&Request) -> Reply + Send>>>;

pub struct Portal {
    pub address: SocketAddr,
    script: Script,
    log: Arc<Mutex<Vec<Request>>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Portal {
    pub async fn start(script: impl FnMut(&Request) -> Reply + Send + 'static) -> Self {
        Self::on("127.0.0.1:0", script).await
    }

    pub async fn on(address: &str, script: impl FnMut(&Request) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let it = Self {
            address: listener.local_addr().unwrap(),
            script: Arc::new(Mutex::new(Box::new(script))),
            log: Arc::default(),
            task: Mutex::new(None),
        };
        it.listen(listener);
        it
    }

    pub async fn page(html: impl Into<String>) -> Self {
        let html = html.into();
        Self::start(move |_| Reply::Page(html.clone())).await
    }

    fn listen(&self, listener: TcpListener) {
        let (script, log) = (self.script.clone(), self.log.clone());
        *self.task.lock().unwrap() = Some(tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, script.clone(), log.clone()));
            }
        }));
    }

    /// Sets the answers from now on.
    pub fn set(&self, script: impl FnMut(&Request) -> Reply + Send + 'static) {
        *self.script.lock().unwrap() = Box::new(script);
    }

    pub fn show(&self, html: impl Into<String>) {
        let html = html.into();
        self.set(move |_| Reply::Page(html.clone()));
    }

    /// Refuses connections until [`Self::reopen`].
    pub async fn shut(&self) {
        let task = self.task.lock().unwrap().take();
        if let Some(task) = task {
            task.abort();
            let _ = task.await;
        }
    }

    pub async fn reopen(&self) {
        self.listen(TcpListener::bind(self.address).await.unwrap());
    }

    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    pub fn seen(&self) -> Vec<Request> {
        self.log.lock().unwrap().clone()
    }
}

impl Drop for Portal {
    fn drop(&mut self) {
        if let Some(task) = self.task.lock().unwrap().take() {
            task.abort();
        }
    }
}

async fn serve(mut stream: TcpStream, script: Script, log: Arc<Mutex<Vec<Request>>>) {
    let Some(request) = read(&mut stream).await else {
        return;
    };
    log.lock().unwrap().push(request.clone());
    let reply = (script.lock().unwrap())(&request);
    let _ = answer(stream, reply).await;
}

async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 8192];
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|it| it == b"\r\n\r\n") {
            break at;
        }
        match stream.read(&mut buffer).await.ok()? {
            0 => return None,
            // a TLS hello counts as a request
            read if buffer[0] == 0x16 => {
                return Some(Request {
                    path: "/".to_owned(),
                    headers: Vec::new(),
                    body: buffer[..read].to_vec(),
                });
            }
            read => bytes.extend_from_slice(&buffer[..read]),
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let headers: Vec<(String, String)> = lines
        .filter_map(|it| it.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut body = bytes[head_end + 4..].to_vec();
    let length = headers
        .iter()
        .find(|it| it.0 == "content-length")
        .and_then(|it| it.1.parse().ok());
    let chunked = headers.iter().any(|it| it.0 == "transfer-encoding");
    while body.len() < length.unwrap_or(0) || (chunked && !body.ends_with(b"0\r\n\r\n")) {
        match stream.read(&mut buffer).await.ok()? {
            0 => break,
            read => body.extend_from_slice(&buffer[..read]),
        }
    }
    Some(Request {
        path: first.nth(1)?.to_owned(),
        headers,
        body,
    })
}

async fn answer(mut stream: TcpStream, reply: Reply) -> std::io::Result<()> {
    let reply = match reply {
        Reply::Later(mut told) => {
            let told = told.wait_for(Option::is_some).await;
            told.ok().and_then(|it| it.clone()).unwrap_or(Reply::Close)
        }
        reply => reply,
    };
    match reply {
        Reply::Page(html) => {
            let headers = vec![("content-type", "text/html; charset=utf-8".to_owned())];
            full(&mut stream, 200, &headers, html.as_bytes()).await?;
        }
        Reply::Full {
            status,
            headers,
            body,
        } => full(&mut stream, status, &headers, &body).await?,
        Reply::Raw(bytes) => stream.write_all(&bytes).await?,
        Reply::Close | Reply::Later(_) => (),
        Reply::Hang => tokio::time::sleep(Duration::from_secs(120)).await,
        Reply::Endless => {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n")
                .await?;
            loop {
                stream.write_all(&[b'a'; 4096]).await?;
            }
        }
    }
    stream.shutdown().await
}

async fn full(
    stream: &mut TcpStream,
    status: u16,
    headers: &[(&str, String)],
    body: &[u8],
) -> std::io::Result<()> {
    let mut head = format!(
        "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(b"\r\n").await?;
    stream.write_all(body).await
}

/// An honest made-up page; `n` changes the parts that vary by themselves.
pub fn honest(n: u64) -> String {
    let news: String = (0..8)
        .map(|it| format!("<article class='news'><h3><a href='/tin/{it}'>Tin hoạt động số {it} của đơn vị</a></h3><p>Nội dung tóm tắt về công tác cải cách hành chính, mục {it}.</p></article>"))
        .collect();
    format!(
        "<!doctype html><html lang=vi><head><meta charset=utf-8><title>Cổng thông tin điện tử xã Thử Nghiệm</title>\
         <script src='/js/site.js'></script></head><body><header id=head class=head><h1>Cổng thông tin điện tử xã Thử Nghiệm</h1></header>\
         <nav id=menu class=menu><a href='/gioi-thieu'>Giới thiệu</a><a href='/van-ban'>Văn bản</a><a href='/lien-he'>Liên hệ</a><a href='/thu-tuc'>Thủ tục hành chính</a></nav>\
         <main id=main class=main>{news}</main><footer id=foot class=foot>Lượt truy cập: {n} · {:02}:{:02}</footer></body></html>",
        n / 60 % 24,
        n % 60
    )
}

pub fn defaced() -> String {
    "<html><head><title>Hacked by T3st_Team</title></head><body bgcolor=black><h1>Hacked by T3st_Team</h1><img src=/x.png></body></html>".to_owned()
}

pub fn planted(n: u64) -> String {
    let links: String = (0..7)
        .map(|it| {
            format!(
                "<a href='https://nhacai{it}.spam-test.example/'>Nhà cái số {it} tài xỉu online</a>"
            )
        })
        .collect();
    honest(n).replace(
        "</body>",
        &format!("<div style='display:none'>{links}</div></body>"),
    )
}
