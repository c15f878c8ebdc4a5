//! Announced changes: shown and silent unless they are an attack; afterwards one question.

use gaccong::{
    actions::{Access, plans},
    deliver,
    model::{
        incident::{Stage, What},
        plan::PlanStage,
    },
};

use crate::{
    portal::{Portal, defaced, honest},
    room::{AGENCY, BINH, Listening, NOBODY, ROOM, STRANGERS, asked, room_at},
    scene::{Scene, Turned, duty_clock, run_jobs, yaml},
    telegram::Telegram,
};

/// A legitimate redesign: nothing is as before, and nothing marks an attack.
pub fn redesigned() -> String {
    "<!doctype html><html lang=vi><head><title>Giao diện mới</title></head><body><img src='/new.png'><h1>Giao diện mới</h1></body></html>".to_owned()
}

pub async fn planned(clock: &std::sync::Arc<Turned>) -> (Portal, Telegram, Scene) {
    let (portal, telegram, scene) = room_at(clock.clone(), &[]).await;
    let listening = Listening::to(&scene);
    let said = asked(
        &telegram,
        AGENCY,
        &BINH,
        "/thaydoi 22:00-23:00 đổi giao diện trang chủ",
    )
    .await;
    for wanted in [
        "📅 KẾ HOẠCH CHỈNH SỬA ĐÃ THÔNG BÁO · KH-2026-0001",
        "Cổng a",
        "Từ 22:00:00 ngày 22/11/2026 đến 23:00:00 ngày 22/11/2026",
        "Trần Thị Bình (nhóm Cơ quan Thử): đổi giao diện trang chủ",
    ] {
        assert!(said.contains(wanted), "{wanted} in\n{said}");
    }
    assert!(!said.contains("Cổng b"), "{said}");
    listening.end().await;
    deliver::flush(&scene.world).await;
    // every plan is reported, so that none can silence the watch unnoticed
    assert!(telegram.last(ROOM).unwrap().text.contains("KH-2026-0001"));
    clock.set("2026-11-22T22:10:00+07:00");
    (portal, telegram, scene)
}

fn rings(telegram: &Telegram, chat: i64) -> usize {
    let loud = |it: &&crate::telegram::Call| {
        it.body["chat_id"] == chat && it.body["disable_notification"] != true
    };
    telegram.calls("sendMessage").iter().filter(loud).count()
}

async fn settle(scene: &Scene) {
    run_jobs(&scene.world, &["plans"]).await;
    run_jobs(&scene.world, &["adoption"]).await;
    duty_clock(&scene.world).await;
    deliver::flush(&scene.world).await;
}

