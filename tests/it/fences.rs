//! What other people cannot do: the author of a backup, another user of the machine, an asker for a portal inside the
//! network, the sender of a repeated webhook, the owner of a rebound host name. And the service's own polls end when
//! it stops.

use std::{
    fs,
    io::Write,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    time::Duration,
};

use gaccong::{
    actions::reports,
    fetch::{Fetch, Fetcher, Guard, Settings, Visit},
    model::{
        About, Alert, Class, Profile, Urgency, alert::ReportFile, registration::Registration,
        target, target::Target,
    },
    store::{codec, journal},
};
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    portal::{Portal, Reply, honest},
    scene::{Scene, Service, folder, gaccong, id, provider, said, store_at, yaml},
    telegram::Telegram,
};

async fn off<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

async fn class_of(url: &str, by_operator: bool, networks: &[&str]) -> Class {
    provider();
    let guard = Guard {
        networks: networks.iter().map(|it| it.parse().unwrap()).collect(),
        ports: (1..=65535).collect(),
        own: Vec::new(),
    };
    let eye = Fetcher::new(Settings {
        guard,
        ..Settings::default()
    })
    .unwrap();
    let (url, target) = (url.parse().unwrap(), id("t"));
    let visit = Visit {
        target: &target,
        url: &url,
        profile: Profile::Desktop,
        timeout: Duration::from_millis(400),
        max_body: 1 << 20,
        validators: None,
        by_operator,
        prefer: None,
    };
    let seen = eye.visit(&visit, Timestamp::now()).await.observation;
    seen.silence().map_or(Class::Unchanged, |it| it.class)
}

/// No machine answers at 10.255.255.254: a permitted visit times out, any other is refused.
#[tokio::test]
async fn exceptions_hold_for_whom_the_operator_named_and_who_begins_there() {
    const INSIDE: &str = "http://10.255.255.254/";
    let both = ["127.0.0.0/8", "10.0.0.0/8"];
    let refused = [Class::PrivateAddress, Class::RefusedRedirect];
    assert!(!refused.contains(&class_of(INSIDE, true, &both).await));
    assert_eq!(class_of(INSIDE, false, &both).await, Class::PrivateAddress);
    // exceptions for loopback, which tests use, hold for every asker
    let portal = Portal::page("x").await;
    assert_eq!(
        class_of(&portal.url(), false, &both).await,
        Class::Unchanged
    );
    portal.set(|_| Reply::redirect(INSIDE));
    assert!(!refused.contains(&class_of(&portal.url(), true, &both).await));
    assert_eq!(
        class_of(&portal.url(), false, &both).await,
        Class::RefusedRedirect
    );
    // a redirect from one loopback address to another
    let other = Portal::on("127.0.0.3:0", |_| Reply::Page("y".to_owned())).await;
    let to = other.url();
    portal.set(move |_| Reply::redirect(to.clone()));
    assert_eq!(
        class_of(&portal.url(), false, &both).await,
        Class::Unchanged
    );
    assert_eq!(
        class_of(&portal.url(), true, &["127.0.0.1/32"]).await,
        Class::RefusedRedirect
    );
}

#[tokio::test]
async fn our_own_address_is_refused_in_an_allowed_network_too() {
    provider();
    let guard = Guard {
        networks: vec!["10.0.0.0/8".parse().unwrap()],
        own: vec!["10.255.255.254".parse().unwrap()],
        ..Guard::default()
    };
    let eye = Fetcher::new(Settings {
        guard,
        ..Settings::default()
    })
    .unwrap();
    let (url, target) = ("http://10.255.255.254/".parse().unwrap(), id("t"));
    let visit = Visit {
        target: &target,
        url: &url,
        profile: Profile::Desktop,
        timeout: Duration::from_millis(400),
        max_body: 1 << 20,
        validators: None,
        by_operator: true,
        prefer: None,
    };
    let seen = eye.visit(&visit, Timestamp::now()).await.observation;
    assert_eq!(seen.silence().unwrap().class, Class::PrivateAddress);
}

#[test]
fn a_registered_portal_inside_is_refused_and_one_of_the_command_line_is_not() {
    let text =
        "service: { listen: 'off', allow_networks: [10.0.0.0/8] }\ndefaults: { timeout: 300ms }\n";
    let (_keep, path) = folder(text);
    let url = "http://10.255.255.254/";
    let (_, err, code) = said(&gaccong(
        &path,
        &["targets", "add", "in", url, "--agency", "thu"],
    ));
    assert_eq!(code, 0, "{err}");
    let class = |what: &str| said(&gaccong(&path, &["check", what, "--json"])).0;
    assert!(
        class("in").contains("blocked: private address"),
        "{}",
        class("in")
    );
    assert!(!class("http://10.255.255.253/").contains("blocked"));
}

