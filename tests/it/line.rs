//! A table of failures: which of them the service's own network causes, and which the portals.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr, TcpStream},
    time::Duration,
};

use gaccong::model::Class;
use tokio::net::{TcpSocket, UdpSocket};

use crate::{
    portal::{Portal, Reply, defaced, honest},
    scene::{Scene, yaml},
    tls_portal::{Leaf, TlsPortal, authority},
};

/// What a portal does after it was learnt.
#[derive(Clone, Copy, Debug)]
enum Does {
    Nothing,
    LeadsTo(&'static str),
    AsksForLogin,
    NetworkLogin,
    IsDefacedAsNetworkLogin,
    /// Accepts connections and answers no request.
    Hangs,
    /// Neither accepts nor refuses connections.
    IsGone,
    Refuses,
    IsDefaced,
}

struct Case {
    what: &'static str,
    /// Host name, address and behaviour of each portal; the first one is looked at.
    portals: &'static [(&'static str, &'static str, Does)],
    /// The expected class; `None` if the look must conclude nothing and report the service's own network.
    expected: Option<Class>,
}

use Does::*;

const CASES: &[Case] = &[
    Case {
        what: "a hotel's login for all portals of three owners",
        portals: &[
            ("a.mot.example", "127.5.1.1", LeadsTo("wifi.example")),
            ("b.hai.example", "127.5.2.1", LeadsTo("wifi.example")),
            ("c.ba.example", "127.5.3.1", LeadsTo("wifi.example")),
        ],
        expected: None,
    },
    Case {
        what: "the same on one provider's addresses",
        portals: &[
            ("a.mot.example", "127.5.1.1", LeadsTo("wifi.example")),
            ("b.hai.example", "127.5.1.2", LeadsTo("wifi.example")),
            ("c.ba.example", "127.5.1.3", LeadsTo("wifi.example")),
        ],
        expected: None,
    },
    Case {
        what: "one portal leads away, others show their own pages",
        portals: &[
            ("a.mot.example", "127.5.1.1", LeadsTo("bet.example")),
            ("b.hai.example", "127.5.2.1", Nothing),
            ("c.ba.example", "127.5.3.1", Nothing),
        ],
        expected: Some(Class::Redirect),
    },
    Case {
        what: "two portals lead to one place, a third does not",
        portals: &[
            ("a.mot.example", "127.5.1.1", LeadsTo("bet.example")),
            ("b.hai.example", "127.5.2.1", LeadsTo("bet.example")),
            ("c.ba.example", "127.5.3.1", Nothing),
        ],
        expected: Some(Class::Redirect),
    },
    Case {
        what: "one machine's portals lead away and nobody else is watched",
        portals: &[
            ("a.mot.example", "127.5.1.1", LeadsTo("bet.example")),
            ("b.hai.example", "127.5.1.1", LeadsTo("bet.example")),
            ("c.ba.example", "127.5.1.1", LeadsTo("bet.example")),
        ],
        expected: Some(Class::Redirect),
    },
    Case {
        what: "one owner's portals lead away",
        portals: &[
            ("a.tinh.example", "127.5.1.1", LeadsTo("bet.example")),
            ("b.tinh.example", "127.5.2.1", LeadsTo("bet.example")),
        ],
        expected: Some(Class::Redirect),
    },
    Case {
        what: "portals lead to different places",
        portals: &[
            ("a.mot.example", "127.5.1.1", LeadsTo("bet.example")),
            ("b.hai.example", "127.5.2.1", LeadsTo("game.example")),
        ],
        expected: Some(Class::Redirect),
    },
    Case {
        what: "a login page in the place of all pages",
        portals: &[
            ("a.mot.example", "127.5.1.1", AsksForLogin),
            ("b.hai.example", "127.5.2.1", AsksForLogin),
        ],
        expected: None,
    },
    Case {
        what: "one portal asks for a login that nobody else asks for",
        portals: &[
            ("a.mot.example", "127.5.1.1", AsksForLogin),
            ("b.hai.example", "127.5.2.1", Nothing),
        ],
        expected: Some(Class::Suspicious),
    },
    Case {
        what: "status 511",
        portals: &[("a.mot.example", "127.5.1.1", NetworkLogin)],
        expected: None,
    },
    Case {
        what: "status 511 everywhere",
        portals: &[
            ("a.mot.example", "127.5.1.1", NetworkLogin),
            ("b.hai.example", "127.5.2.1", NetworkLogin),
        ],
        expected: None,
    },
    Case {
        what: "status 511 of one portal, others show their own pages",
        portals: &[
            ("a.mot.example", "127.5.1.1", NetworkLogin),
            ("b.hai.example", "127.5.2.1", Nothing),
        ],
        expected: Some(Class::HttpStatus),
    },
    Case {
        what: "a defacement under status 511",
        portals: &[("a.mot.example", "127.5.1.1", IsDefacedAsNetworkLogin)],
        expected: Some(Class::Defaced),
    },
    Case {
        what: "the same defacement everywhere is an attack",
        portals: &[
            ("a.mot.example", "127.5.1.1", IsDefaced),
            ("b.hai.example", "127.5.2.1", IsDefaced),
            ("c.ba.example", "127.5.3.1", IsDefaced),
        ],
        expected: Some(Class::Defaced),
    },
    Case {
        what: "one machine under many portals hangs",
        portals: &[
            ("a.tinh.example", "127.5.1.1", Hangs),
            ("b.tinh.example", "127.5.1.1", Hangs),
            ("c.hai.example", "127.5.1.1", Hangs),
        ],
        expected: Some(Class::Timeout),
    },
    Case {
        what: "one machine under many portals is gone",
        portals: &[
            ("a.tinh.example", "127.5.1.1", IsGone),
            ("b.hai.example", "127.5.1.1", IsGone),
        ],
        expected: Some(Class::Timeout),
    },
    Case {
        what: "a refusal shows that the network works",
        portals: &[
            ("a.mot.example", "127.5.1.1", Refuses),
            ("b.hai.example", "127.5.2.1", Refuses),
        ],
        expected: Some(Class::Connection),
    },
    Case {
        what: "all that is watched is gone",
        portals: &[
            ("a.mot.example", "127.5.1.1", IsGone),
            ("b.hai.example", "127.5.2.1", IsGone),
        ],
        expected: None,
    },
    Case {
        what: "something between takes connections for four silent networks",
        portals: &[
            ("a.mot.example", "127.5.1.1", Hangs),
            ("b.hai.example", "127.5.2.1", Hangs),
            ("c.ba.example", "127.5.3.1", Hangs),
            ("d.bon.example", "127.5.4.1", Hangs),
        ],
        expected: None,
    },
    Case {
        what: "one is gone, another answers",
        portals: &[
            ("a.mot.example", "127.5.1.1", IsGone),
            ("b.hai.example", "127.5.2.1", Nothing),
        ],
        expected: Some(Class::Timeout),
    },
    Case {
        what: "all portals of one owner are gone, in two networks",
        portals: &[
            ("a.tinh.example", "127.5.1.1", IsGone),
            ("b.tinh.example", "127.5.2.1", IsGone),
        ],
        expected: None,
    },
    Case {
        what: "one portal of one owner is gone, another answers",
        portals: &[
            ("a.tinh.example", "127.5.1.1", IsGone),
            ("b.tinh.example", "127.5.1.2", Nothing),
        ],
        expected: Some(Class::Timeout),
    },
    Case {
        what: "the only portal is gone",
        portals: &[("a.mot.example", "127.5.1.1", IsGone)],
        expected: Some(Class::Timeout),
    },
];

const LOGIN: &str = "<html><head><title>Đăng nhập Wi-Fi</title></head><body><h1>Đăng nhập mạng</h1>\
    <form action='/login' method='post'><input name='user'><input type='password' name='pass'>\
    <input type='submit' value='Kết nối'></form></body></html>";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whose_fault_it_is() {
    // each case has its own network: otherwise one case might get a port that another one has freed
    let played = CASES.iter().enumerate();
    let played = played.map(|(n, case)| tokio::spawn(play(case, 100 + n)));
    for (case, played) in CASES.iter().zip(played.collect::<Vec<_>>()) {
        let (class, heard) = played.await.unwrap();
        assert_eq!(class, case.expected, "{}: {heard:?}", case.what);
        let told = heard.iter().filter(|it| it.starts_with("⚪")).count();
        let accused = heard.iter().any(|it| it.contains("SC-"));
        assert_eq!(
            told,
            usize::from(class.is_none()),
            "{}: {heard:?}",
            case.what
        );
        assert!(!(class.is_none() && accused), "{}: {heard:?}", case.what);
    }
}

async fn play(case: &'static Case, network: usize) -> (Option<Class>, Vec<String>) {
    let mut names: HashMap<String, Ipv4Addr> = HashMap::new();
    let mut portals = Vec::new();
    for (name, address, _) in case.portals {
        let n = portals.len();
        let address = address.replacen("127.5.", &format!("127.{network}."), 1);
        let portal = Portal::on(&format!("{address}:0"), move |_| Reply::Page(own(n))).await;
        names.insert((*name).to_owned(), address.parse().unwrap());
        portals.push(portal);
    }
    // no server listens where the redirects lead
    for place in ["wifi.example", "bet.example", "game.example"] {
        names.insert(place.to_owned(), "127.5.9.9".parse().unwrap());
    }
    let urls: Vec<(String, String)> = (case.portals.iter().zip(&portals))
        .enumerate()
        .map(|(n, ((name, ..), portal))| {
            let port = portal.address.port();
            (format!("p{n}"), format!("http://{name}:{port}/"))
        })
        .collect();
    let targets: Vec<_> = urls
        .iter()
        .map(|it| (it.0.as_str(), it.1.as_str()))
        .collect();
    let resolver = name_server(names).await;
    let scene = Scene::new(&yaml(&format!("  resolver: ['{resolver}']\n"), &targets));
    for at in 0..portals.len() {
        scene.learn(at).await;
    }
    let mut gone = Vec::new();
    for (portal, (_, _, does)) in portals.iter().zip(case.portals) {
        gone.extend(act(portal, *does).await);
    }
    // a restarted service must not conclude anything from what it saw before the restart
    let scene = scene.restarted();
    let class = scene.check(0).await.class;
    (class, scene.heard())
}

/// A different page for each portal: equal pages at several portals would look like a fault of the service's own
/// network.
fn own(n: usize) -> String {
    honest(1).replace("xã Thử Nghiệm", &format!("xã số {n}"))
}

/// Makes the portal behave like this; the returned sockets keep it unreachable as long as they live.
async fn act(portal: &Portal, does: Does) -> Option<(tokio::net::TcpListener, Vec<TcpStream>)> {
    match does {
        Nothing => (),
        LeadsTo(place) => {
            let to = format!("http://{place}:{}/vao", portal.address.port());
            portal.set(move |_| Reply::redirect(to.clone()));
        }
        AsksForLogin => portal.show(LOGIN),
        NetworkLogin => portal.set(|_| Reply::status(511, "<h1>Network login required</h1>")),
        IsDefacedAsNetworkLogin => portal.set(|_| Reply::status(511, &defaced())),
        Hangs => portal.set(|_| Reply::Hang),
        IsDefaced => portal.show(defaced()),
        Refuses => portal.shut().await,
        IsGone => {
            portal.shut().await;
            return Some(deaf(portal.address));
        }
    }
    None
}

/// A listener with a full queue: the kernel silently drops further connection attempts.
fn deaf(address: SocketAddr) -> (tokio::net::TcpListener, Vec<TcpStream>) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(address).unwrap();
    let listener = socket.listen(1).unwrap();
    let mut queue = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(300)) {
        queue.push(stream);
        assert!(
            queue.len() < 64,
            "the queue of a listener is not bounded here"
        );
    }
    (listener, queue)
}

