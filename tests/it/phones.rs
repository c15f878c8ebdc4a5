//! People's actions in Telegram, with a Bot API that refuses what the real one refuses.

use std::sync::atomic::{AtomicBool, Ordering};

use gaccong::{
    deliver,
    model::incident::{Stage, What},
};

use crate::{
    portal::{Reply, defaced, honest},
    room::{AGENCY, AN, BINH, Listening, NOBODY, ROOM, STRANGERS, asked, heard, room, room_at},
    scene::Turned,
    telegram::Telegram,
};

#[tokio::test]
async fn an_incident_is_worked_on_from_phones() {
    let (portal, telegram, scene) = room().await;
    portal.show(defaced());
    scene.check(0).await;
    let listening = Listening::to(&scene);
    let alert = telegram.last(ROOM).unwrap();
    let id = "SC-2026-";
    assert!(alert.text.contains(id), "{}", alert.text);
    // mute, extend the mute, unmute
    telegram.press(ROOM, &AN, alert.id, "Im lặng 1 giờ");
    let muted = heard(&telegram, ROOM, 1).await;
    assert!(
        muted.text.contains("Nguyễn Văn An cho im lặng đến"),
        "{}",
        muted.text
    );
    telegram.press(ROOM, &BINH, muted.id, "Im lặng đến 07:00");
    let longer = heard(&telegram, ROOM, 2).await;
    assert!(
        longer.text.contains("Trần Thị Bình cho im lặng đến 07:00"),
        "{}",
        longer.text
    );
    let query = telegram.press(ROOM, &BINH, longer.id, "Bỏ im lặng");
    telegram
        .wait_for(|it| it.answered().iter().any(|it| it.0 == query))
        .await;
    // a note, as a reply to the alert
    telegram.reply(ROOM, &AN, alert.id, "Đã gọi <b>phòng máy</b>");
    let noted = heard(&telegram, ROOM, 3).await;
    assert!(noted.text.contains("Đã ghi chú vào SC-"), "{}", noted.text);
    let incident = scene.incidents().await.remove(0);
    let events: Vec<What> = incident.timeline.iter().map(|it| it.what).collect();
    assert!(
        events.ends_with(&[What::Muted, What::Muted, What::Unmuted, What::Noted]),
        "{events:?}"
    );
    assert!(incident.muted.is_none());
    // only an officer may change the baseline; replying to an officer's question gives no right to it
    let query = telegram.press(ROOM, &BINH, alert.id, "Thay đổi hợp lệ");
    telegram
        .wait_for(|it| it.answered().iter().any(|it| it.0 == query))
        .await;
    assert!(
        telegram
            .answered()
            .pop()
            .unwrap()
            .1
            .contains("cán bộ được phân công")
    );
    telegram.press(ROOM, &AN, alert.id, "Thay đổi hợp lệ");
    let why = heard(&telegram, ROOM, 4).await;
    telegram.reply(ROOM, &BINH, why.id, "tôi cũng nghĩ vậy");
    let refused = heard(&telegram, ROOM, 5).await;
    assert!(
        refused.text.contains("cán bộ được phân công"),
        "{}",
        refused.text
    );
    telegram.reply(ROOM, &AN, why.id, "diễn tập an toàn thông tin");
    let done = heard(&telegram, ROOM, 6).await;
    assert!(
        done.text.contains("xác nhận là thay đổi hợp lệ"),
        "{}",
        done.text
    );
    listening.end().await;
    let incident = scene.incidents().await.remove(0);
    assert_eq!(incident.stage, Stage::Dismissed);
    let last = incident.timeline.last().unwrap();
    assert_eq!(
        (last.by.as_deref(), last.note.as_deref()),
        (Some("Nguyễn Văn An"), Some("diễn tập an toàn thông tin"))
    );
    // the page is normal from now on, and so is the earlier one
    for page in [defaced(), honest(1)] {
        portal.show(page);
        scene.check(0).await;
    }
    assert_eq!(scene.incidents().await.len(), 1);
    deliver::flush(&scene.world).await;
    let shown = &telegram.messages(ROOM)[0];
    assert!(
        shown.text.starts_with("⚪ THAY ĐỔI HỢP LỆ"),
        "{}",
        shown.text
    );
    assert!(shown.buttons.is_empty());
}

