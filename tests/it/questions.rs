//! Large changes that the agency is asked about: one silent question, its answers, its end, and what rings instead.

use std::sync::Arc;

use gaccong::{
    deliver,
    model::{
        Class, Incident, IncidentId, Kind, Standing,
        incident::{Outcome, Stage, What},
    },
    watch::check::check,
};

use crate::{
    portal::{Portal, Reply, defaced, honest},
    room::{AGENCY, BINH, Listening, NOBODY, ROOM, STRANGERS, room_at, room_with},
    scene::{Scene, Turned, duty_clock, parse, run_jobs, yaml},
    telegram::{Shown, Telegram},
};

const YES: &str = "✅ Đúng, là chúng tôi";
const NO: &str = "🔴 Không phải";
const HEAD: &str = "❓ CỔNG VỪA CÓ THAY ĐỔI — CÓ PHẢI CỦA ĐƠN VỊ?";

/// The portal on a new system: other parts and addresses, a map and a chat service of hosts that it never had.
fn relaunched() -> String {
    let tiles: String = (0..9)
        .map(|it| format!("<section class=tile><h2><a href='/chuyen-muc/{it}'>Chuyên mục số {it} của xã</a></h2><div>Thông tin phục vụ người dân và doanh nghiệp, phần {it}, cập nhật hằng ngày.</div></section>"))
        .collect();
    format!(
        "<!doctype html><html lang=vi><head><meta charset=utf-8><title>Trang thông tin xã Thử Nghiệm</title></head><body>\
         <div class=wrap><div class=top><a class=logo href='/trang-chu'>Xã Thử Nghiệm</a></div><div class=grid>{tiles}</div>\
         <iframe src='https://bando.ban-do-so.example/xa/1' width=400 height=300></iframe>\
         <script src='https://widget.tro-chuyen.example/v1.js'></script><div class=bottom>Bản quyền thuộc xã</div></div></body></html>"
    )
}

fn clock() -> Arc<Turned> {
    Turned::at("2026-11-18T14:00:00+07:00")
}

/// The messages in a chat since then that made a sound.
fn loud(telegram: &Telegram, chat: i64, before: usize) -> Vec<Shown> {
    let all = telegram.messages(chat);
    let loud = all.into_iter().skip(before);
    loud.filter(|it| !it.silent).collect()
}

fn counts(telegram: &Telegram) -> [usize; 2] {
    [AGENCY, ROOM].map(|it| telegram.messages(it).len())
}

async fn settle(scene: &Scene) {
    run_jobs(&scene.world, &["questions", "adoption"]).await;
    duty_clock(&scene.world).await;
    deliver::flush(&scene.world).await;
    deliver::flush(&scene.world).await;
}

/// Taps a button and waits for the answer to the tap.
async fn tap(telegram: &Telegram, scene: &Scene, message: i64, label: &str) -> String {
    let listening = Listening::to(scene);
    let query = telegram.press(AGENCY, &BINH, message, label);
    let said = || telegram.answered().into_iter().find(|it| it.0 == query);
    telegram.wait_for(|_| said().is_some()).await;
    listening.end().await;
    settle(scene).await;
    said().unwrap().1
}

async fn of(scene: &Scene, id: &IncidentId) -> Incident {
    let known = scene.world.store.incident(id).await.unwrap();
    known.unwrap()
}

/// A room just after the relaunch of its portal `a`.
async fn asked() -> (Arc<Turned>, Portal, Telegram, Scene, [usize; 2]) {
    let clock = clock();
    let escalation = "  escalation: [{ after: 5m, to: duty-room }]\n";
    let (portal, telegram, scene) = room_with(clock.clone(), &[], escalation).await;
    let before = counts(&telegram);
    portal.show(relaunched());
    let checked = scene.check(0).await;
    assert_eq!(checked.class, Some(Class::Asked));
    assert_eq!(checked.class.unwrap().standing(), Standing::Asked);
    deliver::flush(&scene.world).await;
    (clock, portal, telegram, scene, before)
}

fn outcome(it: &Incident) -> Option<Outcome> {
    it.question.as_ref().unwrap().outcome
}