#[tokio::test]
async fn a_report_is_a_name_among_the_services_own() {
    let scene = Scene::new(&yaml("", &[("a", "http://127.0.0.1:1/")]));
    let config = &scene.world.config;
    let base = scene.folder.path();
    let folder = config.service.data_dir.join("reports");
    fs::create_dir_all(folder.join("chats/ab")).unwrap();
    fs::write(folder.join("one.html"), "whole").unwrap();
    fs::write(folder.join("chats/ab/one.html"), "own").unwrap();
    fs::write(base.join("secret.txt"), "secret").unwrap();
    symlink(base.join("secret.txt"), folder.join("link.html")).unwrap();
    let read = async |name: &str| {
        let bytes = reports::bytes_of(config, name).await;
        bytes.map(|it| String::from_utf8(it).unwrap())
    };
    assert_eq!(read("one.html").await.as_deref(), Ok("whole"));
    assert_eq!(read("chats/ab/one.html").await.as_deref(), Ok("own"));
    // older records hold a path relative to the directory in which the service was started
    let old = folder.join("chats/ab/one.html").display().to_string();
    assert_eq!(read(&old).await.as_deref(), Ok("own"));
    assert_eq!(read("data/reports/one.html").await.as_deref(), Ok("whole"));
    let secret = base.join("secret.txt").display().to_string();
    for elsewhere in [
        secret.as_str(),
        "/etc/hostname",
        "../../secret.txt",
        "chats/../../../secret.txt",
        "link.html",
        "",
        "/",
        "chats",
    ] {
        let why = read(elsewhere).await.unwrap_err();
        assert!(
            why.contains("no report of this service"),
            "{elsewhere}: {why}"
        );
    }
}

/// Writes a backup as an attacker would: `records` and further tar entries, without a seal.
fn written(path: &Path, records: &[(String, Vec<u8>)], more: &[(&str, tar::EntryType, u64)]) {
    let lines = path.with_extension("lines");
    journal::write_records(&lines, 1, records.iter().cloned().map(Ok)).unwrap();
    let out = zstd::Encoder::new(fs::File::create(path).unwrap(), 3).unwrap();
    let mut archive = tar::Builder::new(out);
    for (name, kind, size) in more {
        let mut header = tar::Header::new_gnu();
        header.set_path(name).unwrap();
        header.set_entry_type(*kind);
        header.set_size(*size);
        header.set_cksum();
        let zeros = std::io::Read::take(std::io::repeat(0), *size);
        archive.append(&header, zeros).unwrap();
    }
    archive
        .append_path_with_name(&lines, "records.jsonl")
        .unwrap();
    archive.into_inner().unwrap().finish().unwrap();
    fs::remove_file(lines).unwrap();
}

fn record(key: &str, value: &impl Serialize) -> (String, Vec<u8>) {
    (key.to_owned(), codec::encode(key, value).unwrap())
}

