//! Looks use the addresses of a name in turn, of both families.

use std::{net::IpAddr, time::Duration};

use gaccong::{
    fetch::{Fetch, Fetcher, Guard, Settings, Visit},
    model::{Class, Fetched, Profile, incident::Stage, observation::Families},
};
use jiff::Timestamp;
use url::Url;

use crate::{
    names::{A, AAAA, Names},
    portal::{Portal, Reply, defaced, honest},
    scene::{Scene, folder, gaccong, id, provider, said, yaml},
};

pub const NAME: &str = "cong.songxanh.example";

/// Portals at several addresses with one port.
pub async fn at_one_port(addresses: &[&str]) -> Vec<Portal> {
    'again: loop {
        let first = Portal::on(&place(addresses[0], 0), |_| unreachable!()).await;
        let port = first.address.port();
        let mut all = vec![first];
        for it in &addresses[1..] {
            // another test may use the port at another address
            match tokio::net::TcpListener::bind(place(it, port)).await {
                Ok(free) => drop(free),
                Err(_) => continue 'again,
            }
            all.push(Portal::on(&place(it, port), |_| unreachable!()).await);
        }
        for it in &all {
            it.show(honest(1));
        }
        return all;
    }
}

pub fn place(address: &str, port: u16) -> String {
    std::net::SocketAddr::new(address.parse().unwrap(), port).to_string()
}

pub fn eye(names: &Names, networks: &[&str]) -> Fetcher {
    provider();
    let guard = Guard {
        networks: networks.iter().map(|it| it.parse().unwrap()).collect(),
        ..Guard::default()
    };
    Fetcher::new(Settings {
        guard,
        resolver: vec![names.server],
        ..Settings::default()
    })
    .unwrap()
}

pub const LOOPBACK: [&str; 2] = ["127.0.0.0/8", "::1/128"];

pub async fn visit(eye: &Fetcher, port: u16, prefer: Option<&str>) -> Fetched {
    visit_within(eye, &format!("http://{NAME}:{port}/"), prefer, 10).await
}

pub async fn visit_within(eye: &Fetcher, url: &str, prefer: Option<&str>, seconds: u64) -> Fetched {
    let url: Url = url.parse().unwrap();
    let target = id("t");
    let visit = Visit {
        target: &target,
        url: &url,
        profile: Profile::Desktop,
        timeout: Duration::from_secs(seconds),
        max_body: 1 << 20,
        validators: None,
        prefer: prefer.map(|it| it.parse().unwrap()),
        by_operator: true,
    };
    eye.visit(&visit, Timestamp::UNIX_EPOCH).await
}

pub fn address(of: &Fetched) -> String {
    let answer = of.observation.answer();
    let answer = answer.unwrap_or_else(|| panic!("{:?}", of.observation));
    assert_eq!(of.observation.face.address, answer.address);
    answer.address.unwrap().to_string()
}

#[tokio::test]
async fn addresses_of_both_families_are_visited_in_turn() {
    let portals = at_one_port(&["127.0.0.1", "127.0.0.2", "::1"]).await;
    let port = portals[0].address.port();
    let names = Names::start(&[(NAME, &["127.0.0.1", "127.0.0.2", "::1"])]);
    let eye = eye(&names, &LOOPBACK);
    let mut went = Vec::new();
    for _ in 0..5 {
        let seen = visit(&eye, port, None).await;
        let families = seen.observation.face.families.unwrap();
        assert!(families.ipv4 && families.ipv6);
        went.push(address(&seen));
    }
    assert_eq!(went, ["::1", "127.0.0.1", "::1", "127.0.0.2", "::1"]);
    // a look with a preferred address goes there, and does not advance the turn
    for _ in 0..2 {
        assert_eq!(
            address(&visit(&eye, port, Some("127.0.0.2")).await),
            "127.0.0.2"
        );
    }
    assert_eq!(address(&visit(&eye, port, None).await), "127.0.0.1");
    // the Host header holds the name, whichever address is visited
    let host = format!("{NAME}:{port}");
    for it in &portals {
        assert!(it.seen().iter().all(|it| it.header("host") == Some(&host)));
    }
    // a preferred address that the name no longer has is not used
    names.set(NAME, &["127.0.0.2"]);
    let eye = self::eye(&names, &LOOPBACK);
    assert_eq!(address(&visit(&eye, port, Some("::1")).await), "127.0.0.2");
}

