//! Agencies ask to be watched; officers decide; nothing is done twice and nothing is shown to who may not see it.

use std::{
    net::{SocketAddr, UdpSocket},
    sync::{Arc, Mutex},
};

use gaccong::{
    model::{
        TargetId,
        registration::{Deed, Proof, Request, Stage},
    },
    watch::{
        check,
        registration::{self as verbs, NotDone, round},
        tell,
    },
};

use crate::{
    portal::{Portal, Reply, defaced, honest},
    room::{AGENCY, AN, BINH, Listening, NOBODY, ROOM, STRANGERS, asked, heard, room_at},
    scene::{Scene, Turned, folder, gaccong, parse, said, yaml},
    telegram::{Shown, Telegram},
};

const NOON: &str = "2026-11-22T12:00:00+07:00";

/// A portal that nobody watches yet; what stands in `file` is its well-known file.
async fn newcomer(file: &Arc<Mutex<String>>) -> Portal {
    let file = file.clone();
    Portal::start(move |request| {
        if request.path == "/.well-known/gaccong.txt" {
            let text = file.lock().unwrap().clone();
            let status = if text.is_empty() { 404 } else { 200 };
            return Reply::status(status, &text);
        }
        Reply::Page(honest(7).replace("xã Thử Nghiệm", "xã Mới"))
    })
    .await
}

fn port(portal: &Portal) -> u16 {
    let url: url::Url = portal.url().parse().unwrap();
    url.port().unwrap()
}

async fn requests(scene: &Scene) -> Vec<Request> {
    scene.world.store.requests().await.unwrap()
}

/// What is due is done and told.
async fn settle(scene: &Scene) {
    round(&scene.world).await;
    tell::flush(&scene.world).await;
}

async fn pressed(
    telegram: &Telegram,
    chat: i64,
    who: &crate::telegram::User<'_>,
    shown: &Shown,
    label: &str,
) -> String {
    let query = telegram.press(chat, who, shown.id, label);
    answer(telegram, &query).await
}

async fn answer(telegram: &Telegram, query: &str) -> String {
    telegram
        .wait_for(|it| it.answered().iter().any(|it| it.0 == query))
        .await;
    let all = telegram.answered();
    all.into_iter().find(|it| it.0 == query).unwrap().1
}

fn deeds(entries: &[gaccong::model::registration::Entry]) -> Vec<&'static str> {
    entries.iter().map(|it| it.deed.as_str()).collect()
}

