//! E-mail over TLS to a scripted SMTP server.

use std::sync::{Arc, Mutex};

use gaccong::notify::{Document, Message, Place, Refusal, notifiers};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{TlsAcceptor, rustls};

use crate::scene::provider;

/// A mail server that stores its mails. `refuse` is its answer to the recipient.
struct Post {
    port: u16,
    ca: tempfile::NamedTempFile,
    mails: Arc<Mutex<Vec<String>>>,
}

async fn post(starttls: bool, refuse: Option<&'static str>) -> Post {
    provider();
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate().unwrap()).unwrap();
    let leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = leaf.signed_by(&key, &ca).unwrap();
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            rustls::pki_types::PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mails = Arc::new(Mutex::new(Vec::new()));
    let of = mails.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, mails) = (acceptor.clone(), of.clone());
            tokio::spawn(async move {
                let _ = serve(stream, acceptor, starttls, refuse, mails).await;
            });
        }
    });
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), ca.pem()).unwrap();
    Post {
        port,
        ca: file,
        mails,
    }
}

async fn serve(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    starttls: bool,
    refuse: Option<&'static str>,
    mails: Arc<Mutex<Vec<String>>>,
) -> std::io::Result<()> {
    if !starttls {
        return talk(acceptor.accept(stream).await?, true, refuse, mails).await;
    }
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 post\r\n").await?;
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        if line.starts_with("EHLO") {
            stream.write_all(b"250-post\r\n250 STARTTLS\r\n").await?;
        } else if line.starts_with("STARTTLS") {
            stream.write_all(b"220 go on\r\n").await?;
            break;
        } else {
            stream.write_all(b"530 TLS first\r\n").await?;
        }
    }
    talk(
        acceptor.accept(stream.into_inner()).await?,
        false,
        refuse,
        mails,
    )
    .await
}

async fn talk(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    greet: bool,
    refuse: Option<&'static str>,
    mails: Arc<Mutex<Vec<String>>>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    if greet {
        stream.write_all(b"220 post\r\n").await?;
    }
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let verb = line.split_whitespace().next().unwrap_or_default();
        let answer = match verb {
            "EHLO" => "250-post\r\n250 8BITMIME\r\n",
            "RCPT" => refuse.unwrap_or("250 fine\r\n"),
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                let mut mail = String::new();
                loop {
                    line.clear();
                    stream.read_line(&mut line).await?;
                    if line == ".\r\n" {
                        break;
                    }
                    mail.push_str(&line);
                }
                mails.lock().unwrap().push(mail);
                "250 kept\r\n"
            }
            "QUIT" => "221 bye\r\n",
            _ => "250 fine\r\n",
        };
        stream.write_all(answer.as_bytes()).await?;
    }
}

fn message() -> Message {
    Message {
        key: "SC-2026-0001".to_owned(),
        headline: "🔴 NGHI BỊ TẤN CÔNG · SC-2026-0001".to_owned(),
        plain: "🔴 NGHI BỊ TẤN CÔNG · SC-2026-0001\nCổng thông tin điện tử".to_owned(),
        document: Some(Document {
            name: "SC.csv".to_owned(),
            bytes: b"a,b".to_vec(),
        }),
        ..Message::default()
    }
}

async fn sent(post: &Post, scheme: &str) -> Result<(), Refusal> {
    let with = json!({
        "server": format!("{scheme}://localhost:{}", post.port),
        "from": "gác cổng <canh@example.gov.vn>",
        "to": ["truc@example.gov.vn"],
        "ca": post.ca.path(),
    });
    let notifier = notifiers::build("email", &with).unwrap();
    notifier
        .send(&message(), Place::default())
        .await
        .map(|_| ())
}

#[tokio::test]
async fn a_mail_goes_out_over_tls_and_belongs_to_its_thread() {
    for (starttls, scheme) in [(false, "smtps"), (true, "smtp")] {
        let post = post(starttls, None).await;
        sent(&post, scheme).await.unwrap();
        let mails = post.mails.lock().unwrap().clone();
        assert_eq!(mails.len(), 1);
        for part in [
            "In-Reply-To: <SC-2026-0001@example.gov.vn>",
            "To: truc@example.gov.vn",
            "filename=\"SC.csv\"",
            "Subject: =?utf-8?",
        ] {
            assert!(mails[0].contains(part), "{part} in\n{}", mails[0]);
        }
    }
}

#[tokio::test]
async fn no_mail_goes_out_in_clear_and_refusals_are_understood() {
    // a server that does not speak TLS from the start
    let clear = post(true, None).await;
    assert!(matches!(
        sent(&clear, "smtps").await,
        Err(Refusal::Later(..) | Refusal::Unsure(_))
    ));
    assert!(clear.mails.lock().unwrap().is_empty());
    let full = post(false, Some("452 too much mail\r\n")).await;
    assert!(matches!(
        sent(&full, "smtps").await,
        Err(Refusal::Later(..))
    ));
    let unknown = post(false, Some("550 no such user\r\n")).await;
    assert!(matches!(
        sent(&unknown, "smtps").await,
        Err(Refusal::Never(_))
    ));
    // an unknown authority
    let post = post(false, None).await;
    let with = json!({
        "server": format!("smtps://localhost:{}", post.port),
        "from": "a@example.gov.vn", "to": ["b@example.gov.vn"],
    });
    let notifier = notifiers::build("email", &with).unwrap();
    assert!(notifier.send(&message(), Place::default()).await.is_err());
    assert!(post.mails.lock().unwrap().is_empty());
    for (with, part) in [
        (
            json!({"server": "http://a", "from": "a@b.vn", "to": ["c@d.vn"]}),
            "smtps://",
        ),
        (
            json!({"server": "smtp://a", "from": "a@b.vn", "to": []}),
            "with.to",
        ),
        (
            json!({"server": "smtp://a", "from": "nobody", "to": ["c@d.vn"]}),
            "nobody",
        ),
        (
            json!({"server": "smtp://a", "from": "a@b.vn", "to": ["c@d.vn"], "user": "x"}),
            "belong together",
        ),
    ] {
        let Err(problem) = notifiers::build("email", &with) else {
            panic!("{with} was taken");
        };
        assert!(format!("{problem:?}").contains(part), "{problem:?}");
    }
}