#[test]
fn a_backup_from_elsewhere_is_taken_when_that_is_said_and_tells_nobody_unasked() {
    let text = yaml("", &[("a", "http://127.0.0.1:1/")]).replace(
        "agencies:",
        "notifiers:\n  room: { kind: telegram, with: { chat: -1001, token_env: HOME, api_url: 'http://127.0.0.1:1/' } }\nagencies:",
    );
    let (_keep, path) = folder(&text);
    let mut target = Target::unregistered(
        "https://b.vn/".parse().unwrap(),
        target::Settings::default(),
    );
    target.id = id("b");
    target.settings.notify = vec!["room@4242".to_owned(), "gone".to_owned(), "room".to_owned()];
    let registration = Registration {
        target,
        by: "x".to_owned(),
        at: Timestamp::UNIX_EPOCH,
        until: None,
    };
    let report = ReportFile {
        week: "2026-W47".to_owned(),
        path: "/etc/hostname".to_owned(),
        summary: "x".to_owned(),
    };
    let now = Timestamp::UNIX_EPOCH;
    let alert = Alert::new("room@4242", About::Report(report), Urgency::Low, now);
    let records = [
        record("m/milestone/moved/room/-1001", &"5151"),
        record("o/room@4242/report-2026-W47", &alert),
        record("r/b", &registration),
    ];
    written(&path.join("evil"), &records, &[]);
    let run = |args: &[&str]| said(&gaccong(&path, args));
    let (_, err, code) = run(&["restore", "evil"]);
    assert!(code == 2 && err.contains("--foreign"), "{err}");
    let (_, err, code) = run(&["restore", "evil", "--foreign"]);
    assert!(code == 2 && err.contains("--yes"), "{err}");
    for named in [
        "chat 4242, by room",
        "notifier gone",
        "chat 5151, to which another moved",
    ] {
        assert!(err.contains(named), "{named}: {err}");
    }
    assert!(!path.join("data/journal").exists(), "nothing was touched");
    let (out, err, code) = run(&["restore", "evil", "--foreign", "--yes"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("Không khôi phục 1 tin còn chờ gửi"), "{out}");
    let (list, _, _) = run(&["targets", "list", "--json"]);
    assert_eq!(list.lines().count(), 2, "{list}");
    let store = store_at("sled", &path.join("data"));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    assert!(runtime.block_on(store.outbox()).unwrap().is_empty());
    drop(store);

    // a backup of this data directory is restored, but not after one of its bytes was changed
    let (_, err, code) = run(&["backup", "own"]);
    assert_eq!(code, 0, "{err}");
    let mut bytes = fs::read(path.join("own")).unwrap();
    let (_, err, code) = run(&["restore", "own", "--replace", "--yes"]);
    assert_eq!(code, 0, "{err}");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path.join("changed"), bytes).unwrap();
    let (_, err, code) = run(&["restore", "changed", "--replace", "--yes"]);
    assert!(code == 2 && err.contains("changed or cut"), "{err}");
}

#[test]
fn what_would_fill_memory_or_disk_is_refused_by_its_size() {
    use tar::EntryType as Kind;
    let (_keep, path) = folder("service: { listen: 'off' }\n");
    let body = format!("bodies/{}", "0".repeat(64));
    for (name, kind, size, why) in [
        (
            body.as_str(),
            Kind::Regular,
            65 << 20,
            "67108864 is the most",
        ),
        (
            "records.jsonl",
            Kind::Regular,
            (1 << 30) + 1,
            "1073741824 is the most",
        ),
        ("about.json", Kind::Regular, 5000, "4096 is the most"),
        ("x", Kind::GNULongName, 5000, "4096 is the most"),
        ("x", Kind::XHeader, 5000, "4096 is the most"),
        ("junk", Kind::Regular, 10, "never writes"),
        ("../x", Kind::Regular, 0, "never writes"),
        ("records.jsonl", Kind::Symlink, 0, "is no file"),
    ] {
        // a header is refused for its name, kind or size, so no content needs to follow it
        let mut header = tar::Header::new_gnu();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(kind);
        header.set_size(size);
        header.set_cksum();
        let mut out = zstd::Encoder::new(fs::File::create(path.join("bomb")).unwrap(), 3).unwrap();
        out.write_all(header.as_bytes()).unwrap();
        out.write_all(&[0; 8192]).unwrap();
        out.finish().unwrap();
        let (_, err, code) = said(&gaccong(&path, &["restore", "bomb", "--foreign"]));
        assert!(code == 2 && err.contains(why), "{name} {kind:?}: {err}");
    }
    // small tar headers about names are skipped
    written(
        &path.join("fine"),
        &[record("m/x", &1)],
        &[("x", Kind::XHeader, 100)],
    );
    let (_, err, code) = said(&gaccong(&path, &["restore", "fine", "--foreign"]));
    assert_eq!(code, 0, "{err}");
}