#[tokio::test]
async fn an_agency_registers_its_portal_from_its_own_chat() {
    let clock = Turned::at(NOON);
    let file = Arc::default();
    let portal = newcomer(&file).await;
    let (_a, telegram, scene) = room_at(clock.clone(), &[port(&portal)]).await;
    let listening = Listening::to(&scene);

    // the address alone: asked back for the agency
    let why = asked(
        &telegram,
        STRANGERS,
        &NOBODY,
        &format!("/dangky {}", portal.url()),
    )
    .await;
    assert!(
        why.contains("Cơ quan nào là chủ quản của cổng này?"),
        "{why}"
    );
    let question = telegram.last(STRANGERS).unwrap().id;
    telegram.reply(STRANGERS, &NOBODY, question, "Sở Y tế  tỉnh Thử");
    let taken = heard(&telegram, STRANGERS, 1).await.text;
    assert!(
        taken.contains(
            "DK-2026-0001: đã tiếp nhận đề nghị giám sát 127[.]0[.]0[.]1 (Sở Y tế tỉnh Thử)"
        ),
        "{taken}"
    );
    let again = asked(
        &telegram,
        STRANGERS,
        &NOBODY,
        &format!("/register {} Ai đó", portal.url()),
    )
    .await;
    assert!(again.contains("DK-2026-0001 đang chờ duyệt"), "{again}");

    // it was looked at: the asker is told how to prove, the officers what it looks like
    settle(&scene).await;
    let told = telegram.last(STRANGERS).unwrap();
    let token = requests(&scene).await[0].token.clone();
    for wanted in [
        "hoạt động bình thường",
        "/.well-known/gaccong.txt",
        "_gaccong.127.0.0.1",
        &token,
    ] {
        assert!(told.text.contains(wanted), "{wanted} in\n{}", told.text);
    }
    let officers = telegram.last(ROOM).unwrap();
    for wanted in [
        "📝 ĐỀ NGHỊ GIÁM SÁT · DK-2026-0001",
        "Người đề nghị: Người lạ (99)",
        "Cơ quan mới, chưa có trong danh sách",
        "Chưa có bằng chứng",
        "│ ",
    ] {
        assert!(
            officers.text.contains(wanted),
            "{wanted} in\n{}",
            officers.text
        );
    }
    assert!(!officers.text.contains("http://"), "{}", officers.text);

    // nobody but an officer decides, whatever he sends
    for data in [
        "ok:DK-2026-0001",
        "no:DK-2026-0001",
        "okw:DK-2026-0001:99999999999",
    ] {
        let query = telegram.press_data(STRANGERS, &NOBODY, told.id, data);
        assert_eq!(
            answer(&telegram, &query).await,
            "Không có đề nghị nào như vậy."
        );
    }
    let query = telegram.press_data(AGENCY, &BINH, told.id, "undo:DK-2026-0001");
    assert_eq!(
        answer(&telegram, &query).await,
        "Không có đề nghị nào như vậy."
    );
    let refused = pressed(
        &telegram,
        ROOM,
        &BINH,
        &officers,
        "✅ Duyệt, tôi đã xác minh",
    )
    .await;
    assert!(refused.contains("Chỉ cán bộ được phân công"), "{refused}");

    // the proof is put in place
    *file.lock().unwrap() = format!("{token}\n");
    clock.pass(1);
    pressed(&telegram, STRANGERS, &NOBODY, &told, "🔁 Kiểm tra lại").await;
    settle(&scene).await;
    let proved = telegram.last(STRANGERS).unwrap();
    assert!(
        proved.text.contains("đã xác minh bằng tệp")
            && proved.text.contains("Đang chờ cán bộ trực duyệt"),
        "{}",
        proved.text
    );
    let shown = telegram.last(ROOM).unwrap();
    assert_eq!(shown.id, officers.id, "one message a request");

    // two officers tap at once: one approves, the other is told
    let first = telegram.press(ROOM, &AN, shown.id, "✅ Duyệt");
    let second = telegram.press(ROOM, &AN, shown.id, "✅ Duyệt");
    assert!(answer(&telegram, &first).await.contains("Đã duyệt"));
    assert!(
        answer(&telegram, &second)
            .await
            .contains("đã được Nguyễn Văn An duyệt")
    );
    settle(&scene).await;
    let begun = telegram.last(STRANGERS).unwrap().text;
    assert!(begun.contains("Nguyễn Văn An đã duyệt"), "{begun}");
    let room = telegram.last(ROOM).unwrap();
    assert!(
        room.buttons.is_empty() && room.text.starts_with("✅"),
        "{}",
        room.text
    );

    // the chat is an agency's now: it sees its portal and no other, and is told of it
    let status = asked(&telegram, STRANGERS, &NOBODY, "/trangthai").await;
    assert!(status.contains("Đang giám sát 1 cổng"), "{status}");
    let targets = scene.world.targets().await.unwrap();
    let target = targets.last().unwrap();
    assert_eq!(target.agency_name, "Sở Y tế tỉnh Thử");
    assert_eq!(target.agency, "so-y-te-tinh-thu");
    for _ in 0..3 {
        check::check(&scene.world, target).await;
    }
    portal.show(defaced());
    check::check(&scene.world, target).await;
    tell::flush(&scene.world).await;
    let alert = telegram.last(STRANGERS).unwrap();
    assert!(alert.text.starts_with("🔴"), "{}", alert.text);
    let took = pressed(&telegram, STRANGERS, &NOBODY, &alert, "Tiếp nhận").await;
    assert!(took.contains("Bạn đã tiếp nhận"), "{took}");

    // its group becomes a supergroup: it is the same agency, and told there
    telegram.migrate(STRANGERS, -1_001_010);
    let there = asked(&telegram, -1_001_010, &NOBODY, "/trangthai").await;
    assert!(there.contains("Đang giám sát 1 cổng"), "{there}");

    let id: &TargetId = &target.id;
    let entries = scene.world.store.entries(Some(id)).await.unwrap();
    assert_eq!(deeds(&entries), ["asked", "proved", "registered"]);
    assert_eq!(entries[2].by, "Nguyễn Văn An");
    listening.end().await;
}