#[tokio::test]
async fn what_was_announced_is_shown_in_silence_and_asked_about_afterwards() {
    let clock = Turned::at("2026-11-22T21:50:00+07:00");
    let (portal, telegram, scene) = planned(&clock).await;
    let before = [rings(&telegram, AGENCY), rings(&telegram, ROOM)];
    portal.show(redesigned());
    scene.check(0).await;
    let incident = scene.incidents().await.remove(0);
    assert!(
        incident.kind.is_tampering() && incident.planned.is_some(),
        "{incident:?}"
    );
    let shown = telegram.last(AGENCY).unwrap();
    assert!(
        shown
            .text
            .contains("Thuộc kế hoạch chỉnh sửa đã thông báo trước (KH-2026-0001)"),
        "{}",
        shown.text
    );
    clock.set("2026-11-22T22:59:00+07:00");
    settle(&scene).await;
    assert_eq!(
        [rings(&telegram, AGENCY), rings(&telegram, ROOM)],
        before,
        "nobody's phone rang"
    );
    // the other portal was not announced, so it rings
    scene.check(1).await;
    assert_eq!(rings(&telegram, ROOM), before[1] + 1);

    clock.set("2026-11-22T23:00:00+07:00");
    settle(&scene).await;
    settle(&scene).await;
    let question = telegram.last(AGENCY).unwrap();
    for wanted in [
        "❓",
        "Các thay đổi trên có phải do cơ quan thực hiện không?",
        &incident.id.to_string(),
    ] {
        assert!(
            question.text.contains(wanted),
            "{wanted} in\n{}",
            question.text
        );
    }
    assert_eq!(rings(&telegram, AGENCY), before[0] + 1, "one question");
    let listening = Listening::to(&scene);
    let query = telegram.press_data(STRANGERS, &NOBODY, question.id, "ours:KH-2026-0001");
    let answered = |query: &str| telegram.answered().into_iter().find(|it| it.0 == query);
    telegram.wait_for(|_| answered(&query).is_some()).await;
    assert_eq!(
        scene.world.store.plans().await.unwrap()[0].stage,
        PlanStage::Asked
    );
    let first = telegram.press(AGENCY, &BINH, question.id, "✅ Đúng, của cơ quan");
    let second = telegram.press(AGENCY, &NOBODY, question.id, "🔴 Không phải");
    telegram.wait_for(|_| answered(&second).is_some()).await;
    assert!(answered(&first).unwrap().1.contains("Cảm ơn"));
    assert!(
        answered(&second)
            .unwrap()
            .1
            .contains("Trần Thị Bình đã trả lời")
    );
    listening.end().await;
    settle(&scene).await;
    let incident = scene
        .world
        .store
        .incident(&incident.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(incident.stage, Stage::Dismissed);
    let last = incident
        .timeline
        .iter()
        .find(|it| it.what == What::Dismissed)
        .unwrap();
    assert_eq!(
        last.note.as_deref(),
        Some("KH-2026-0001: đổi giao diện trang chủ")
    );
    // the page is normal from now on
    let open = scene.check(0).await;
    assert_eq!(open.class.unwrap().standing(), gaccong::model::Standing::Up);
    assert!(
        telegram
            .last(AGENCY)
            .unwrap()
            .text
            .contains("do cơ quan thực hiện")
    );
}

#[tokio::test]
async fn an_attack_rings_whatever_was_announced() {
    let clock = Turned::at("2026-11-22T21:50:00+07:00");
    let (portal, telegram, scene) = planned(&clock).await;
    let before = rings(&telegram, AGENCY);
    portal.show(redesigned());
    scene.check(0).await;
    assert_eq!(rings(&telegram, AGENCY), before);
    // an attacker uses the hour
    portal.show(defaced());
    scene.check(0).await;
    let incident = scene.incidents().await.remove(0);
    assert!(
        incident.planned.is_none() && incident.muted.is_none(),
        "{incident:?}"
    );
    let told = telegram.last(AGENCY).unwrap();
    assert!(
        told.text
            .starts_with("🔴 CÓ DẤU HIỆU TẤN CÔNG TRONG THỜI GIAN CHỈNH SỬA"),
        "{}",
        told.text
    );
    let all = telegram.messages(AGENCY);
    let shown = all.iter().find(|it| it.text.contains("hacked by"));
    assert!(shown.is_some_and(|it| it.edits > 0), "{all:?}");
    assert!(
        rings(&telegram, AGENCY) > before,
        "an edit of a silent message rings nobody"
    );
    // an attack at the beginning of the hour is an incident like any other
    portal.show(honest(1));
    scene.check(0).await;
    clock.pass(40);
    portal.show(defaced());
    scene.check(0).await;
    let incident = scene.incidents().await.pop().unwrap();
    assert!(incident.planned.is_none(), "{incident:?}");
}

/// The messages that rang in a chat since then.
fn heard(telegram: &Telegram, chat: i64, before: usize) -> Vec<String> {
    let all = telegram.messages(chat);
    let loud = all[before..].iter().filter(|it| !it.silent);
    loud.map(|it| it.text.clone()).collect()
}

#[tokio::test]
async fn an_attack_on_a_page_that_came_and_went_rings_too() {
    let clock = Turned::at("2026-11-22T21:50:00+07:00");
    let (portal, telegram, scene) = planned(&clock).await;
    for page in [redesigned(), honest(1)] {
        portal.show(page);
        scene.check(0).await;
        clock.pass(5);
    }
    let before = telegram.messages(AGENCY).len();
    portal.show(defaced());
    scene.check(0).await;
    settle(&scene).await;
    let told = heard(&telegram, AGENCY, before);
    assert!(told.len() == 1 && told[0].starts_with("🔴"), "{told:?}");
    let incident = scene.incidents().await.pop().unwrap();
    assert!(incident.muted.is_none() && incident.planned.is_none());
}

#[tokio::test]
async fn no_silence_outlives_its_plan() {
    for (how, after) in [("cancelled", 0), ("nobody answers", 61)] {
        let clock = Turned::at("2026-11-22T21:50:00+07:00");
        let (portal, telegram, scene) = planned(&clock).await;
        portal.show(redesigned());
        scene.check(0).await;
        settle(&scene).await;
        if how == "cancelled" {
            let id = scene.world.store.plans().await.unwrap().remove(0).id;
            plans::cancel(&Access::cli(&scene.world, "Bình"), &id)
                .await
                .unwrap();
        } else {
            clock.set("2026-11-22T23:00:00+07:00");
            settle(&scene).await;
        }
        let before = telegram.messages(AGENCY).len();
        clock.pass(after);
        settle(&scene).await;
        settle(&scene).await;
        let told = heard(&telegram, AGENCY, before);
        let rang = told
            .iter()
            .filter(|it| it.starts_with("🔴 HẾT THỜI GIAN CHỈNH SỬA"));
        assert_eq!(rang.count(), 1, "{how}: {told:?}");
        assert!(scene.incidents().await[0].muted.is_none());
    }
}

#[tokio::test]
async fn an_outage_is_silent_for_as_long_as_it_was_announced() {
    let clock = Turned::at("2026-11-22T21:50:00+07:00");
    let (portal, telegram, scene) = planned(&clock).await;
    portal.set(|_| crate::portal::Reply::status(500, "x"));
    scene.check(1).await;
    scene.check(0).await;
    let before = telegram.messages(AGENCY).len();
    clock.set("2026-11-22T22:59:59+07:00");
    settle(&scene).await;
    assert!(heard(&telegram, AGENCY, before).is_empty());
    clock.set("2026-11-22T23:00:00+07:00");
    settle(&scene).await;
    let told = heard(&telegram, AGENCY, before);
    assert!(
        told.len() == 1 && told[0].starts_with("🟡 HẾT THỜI GIAN"),
        "{told:?}"
    );
    let plan = scene.world.store.plans().await.unwrap().remove(0);
    assert_eq!(
        plan.stage,
        PlanStage::Quiet,
        "nobody is asked about an outage"
    );
}

#[tokio::test]
async fn what_is_worse_than_what_was_answered_for_is_not_taken_over() {
    let clock = Turned::at("2026-11-22T21:50:00+07:00");
    let (portal, telegram, scene) = planned(&clock).await;
    portal.show(redesigned());
    scene.check(0).await;
    clock.set("2026-11-22T23:00:00+07:00");
    settle(&scene).await;
    let plan = scene.world.store.plans().await.unwrap().remove(0);
    plans::answer(&Access::cli(&scene.world, "Bình"), &plan.id, true)
        .await
        .unwrap();
    // an attacker plants links before the next look
    portal.show(crate::portal::planted(3).replace("</main>", "<h1>Giao diện mới</h1></main>"));
    let before = telegram.messages(AGENCY).len();
    settle(&scene).await;
    let incident = scene.incidents().await.remove(0);
    assert!(
        incident.stage.is_open() && incident.muted.is_none(),
        "{incident:?}"
    );
    assert!(!heard(&telegram, AGENCY, before).is_empty());
}

#[tokio::test]
async fn what_the_agency_did_not_do_rings_when_it_says_so() {
    let clock = Turned::at("2026-11-22T21:50:00+07:00");
    let (portal, telegram, scene) = planned(&clock).await;
    portal.show(redesigned());
    scene.check(0).await;
    clock.set("2026-11-22T23:00:01+07:00");
    settle(&scene).await;
    let before = rings(&telegram, ROOM);
    let question = telegram.last(AGENCY).unwrap();
    let listening = Listening::to(&scene);
    telegram.press(AGENCY, &BINH, question.id, "🔴 Không phải");
    telegram.wait_for(|it| !it.answered().is_empty()).await;
    listening.end().await;
    settle(&scene).await;
    assert_eq!(rings(&telegram, ROOM), before + 1);
    let incident = scene.incidents().await.remove(0);
    assert!(incident.stage.is_open() && incident.muted.is_none());
    assert_eq!(
        incident
            .timeline
            .iter()
            .filter(|it| it.what == What::Disowned)
            .count(),
        1
    );
    let plan = scene.world.store.plans().await.unwrap().remove(0);
    assert!(matches!(
        plan.stage,
        PlanStage::Answered { ours: false, .. }
    ));
}

#[tokio::test]
async fn who_was_told_of_nothing_is_not_told_of_its_end() {
    let clock = Turned::at("2026-11-22T22:00:00+07:00");
    let portal = Portal::page(honest(1)).await;
    let text = yaml("", &[("a", &portal.url())]);
    let scene = Scene::at(crate::scene::parse(&text), "memory", clock.clone());
    scene.learn(0).await;
    let announced = plans::Announcement {
        targets: vec![crate::scene::id("a")],
        from: "2026-11-22T22:00:00+07:00".parse().unwrap(),
        to: "2026-11-22T23:00:00+07:00".parse().unwrap(),
        reason: "đổi giao diện".to_owned(),
    };
    plans::announce(&Access::cli(&scene.world, "An"), announced)
        .await
        .unwrap();
    deliver::flush(&scene.world).await;
    assert_eq!(scene.heard().len(), 1, "that it is announced");
    for page in [redesigned(), honest(1)] {
        portal.show(page);
        scene.check(0).await;
    }
    assert_eq!(scene.incidents().await.len(), 1);
    assert_eq!(scene.heard().len(), 1, "{:?}", scene.heard());
}
