//! The registry without a chat: ownership, ends, the command line, and chats that cannot be reached.

use std::{
    net::{SocketAddr, UdpSocket},
    sync::{Arc, Mutex},
};

use gaccong::{
    actions::{Access, Refused, registration as verbs, registry::Present, removal},
    config,
    config::Pace,
    deliver,
    model::{
        registration::{Proof, Registration},
        target::{Settings, Target},
    },
    store::{Commit, RegistryUpdate},
    watch::check,
};

use crate::{
    portal::{Portal, Reply, defaced, honest},
    registration::{NOON, deeds, port, requests, settle},
    room::{Listening, NOBODY, ROOM, STRANGERS, asked, room_at},
    scene::{self, Scene, Turned, folder, gaccong, parse, run_jobs, said, yaml},
};

/// A name server with one TXT record.
fn name_server(name: &str, text: Arc<Mutex<String>>) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let wanted: Vec<u8> = name
        .split('.')
        .flat_map(|it| [&[it.len() as u8], it.as_bytes()].concat())
        .chain([0])
        .collect();
    std::thread::spawn(move || {
        let mut buffer = [0; 1500];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let ask = &buffer[..length];
            let end = 12 + ask[12..].iter().position(|it| *it == 0).unwrap() + 5;
            let (is_txt, text) = (ask[end - 3] == 16, text.lock().unwrap().clone());
            let found =
                is_txt && ask[12..end - 4].eq_ignore_ascii_case(&wanted) && !text.is_empty();
            let is_a = ask[end - 3] == 1;
            let mut out = ask[..2].to_vec();
            let answers = u8::from(found || is_a);
            out.extend([0x81, 0x80, 0, 1, 0, answers, 0, 0, 0, 0]);
            out.extend(&ask[12..end]);
            if found {
                let data = [&[text.len() as u8], text.as_bytes()].concat();
                out.extend([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 0, 0, data.len() as u8]);
                out.extend(data);
            } else if is_a {
                out.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1]);
            }
            let _ = socket.send_to(&out, from);
        }
    });
    address
}

#[tokio::test]
async fn ownership_is_shown_by_a_record_or_an_element() {
    let clock = Turned::at(NOON);
    let page = Arc::new(Mutex::new(honest(3)));
    let of = page.clone();
    let portal = Portal::start(move |request| {
        if request.path.starts_with("/.well-known") {
            return Reply::status(404, "");
        }
        Reply::Page(of.lock().unwrap().clone())
    })
    .await;
    let record = Arc::new(Mutex::new(String::new()));
    let server = name_server("_gaccong.cong.gov.vn", record.clone());
    let extra = format!(
        "  resolver: ['{server}']\n  allow_ports: [{}]\n",
        port(&portal)
    );
    let scene = Scene::at(parse(&yaml(&extra, &[])), "memory", clock.clone());
    let officer = Access::cli(&scene.world, "Bình");
    let port = portal.url().rsplit(':').next().unwrap().to_owned();
    let ask = async |host: &str| {
        let wanted = gaccong::registry::Wanted {
            url: format!("http://{host}:{port}").parse().unwrap(),
            name: String::new(),
            agency: gaccong::registry::request::Whose::Named("Sở Thử".to_owned()),
            asker: gaccong::model::registration::Asker {
                name: "An".to_owned(),
                notifier: None,
                account: None,
                username: None,
                place: None,
            },
        };
        verbs::ask(&Access::cli(&scene.world, "An"), wanted).await
    };
    let first = ask("www.cong.gov.vn").await.unwrap();
    settle(&scene).await;
    assert_eq!(requests(&scene).await[0].proof, None);
    // a proof for the whole domain, for a host below it, found without the asker's request for a look
    *record.lock().unwrap() = first.token.clone();
    clock.pass(31);
    settle(&scene).await;
    assert_eq!(requests(&scene).await[0].proof, Some(Proof::Dns));
    // another asker's token proves nothing
    let second = ask("127.0.0.1").await.unwrap();
    let head = |token: &str| format!("<meta name='gaccong' content='{token}'>");
    *page.lock().unwrap() = honest(3).replace("<head>", &format!("<head>{}", head(&first.token)));
    settle(&scene).await;
    assert_eq!(requests(&scene).await[1].proof, None);
    *page.lock().unwrap() = honest(3).replace("<head>", &format!("<head>{}", head(&second.token)));
    clock.pass(31);
    settle(&scene).await;
    assert_eq!(requests(&scene).await[1].proof, Some(Proof::Meta));
    // the portal is watched now: its name with a final dot is no other portal, and an address with an equal page is
    // reported
    verbs::approve(&officer, &first.id, None, None)
        .await
        .unwrap();
    assert!(
        matches!(ask("cong.gov.vn.").await, Err(Refused::Because(say)) if say.key == "register-watched")
    );
    *page.lock().unwrap() = honest(3);
    let target = scene.world.targets().await.unwrap().remove(0);
    for _ in 0..3 {
        check::check(&scene.world, &target).await;
    }
    let third = ask("cong-cu.vn").await.unwrap();
    settle(&scene).await;
    let view = requests(&scene).await[2].view.clone().unwrap();
    assert_eq!((third.proof, view.same_as), (None, Some(target.id)));
}