#[tokio::test]
async fn who_is_not_wanted_is_told_why() {
    let clock = Turned::at(NOON);
    let bad = Portal::page(defaced()).await;
    let (a, telegram, scene) = room_at(clock.clone(), &[port(&bad)]).await;
    let listening = Listening::to(&scene);
    let known = asked(
        &telegram,
        STRANGERS,
        &NOBODY,
        &format!("/dangky {} Cơ quan", a.url().trim_end_matches('/')),
    )
    .await;
    assert!(known.contains("đã được giám sát"), "{known}");
    for wrong in [
        "ftp://a.vn/",
        "https://u:p@a.vn/",
        "https://",
        "!!!",
        "https://a.vn:6379/",
        "https://a.vn/?a=b",
    ] {
        let said = asked(&telegram, AGENCY, &NOBODY, &format!("/dangky {wrong} X")).await;
        assert!(said.contains("Địa chỉ không hợp lệ"), "{wrong}: {said}");
    }
    // an agency's own chat needs not say whose portal it is; this one is defaced already
    let taken = asked(
        &telegram,
        AGENCY,
        &NOBODY,
        &format!("/dangky {}", bad.url()),
    )
    .await;
    assert!(taken.contains("(Cơ quan Thử)"), "{taken}");
    settle(&scene).await;
    let shown = telegram.last(ROOM).unwrap();
    for wanted in [
        "🔴 Trang đang có dấu hiệu bị tấn công:",
        "Hacked by",
        "hacked by",
    ] {
        assert!(shown.text.contains(wanted), "{wanted} in\n{}", shown.text);
    }
    let before = telegram.messages(ROOM).len();
    pressed(&telegram, ROOM, &AN, &shown, "⛔ Từ chối").await;
    let question = heard(&telegram, ROOM, before).await;
    telegram.reply(ROOM, &BINH, question.id, "không thích");
    let who = heard(&telegram, ROOM, before + 1).await.text;
    assert!(who.contains("Chỉ cán bộ"), "{who}");
    telegram.reply(
        ROOM,
        &AN,
        question.id,
        "cổng đang bị tấn công, xin khắc phục trước",
    );
    heard(&telegram, ROOM, before + 2).await;
    settle(&scene).await;
    let told = telegram.last(AGENCY).unwrap().text;
    assert!(
        told.contains("⛔ Nguyễn Văn An từ chối") && told.contains("xin khắc phục trước"),
        "{told}"
    );
    // places inside our own network are never visited, whoever asks
    let inside = asked(
        &telegram,
        STRANGERS,
        &NOBODY,
        "/dangky http://10.1.2.3/ Cơ quan",
    )
    .await;
    assert!(inside.contains("đã tiếp nhận"), "{inside}");
    settle(&scene).await;
    let told = telegram.last(STRANGERS).unwrap().text;
    assert!(told.contains("Không thể giám sát địa chỉ này"), "{told}");
    let all = requests(&scene).await;
    assert!(
        all.iter()
            .all(|it| matches!(it.stage, Stage::Refused { .. }))
    );
    // one that is withdrawn, and one that nobody decides
    for (at, path) in ["x", "y"].iter().enumerate() {
        let url = format!("{}{path}", bad.url());
        asked(&telegram, AGENCY, &NOBODY, &format!("/dangky {url}")).await;
        assert_eq!(requests(&scene).await.len(), 3 + at);
    }
    settle(&scene).await;
    let last = telegram.messages(AGENCY);
    let first = last
        .iter()
        .find(|it| it.text.contains("· DK-2026-0003"))
        .unwrap();
    pressed(&telegram, AGENCY, &NOBODY, first, "Rút đề nghị").await;
    clock.pass(15 * 24 * 60);
    settle(&scene).await;
    let all = requests(&scene).await;
    assert!(
        matches!(all[2].stage, Stage::Withdrawn { .. }),
        "{:?}",
        all[2].stage
    );
    assert!(
        matches!(all[3].stage, Stage::Expired { .. }),
        "{:?}",
        all[3].stage
    );
    assert_eq!(scene.world.targets().await.unwrap().len(), 2);
    listening.end().await;
}