/// A name server with A records only.
pub async fn name_server(names: HashMap<String, Ipv4Addr>) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 1500];
        while let Ok((_, peer)) = socket.recv_from(&mut buffer).await {
            let (name, end) = question(&buffer);
            let found = names.get(&name);
            let is_a = buffer[end..end + 2] == [0, 1];
            let record = found.filter(|_| is_a).map(|it| {
                let head = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4];
                [head.as_slice(), &it.octets()].concat()
            });
            let fault = if found.is_some() { 0 } else { 3 };
            let count = u8::from(record.is_some());
            let head = [0x85, 0x80 | fault, 0, 1, 0, count, 0, 0, 0, 0];
            let answer = [
                &buffer[..2],
                &head,
                &buffer[12..end + 4],
                &record.unwrap_or_default(),
            ]
            .concat();
            let _ = socket.send_to(&answer, peer).await;
        }
    });
    address
}

/// The name in a DNS question, and the offset of its type.
fn question(packet: &[u8]) -> (String, usize) {
    let (mut labels, mut at) = (Vec::new(), 12);
    while packet[at] != 0 {
        let end = at + 1 + packet[at] as usize;
        labels.push(String::from_utf8_lossy(&packet[at + 1..end]).to_lowercase());
        at = end;
    }
    (labels.join("."), at + 1)
}

