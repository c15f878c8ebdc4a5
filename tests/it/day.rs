//! A day in the duty room, from a registration to the handover. In each step the program dies at the worst moment and
//! restarts over its store. Strangers try everything, two people tap at once, and the agency's group moves.

use gaccong::model::{
    incident::Stage,
    registration::{Proof, Stage as Asked},
};

use crate::{
    portal::{defaced, honest},
    room::{AN, BINH, ROOM},
};

mod evening;
mod house;
mod sound;

use house::{AGENCY_NAME, FILED, GROUP, HOA, House, KHANG, LAN, MOVED, SITE};

const DK: &str = "DK-2026-0001";

/// A legitimate redesign of the page.
fn redesigned(what: &str) -> String {
    format!(
        "<!doctype html><html lang=vi><head><title>{what}</title></head><body><img src='/new.png'><h1>{what}</h1></body></html>"
    )
}

#[tokio::test]
async fn a_day_in_the_duty_room() {
    let mut house = House::open("2026-11-22T14:00:00+07:00").await;
    for id in FILED.repeat(3) {
        house.looks(&id.parse().unwrap()).await;
    }
    an_agency_asks(&mut house).await;
    its_portal_is_looked_at(&mut house).await;
    it_proves_that_the_portal_is_its_own(&mut house).await;
    two_officers_approve(&mut house).await;
    house.strangers_try_everything().await;
    the_portal_is_learnt(&mut house).await;
    the_portal_is_defaced(&mut house).await;
    two_people_take_it(&mut house).await;
    people_work_on_it(&mut house).await;
    house.strangers_try_everything().await;
    the_group_becomes_a_supergroup(&mut house).await;
    the_page_is_restored(&mut house).await;
    an_officer_says_that_a_change_is_legitimate(&mut house).await;
    evening::an_evening_begins(&mut house).await;
    evening::the_agency_announces_a_change(&mut house).await;
    evening::the_announced_change_is_asked_about(&mut house).await;
    house.strangers_try_everything().await;
    evening::nobody_takes_an_outage(&mut house).await;
    evening::somebody_wants_silence(&mut house).await;
    evening::a_storm_is_taken_with_one_tap(&mut house).await;
    evening::the_morning_is_handed_over(&mut house).await;
    evening::the_week_is_reported(&mut house).await;
    house.strangers_try_everything().await;
    house.is_sound().await;
}

async fn an_agency_asks(house: &mut House) {
    let url = house.site.portal.url();
    let ask = format!("/dangky {url} {AGENCY_NAME}");
    house
        .dies_answering("sendMessage", |it| {
            it.say(GROUP, &HOA, &ask);
        })
        .await;
    house.did("registry", "asked", HOA.name);
    // the answer was not sent, so the repeated request gets one
    let said = house.says(GROUP, &HOA, "/dangky").await.text;
    assert!(said.contains(DK), "{said}");
    let said = house.says(GROUP, &KHANG, &ask).await.text;
    assert!(said.contains("DK-2026-0001 đang chờ duyệt"), "{said}");
    house.is_sound().await;
}

async fn its_portal_is_looked_at(house: &mut House) {
    house.dies_deciding().await;
    house.decides().await;
    house.restart().await;
    house.dies_telling("sendMessage").await;
    house.tells().await;
    let officers = house.shown(ROOM, DK);
    assert!(
        officers.text.contains("Chưa có bằng chứng"),
        "{}",
        officers.text
    );
    house.settles().await;
    let told = house.shown(GROUP, DK).text;
    assert!(told.contains("/.well-known/gaccong.txt"), "{told}");
    house.is_sound().await;
}

async fn it_proves_that_the_portal_is_its_own(house: &mut House) {
    let request = house.world().store.requests().await.unwrap().remove(0);
    house.site.bears(&request.token);
    let told = house.shown(GROUP, DK);
    house
        .dies_answering("answerCallbackQuery", |it| {
            it.press(GROUP, &HOA, told.id, "🔁 Kiểm tra lại");
        })
        .await;
    house.clock.pass(1);
    house.dies_deciding().await;
    house.decides().await;
    house.restart().await;
    house.dies_telling("editMessageText").await;
    house.is_cut_off_telling("sendMessage").await;
    house.settles().await;
    house.did("registry", "proved", "gaccong");
    let request = house.world().store.requests().await.unwrap().remove(0);
    assert_eq!(request.proof, Some(Proof::File));
    for chat in [ROOM, GROUP] {
        let shown = house.shown(chat, DK).text;
        assert!(shown.contains("đã xác minh bằng tệp"), "{shown}");
    }
    house.is_sound().await;
}