#[tokio::test]
async fn a_chat_reaches_its_own_and_a_stranger_nothing() {
    let (portal, telegram, scene) = room().await;
    portal.show(defaced());
    scene.check(0).await;
    scene.check(1).await;
    let listening = Listening::to(&scene);
    let ids: Vec<String> = scene
        .incidents()
        .await
        .iter()
        .map(|it| it.id.to_string())
        .collect();
    let open = asked(&telegram, AGENCY, &AN, "/suco").await;
    assert!(
        open.contains("Sự cố đang mở: 1") && open.contains(&ids[0]),
        "{open}"
    );
    let foreign = asked(&telegram, AGENCY, &AN, &format!("/incidents {}", ids[1])).await;
    assert_eq!(foreign, "Không tìm thấy sự cố.");
    let status = asked(&telegram, AGENCY, &AN, "/trangthai").await;
    assert!(
        status.contains("Đang giám sát 1 cổng") && status.contains("nghi bị tấn công: 1"),
        "{status}"
    );
    let foreign = asked(&telegram, AGENCY, &AN, "/trangthai b").await;
    assert!(foreign.contains("Không có cổng nào như vậy"), "{foreign}");
    let all = asked(&telegram, ROOM, &AN, "/status").await;
    assert!(all.contains("Đang giám sát 2 cổng"), "{all}");
    let one = asked(&telegram, ROOM, &AN, &format!("/suco {}", ids[1])).await;
    assert!(
        one.contains("Phát hiện") && one.contains("Xác nhận"),
        "{one}"
    );
    // a stranger only learns how to register; forged taps do nothing
    let told = asked(&telegram, STRANGERS, &NOBODY, "/start").await;
    assert!(
        told.contains("chưa được đăng ký") && told.contains("-1009"),
        "{told}"
    );
    let message = telegram.last(STRANGERS).unwrap().id;
    let mut last = String::new();
    for verb in [
        "take", "mute", "morning", "unmute", "diff", "pages", "change", "page", "all",
    ] {
        last = telegram.press_data(STRANGERS, &NOBODY, message, &format!("{verb}:{}", ids[0]));
    }
    telegram
        .wait_for(|it| it.answered().iter().any(|it| it.0 == last))
        .await;
    let forged = telegram.answered().split_off(0);
    assert_eq!(forged.len(), 9);
    assert!(forged.iter().all(|it| it.1.contains("chưa được đăng ký")));
    listening.end().await;
    // a new process has no counts of updates: commands do nothing, and open questions are answered
    let listening = Listening::to(&scene);
    for text in [
        "/suco",
        "/status",
        "/truc",
        "/baocao",
        "/tamdung 1",
        "/thaydoi 1 x",
    ] {
        telegram.say(STRANGERS, &NOBODY, text);
    }
    let help = asked(&telegram, STRANGERS, &NOBODY, "/trogiup").await;
    assert!(
        help.contains("/dangky") && !help.contains("/suco"),
        "{help}"
    );
    assert_eq!(
        telegram.messages(STRANGERS).len(),
        2,
        "one chat is served in order"
    );
    // after ten updates in a minute nothing is answered
    for _ in 0..8 {
        telegram.say(STRANGERS, &NOBODY, "/trogiup");
    }
    telegram
        .wait_for(|it| it.pending() == 0 && it.messages(STRANGERS).len() >= 5)
        .await;
    // an agency's chat cannot reach another's incident with a forged tap
    let message = telegram.last(AGENCY).unwrap().id;
    let forged = telegram.press_data(AGENCY, &AN, message, &format!("take:{}", ids[1]));
    telegram
        .wait_for(|it| it.answered().iter().any(|it| it.0 == forged))
        .await;
    listening.end().await;
    assert_eq!(telegram.messages(STRANGERS).len(), 5);
    assert!(scene.incidents().await.iter().all(|it| it.taken.is_none()));
    let offered = |scope: serde_json::Value| -> Vec<String> {
        telegram
            .commands(&scope)
            .into_iter()
            .map(|it| it.0)
            .collect()
    };
    assert_eq!(
        offered(serde_json::json!({"type": "default"})),
        ["dangky", "trogiup", "batdau"]
    );
    let known = offered(serde_json::json!({"type": "chat", "chat_id": AGENCY}));
    assert!(known.contains(&"suco".to_owned()), "{known:?}");
}