#[test]
fn a_backup_touches_nothing_beside_it_and_follows_no_link() {
    let (_keep, path) = folder("service: { listen: 'off' }\n");
    let neighbours = ["notes.records", "notes.part", "notes.tmp", ".notes.zst.tmp"];
    for it in neighbours {
        fs::write(path.join(it), it).unwrap();
    }
    let run = |args: &[&str]| said(&gaccong(&path, args));
    let (_, err, code) = run(&["backup", "notes.zst"]);
    assert_eq!(code, 0, "{err}");
    for it in neighbours {
        assert_eq!(fs::read_to_string(path.join(it)).unwrap(), it);
    }
    let mode = fs::metadata(path.join("notes.zst"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    symlink("nowhere", path.join("link")).unwrap();
    let (_, err, code) = run(&["backup", "link"]);
    assert!(code == 2 && err.contains("is there already"), "{err}");
    assert!(!path.join("nowhere").exists());
    let left = fs::read_dir(&path).unwrap().count();
    // targets.yaml, the data directory, the backup, the link and the neighbouring files remain
    assert_eq!(
        left,
        4 + neighbours.len(),
        "{:?}",
        fs::read_dir(&path).unwrap().collect::<Vec<_>>()
    );
}

#[test]
fn other_users_of_the_machine_see_nothing() {
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let (_keep, path) = folder(&yaml("", &[("a", "http://127.0.0.1:1/")]));
    let start = || {
        let mut service = Service::start(&path, &[]);
        service.until("watches");
        service
    };
    let mut service = start();
    for (it, expected) in [
        ("data", 0o700),
        ("snapshots", 0o700),
        ("data/gaccong.lock", 0o600),
        ("data/gaccong.sock", 0o600),
    ] {
        assert_eq!(mode(path.join(it)), expected, "{it}");
    }
    assert_eq!(service.terminate(), 0);
    // modes that older versions set
    for it in ["data", "snapshots"] {
        fs::set_permissions(path.join(it), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut service = start();
    assert!(
        service
            .heard
            .iter()
            .any(|it| it.contains("was open to other users")),
        "{:?}",
        service.heard
    );
    for it in ["data", "snapshots"] {
        assert_eq!(mode(path.join(it)), 0o700, "{it}");
    }
    assert_eq!(service.terminate(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_says_how_it_is_to_whom_it_may_and_stops_beside_polls_and_looks_that_hang() {
    provider();
    let portal = Portal::page(honest(1)).await;
    let hanging = Portal::start(|_| Reply::Hang).await;
    let telegram = Telegram::start().await;
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let text = yaml("", &[("a", &portal.url()), ("b", &hanging.url())])
        .replace("listen: 'off'", &format!("listen: 127.0.0.1:{port}"))
        .replace("timeout: 2s", "timeout: 100s")
        .replace(
            "agencies:",
            &format!("notifiers:\n  room: {{ kind: telegram, with: {{ chat: -1001, token_env: GACCONG_TEST_TOKEN, api_url: '{}' }} }}\nagencies:", telegram.portal.url()),
        );
    let (_keep, path) = folder(&text);
    // the token comes from a file, as in a container
    let token = path.join("token");
    fs::write(&token, "123:FROM-A-FILE\n").unwrap();
    telegram.tap(-1001, "take:SC-2026-0001", "An");
    let (start, token) = (path.clone(), token.display().to_string());
    let mut service = off(move || {
        let mut service = Service::start(&start, &[("GACCONG_TEST_TOKEN_FILE", &token)]);
        service.until("the baseline is learnt");
        service
    })
    .await;
    assert!(
        !service
            .heard
            .iter()
            .any(|it| it.contains("go to the console")),
        "{:?}",
        service.heard
    );
    let asked = telegram.portal.seen();
    assert!(
        asked
            .iter()
            .any(|it| it.path.contains("/bot123:FROM-A-FILE/"))
    );

    let at = path.clone();
    let (out, err, code) = off(move || said(&gaccong(&at, &["health"]))).await;
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("\"ok\":true"), "{out}");
    let ask = async |host: &str, of: &str| {
        let request = reqwest::Client::new().get(format!("http://127.0.0.1:{port}/{of}"));
        let answer = request.header("host", host).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    for of in ["healthz", "metrics"] {
        for host in ["localhost", "127.0.0.1", &format!("localhost:{port}")] {
            assert_eq!(ask(host, of).await.0, 200, "{host}");
        }
        let (status, body) = ask("evil.example", of).await;
        assert!(status == 421 && !body.contains("looks"), "{status} {body}");
    }

    // from now on Telegram answers no poll, not even the one that confirms the last updates
    for _ in 0..50 {
        telegram.refuse_raw("getUpdates", Reply::Hang);
    }
    let before = telegram.calls("getUpdates").len();
    telegram
        .wait_for(move |it| it.calls("getUpdates").len() > before)
        .await;
    let (code, rest) = off(move || {
        let code = service.terminate();
        (code, service.rest(Duration::from_secs(5)))
    })
    .await;
    assert_eq!(code, 0, "{rest:?}");
    assert!(rest.iter().any(|it| it.contains("stopped")), "{rest:?}");
    assert!(
        !rest.iter().any(|it| it.contains("not waited for")),
        "{rest:?}"
    );
    let (_, err, code) = off(move || said(&gaccong(&path, &["health"]))).await;
    assert!(code == 3 && err.contains("does not answer"), "{err}");
}