#[tokio::test]
async fn a_family_that_a_name_lacks_is_a_fact_and_no_outage() {
    let portals = at_one_port(&["127.0.0.1", "::1"]).await;
    let port = portals[0].address.port();
    for (own, ipv4, ipv6) in [("127.0.0.1", true, false), ("::1", false, true)] {
        let names = Names::start(&[(NAME, &[own])]);
        let seen = visit(&eye(&names, &LOOPBACK), port, None).await;
        assert_eq!(address(&seen), own);
        assert_eq!(
            seen.observation.face.families,
            Some(Families { ipv4, ipv6 })
        );
        assert!(
            names.asked(A) > 0 && names.asked(AAAA) > 0,
            "both are asked for"
        );
    }
    // the name server does not answer for one family: that family is unknown, and the other one is used
    for (own, silent) in [("127.0.0.1", AAAA), ("::1", A)] {
        let names = Names::deaf_to(Some(silent), &[(NAME, &[own])]);
        let seen = visit(&eye(&names, &LOOPBACK), port, None).await;
        assert_eq!(address(&seen), own);
        assert_eq!(seen.observation.face.families, None);
    }
    let names = Names::start(&[]);
    let seen = visit(&eye(&names, &LOOPBACK), port, None).await;
    assert_eq!(seen.observation.silence().unwrap().class, Class::Dns);
}

#[tokio::test]
async fn an_address_that_does_not_answer_is_left_to_the_others() {
    let portals = at_one_port(&["127.0.0.1", "::1"]).await;
    let port = portals[0].address.port();
    let names = Names::start(&[(NAME, &["127.0.0.1", "::1"])]);
    let eye = eye(&names, &LOOPBACK);
    portals[1].shut().await;
    for _ in 0..2 {
        assert_eq!(address(&visit(&eye, port, None).await), "127.0.0.1");
    }
    // the address is skipped for a while, although it would answer again
    portals[1].reopen().await;
    for _ in 0..3 {
        assert_eq!(address(&visit(&eye, port, None).await), "127.0.0.1");
    }
    // it is used nevertheless if a look prefers it, or if no other address answers
    assert_eq!(address(&visit(&eye, port, Some("::1")).await), "::1");
    portals[0].shut().await;
    assert_eq!(address(&visit(&eye, port, None).await), "::1");
}

#[tokio::test]
async fn an_address_that_may_not_be_visited_is_never_dialled() {
    let portals = at_one_port(&["127.0.0.1", "::1", "127.0.0.2"]).await;
    let port = portals[0].address.port();
    let names = Names::start(&[(NAME, &["127.0.0.1", "127.0.0.2", "::1"])]);
    let eye = eye(&names, &["127.0.0.1/32"]);
    for _ in 0..4 {
        assert_eq!(address(&visit(&eye, port, None).await), "127.0.0.1");
    }
    assert_eq!(address(&visit(&eye, port, Some("::1")).await), "127.0.0.1");
    names.set(NAME, &["::1", "127.0.0.2"]);
    let eye = self::eye(&names, &["127.0.0.1/32"]);
    let seen = visit(&eye, port, None).await;
    assert_eq!(
        seen.observation.silence().unwrap().class,
        Class::PrivateAddress
    );
    assert!(portals[1].seen().is_empty() && portals[2].seen().is_empty());
}

fn scene(names: &Names, port: u16) -> Scene {
    let extra = format!("  resolver: ['{}']\n", names.server);
    let text = yaml(&extra, &[("cong", &format!("http://{NAME}:{port}/"))]);
    Scene::new(&text.replace("[127.0.0.0/8]", "[127.0.0.0/8, '::1/128']"))
}