#[tokio::test]
async fn what_was_done_is_not_done_again_after_a_crash_and_a_group_may_move() {
    let (portal, telegram, scene) = room().await;
    portal.show(defaced());
    scene.check(0).await;
    let alert = telegram.last(ROOM).unwrap();
    let listening = Listening::to(&scene);
    // the answer hangs: the effect is written, but the update is never confirmed
    telegram.refuse_raw("sendMessage", Reply::Hang);
    let sent = telegram.calls("sendMessage").len();
    telegram.reply(ROOM, &AN, alert.id, "một lần");
    telegram
        .wait_for(|it| it.calls("sendMessage").len() > sent)
        .await;
    listening.stop();
    let given = telegram.calls("getUpdates").len();
    telegram.migrate(AGENCY, -100_777);
    let listening = Listening::to(&scene);
    assert!(
        asked(&telegram, ROOM, &BINH, "/truc")
            .await
            .contains("Chưa có lịch trực")
    );
    let open = asked(&telegram, -100_777, &BINH, "/suco").await;
    assert!(open.contains("Sự cố đang mở: 1"), "{open}");
    // Telegram repeated the update, from the beginning
    let asked = &telegram.calls("getUpdates")[given].body;
    assert!(asked["offset"].as_i64().unwrap_or(0) <= 0, "{asked}");
    listening.end().await;
    let incident = scene.incidents().await.remove(0);
    let notes = incident.timeline.iter().filter(|it| it.what == What::Noted);
    assert_eq!(notes.count(), 1);
}

#[tokio::test]
async fn what_may_have_arrived_where_a_group_moved_to_says_so() {
    let clock = Turned::at("2026-11-22T20:00:00+07:00");
    let (portal, telegram, scene) = room_at(clock.clone(), &[]).await;
    portal.show(defaced());
    scene.check(0).await;
    telegram.migrate(AGENCY, -100_777);
    // its first message there arrives, but the answer does not
    telegram.cut_next("sendMessage");
    portal.show(honest(1));
    scene.check(0).await;
    clock.pass(1);
    deliver::flush(&scene.world).await;
    let said = telegram.messages(-100_777);
    let marked: Vec<bool> = said
        .iter()
        .map(|it| it.text.contains("(gửi lại)"))
        .collect();
    assert_eq!(marked, [false, true], "{said:?}");
    // an edit cannot arrive twice, so it is not marked as a repeat
    telegram.cut_next("editMessageText");
    portal.show(defaced());
    scene.check(0).await;
    clock.pass(1);
    deliver::flush(&scene.world).await;
    let last = telegram.messages(ROOM).remove(0).text;
    assert!(
        last.starts_with("🔴") && !last.contains("(gửi lại)"),
        "{last}"
    );
}

/// Waits until the bot has answered all these taps; returns its answers.
async fn answers<const N: usize>(telegram: &Telegram, queries: [String; N]) -> [String; N] {
    let said = |it: &Telegram, query: &str| it.answered().into_iter().find(|it| it.0 == query);
    telegram
        .wait_for(|it| queries.iter().all(|query| said(it, query).is_some()))
        .await;
    queries.map(|query| said(telegram, &query).unwrap().1)
}

#[tokio::test]
async fn two_officers_tap_at_once_and_one_has_it() {
    let (portal, telegram, scene) = room().await;
    portal.show(defaced());
    scene.check(0).await;
    let listening = Listening::to(&scene);
    let room = telegram.last(ROOM).unwrap();
    let taps = [&AN, &BINH].map(|who| telegram.press(ROOM, who, room.id, "Tiếp nhận"));
    let [first, second] = answers(&telegram, taps).await;
    listening.end().await;
    let incident = scene.incidents().await.remove(0);
    assert_eq!(incident.taken.unwrap().by, AN.name);
    assert!(first.contains("Bạn đã tiếp nhận"), "{first}");
    assert!(
        second.contains("Nguyễn Văn An đã tiếp nhận trước đó"),
        "{second}"
    );
}

#[tokio::test]
async fn the_room_and_an_agency_tap_at_once_and_the_operator_has_it() {
    // each chat is served on its own, so either may be first
    for _ in 0..4 {
        let (portal, telegram, scene) = room().await;
        portal.show(defaced());
        scene.check(0).await;
        let listening = Listening::to(&scene);
        let (room, agency) = (telegram.last(ROOM).unwrap(), telegram.last(AGENCY).unwrap());
        let taps = [
            telegram.press(AGENCY, &BINH, agency.id, "Tiếp nhận"),
            telegram.press(ROOM, &AN, room.id, "Tiếp nhận"),
        ];
        let [theirs, ours] = answers(&telegram, taps).await;
        listening.end().await;
        deliver::flush(&scene.world).await;
        let incident = scene.incidents().await.remove(0);
        let takers: Vec<&str> = incident
            .timeline
            .iter()
            .filter(|it| it.what == What::Taken)
            .filter_map(|it| it.by.as_deref())
            .collect();
        assert!(ours.contains("Bạn đã tiếp nhận"), "{ours}");
        assert_eq!(incident.led().unwrap().by, AN.name);
        if theirs.contains("Bạn đã tiếp nhận") {
            assert_eq!(takers, [BINH.name, AN.name]);
        } else {
            assert!(
                theirs.contains("Nguyễn Văn An đã tiếp nhận trước đó"),
                "{theirs}"
            );
            assert_eq!(takers, [AN.name]);
        }
        for chat in [ROOM, AGENCY] {
            let shown = telegram.last(chat).unwrap();
            assert!(
                shown.text.contains("✅ Nguyễn Văn An tiếp nhận lúc"),
                "{}",
                shown.text
            );
        }
    }
}

