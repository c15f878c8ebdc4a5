//! Evening and night of the day: a shift changes, a change is announced, an outage is not taken, a storm comes.

use gaccong::model::{
    incident::{Stage, What},
    plan::PlanStage,
};

use super::{
    house::{FILED, HOA, House, KHANG, LAN, MOVED, OLD, SITE},
    redesigned,
};
use crate::{
    portal::honest,
    room::{AN, BINH, ROOM},
};

pub async fn an_evening_begins(house: &mut House) {
    house.clock.set("2026-11-22T18:58:00+07:00");
    house.settles().await;
    house.clock.pass(3);
    house.decides().await;
    house.restart().await;
    house.decides().await;
    house.dies_telling("sendMessage").await;
    house.settles().await;
    let told = house.shown(ROOM, "🔄 GIAO CA TRỰC").text;
    for wanted in ["Hết ca: Nguyễn Văn An", "Nhận ca: Trần Thị Bình"] {
        assert!(told.contains(wanted), "{wanted} in\n{told}");
    }
    house.is_sound().await;
}

pub async fn the_agency_announces_a_change(house: &mut House) {
    let id = house.site_id().await;
    house.clock.set("2026-11-22T21:50:00+07:00");
    let words = "/thaydoi 22:00-23:00 đổi giao diện";
    house
        .dies_answering("sendMessage", |it| {
            it.say(MOVED, &HOA, words);
        })
        .await;
    house.did("KH-2026-0001", "announced", HOA.name);
    // she got no answer, and repeats it
    let said = house.says(MOVED, &HOA, words).await;
    assert!(said.text.contains("KH-2026-0001"), "{}", said.text);
    assert_eq!(said.buttons[0].0, "Huỷ kế hoạch");
    house.dies_telling("sendMessage").await;
    house.settles().await;
    let plan = house.shown(ROOM, "KH-2026-0001").text;
    assert!(plan.contains(SITE) && !plan.contains(OLD), "{plan}");
    house.clock.set("2026-11-22T22:10:00+07:00");
    house.site.shows(&redesigned("Giao diện đợt hai"));
    house.dies_looking(&id).await;
    house.looks(&id).await;
    house.restart().await;
    house.dies_telling("sendMessage").await;
    house.settles().await;
    let incident = house.incident(2).await;
    assert!(incident.planned.is_some(), "{incident:?}");
    for chat in [ROOM, MOVED] {
        let shown = house.alert(chat, &incident);
        assert!(shown.silent, "{}", shown.text);
    }
    house.is_sound().await;
}

pub async fn the_announced_change_is_asked_about(house: &mut House) {
    house.clock.set("2026-11-22T23:00:30+07:00");
    house.decides().await;
    house.restart().await;
    house.decides().await;
    house.dies_telling("sendMessage").await;
    house.settles().await;
    let question = house.shown(MOVED, "❓");
    let mut second = String::new();
    house
        .dies_answering("answerCallbackQuery", |it| {
            it.press(MOVED, &HOA, question.id, "✅ Đúng, của cơ quan");
            second = it.press(MOVED, &KHANG, question.id, "🔴 Không phải");
        })
        .await;
    house.did("KH-2026-0001", "ours", HOA.name);
    let said = house.answered(&second).await;
    assert!(said.contains("Phạm Thị Hoa đã trả lời"), "{said}");
    house.dies_deciding().await;
    house.decides().await;
    let incident = house.incident(2).await;
    house.did(&incident.id, "Dismissed", HOA.name);
    house.is_cut_off_telling("editMessageText").await;
    house.settles().await;
    assert_eq!(incident.stage, Stage::Dismissed);
    let plan = house.world().store.plans().await.unwrap().remove(0);
    assert!(matches!(plan.stage, PlanStage::Answered { ours: true, .. }));
    let id = house.site_id().await;
    house.looks(&id).await;
    house.settles().await;
    house.is_sound().await;
}

pub async fn nobody_takes_an_outage(house: &mut House) {
    house.clock.set("2026-11-22T23:40:00+07:00");
    house.old.shows("");
    house.looks(&"cu".parse().unwrap()).await;
    house.settles().await;
    let incident = house.incident(3).await;
    for (minutes, wanted) in [
        (6, "Đang trực: Trần Thị Bình"),
        (15, "Đã báo 21 phút trước"),
    ] {
        house.clock.pass(minutes);
        house.decides().await;
        house.restart().await;
        house.decides().await;
        house.dies_telling("sendMessage").await;
        house.settles().await;
        let called = house.shown(ROOM, "🔔 CHƯA CÓ NGƯỜI TIẾP NHẬN").text;
        assert!(called.contains(wanted), "{called}");
        house.is_sound().await;
    }
    let escalated = house.incident(3).await.timeline.into_iter();
    let escalated = escalated.filter(|it| it.what == What::Escalated);
    assert_eq!(escalated.count(), 2);
    // the chat is none of the agency's, whatever it sends
    let before = house.records().await;
    for text in ["/suco", "/tamdung", "/thaydoi"] {
        let text = format!("{text} {} sang", incident.id);
        house.says(MOVED, &HOA, &text).await;
    }
    for text in ["/trangthai cu", "/trangthai", "/suco", "/baocao"] {
        house.says(MOVED, &HOA, text).await;
    }
    for verb in [
        "take", "mute", "unmute", "diff", "pages", "change", "all", "page",
    ] {
        let data = format!("{verb}:{}", incident.id);
        let query = house.telegram.press_data(MOVED, &HOA, 1, &data);
        house.answered(&query).await;
    }
    house.caught_up().await;
    assert_eq!(house.records().await, before);
    let elsewhere = house.telegram.messages(MOVED);
    let named = |text: &str| text.contains(OLD) || text.contains(&incident.id.0);
    assert!(elsewhere.iter().all(|it| !named(&it.text)), "{elsewhere:?}");
}