#[tokio::test]
async fn what_one_address_calls_not_modified_is_not_believed_of_another() {
    let portals = at_one_port(&["127.0.0.1", "::1"]).await;
    for it in &portals {
        it.set(|_| Reply::Full {
            status: 200,
            headers: vec![
                ("content-type", "text/html".to_owned()),
                ("etag", "\"v1\"".to_owned()),
            ],
            body: honest(1).into_bytes(),
        });
    }
    let names = Names::start(&[(NAME, &["127.0.0.1", "::1"])]);
    let scene = scene(&names, portals[0].address.port());
    scene.learn(0).await;
    for _ in 0..12 {
        assert_eq!(scene.check(0).await.class, Some(Class::Unchanged));
    }
    for it in portals.iter().flat_map(Portal::seen) {
        assert_eq!(it.header("if-none-match"), None);
    }
}

/// Checks a portal with an attacker's page at one address, and its own page at the other.
async fn one_face_is_defaced(honest_at: &str, defaced_at: &str) {
    let portals = at_one_port(&[honest_at, defaced_at]).await;
    let names = Names::start(&[(NAME, &[honest_at, defaced_at])]);
    let scene = scene(&names, portals[0].address.port());
    scene.learn(0).await;
    let learnt = |it: &Portal| it.seen().len();
    assert!(
        learnt(&portals[0]) == 0 || learnt(&portals[1]) == 0,
        "a baseline is of one address"
    );
    for _ in 0..2 {
        assert_eq!(scene.check(0).await.class, Some(Class::Unchanged));
    }
    assert!(portals.iter().all(|it| !it.seen().is_empty()));
    portals[1].show(defaced());
    let mut rounds = 0;
    while scene.incidents().await.is_empty() {
        rounds += 1;
        assert!(rounds <= 2, "each address has its turn");
        scene.check(0).await;
    }
    // confirming looks go to the defaced address, and so do later ones until the incident ends; the other address is
    // still watched, too
    let own = portals[0].seen().len();
    let address = scene.target_state(0).await.address;
    for _ in 0..3 {
        scene.check(0).await;
    }
    assert!(portals[0].seen().len() > own);
    assert_eq!(scene.target_state(0).await.address, address);
    let incidents = scene.incidents().await;
    assert_eq!(incidents.len(), 1);
    assert_eq!(
        incidents[0].address,
        Some(defaced_at.parse::<IpAddr>().unwrap())
    );
    assert!(incidents[0].stage.is_open());
    // the incident does not end while another address shows the page
    let told = scene.heard().len();
    portals[0].show(defaced());
    portals[1].show(honest(1));
    for _ in 0..3 {
        assert_eq!(scene.check(0).await.class, Some(Class::Defaced));
    }
    assert!(scene.incidents().await[0].stage.is_open());
    assert_eq!(scene.heard().len(), told, "{:#?}", scene.heard());
    portals[0].show(honest(1));
    scene.check(0).await;
    let incidents = scene.incidents().await;
    assert_eq!(incidents[0].stage, Stage::Resolved);
    // afterwards the addresses are used in turn again
    for _ in 0..2 {
        scene.check(0).await;
    }
    assert!(portals[0].seen().len() > own);
}

#[tokio::test]
async fn a_hijacked_record_of_ipv6_is_seen() {
    one_face_is_defaced("127.0.0.1", "::1").await;
}

#[tokio::test]
async fn a_hijacked_record_of_ipv4_is_seen() {
    one_face_is_defaced("::1", "127.0.0.1").await;
}

#[tokio::test]
async fn one_bad_server_of_several_is_seen() {
    one_face_is_defaced("127.0.0.1", "127.0.0.2").await;
}