/// Three HTTPS portals of three owners at three addresses, with certificates of one authority, and a scene that
/// watches them. `trusted`: the operator trusts that authority.
async fn sealed(by: &str, trusted: bool) -> (Vec<TlsPortal>, Scene, tempfile::TempDir) {
    let authority = authority(by, None);
    let mut portals = Vec::new();
    let (mut names, mut urls) = (HashMap::new(), Vec::new());
    for name in ["a.mot.example", "b.hai.example", "c.ba.example"] {
        let leaf = Leaf {
            name,
            ..Leaf::default()
        };
        // portals that serve as witnesses have other owners and other addresses
        let n = portals.len() + 1;
        let network = if trusted { 7 } else { 6 };
        let address: Ipv4Addr = format!("127.{network}.{n}.1").parse().unwrap();
        let portal = TlsPortal::on(address, leaf.signed(Some(&authority)), &own(n)).await;
        names.insert(name.to_owned(), address);
        urls.push((format!("p{n}"), format!("https://{name}:{}/", portal.port)));
        portals.push(portal);
    }
    let resolver = name_server(names).await;
    let targets: Vec<_> = urls
        .iter()
        .map(|it| (it.0.as_str(), it.1.as_str()))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("ca.pem");
    std::fs::write(&place, authority.pem()).unwrap();
    let extra = match trusted {
        true => format!("  extra_ca: ['{}']\n", place.display()),
        false => String::new(),
    };
    let text = yaml(&format!("  resolver: ['{resolver}']\n{extra}"), &targets);
    (portals, Scene::new(&text), folder)
}

#[tokio::test]
async fn a_firewall_that_opens_tls_is_our_line() {
    let (_portals, scene, _folder) = sealed("Tuong lua", false).await;
    assert_eq!(scene.check(0).await.class, None);
    let heard = scene.heard();
    assert!(heard[0].contains("Tuong lua"), "{heard:?}");
    assert!(scene.incidents().await.is_empty());
}

#[tokio::test]
async fn what_comes_sealed_by_a_good_certificate_no_line_has_written() {
    let (portals, scene, _folder) = sealed("Co quan chung thuc", true).await;
    scene.learn(0).await;
    for portal in &portals {
        portal.show(LOGIN);
    }
    let scene = scene.restarted();
    assert_eq!(scene.check(0).await.class, Some(Class::Suspicious));
}