#[tokio::test]
async fn a_crash_between_deed_and_answer_does_nothing_twice() {
    let clock = Turned::at(NOON);
    let file = Arc::default();
    let portal = newcomer(&file).await;
    let (_a, telegram, scene) = room_at(clock.clone(), &[port(&portal)]).await;
    // the process dies with the answer unsent and the update unconfirmed
    let dies = async |method: &str, what: &dyn Fn()| {
        telegram.refuse_raw(method, Reply::Hang);
        let listening = Listening::to(&scene);
        what();
        let hung = telegram.calls(method).len();
        telegram.wait_for(|it| it.calls(method).len() > hung).await;
        listening.dies();
    };
    dies("sendMessage", &|| {
        telegram.say(
            STRANGERS,
            &NOBODY,
            &format!("/dangky {} Sở Thử", portal.url()),
        );
    })
    .await;
    let listening = Listening::to(&scene);
    asked(&telegram, STRANGERS, &NOBODY, "/dangky").await;
    listening.end().await;
    assert_eq!(requests(&scene).await.len(), 1);
    settle(&scene).await;
    let shown = telegram.last(ROOM).unwrap();
    dies("answerCallbackQuery", &|| {
        telegram.press(ROOM, &AN, shown.id, "✅ Duyệt, tôi đã xác minh");
    })
    .await;
    let listening = Listening::to(&scene);
    asked(&telegram, ROOM, &AN, "/trangthai").await;
    listening.end().await;
    settle(&scene).await;
    let entries = scene.world.store.entries(None).await.unwrap();
    assert_eq!(deeds(&entries), ["asked", "proved", "registered"]);
    assert_eq!(
        entries[1].deed,
        Deed::Proved {
            request: requests(&scene).await[0].id.clone(),
            proof: Proof::Vouched(AN.name.to_owned())
        }
    );
    assert_eq!(scene.world.targets().await.unwrap().len(), 3);
}