#[tokio::test]
async fn a_graver_page_at_another_address_than_the_incidents_is_told() {
    let portals = at_one_port(&["127.0.0.1", "127.0.0.2"]).await;
    let names = Names::start(&[(NAME, &["127.0.0.1", "127.0.0.2"])]);
    let scene = scene(&names, portals[0].address.port());
    scene.learn(0).await;
    let link = "<div><a href='https://nhacai-x9.example/'>Nhà cái cá cược uy tín</a></div></body>";
    portals[1].show(honest(1).replace("</body>", link));
    while scene.incidents().await.is_empty() {
        scene.check(0).await;
    }
    assert_eq!(scene.incidents().await[0].class, Class::Suspicious);
    portals[0].show(defaced());
    for _ in 0..2 {
        scene.check(0).await;
    }
    let incident = &scene.incidents().await[0];
    assert_eq!(incident.class, Class::Defaced, "{:#?}", scene.heard());
    assert_eq!(incident.address, Some("127.0.0.1".parse().unwrap()));
}

#[tokio::test]
async fn who_is_down_at_one_address_is_still_watched_at_the_other() {
    let portals = at_one_port(&["127.0.0.1", "::1"]).await;
    let names = Names::start(&[(NAME, &["127.0.0.1", "::1"])]);
    let scene = scene(&names, portals[0].address.port());
    scene.learn(0).await;
    portals[1].set(|_| Reply::status(500, "Internal Server Error"));
    while scene.incidents().await.is_empty() {
        scene.check(0).await;
    }
    let down = &scene.incidents().await[0];
    assert_eq!((down.class, down.one_of), (Class::HttpStatus, true));
    let told = scene.heard().join("\n");
    assert!(told.contains("Thấy tại địa chỉ ::1"), "{told}");
    // the right page at the other address does not end the incident
    for _ in 0..2 {
        assert_eq!(scene.check(0).await.class, Some(Class::HttpStatus));
    }
    assert_eq!(scene.incidents().await.len(), 1);
    portals[0].show(defaced());
    let mut rounds = 0;
    while scene
        .incidents()
        .await
        .iter()
        .all(|it| it.class != Class::Defaced)
    {
        rounds += 1;
        assert!(rounds <= 2, "each address has its turn");
        scene.check(0).await;
    }
    let incidents = scene.incidents().await;
    let worst = incidents
        .iter()
        .find(|it| it.class == Class::Defaced)
        .unwrap();
    assert!(worst.stage.is_open());
    assert_eq!(worst.address, Some("127.0.0.1".parse().unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn check_tells_the_address_and_the_families() {
    let portals = at_one_port(&["127.0.0.1", "::1"]).await;
    let port = portals[0].address.port();
    let names = Names::start(&[(NAME, &["::1"]), ("hai.example", &["127.0.0.1", "::1"])]);
    let text = yaml(&format!("  resolver: ['{}']\n", names.server), &[]);
    let text = text.replace("[127.0.0.0/8]", "[127.0.0.0/8, '::1/128']");
    let text = text.split("agencies:").next().unwrap();
    let (_folder, path) = folder(text);
    let json = |name: &str| {
        let url = format!("http://{name}:{port}/");
        let (out, err, _) = said(&gaccong(&path, &["check", &url, "--json"]));
        serde_json::from_str::<serde_json::Value>(&out).unwrap_or_else(|_| panic!("{out}{err}"))
    };
    let alone = json(NAME);
    assert_eq!(alone["address"], "::1");
    assert_eq!(
        alone["families"],
        serde_json::json!({"ipv4": false, "ipv6": true})
    );
    let both = json("hai.example");
    assert_eq!(
        both["families"],
        serde_json::json!({"ipv4": true, "ipv6": true})
    );
    let url = format!("http://{NAME}:{port}/");
    let (out, _, _) = said(&gaccong(&path, &["check", &url, "--lang", "en"]));
    assert!(out.contains("::1, IPv6 only"), "{out}");
    let literal = portals[0].url();
    let (out, _, _) = said(&gaccong(&path, &["check", &literal, "--json"]));
    let literal: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(literal["address"], "127.0.0.1");
    assert!(literal.get("families").is_none(), "a literal has no name");
}