#[tokio::test]
async fn a_relaunch_is_asked_about_in_silence_and_learnt() {
    let (clock, portal, telegram, scene, before) = asked().await;
    let question = telegram.last(AGENCY).unwrap();
    for wanted in [
        HEAD,
        "Cổng a",
        "− ",
        "+ ",
        "Thay đổi trên có phải do đơn vị thực hiện không?",
        "16:00:00",
    ] {
        let text = &question.text;
        assert!(text.contains(wanted), "{wanted} in\n{text}");
    }
    assert!(question.silent);
    // a second look adds nothing, and no call goes out
    scene.check(0).await;
    clock.pass(60);
    settle(&scene).await;
    assert_eq!(counts(&telegram), [before[0] + 1, before[1]]);
    let incident = scene.incidents().await.remove(0);
    assert_eq!((incident.kind, incident.class), (Kind::Asked, Class::Asked));

    let refused = telegram.press_data(
        STRANGERS,
        &NOBODY,
        question.id,
        &format!("yes:{}", incident.id),
    );
    let said = tap(&telegram, &scene, question.id, YES).await;
    assert!(said.contains("Cảm ơn"), "{said}");
    let answers = telegram.answered();
    assert!(
        answers
            .iter()
            .any(|it| it.0 == refused && !it.1.contains("Cảm ơn"))
    );
    let ended = of(&scene, &incident.id).await;
    assert_eq!(ended.stage, Stage::Dismissed);
    assert_eq!(outcome(&ended), Some(Outcome::Ours));
    assert!(ended.timeline.iter().any(|it| it.what == What::Owned));
    assert_eq!(
        counts(&telegram),
        [before[0] + 1, before[1]],
        "one message, edited"
    );
    let shown = telegram.last(AGENCY).unwrap();
    assert!(shown.text.contains("✅ ĐƠN VỊ ĐÃ XÁC NHẬN") && shown.buttons.is_empty());
    assert!(shown.text.contains("Trần Thị Bình"), "{}", shown.text);
    assert_eq!(scene.check(0).await.class, Some(Class::Unchanged));
    // the page of before is known, too
    portal.show(honest(2));
    assert_eq!(scene.check(0).await.class.unwrap().standing(), Standing::Up);
    assert_eq!(scene.incidents().await.len(), 1);
    let metrics = scene.world.metrics.text();
    for line in [
        "gaccong_questions_total{outcome=\"asked\"} 1",
        "gaccong_questions_total{outcome=\"ours\"} 1",
    ] {
        assert!(metrics.contains(line), "{line} in\n{metrics}");
    }
}

#[tokio::test]
async fn what_is_not_the_agencys_rings_when_it_says_so() {
    let (clock, _portal, telegram, scene, before) = asked().await;
    let question = telegram.last(AGENCY).unwrap();
    let said = tap(&telegram, &scene, question.id, NO).await;
    assert!(said.contains("cảnh báo"), "{said}");
    let all = scene.incidents().await;
    let alarm = all.iter().find(|it| it.kind == Kind::Planted).unwrap();
    let ended = all.iter().find(|it| it.kind == Kind::Asked).unwrap();
    assert_eq!((all.len(), alarm.class), (2, Class::Suspicious));
    assert!(alarm.stage.is_open() && !ended.stage.is_open());
    assert_eq!(outcome(ended), Some(Outcome::NotOurs));
    for (at, chat) in [AGENCY, ROOM].into_iter().enumerate() {
        let rang = loud(&telegram, chat, before[at]);
        assert_eq!(rang.len(), 1, "{rang:?}");
        assert!(rang[0].text.contains(&alarm.id.0), "{}", rang[0].text);
    }
    let edited = telegram.messages(AGENCY);
    let edited = edited.iter().find(|it| it.id == question.id).unwrap();
    assert!(edited.text.contains(&alarm.id.0), "{}", edited.text);
    // it is the open incident of the portal: further looks add nothing, and people are called for it
    scene.check(0).await;
    clock.pass(6);
    settle(&scene).await;
    assert_eq!(scene.incidents().await.len(), 2);
    assert!(loud(&telegram, ROOM, before[1]).len() > 1);
}

#[tokio::test]
async fn a_question_without_an_answer_rings_after_its_time() {
    let (clock, _portal, telegram, scene, before) = asked().await;
    // the service restarts in between
    let scene = scene.restarted();
    clock.pass(119);
    settle(&scene).await;
    assert!(loud(&telegram, AGENCY, before[0]).is_empty());
    clock.pass(2);
    settle(&scene).await;
    settle(&scene).await;
    let rang = loud(&telegram, ROOM, before[1]);
    assert_eq!(rang.len(), 1, "{rang:?}");
    assert_eq!(loud(&telegram, AGENCY, before[0]).len(), 1);
    let all = scene.incidents().await;
    let ended = all.iter().find(|it| it.kind == Kind::Asked).unwrap();
    assert_eq!(outcome(ended), Some(Outcome::Unanswered));
    let alarm = all.iter().find(|it| it.kind == Kind::Planted).unwrap();
    assert_eq!(scene.target_state(0).await.open, Some(alarm.id.clone()));
    // too late
    let question = telegram
        .messages(AGENCY)
        .into_iter()
        .find(|it| it.silent)
        .unwrap();
    let listening = Listening::to(&scene);
    let query = telegram.press_data(AGENCY, &BINH, question.id, &format!("yes:{}", ended.id));
    let said = || telegram.answered().into_iter().find(|it| it.0 == query);
    telegram.wait_for(|_| said().is_some()).await;
    assert!(said().unwrap().1.contains("đã kết thúc"));
    listening.end().await;
}