/// Panics once, at a log event of the bot's answers: a fault on the way of an answer.
struct Faulty(AtomicBool);

impl tracing::Subscriber for Faulty {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let of = event.metadata().target();
        if of == "gaccong::bot::reply" && !self.0.swap(true, Ordering::SeqCst) {
            panic!("a fault in an answer");
        }
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

#[tokio::test]
async fn a_fault_in_an_answer_makes_no_chat_deaf() {
    let (_portal, telegram, scene) = room().await;
    let listening = Listening::to(&scene);
    for (chat, who, text) in [
        (ROOM, &AN, "/truc"),
        (AGENCY, &AN, "/trangthai"),
        (STRANGERS, &NOBODY, "/start"),
    ] {
        let fault = std::sync::Arc::new(Faulty(AtomicBool::new(false)));
        let heard = tracing::subscriber::set_default(fault.clone());
        let why =
            serde_json::json!({"ok": false, "error_code": 400, "description": "Bad Request: TEST"});
        telegram.refuse("sendMessage", 400, why);
        telegram.say(chat, who, text);
        telegram.wait_for(|it| it.pending() == 0).await;
        telegram.wait_for(|_| fault.0.load(Ordering::SeqCst)).await;
        drop(heard);
        let said = asked(&telegram, chat, who, text).await;
        assert!(!said.is_empty());
    }
    listening.end().await;
}

#[tokio::test]
async fn the_page_before_and_the_page_now_stand_side_by_side() {
    let (portal, telegram, scene) = room().await;
    let link = "<h1>Hacked by T3st_Team</h1><p>&lt;b&gt; xem evil.example ngay</p>";
    portal.show(defaced().replace("<h1>Hacked by T3st_Team</h1>", link));
    scene.check(0).await;
    let listening = Listening::to(&scene);
    let alert = telegram.last(ROOM).unwrap();
    telegram.press(ROOM, &AN, alert.id, "Trước / Nay");
    let shown = heard(&telegram, ROOM, 1).await;
    let incident = scene.incidents().await.remove(0);
    let (before, now) = (incident.before.unwrap(), incident.evidence[0].clone());
    let (first, second) = shown.text.split_once("\nNAY · ").unwrap();
    let (head, first) = first.split_once("\nTRƯỚC · ").unwrap();
    assert!(
        head.starts_with(&format!("{} · Cổng a", incident.id)),
        "{head}"
    );
    for (block, wanted) in [
        (first, "Tiêu đề: «Cổng thông tin điện tử xã Thử Nghiệm»"),
        (first, "Địa chỉ: http[:]//127[.]0[.]0[.]1:"),
        (first, "text/html"),
        (first, &before.digest.hex()),
        (first, "│ Cổng thông tin điện tử xã Thử Nghiệm"),
        (first, "dòng khác"),
        (second, "Tiêu đề: «Hacked by T3st_Team»"),
        (second, &now.digest.hex()),
        (second, "│ Hacked by T3st_Team"),
        (second, "│ <b> xem evil[.]example ngay"),
        (second, "Máy chủ trả lời gần nhất: 127.0.0.1"),
    ] {
        assert!(block.contains(wanted), "{wanted} in\n{}", shown.text);
    }
    assert!(!first.contains("T3st_Team") && !second.contains("Giới thiệu"));
    // a page without its body is reported as gone; the facts stored in the incident remain
    std::fs::remove_dir_all(scene.world.evidence.folder()).unwrap();
    telegram.press(ROOM, &AN, alert.id, "Trước / Nay");
    let gone = heard(&telegram, ROOM, 2).await;
    let said = "(nội dung trang này không còn được lưu)";
    assert_eq!(gone.text.matches(said).count(), 2, "{}", gone.text);
    assert!(gone.text.contains("Tiêu đề: «Hacked by T3st_Team»"));
    // a reply to it is a note of the incident
    telegram.reply(ROOM, &AN, shown.id, "đã đối chiếu");
    let noted = heard(&telegram, ROOM, 3).await;
    assert!(noted.text.contains("Đã ghi chú vào SC-"), "{}", noted.text);
    listening.end().await;
}