/// A name server that has one TXT record.
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
        verbs::ask(&scene.world, wanted, None).await
    };
    let first = ask("www.cong.gov.vn").await.unwrap();
    settle(&scene).await;
    assert_eq!(requests(&scene).await[0].proof, None);
    // of the domain, for a host of it; found without anybody's asking
    *record.lock().unwrap() = first.token.clone();
    clock.pass(31);
    settle(&scene).await;
    assert_eq!(requests(&scene).await[0].proof, Some(Proof::Dns));
    // another's token proves nothing
    let second = ask("127.0.0.1").await.unwrap();
    let head = |token: &str| format!("<meta name='gaccong' content='{token}'>");
    *page.lock().unwrap() = honest(3).replace("<head>", &format!("<head>{}", head(&first.token)));
    settle(&scene).await;
    assert_eq!(requests(&scene).await[1].proof, None);
    *page.lock().unwrap() = honest(3).replace("<head>", &format!("<head>{}", head(&second.token)));
    clock.pass(31);
    settle(&scene).await;
    assert_eq!(requests(&scene).await[1].proof, Some(Proof::Meta));
    // watched from now on: its name with a dot is no other portal, and an address that shows the very page is told of
    verbs::approve(&scene.world, &first.id, "Bình", None, None)
        .await
        .unwrap();
    assert!(
        matches!(ask("cong.gov.vn.").await, Err(NotDone::Refused(say)) if say.key == "register-watched")
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
async fn what_moved_meanwhile_is_decided_on_as_it_is() {
    let clock = Turned::at(NOON);
    let portal = Portal::page(honest(7).replace("xã Thử Nghiệm", "xã Mới")).await;
    let (_a, telegram, scene) = room_at(clock.clone(), &[port(&portal)]).await;
    let listening = Listening::to(&scene);
    asked(
        &telegram,
        STRANGERS,
        &NOBODY,
        &format!("/dangky {} Sở Thử", portal.url()),
    )
    .await;
    settle(&scene).await;
    let shown = telegram.last(ROOM).unwrap();
    // the group becomes a supergroup before anybody decides: it is still the one that asked
    telegram.migrate(STRANGERS, -1_001_010);
    let there = asked(&telegram, -1_001_010, &NOBODY, "/dangky DK-2026-0001").await;
    assert!(there.contains("Mã xác minh"), "{there}");
    // the portal is defaced between what the officer was shown and his tap
    portal.show(defaced());
    clock.pass(31);
    round(&scene.world).await;
    let label = "✅ Duyệt, tôi đã xác minh";
    let said = pressed(&telegram, ROOM, &AN, &shown, label).await;
    assert!(said.contains("đã thay đổi so với thông báo"), "{said}");
    tell::flush(&scene.world).await;
    let shown = telegram.last(ROOM).unwrap();
    let said = pressed(&telegram, ROOM, &AN, &shown, "⚠️ Vẫn duyệt").await;
    assert!(said.contains("Đã duyệt"), "{said}");
    tell::flush(&scene.world).await;
    let begun = telegram.last(-1_001_010).unwrap().text;
    assert!(begun.contains("Nguyễn Văn An đã duyệt"), "{begun}");
    listening.end().await;
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
    round(&scene.world).await;
    let refuse = || {
        let why = serde_json::json!({"ok": false, "error_code": 400, "description": "Bad Request: not enough rights to send text messages to the chat"});
        telegram.refuse("sendMessage", 400, why);
    };
    // the room is told first, by name
    tell::flush(&scene.world).await;
    assert!(telegram.last(ROOM).unwrap().text.contains("DK-2026-0001"));
    round(&scene.world).await;
    let again = requests(&scene).await[0].id.clone();
    verbs::prove(&scene.world, &again, None).await.unwrap();
    clock.pass(20);
    round(&scene.world).await;
    refuse();
    tell::flush(&scene.world).await;
    clock.pass(20);
    refuse();
    tell::flush(&scene.world).await;
    assert_eq!(scene.world.store.outbox().await.unwrap().len(), 1);
    assert_eq!(
        scene.world.measure.outbox_age.get(),
        0,
        "health is about our own people"
    );
    clock.pass(25 * 60);
    refuse();
    tell::flush(&scene.world).await;
    assert!(scene.world.store.outbox().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_watched_no_more_leaves_nothing_open_and_nothing_to_inherit() {
    let clock = Turned::at(NOON);
    let portal = Portal::page(honest(1)).await;
    let extra = format!("  allow_ports: [{}]\n", port(&portal));
    let scene = Scene::at(parse(&yaml(&extra, &[])), "memory", clock.clone());
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
        let asked = verbs::ask(&scene.world, wanted, None).await.unwrap();
        settle(&scene).await;
        let approved = verbs::approve(&scene.world, &asked.id, "Bình", None, None).await;
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
    verbs::remove(&scene.world, &first.id, "Bình", None)
        .await
        .unwrap();
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
            .dossier(&second.id)
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn what_is_registered_for_a_while_ends_then_and_all_are_told() {
    let clock = Turned::at(NOON);
    let portal = Portal::page(honest(1)).await;
    let scene = Scene::at(parse(&yaml("", &[])), "memory", clock.clone());
    let target = |url: String| {
        move |present: &verbs::Present| {
            let row = gaccong::registry::Row {
                at: "x".to_owned(),
                id: "moi".to_owned(),
                agency: "thu".to_owned(),
                url: url.clone(),
                ..Default::default()
            };
            let defaults = gaccong::model::target::Settings::default();
            Ok(gaccong::registry::targets(
                vec![row],
                &present.targets,
                &present.agencies,
                &defaults,
            )
            .unwrap())
        }
    };
    let until = "2026-11-24T00:00:00+07:00".parse().unwrap();
    verbs::add(&scene.world, "An", Some(until), target(portal.url()))
        .await
        .unwrap();
    settle(&scene).await;
    assert_eq!(scene.world.targets().await.unwrap().len(), 1);
    clock.set("2026-11-24T00:00:00+07:00");
    settle(&scene).await;
    settle(&scene).await;
    assert!(scene.world.targets().await.unwrap().is_empty());
    assert_eq!(scene.heard().len(), 1, "{:?}", scene.heard());
    assert!(
        scene.heard()[0].contains("Đã hết thời hạn giám sát cổng 127"),
        "{:?}",
        scene.heard()
    );
    let entries = scene.world.store.entries(None).await.unwrap();
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