async fn two_officers_approve(house: &mut House) {
    let shown = house.shown(ROOM, DK);
    let refused = house.taps(ROOM, &LAN, &shown, "✅ Duyệt").await;
    assert!(refused.contains("Chỉ cán bộ"), "{refused}");
    let mut second = String::new();
    house
        .dies_answering("answerCallbackQuery", |it| {
            it.press(ROOM, &AN, shown.id, "✅ Duyệt");
            second = it.press(ROOM, &BINH, shown.id, "✅ Duyệt");
        })
        .await;
    house.did("registry", "registered", AN.name);
    let said = house.answered(&second).await;
    assert!(said.contains("đã được Nguyễn Văn An duyệt"), "{said}");
    house.dies_telling("editMessageText").await;
    house.dies_telling("sendMessage").await;
    house.settles().await;
    let request = house.world().store.requests().await.unwrap().remove(0);
    assert!(matches!(request.stage, Asked::Approved { .. }));
    let registered = house.world().store.registry().await.unwrap();
    assert_eq!(registered.len(), 1, "{registered:?}");
    assert_eq!(registered[0].target.name, SITE);
    let status = house.says(GROUP, &HOA, "/trangthai").await.text;
    assert!(status.contains("Đang giám sát 1 cổng"), "{status}");
    house.is_sound().await;
}

async fn the_portal_is_learnt(house: &mut House) {
    let id = house.site_id().await;
    house.dies_looking(&id).await;
    for _ in 0..3 {
        house.looks(&id).await;
        house.restart().await;
    }
    let target_state = house
        .world()
        .store
        .target_state(&id)
        .await
        .unwrap()
        .unwrap();
    assert!(
        target_state.baseline.is_some(),
        "three looks are a baseline"
    );
    house.is_sound().await;
}

async fn the_portal_is_defaced(house: &mut House) {
    let id = house.site_id().await;
    house.site.shows(&defaced());
    house.dies_looking(&id).await;
    house.looks(&id).await;
    house.restart().await;
    house.dies_telling("sendMessage").await;
    house.looks(&id).await;
    house.tells().await;
    let incident = house.incident(0).await;
    for chat in [ROOM, GROUP] {
        let shown = house.alert(chat, &incident);
        assert!(shown.text.starts_with("🔴"), "{}", shown.text);
    }
    house.is_sound().await;
}

async fn two_people_take_it(house: &mut House) {
    let incident = house.incident(0).await;
    let (room, group) = (house.alert(ROOM, &incident), house.alert(GROUP, &incident));
    house
        .dies_answering("answerCallbackQuery", |it| {
            it.press(ROOM, &AN, room.id, "Tiếp nhận");
        })
        .await;
    house.did(&incident.id, "Taken", AN.name);
    let said = house.taps(GROUP, &HOA, &group, "Tiếp nhận").await;
    assert!(
        said.contains("Nguyễn Văn An đã tiếp nhận trước đó"),
        "{said}"
    );
    house.dies_telling("editMessageText").await;
    house.is_cut_off_telling("editMessageText").await;
    house.settles().await;
    for chat in [ROOM, GROUP] {
        let shown = house.alert(chat, &incident).text;
        assert!(shown.contains("✅ Nguyễn Văn An tiếp nhận lúc"), "{shown}");
    }
    house.is_sound().await;
}

