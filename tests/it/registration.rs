//! Agencies request that portals be watched, and officers decide: no step happens twice, and no chat sees more than
//! it may.

use std::sync::{Arc, Mutex};

use gaccong::{
    actions::{Access, registration},
    deliver,
    model::{
        TargetId,
        registration::{AuditEvent, Proof, Request, Stage},
    },
    watch::check,
};

use crate::{
    portal::{Portal, Reply, defaced, honest},
    room::{AGENCY, AN, BINH, Listening, NOBODY, ROOM, STRANGERS, asked, heard, room_at},
    scene::{Scene, Turned, run_jobs},
    telegram::{Shown, Telegram, User},
};

pub const NOON: &str = "2026-11-22T12:00:00+07:00";

/// A portal that is not watched yet; `file` is the content of its well-known file.
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

pub fn port(portal: &Portal) -> u16 {
    let url: url::Url = portal.url().parse().unwrap();
    url.port().unwrap()
}

pub async fn requests(scene: &Scene) -> Vec<Request> {
    scene.world.store.requests().await.unwrap()
}

/// Does what is due, and delivers the alerts.
pub async fn settle(scene: &Scene) {
    run_jobs(&scene.world, &["registration"]).await;
    deliver::flush(&scene.world).await;
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

pub fn deeds(entries: &[gaccong::model::registration::AuditEntry]) -> Vec<&'static str> {
    entries.iter().map(|it| it.deed.as_str()).collect()
}

#[tokio::test]
async fn an_agency_registers_its_portal_from_its_own_chat() {
    let clock = Turned::at(NOON);
    let file = Arc::default();
    let portal = newcomer(&file).await;
    let (_a, telegram, scene) = room_at(clock.clone(), &[port(&portal)]).await;
    let listening = Listening::to(&scene);

    // only the address: the bot asks for the agency
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

    // after the look, the asker learns how to prove ownership, and the officers see the page
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

    // only an officer decides, whatever an asker sends
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

    // the proof is published
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

    // two officers tap at once: one approves, the other is informed
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

    // the chat is an agency's now: it sees its own portal only, and gets its alerts
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
    deliver::flush(&scene.world).await;
    let alert = telegram.last(STRANGERS).unwrap();
    assert!(alert.text.starts_with("🔴"), "{}", alert.text);
    let took = pressed(&telegram, STRANGERS, &NOBODY, &alert, "Tiếp nhận").await;
    assert!(took.contains("Bạn đã tiếp nhận"), "{took}");

    // its group becomes a supergroup: it is still this agency, and gets the messages
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
    // a request in an agency's own chat need not name the agency; this portal is already defaced
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
    // addresses inside the service's own network are never visited, for any asker
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
    // one request is withdrawn, and one stays undecided
    for (at, path) in ["x", "y"].iter().enumerate() {
        let url = format!("{}{path}", bad.url());
        asked(&telegram, AGENCY, &NOBODY, &format!("/dangky {url}")).await;
        assert_eq!(requests(&scene).await.len(), 3 + at);
    }
    clock.pass(1);
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
        AuditEvent::Proved {
            request: requests(&scene).await[0].id.clone(),
            proof: Proof::Vouched(AN.name.to_owned())
        }
    );
    assert_eq!(scene.world.targets().await.unwrap().len(), 3);
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
    // the group becomes a supergroup before the decision: it is still the asker
    telegram.migrate(STRANGERS, -1_001_010);
    let there = asked(&telegram, -1_001_010, &NOBODY, "/dangky DK-2026-0001").await;
    assert!(there.contains("Mã xác minh"), "{there}");
    // the portal is defaced between the officer's message and the tap
    portal.show(defaced());
    clock.pass(31);
    run_jobs(&scene.world, &["registration"]).await;
    let label = "✅ Duyệt, tôi đã xác minh";
    let said = pressed(&telegram, ROOM, &AN, &shown, label).await;
    assert!(said.contains("đã thay đổi so với thông báo"), "{said}");
    deliver::flush(&scene.world).await;
    let shown = telegram.last(ROOM).unwrap();
    let said = pressed(&telegram, ROOM, &AN, &shown, "⚠️ Vẫn duyệt").await;
    assert!(said.contains("Đã duyệt"), "{said}");
    deliver::flush(&scene.world).await;
    let begun = telegram.last(-1_001_010).unwrap().text;
    assert!(begun.contains("Nguyễn Văn An đã duyệt"), "{begun}");
    listening.end().await;
}

#[tokio::test]
async fn a_name_that_looks_like_a_known_agencys_is_marked_and_a_claimed_one_is_no_proof() {
    let clock = Turned::at(NOON);
    let portal = Portal::page(honest(7)).await;
    let (_a, telegram, scene) = room_at(clock.clone(), &[port(&portal)]).await;
    let listening = Listening::to(&scene);
    let alike = "⚠️ Tên viết gần giống cơ quan đã có trong danh sách: Cơ quan Thử";
    let claimed = "chưa có gì chứng minh người đó thuộc cơ quan này";
    let mallory = User {
        name: "\u{410}n",
        ..NOBODY
    };
    for (at, (name, marked, who)) in [
        ("\u{421}ơ quan Thử", true, NOBODY),
        ("Cơ quan\u{200b} Thử.", true, NOBODY),
        ("Cơ quan Thư", false, NOBODY),
        ("cơ quan thử", false, mallory),
    ]
    .into_iter()
    .enumerate()
    {
        let ask = format!("/dangky {}x{at} {name}", portal.url());
        asked(&telegram, STRANGERS, &who, &ask).await;
        clock.pass(1);
        settle(&scene).await;
        let request = requests(&scene).await.pop().unwrap();
        let shown = telegram.messages(ROOM).into_iter();
        let data = format!("see:{}", request.id);
        let message = shown.last().unwrap().id;
        let before = telegram.messages(ROOM).len();
        telegram.press_data(ROOM, &AN, message, &data);
        let card = heard(&telegram, ROOM, before).await.text;
        assert_eq!(card.contains(alike), marked, "{name:?}\n{card}");
        assert_eq!(
            card.contains(claimed),
            name == "cơ quan thử",
            "{name:?}\n{card}"
        );
        let officer = "⚠️ Tên người đề nghị giống cán bộ An, nhưng là tài khoản khác";
        assert_eq!(
            card.contains(officer),
            who.name != NOBODY.name,
            "{name:?}\n{card}"
        );
        // an officer refuses the request, so that the next one stays within the limit
        let reason = "thử";
        registration::refuse(&Access::cli(&scene.world, "An"), &request.id, reason)
            .await
            .unwrap();
    }
    listening.end().await;
}