pub async fn somebody_wants_silence(house: &mut House) {
    let incident = house.incident(3).await;
    let shown = house.alert(ROOM, &incident);
    house
        .dies_answering("answerCallbackQuery", |it| {
            it.press(ROOM, &BINH, shown.id, "Im lặng 1 giờ");
        })
        .await;
    house.did(&incident.id, "Muted", BINH.name);
    house
        .dies_answering("sendMessage", |it| {
            it.say(ROOM, &BINH, &format!("/tamdung {} sang", incident.id));
        })
        .await;
    house.did(&incident.id, "Muted", BINH.name);
    for moment in ["2026-11-23T01:30:00+07:00", "2026-11-23T05:00:00+07:00"] {
        house.clock.set(moment);
        house.settles().await;
    }
    assert_eq!(house.incident(3).await.escalated, 2, "nobody is called");
    house.is_sound().await;
}

pub async fn a_storm_is_taken_with_one_tap(house: &mut House) {
    house.clock.set("2026-11-23T05:30:00+07:00");
    for id in &FILED[1..] {
        house.looks(&id.parse().unwrap()).await;
    }
    house.restart().await;
    // gathered now, and sent by the next process
    house.tells().await;
    house.dies_telling("sendMessage").await;
    house.settles().await;
    let storm = house.shown(ROOM, "4 CỔNG GẶP SỰ CỐ TRUY CẬP · DR-");
    let mut second = String::new();
    house
        .dies_answering("answerCallbackQuery", |it| {
            it.press(ROOM, &BINH, storm.id, "Tiếp nhận tất cả");
            second = it.press(ROOM, &LAN, storm.id, "Tiếp nhận tất cả");
        })
        .await;
    let said = house.answered(&second).await;
    assert!(said.contains("đã có người tiếp nhận: 4"), "{said}");
    for at in 4..8 {
        let taken = house.incident(at).await;
        house.did(&taken.id, "Taken", BINH.name);
    }
    house.clock.pass(1);
    house.settles().await;
    house.dies_telling("editMessageText").await;
    house.settles().await;
    let shown = house.shown(ROOM, "4 CỔNG GẶP").text;
    assert!(
        shown.contains("✅ Trần Thị Bình tiếp nhận 4 sự cố"),
        "{shown}"
    );
    // all but the first portal recover
    house.old.shows(&honest(1));
    for id in &FILED[1..] {
        house.looks(&id.parse().unwrap()).await;
        house.restart().await;
    }
    house.old.shows("");
    for _ in 0..2 {
        house.clock.pass(1);
        house.settles().await;
    }
    let shown = house.shown(ROOM, "ĐÃ KẾT THÚC SỰ CỐ TẠI 4 CỔNG");
    assert_eq!(
        (shown.id, shown.buttons.len()),
        (storm.id, 0),
        "{}",
        shown.text
    );
    house.is_sound().await;
}

pub async fn the_morning_is_handed_over(house: &mut House) {
    let incident = house.incident(3).await;
    house.clock.set("2026-11-23T07:00:30+07:00");
    house.decides().await;
    house.restart().await;
    house.decides().await;
    house.dies_telling("sendMessage").await;
    house.settles().await;
    let told = house.shown(ROOM, "🔄 GIAO CA TRỰC · 07:00:00").text;
    for wanted in [
        "Hết ca: Trần Thị Bình",
        "Nhận ca: Nguyễn Văn An",
        "Sự cố đang mở: 1",
        &incident.id.0,
        OLD,
    ] {
        assert!(told.contains(wanted), "{wanted} in\n{told}");
    }
    house.settles().await;
    house.is_sound().await;
}

pub async fn the_week_is_reported(house: &mut House) {
    for (chat, who) in [(MOVED, &HOA), (ROOM, &AN)] {
        house
            .dies_answering("sendDocument", |it| {
                it.say(chat, who, "/baocao");
            })
            .await;
        let all = house.telegram.messages(chat).into_iter();
        let report = all.filter_map(|it| it.document).next_back().unwrap();
        assert_eq!(report.0, "gaccong-2026-W47.html");
        let page = String::from_utf8_lossy(&report.1).into_owned();
        assert!(page.contains(SITE), "{page}");
        assert_eq!(page.contains(OLD), chat == ROOM, "of its own portals");
    }
    house.is_sound().await;
}