async fn people_work_on_it(house: &mut House) {
    let incident = house.incident(0).await;
    let group = house.alert(GROUP, &incident);
    house
        .dies_answering("sendMessage", |it| {
            it.reply(GROUP, &HOA, group.id, "đã gọi phòng máy");
        })
        .await;
    house.did(&incident.id, "Noted", HOA.name);
    let of_it = |house: &House| {
        let all = house.telegram.messages(GROUP).into_iter();
        all.filter(|it| it.reply_to == Some(group.id))
            .collect::<Vec<_>>()
    };
    assert!(of_it(house).is_empty(), "its answer was lost");
    house
        .dies_answering("sendMessage", |it| {
            it.press(GROUP, &KHANG, group.id, "Trước / Nay");
        })
        .await;
    let pages = of_it(house);
    assert_eq!(pages.len(), 1, "{pages:?}");
    assert!(pages[0].text.contains("NAY · "), "{}", pages[0].text);
    house
        .dies_answering("sendDocument", |it| {
            it.press(GROUP, &KHANG, group.id, "Xem khác biệt");
        })
        .await;
    let files = of_it(house);
    assert_eq!(files.len(), 2, "{files:?}");
    let (_, bytes) = files[1].document.clone().unwrap();
    assert!(String::from_utf8_lossy(&bytes).contains("T3st_Team"));
    house.settles().await;
    house.is_sound().await;
}

async fn the_group_becomes_a_supergroup(house: &mut House) {
    let incident = house.incident(0).await;
    let shown = house.alert(ROOM, &incident);
    house.taps(ROOM, &AN, &shown, "Im lặng 1 giờ").await;
    house.did(&incident.id, "Muted", AN.name);
    // the bot was stopped when the group moved: a delivery learns of it first, and the process dies
    house.restart_deaf().await;
    house.telegram.migrate(GROUP, MOVED);
    house.is_cut_off_telling("sendMessage").await;
    house.caught_up().await;
    house.settles().await;
    let there = house.alert(MOVED, &incident);
    house.is_sound().await;
    // after the move the chat is still the agency's, and the incident still has one message
    let status = house.says(MOVED, &HOA, "/trangthai").await.text;
    assert!(status.contains("nghi bị tấn công: 1"), "{status}");
    house
        .dies_answering("answerCallbackQuery", |it| {
            it.press_data(MOVED, &HOA, there.id, &format!("unmute:{}", incident.id));
        })
        .await;
    house.did(&incident.id, "Unmuted", HOA.name);
    house.settles().await;
    assert_eq!(house.alert(MOVED, &incident).id, there.id);
    house.is_sound().await;
}

async fn the_page_is_restored(house: &mut House) {
    let (id, incident) = (house.site_id().await, house.incident(0).await);
    let page = honest(7).replace("xã Thử Nghiệm", "xã Mới");
    house.site.shows(&page);
    house.dies_looking(&id).await;
    house.looks(&id).await;
    house.restart().await;
    house.dies_telling("editMessageText").await;
    house.settles().await;
    assert_eq!(house.incident(0).await.stage, Stage::Resolved);
    for chat in [ROOM, MOVED] {
        let shown = house.alert(chat, &incident).text;
        assert!(shown.starts_with("🟢 ĐÃ KHÔI PHỤC"), "{shown}");
    }
    house.is_sound().await;
}

async fn an_officer_says_that_a_change_is_legitimate(house: &mut House) {
    let id = house.site_id().await;
    house.clock.pass(60);
    house.site.shows(&redesigned("Giao diện chào năm mới"));
    house.looks(&id).await;
    house.settles().await;
    let incident = house.incident(1).await;
    let shown = house.alert(ROOM, &incident);
    let refused = house.taps(ROOM, &LAN, &shown, "Thay đổi hợp lệ").await;
    assert!(refused.contains("cán bộ được phân công"), "{refused}");
    house
        .dies_answering("sendMessage", |it| {
            it.press(ROOM, &BINH, shown.id, "Thay đổi hợp lệ");
        })
        .await;
    let question = house.shown(ROOM, "✏️");
    house
        .dies_answering("sendMessage", |it| {
            it.reply(ROOM, &BINH, question.id, "giao diện mới đã duyệt");
        })
        .await;
    house.did(&incident.id, "Dismissed", BINH.name);
    house.dies_telling("editMessageText").await;
    house.settles().await;
    house.looks(&id).await;
    assert_eq!(house.incident(1).await.stage, Stage::Dismissed);
    for chat in [ROOM, MOVED] {
        let shown = house.alert(chat, &incident).text;
        assert!(shown.starts_with("⚪ THAY ĐỔI HỢP LỆ"), "{shown}");
    }
    house.is_sound().await;
}