#[tokio::test]
async fn a_watch_window_leaves_a_quarter_of_an_hour() {
    let clock = clock();
    let window =
        "watch_windows:\n  - { name: X, from: 2026-11-18, to: 2026-11-19, every: 30s }\nagencies:";
    let portal = Portal::page(honest(1)).await;
    let text = yaml("", &[("a", &portal.url())]).replace("agencies:", window);
    let scene = Scene::at(parse(&text), "memory", clock.clone());
    scene.learn(0).await;
    portal.show(relaunched());
    scene.check(0).await;
    clock.pass(14);
    settle(&scene).await;
    assert_eq!(scene.incidents().await.len(), 1);
    clock.pass(2);
    settle(&scene).await;
    assert_eq!(scene.incidents().await.len(), 2);
}

#[tokio::test]
async fn an_attack_while_the_agency_is_asked_rings_at_once() {
    let (_clock, portal, telegram, scene, before) = asked().await;
    portal.show(defaced());
    assert_eq!(scene.check(0).await.class, Some(Class::Defaced));
    let all = scene.incidents().await;
    let ended = all.iter().find(|it| it.kind == Kind::Asked).unwrap();
    let alarm = all.iter().find(|it| it.kind == Kind::Defaced).unwrap();
    assert_eq!(outcome(ended), Some(Outcome::Hostile));
    for (at, chat) in [AGENCY, ROOM].into_iter().enumerate() {
        let rang = loud(&telegram, chat, before[at]);
        assert_eq!(rang.len(), 1, "{rang:?}");
        assert!(rang[0].text.starts_with("🔴"), "{}", rang[0].text);
    }
    // a page that only its structure speaks against does not end the alarm
    portal.show(relaunched());
    scene.check(0).await;
    let alarm = of(&scene, &alarm.id).await;
    assert!(alarm.stage.is_open() && alarm.kind == Kind::Defaced);
    assert_eq!(scene.incidents().await.len(), 2);
}

#[tokio::test]
async fn a_page_that_became_worse_before_the_answer_is_not_learnt() {
    let (_clock, portal, telegram, scene, before) = asked().await;
    let question = telegram.last(AGENCY).unwrap();
    portal.show(defaced());
    tap(&telegram, &scene, question.id, YES).await;
    let all = scene.incidents().await;
    assert!(
        all.iter()
            .any(|it| it.kind == Kind::Defaced && it.stage.is_open()),
        "{all:?}"
    );
    assert_eq!(loud(&telegram, ROOM, before[1]).len(), 1);
}

#[tokio::test]
async fn a_page_that_is_as_before_ends_the_question_in_silence() {
    let (_clock, portal, telegram, scene, before) = asked().await;
    portal.show(honest(3));
    scene.check(0).await;
    let ended = scene.incidents().await.remove(0);
    assert_eq!(outcome(&ended), Some(Outcome::Restored));
    assert_eq!(counts(&telegram), [before[0] + 1, before[1]]);
    let shown = telegram.last(AGENCY).unwrap();
    assert!(
        shown.text.contains("Cổng đã trở lại như trước"),
        "{}",
        shown.text
    );
    assert!(shown.silent && shown.buttons.is_empty());
    // and poses it again, in the same message and without more time
    portal.show(relaunched());
    scene.check(0).await;
    assert_eq!(counts(&telegram), [before[0] + 1, before[1]]);
    let again = scene.incidents().await.remove(0);
    assert!(again.stage.is_open() && outcome(&again).is_none());
    assert_eq!(again.question.unwrap().until, ended.question.unwrap().until);
}

#[tokio::test]
async fn an_outage_ends_the_question_and_is_told() {
    let (_clock, portal, telegram, scene, before) = asked().await;
    portal.set(|_| Reply::status(500, "x"));
    scene.check(0).await;
    let all = scene.incidents().await;
    let ended = all.iter().find(|it| it.kind == Kind::Asked).unwrap();
    assert_eq!(outcome(ended), Some(Outcome::Withdrawn));
    assert_eq!(loud(&telegram, ROOM, before[1]).len(), 1);
    // back with the new page: asked about, not told as an attack
    portal.show(relaunched());
    scene.check(0).await;
    let open: Vec<Kind> = scene
        .incidents()
        .await
        .iter()
        .filter(|it| it.stage.is_open())
        .map(|it| it.kind)
        .collect();
    assert_eq!(open, [Kind::Asked]);
}