#[tokio::test]
async fn a_chat_that_takes_nothing_is_no_trouble_of_ours() {
    let clock = Turned::at(NOON);
    let portal = Portal::page(honest(7)).await;
    let (_a, telegram, scene) = room_at(clock.clone(), &[port(&portal)]).await;
    let listening = Listening::to(&scene);
    asked(
        &telegram,
        STRANGERS,
        &NOBODY,
        &format!("/dangky {} Sở Thử", portal.url()),
    )
    .await;
    listening.end().await;
    run_jobs(&scene.world, &["registration"]).await;
    let refuse = || {
        let why = serde_json::json!({"ok": false, "error_code": 429, "description": "Too Many Requests: retry after 30", "parameters": {"retry_after": 30}});
        telegram.refuse("sendMessage", 429, why);
    };
    // the room is informed first, by name
    deliver::flush(&scene.world).await;
    assert!(telegram.last(ROOM).unwrap().text.contains("DK-2026-0001"));
    run_jobs(&scene.world, &["registration"]).await;
    let again = requests(&scene).await[0].id.clone();
    verbs::prove(&Access::cli(&scene.world, "An"), &again)
        .await
        .unwrap();
    clock.pass(20);
    run_jobs(&scene.world, &["registration"]).await;
    refuse();
    deliver::flush(&scene.world).await;
    clock.pass(20);
    refuse();
    deliver::flush(&scene.world).await;
    assert_eq!(scene.world.store.outbox().await.unwrap().len(), 1);
    assert_eq!(
        scene.world.metrics.outbox_age.get(),
        0,
        "health is about our own people"
    );
    clock.pass(25 * 60);
    refuse();
    deliver::flush(&scene.world).await;
    assert!(scene.world.store.outbox().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_watched_no_more_leaves_nothing_open_and_nothing_to_inherit() {
    let clock = Turned::at(NOON);
    let portal = Portal::page(honest(1)).await;
    let extra = format!("  allow_ports: [{}]\n", port(&portal));
    let scene = Scene::at(parse(&yaml(&extra, &[])), "memory", clock.clone());
    let officer = Access::cli(&scene.world, "Bình");
    let ask = async || {
        let wanted = gaccong::registry::Wanted {
            url: portal.url().parse().unwrap(),
            name: String::new(),
            agency: gaccong::registry::request::Whose::Named("Sở Thử".to_owned()),
            asker: gaccong::model::registration::Asker {
                name: "An".to_owned(),
                notifier: None,
                account: None,
                username: None,
                place: None,
            },
        };
        let asked = verbs::ask(&Access::cli(&scene.world, "An"), wanted)
            .await
            .unwrap();
        // looks at one domain have a pause between them
        clock.pass(1);
        settle(&scene).await;
        let approved = verbs::approve(&officer, &asked.id, None, None).await;
        let target = approved.unwrap().target;
        let all = scene.world.targets().await.unwrap();
        all.into_iter().find(|it| it.id == target).unwrap()
    };
    let first = ask().await;
    for _ in 0..3 {
        check::check(&scene.world, &first).await;
    }
    portal.show(defaced());
    check::check(&scene.world, &first).await;
    assert!(scene.incidents().await[0].stage.is_open());
    removal::remove(&officer, &first.id, None).await.unwrap();
    let closed = scene.incidents().await.remove(0);
    assert!(!closed.stage.is_open());
    assert_eq!(
        closed.timeline.last().unwrap().note.as_deref(),
        Some("cổng không còn được giám sát")
    );
    let second = ask().await;
    assert_ne!(
        first.id, second.id,
        "what was learnt of the first one is not the second's"
    );
    assert!(
        scene
            .world
            .store
            .target_state(&second.id)
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn what_is_taken_out_of_the_file_leaves_nothing_open() {
    let portal = Portal::page(honest(1)).await;
    let part = format!("{}b/", portal.url());
    let scene = Scene::new(&yaml("", &[("a", &portal.url()), ("b", &part)]));
    for at in [0, 1] {
        scene.learn(at).await;
    }
    portal.show(defaced());
    for at in [0, 1] {
        scene.check(at).await;
    }
    let told = scene.heard().len();
    let file = parse(&yaml("", &[("a", &portal.url())]));
    let (mut world, _) = scene.world.renewed(file).unwrap();
    world.notifiers.clone_from(&scene.world.notifiers);
    let world = Arc::new(world);
    run_jobs(&world, &["registration"]).await;
    deliver::flush(&world).await;
    let open = |of: &str| {
        let of = of.to_owned();
        move |it: &&gaccong::model::Incident| it.target.as_str() == of && it.stage.is_open()
    };
    let incidents = scene.incidents().await;
    assert_eq!(incidents.iter().filter(open("a")).count(), 1);
    assert_eq!(incidents.iter().filter(open("b")).count(), 0);
    let heard = scene.heard().split_off(told);
    assert!(
        heard.len() == 1
            && heard[0].starts_with("⚪ THÔI GIÁM SÁT CỔNG")
            && heard[0].contains("vì cổng không còn được giám sát"),
        "{heard:?}"
    );
}

#[tokio::test]
async fn what_is_registered_for_a_while_ends_then_and_all_are_told() {
    let clock = Turned::at(NOON);
    let portal = Portal::page(honest(1)).await;
    let scene = Scene::at(parse(&yaml("", &[])), "memory", clock.clone());
    let targets = |present: &Present| {
        let row = |id: &str| gaccong::registry::Row {
            at: "x".to_owned(),
            id: id.to_owned(),
            agency: "thu".to_owned(),
            url: format!("{}{id}", portal.url()),
            ..Default::default()
        };
        let (known, agencies) = (&present.targets, &present.agencies);
        let defaults = gaccong::model::target::Settings::default();
        let rows = vec![row("moi"), row("khac")];
        Ok(gaccong::registry::targets(rows, known, agencies, &defaults).unwrap())
    };
    let until = "2026-11-24T00:00:00+07:00".parse().unwrap();
    verbs::add(&Access::cli(&scene.world, "An"), Some(until), targets)
        .await
        .unwrap();
    settle(&scene).await;
    assert_eq!(scene.world.targets().await.unwrap().len(), 2);
    clock.set("2026-11-24T00:00:00+07:00");
    settle(&scene).await;
    settle(&scene).await;
    assert!(scene.world.targets().await.unwrap().is_empty());
    // a recipient of several portals gets one message
    let heard = scene.heard();
    assert_eq!(heard.len(), 1, "{heard:?}");
    for wanted in ["Đã hết thời hạn giám sát: 127", "(moi)", "(khac)"] {
        assert!(heard[0].contains(wanted), "{wanted} in {heard:?}");
    }
    let of = scene::id("moi");
    let entries = scene.world.store.entries(Some(&of)).await.unwrap();
    assert_eq!(deeds(&entries), ["registered", "ended"]);
}

#[test]
fn the_registry_is_kept_from_the_command_line() {
    let (_folder, path) = folder(&yaml("", &[("a", "https://a.example.vn/")]));
    let path = path.as_path();
    let (out, err, code) = said(&gaccong(
        path,
        &[
            "targets",
            "add",
            "moi",
            "https://b.example.vn/",
            "--agency",
            "thu",
            "--by",
            "An",
            "--until",
            "2099-01-01",
        ],
    ));
    assert_eq!(code, 0, "{out}{err}");
    let (out, err, code) = said(&gaccong(
        path,
        &[
            "targets",
            "add",
            "moi",
            "https://c.example.vn/",
            "--agency",
            "thu",
        ],
    ));
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("is registered already, as moi"), "{err}");
    let (_, err, code) = said(&gaccong(
        path,
        &[
            "targets",
            "add",
            "x",
            "https://c.example.vn/",
            "--agency",
            "thu",
            "--until",
            "hôm qua",
        ],
    ));
    assert_eq!(code, 2);
    assert!(err.contains("neither a day"), "{err}");
    let (out, err, code) = said(&gaccong(
        path,
        &[
            "targets",
            "remove",
            "moi",
            "--by",
            "Bình",
            "--reason",
            "đã đóng",
        ],
    ));
    assert_eq!(code, 0, "{out}{err}");
    let (out, err, code) = said(&gaccong(path, &["targets", "history", "moi"]));
    assert_eq!(code, 0, "{err}");
    for wanted in [
        "đăng ký https://b.example.vn/, cơ quan thu, đến 00:00:00 ngày 02/01/2099",
        "An",
        "Bình",
        "đưa ra khỏi danh sách: đã đóng",
    ] {
        assert!(out.contains(wanted), "{wanted} in\n{out}");
    }
    let (out, _, _) = said(&gaccong(path, &["targets", "history", "moi", "--json"]));
    assert_eq!(out.lines().count(), 2, "{out}");
    let (_, err, code) = said(&gaccong(
        path,
        &["targets", "approve", "DK-2026-0001", "--by", "An"],
    ));
    assert_eq!(code, 2);
    assert!(err.contains("gaccong targets requests lists them"), "{err}");
}

#[tokio::test]
async fn what_was_registered_with_a_shorter_interval_is_held_to_the_services() {
    let text = yaml("", &[("a", "http://127.0.0.1:1/")]).replace("every: 1s", "every: 30s");
    for (pace, seconds) in [(Pace::Polite, 30), (Pace::Fast, 1)] {
        let scene = Scene::with(config::parse(&text, pace).unwrap(), "memory");
        let mut target =
            Target::unregistered("https://b.vn/".parse().unwrap(), Settings::default());
        target.id = scene::id("b");
        target.settings.every = std::time::Duration::from_secs(1);
        let registration = Registration {
            target,
            by: "x".to_owned(),
            at: jiff::Timestamp::UNIX_EPOCH,
            until: None,
        };
        let commit = Commit {
            registry: Some(RegistryUpdate {
                registered: vec![registration],
                ..RegistryUpdate::default()
            }),
            ..Commit::default()
        };
        scene.world.store.commit(commit).await.unwrap();
        let all = scene.world.targets().await.unwrap();
        assert_eq!(all[1].settings.every.as_secs(), seconds, "{pace:?}");
    }
}