#[tokio::test]
async fn a_change_that_cannot_be_seen_now_is_learnt_when_it_can() {
    let (_clock, portal, telegram, scene, _) = asked().await;
    let question = telegram.last(AGENCY).unwrap();
    portal.shut().await;
    let said = tap(&telegram, &scene, question.id, YES).await;
    assert!(said.contains("chưa xem được trang"), "{said}");
    let scene = scene.restarted();
    portal.reopen().await;
    settle(&scene).await;
    let ended = scene.incidents().await.remove(0);
    assert_eq!(ended.stage, Stage::Dismissed);
    assert_eq!(scene.check(0).await.class, Some(Class::Unchanged));
}

#[tokio::test]
async fn a_portal_without_a_chat_of_its_own_asks_the_operator() {
    let (portal, telegram, scene) = room_at(clock(), &[]).await;
    let before = counts(&telegram);
    portal.show(relaunched());
    scene.check(1).await;
    deliver::flush(&scene.world).await;
    assert_eq!(counts(&telegram), [before[0], before[1] + 1]);
    let shown = telegram.last(ROOM).unwrap();
    assert!(
        shown.silent && shown.text.starts_with(HEAD),
        "{}",
        shown.text
    );
}

/// Six portals on one system; their alerts go to the room and the agency.
async fn shared_system(clock: Arc<Turned>) -> (Portal, Telegram, Scene) {
    let portal = Portal::page(honest(1)).await;
    let telegram = Telegram::strict(&[(ROOM, "supergroup"), (AGENCY, "supergroup")]).await;
    let url = telegram.portal.url();
    let chat = |name: &str, chat: i64| {
        format!(
            "  {name}: {{ kind: telegram, with: {{ chat: {chat}, token_env: HOME, api_url: '{url}' }} }}\n"
        )
    };
    let ids = ["a", "b", "c", "d", "e", "f"];
    let urls = ids.map(|it| format!("{}{it}", portal.url()));
    let named: Vec<(&str, &str)> = ids
        .into_iter()
        .zip(urls.iter().map(String::as_str))
        .collect();
    let notifiers = chat("room", ROOM) + &chat("thu", AGENCY);
    let mut text = yaml("", &named)
        .replace("agencies:", &format!("notifiers:\n{notifiers}agencies:"))
        .replace("  timeout: 2s", "  timeout: 2s\n  notify: [room]");
    for id in ids {
        let name = format!("name: Cổng {id},");
        text = text.replace(&name, &format!("{name} notify: [room, thu],"));
    }
    let scene = Scene::at(parse(&text), "memory", clock);
    for at in 0..ids.len() {
        scene.learn(at).await;
    }
    portal.show(relaunched());
    for at in 0..ids.len() {
        check(&scene.world, &scene.target(at)).await;
    }
    deliver::flush(&scene.world).await;
    deliver::flush(&scene.world).await;
    (portal, telegram, scene)
}

#[tokio::test]
async fn a_rebuilt_shared_system_is_one_question() {
    let (_portal, telegram, scene) = shared_system(clock()).await;
    assert_eq!(counts(&telegram), [1, 0]);
    let question = telegram.last(AGENCY).unwrap();
    assert!(question.silent);
    assert!(
        question.text.starts_with("❓ 6 CỔNG VỪA CÓ THAY ĐỔI"),
        "{}",
        question.text
    );
    let said = tap(
        &telegram,
        &scene,
        question.id,
        "✅ Đúng, là chúng tôi (tất cả)",
    )
    .await;
    assert!(said.contains("Cảm ơn"), "{said}");
    settle(&scene).await;
    let all = scene.incidents().await;
    assert!(all.iter().all(|it| it.stage == Stage::Dismissed), "{all:?}");
    assert_eq!(counts(&telegram), [1, 0]);
    for at in 0..6 {
        assert_eq!(scene.check(at).await.class, Some(Class::Unchanged));
    }
}

#[tokio::test]
async fn a_rebuilt_shared_system_that_no_agency_made_rings_for_each_portal() {
    let (_portal, telegram, scene) = shared_system(clock()).await;
    let question = telegram.last(AGENCY).unwrap();
    tap(&telegram, &scene, question.id, "🔴 Không phải (tất cả)").await;
    settle(&scene).await;
    let all = scene.incidents().await;
    let open: Vec<Kind> = all
        .iter()
        .filter(|it| it.stage.is_open())
        .map(|it| it.kind)
        .collect();
    assert_eq!(open, [Kind::Planted; 6]);
    let rang = loud(&telegram, ROOM, 0);
    assert!(!rang.is_empty() && rang.len() <= 3, "{rang:?}");
}
